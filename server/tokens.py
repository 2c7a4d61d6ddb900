"""Ways in: device tokens, page sessions, one-time sign-in links, pairing codes, feeds; only their hashes are kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from msgspec import Struct

from server.errors import Invalid, NotFound, Refused, TooManyTries
from server.models import Token, User
from server.source import fold
from server.store import execute, fetch, moment, writing
from server.wire import Device

SIGN_IN_MINUTES = 10
PAIRING_MINUTES = 5
PAIRING_TRIES = 5
SESSION_DAYS = 180
USED_MINUTES = 10  # how old "last used" may get before a request writes it anew

_REVOCABLE = ["device", "session", "feed"]


class Identity(Struct, frozen=True):
    """Who asks: a user, by a token of theirs, which may be bound to the origin it was paired from."""

    user: int
    name: str
    token: int
    kind: str
    device: str
    origin: str | None


async def add_user(name: str, now: datetime) -> User:
    """Make a user. Raises `Invalid` for a name that is taken or empty."""
    name = fold(name)
    if not name or len(name) > 100:
        raise Invalid("a user's name has 1 to 100 characters")
    async with writing():
        if await User.exists(name=name):
            raise Invalid(f"there is a user {name!r} already")
        return await User.create(name=name, created=now)


async def get_user(name: str, now: datetime, *, create: bool = False) -> User:
    """Give the user of a name; with `create`, one that is not there yet is made. Raises `NotFound`."""
    user = await User.get_or_none(name=name)
    if user is None and not create:
        raise NotFound(f"no user {name!r}; papermargin user add {name} makes one")
    return user or await add_user(name, now)


async def has_one_reader() -> bool:
    """Tell whether the store is one person's alone."""
    return await User.all().count() == 1


async def issue(user: int, kind: str, now: datetime, *, name: str = "", origin: str | None = None) -> str:
    """Make a token of kind `device`, `session` or `signin` and give its secret, which nothing can tell again."""
    lifetime = {"signin": timedelta(minutes=SIGN_IN_MINUTES), "session": timedelta(days=SESSION_DAYS)}.get(kind)
    secret = secrets.token_urlsafe(32)
    async with writing():
        await Token.create(
            user_id=user,
            kind=kind,
            name=fold(name),
            digest=_digest(secret),
            origin=origin,
            created=now,
            expires=now + lifetime if lifetime else None,
        )
    return secret


async def redeem_sign_in(secret: str, now: datetime, *, name: str) -> str:
    """Turn a sign-in link's secret, once and in time, into a session's. Raises `Refused`."""
    async with writing():
        link = await Token.get_or_none(digest=_digest(secret), kind="signin", expires__gt=now)
        if link is not None:
            await link.delete()
    if link is None:
        raise Refused("this sign-in link was used or is too old; papermargin sign-in prints a new one")
    return await issue(link.user_id, "session", now, name=name)


async def issue_code(user: int, now: datetime) -> str:
    """Make a pairing code of six digits, which replaces the user's earlier one."""
    async with writing():
        await Token.filter(kind="code", user_id=user).delete()
        await Token.filter(kind="code", expires__lt=now).delete()
        taken = {token.digest for token in await Token.filter(kind="code")}
        code = next(code for code in iter(_six_digits, "") if _digest(code) not in taken)
        await Token.create(
            user_id=user,
            kind="code",
            digest=_digest(code),
            created=now,
            expires=now + timedelta(minutes=PAIRING_MINUTES),
            tries_left=PAIRING_TRIES,
        )
    return code


async def redeem_code(code: str, name: str, origin: str | None, now: datetime) -> tuple[str, str]:
    """Turn a pairing code into a device's token; give it and the user's name.

    A wrong code costs every code that is out one of its five tries: nobody can tell which one was meant.
    Raises `Refused` and `TooManyTries`.
    """
    async with writing() as connection:
        found = await Token.get_or_none(digest=_digest(code), kind="code", expires__gt=now).prefetch_related("user")
        if found is not None:
            await found.delete()
        else:
            await execute(connection, "UPDATE token SET tries_left = tries_left - 1 WHERE kind = 'code'")
            spent = await Token.filter(kind="code", tries_left__lte=0).delete()
    if found is not None:
        return await issue(found.user_id, "device", now, name=name, origin=origin), found.user.name
    if spent:
        raise TooManyTries("too many wrong codes: the code is void, make a new one with papermargin pair")
    raise Refused("this pairing code is wrong or too old; papermargin pair gives a new one")


async def renew_feeds(user: int, now: datetime) -> str:
    """Make the secret in the addresses of a user's feeds, and void the one before."""
    secret = secrets.token_urlsafe(32)
    async with writing():
        await Token.filter(kind="feed", user_id=user).delete()
        await Token.create(user_id=user, kind="feed", name="feeds", digest=_digest(secret), created=now)
    return secret


async def identify(secret: str, kinds: tuple[str, ...], now: datetime) -> Identity:
    """Give who has a token of one of these kinds. Raises `Refused` when it is unknown, revoked or expired."""
    rows = await fetch(
        "SELECT t.id, t.user_id, t.kind, t.name, t.origin, t.used, t.expires, r.name AS user_name "
        "FROM token t JOIN reader r ON r.id = t.user_id WHERE t.digest = $1",
        _digest(secret),
    )
    row = rows[0] if rows else None
    if row is None or row["kind"] not in kinds or (row["expires"] and moment(row["expires"]) <= now):
        raise Refused("this token is unknown, revoked or too old; pair or sign in again")
    if row["used"] is None or now - moment(row["used"]) > timedelta(minutes=USED_MINUTES):
        await Token.filter(id=row["id"]).update(used=now)
    return Identity(row["user_id"], row["user_name"], row["id"], row["kind"], row["name"], row["origin"])


async def list_devices(identity: Identity) -> list[Device]:
    """Give a user's devices, sessions and the address of the feeds, the newest first."""
    tokens = await Token.filter(user_id=identity.user, kind__in=_REVOCABLE).order_by("-id")
    return [
        Device(
            id=token.id,
            kind=token.kind,
            name=token.name,
            created=token.created,
            used=token.used,
            current=token.id == identity.token,
        )
        for token in tokens
    ]


async def revoke(user: int, token: int) -> None:
    """Make the token of a device, a session or the feeds worthless at once. Raises `NotFound`."""
    async with writing():
        if not await Token.filter(id=token, user_id=user, kind__in=_REVOCABLE).delete():
            raise NotFound(f"no device {token}")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06}"
