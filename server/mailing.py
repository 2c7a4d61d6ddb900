"""Digests on their way: each day's goes to an address once, by hand or at its hour while serving.

Whoever sends takes the day first, by a row in the store, and says in it when the letter has left. So of two senders one
sends, and only a crash between the mail server's yes and that word, or a connection lost there, can bring a letter
twice; both then have the same Message-ID.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from email.headerregistry import Address
from typing import Literal

import structlog
from tortoise.exceptions import BaseORMException

from server.config import Config
from server.digest import choose_digest
from server.errors import MailError
from server.export.letter import Digest, write_letter
from server.mail import Post, read_post, send
from server.models import SentDigest
from server.store import writing
from server.tokens import get_user

FIRST_HOURS = 24  # how far a first digest looks back
ABANDONED = timedelta(minutes=10)  # after that, whoever took a day is taken to have crashed
RETRY = timedelta(minutes=15)
TICK_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 1.0  # the server answers first
INGEST_SECONDS = 120.0  # and fetches the day's papers

Outcome = Literal["sent", "empty", "sent before", "under way"]

log = structlog.get_logger()


async def prepare(reader: int, recipient: Address, day: date, now: datetime) -> Digest:
    """Choose what a day's digest to an address would hold, sent `now`, which is in local time.

    Today's has all that came since the last one to that address, or within a day where there was none.
    """
    if day != now.date():
        return await choose_digest(reader, day, None)
    before = SentDigest.filter(user_id=reader, recipient=recipient.addr_spec, sent__isnull=False)
    last = await before.order_by("-began").first()
    return await choose_digest(reader, day, last.began if last else now - timedelta(hours=FIRST_HOURS))


async def deliver(reader: int, recipient: Address, day: date, now: datetime, *, post: Post) -> tuple[Outcome, int]:
    """Send a day's digest to an address, unless it was sent or has nothing to tell; give how many papers it has.

    Raises `MailError`; it is not taken as sent then.
    """
    row = await _take(reader, recipient.addr_spec, day, now)
    if row is None or row.sent:
        return ("sent before" if row else "under way"), 0
    try:
        digest = await prepare(reader, recipient, day, now)
        if not digest.papers:
            return "empty", 0
        await send(write_letter(digest, post.sender, recipient), post.server)
        row.sent = datetime.now(UTC)
        await row.save()
        return "sent", digest.papers
    finally:
        if not row.sent:
            await row.delete()


async def keep_mailing(config: Config) -> None:
    """Send each day's digest at its hour to those whom the settings name, until cancelled."""
    post = read_post(config)
    reader = (await get_user(config.user, datetime.now(UTC), create=True)).id
    settled: dict[str, date] = {}
    again: dict[str, datetime] = {}
    await asyncio.sleep(INGEST_SECONDS if config.ingest else FIRST_PAUSE_SECONDS)
    while True:
        now = datetime.now().astimezone()
        for recipient in post.recipients:
            to = recipient.addr_spec
            if not is_due(config.digest_at, now, settled.get(to)) or now < again.get(to, now):
                continue
            try:
                outcome, papers = await deliver(reader, recipient, now.date(), now, post=post)
                log.info("digest", to=to, outcome=outcome, papers=papers)
                if outcome != "under way":
                    settled[to] = now.date()
            except (MailError, BaseORMException) as error:
                again[to] = now + RETRY
                log.warning(f"no digest now: {error}", to=to, next_try_minutes=round(RETRY / timedelta(minutes=1), 1))
        await asyncio.sleep(TICK_SECONDS)


def is_due(at: str, now: datetime, settled: date | None) -> bool:
    """Tell whether it is the hour `at`, or past it, of a day that is not settled yet; `now` is in local time."""
    return settled != now.date() and now.time() >= time.fromisoformat(at)


async def _take(reader: int, recipient: str, day: date, now: datetime) -> SentDigest | None:
    """Take the day for this sender; give the row as it is where it was sent, and None where another sender has it."""
    async with writing():
        row = await SentDigest.get_or_none(user_id=reader, recipient=recipient, day=day)
        if row is None:
            return await SentDigest.create(user_id=reader, recipient=recipient, day=day, began=now)
        if row.sent:
            return row
        if now - row.began < ABANDONED:
            return None
        row.began = now
        await row.save()
        return row
