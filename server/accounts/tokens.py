"""Tokens of devices, sessions, sign-in links, pairing codes and feeds; only hashes are stored."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from server.database.connection import fetch, moment
from server.database.models.accounts import Token
from server.database.transactions import writing
from server.errors import Invalid, NotFound, Refused, StoreError
from server.schema.api import Device
from server.schema.scopes import SCOPES, Scope
from server.schema.sources import fold

SIGN_IN_MINUTES = 10
PAIRING_MINUTES = 5
SESSION_DAYS = 180
SAVE_SECONDS = 60.0  # between two writes of when tokens were used
USED_MINUTES = 10  # how old "last used" may get before it is written again

log = structlog.get_logger()

_USED_LINK = "this sign-in link was used or is too old; papermargin sign-in prints a new one"
_CODES = ["code", "longcode"]
_REVOCABLE = ["device", "session", "feed"]


class AuthenticatedUser(Struct, frozen=True):
    """The user of a request, and the token that it came with.

    A device's token may be bound to the origin of the extension that it was paired from. `zone` is
    the user's time zone, if they have chosen one, and `thumbnails` whether they want pictures.
    """

    user: int
    name: str
    token: int
    kind: str
    device: str
    origin: str | None
    used: datetime | None
    zone: str | None = None
    scopes: tuple[Scope, ...] = SCOPES
    thumbnails: bool = True


async def issue(
    user: int,
    kind: str,
    now: datetime,
    *,
    name: str = "",
    origin: str | None = None,
    scopes: Sequence[Scope] = SCOPES,
    days: int | None = None,
) -> str:
    """Create a token of kind `device`, `session` or `signin`; a device's is valid for `days`.

    Return its secret, which is not stored and cannot be shown again.
    """
    lifetime = {
        "signin": timedelta(minutes=SIGN_IN_MINUTES),
        "session": timedelta(days=SESSION_DAYS),
    }.get(kind, timedelta(days=days) if days else None)
    secret = secrets.token_urlsafe(32)
    async with writing(user):
        await Token.create(
            user_id=user,
            kind=kind,
            name=fold(name),
            digest=_digest(secret),
            origin=origin,
            created=now,
            expires=now + lifetime if lifetime else None,
            scopes=_write_scopes(scopes),
        )
    return secret


async def issue_scoped(
    user: int, name: str, scopes: Sequence[Scope], now: datetime, *, days: int | None
) -> str:
    """Create a token for a program, which is valid for `days` or without end; return its secret.

    Raises `Invalid` if it has no name, or may do nothing.
    """
    if not fold(name):
        raise Invalid("give the token a name, so that you can tell it from others")
    if not scopes:
        raise Invalid("choose what the token may be used for")
    return await issue(user, "device", now, name=name[:100], scopes=scopes, days=days)


async def find_sign_in(secret: str, now: datetime) -> str:
    """Return the name of the user whom a sign-in link is for, and leave the link usable.

    Raises `Refused` if the link was used before or is too old.
    """
    link = await Token.get_or_none(
        digest=_digest(secret), kind="signin", expires__gt=now
    ).prefetch_related("user")
    if link is None:
        raise Refused(_USED_LINK)
    return str(link.user.name)


async def redeem_sign_in(secret: str, now: datetime, *, name: str) -> str:
    """Exchange the secret of a sign-in link for that of a session.

    Raises `Refused` if the link was used before or is too old.
    """
    async with writing():
        link = await Token.get_or_none(digest=_digest(secret), kind="signin", expires__gt=now)
        if link is not None:
            await link.delete()
    if link is None:
        raise Refused(_USED_LINK)
    return await issue(link.user_id, "session", now, name=name)


async def issue_code(user: int, now: datetime) -> str:
    """Create a pairing code of six digits, which replaces the user's earlier one."""
    async with writing():
        await Token.filter(kind="code", expires__lt=now).delete()
        # a code names its user, so no two users may have the same one
        taken = {token.digest for token in await Token.filter(kind="code")}
        code = next(code for code in iter(_six_digits, "") if _digest(code) not in taken)
        await _replace_code(user, "code", code, now)
    return code


async def issue_long_code(user: int, now: datetime) -> str:
    """Create a pairing code that nobody can guess, which replaces the user's earlier one.

    It pairs also while wrong tries by somebody else keep six digits from being accepted.
    """
    code = secrets.token_urlsafe(15)
    async with writing(user):
        await _replace_code(user, "longcode", code, now)
    return code


async def _replace_code(user: int, kind: str, code: str, now: datetime) -> None:
    await Token.filter(kind=kind, user_id=user).delete()
    await Token.create(
        user_id=user,
        kind=kind,
        digest=_digest(code),
        created=now,
        expires=now + timedelta(minutes=PAIRING_MINUTES),
    )


async def redeem_code(
    code: str,
    name: str,
    origin: str | None,
    now: datetime,
    scopes: Sequence[Scope] = SCOPES,
) -> tuple[str, str]:
    """Exchange a pairing code for a device's token; return the token and the user's name.

    A wrong code writes nothing. Raises `Refused` if the code is wrong or too old.
    """
    wrong = Refused("this pairing code is wrong or has expired; papermargin pair prints a new one")
    codes = Token.filter(digest=_digest(code), kind__in=_CODES, expires__gt=now)
    # asked before the write begins, so that guessing takes no lock
    if not await codes.exists():
        raise wrong
    async with writing():
        found = await codes.first().prefetch_related("user")
        if found is None:  # somebody else was faster
            raise wrong
        await Token.filter(user_id=found.user_id, kind__in=_CODES).delete()
    token = await issue(found.user_id, "device", now, name=name, origin=origin, scopes=scopes)
    return token, found.user.name


async def renew_feeds(user: int, now: datetime) -> str:
    """Create the secret for the addresses of a user's feeds, and revoke the earlier one."""
    secret = secrets.token_urlsafe(32)
    async with writing(user):
        await Token.filter(kind="feed", user_id=user).delete()
        await Token.create(
            user_id=user, kind="feed", name="feeds", digest=_digest(secret), created=now
        )
    return secret


async def identify(secret: str, kinds: tuple[str, ...], now: datetime) -> AuthenticatedUser:
    """Return the user of a token of one of these kinds.

    Raises `Refused` if the token is unknown, revoked or expired.
    """
    rows = await fetch(
        "SELECT t.id, t.user_id, t.kind, t.name, t.origin, t.used, t.expires, t.scopes, "
        "r.name AS user_name, r.zone, r.thumbnails "
        "FROM token t JOIN reader r ON r.id = t.user_id WHERE t.digest = $1",
        _digest(secret),
    )
    row = rows[0] if rows else None
    if (
        row is None
        or row["kind"] not in kinds
        or (row["expires"] and moment(row["expires"]) <= now)
    ):
        raise Refused("this token is unknown, revoked or expired; pair or sign in again")
    return AuthenticatedUser(
        row["user_id"],
        row["user_name"],
        row["id"],
        row["kind"],
        row["name"],
        row["origin"],
        moment(row["used"]),
        row["zone"],
        _read_scopes(row["scopes"]),
        bool(row["thumbnails"]),
    )


def _write_scopes(scopes: Sequence[Scope]) -> str | None:
    """Return scopes as they are stored; all of them are null, as in tokens of older versions."""
    is_all = set(scopes) == set(SCOPES)
    return None if is_all else " ".join(scope for scope in SCOPES if scope in scopes)


def _read_scopes(stored: str | None) -> tuple[Scope, ...]:
    return SCOPES if stored is None else tuple(s for s in SCOPES if s in stored.split())


class LastUses:
    """When tokens were last used, kept in memory until `save`: no request waits to write it."""

    def __init__(self) -> None:
        self._used: dict[int, datetime] = {}

    def note(self, user: AuthenticatedUser, now: datetime) -> None:
        """Keep that a token was used, unless the store has a time that is recent enough."""
        if user.used is None or now - user.used > timedelta(minutes=USED_MINUTES):
            self._used[user.token] = now

    def get(self, token: int) -> datetime | None:
        """Return when a token was last used, if that is not saved yet."""
        return self._used.get(token)

    async def save(self) -> None:
        """Write the times. Raises `StoreError` if that fails; they are kept for the next time."""
        if not self._used:
            return
        async with writing():
            for token, now in self._used.copy().items():
                await Token.filter(id=token).update(used=now)
        self._used.clear()

    async def keep_saving(self) -> None:
        """Write the times every minute until cancelled."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            try:
                await self.save()
            except StoreError as error:
                log.warning("the last use of tokens was not saved", error=str(error))


async def list_devices(identity: AuthenticatedUser, last_uses: LastUses) -> list[Device]:
    """Return a user's devices, sessions and feeds, newest first.

    `last_uses` are those of this server, which may be newer than what the store has.
    """
    return await list_devices_of(identity.user, last_uses, identity.token)


async def list_devices_of(
    user: int, last_uses: LastUses, current: int | None = None
) -> list[Device]:
    """Return a user's devices, of which `current` is the one in use, as `list_devices` does."""
    tokens = await Token.filter(user_id=user, kind__in=_REVOCABLE).order_by("-id")
    return [
        Device(
            id=token.id,
            kind=token.kind,
            name=token.name,
            created=token.created,
            used=last_uses.get(token.id) or token.used,
            current=token.id == current,
            scopes=list(_read_scopes(token.scopes)),
            expires=token.expires,
        )
        for token in tokens
    ]


async def revoke(user: int, token: int) -> None:
    """Revoke the token of a device, a session or the feeds.

    Raises `NotFound` if the user has no such token.
    """
    async with writing(user):
        if not await Token.filter(id=token, user_id=user, kind__in=_REVOCABLE).delete():
            raise NotFound(f"no device {token}")


def _digest(secret: str) -> str:
    # no salt: the secrets are random, and a token has to be found by its digest
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06}"
