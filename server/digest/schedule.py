"""Send each day's digest once per address, from the command line or at its hour while serving.

A sender first claims the day by a row in the store and marks the row once the message is sent. Of
two senders one sends. A message can arrive twice only if the process crashes, or the connection is
lost, between the mail server's acceptance and the mark; both copies then have the same Message-ID.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from email.headerregistry import Address
from typing import Literal

import structlog
from tortoise.exceptions import BaseORMException

from server.accounts.users import get_user
from server.config import Config
from server.database.failures import explained
from server.database.models.reading_list import SentDigest
from server.database.transactions import writing
from server.digest.choose import choose_digest
from server.digest.message import Digest, build_message
from server.digest.smtp import MailSettings, read_mail_settings, send
from server.errors import MailError, StoreError

FIRST_HOURS = 24  # how far the first digest looks back
ABANDONED = timedelta(minutes=10)  # an unsent claim older than this was left by a crash
RETRY = timedelta(minutes=15)
TICK_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 1.0  # let the server answer first
INGEST_SECONDS = 120.0  # let it fetch the day's papers first

Outcome = Literal["sent", "empty", "sent before", "under way"]

log = structlog.get_logger()


async def prepare(user: int, recipient: Address, day: date, now: datetime) -> Digest:
    """Choose the papers of a day's digest to an address; `now` is in local time.

    Today's includes papers added since the last digest to that address, or within the last
    `FIRST_HOURS` if there was none.
    """
    if day != now.date():
        return await choose_digest(user, day, None)
    before = SentDigest.filter(user_id=user, recipient=recipient.addr_spec, sent__isnull=False)
    last = await before.order_by("-began").first()
    return await choose_digest(
        user, day, last.began if last else now - timedelta(hours=FIRST_HOURS)
    )


async def deliver(
    user: int, recipient: Address, day: date, now: datetime, *, mail: MailSettings
) -> tuple[Outcome, int]:
    """Send a day's digest to an address unless it was sent or is empty.

    Returns the outcome and the number of papers sent. Raises `MailError`, and gives the claim on
    the day back, if the mail server does not accept the message.
    """
    row = await _claim(user, recipient.addr_spec, day, now)
    if row is None or row.sent:
        return ("sent before" if row else "under way"), 0
    try:
        digest = await prepare(user, recipient, day, now)
        if not digest.papers:
            return "empty", 0
        message = build_message(digest, mail.sender, recipient)
        message["Date"] = now  # required by RFC 5322, section 3.6
        await send(message, mail.server)
        # from here on the message is out, whatever fails later
        row.sent = datetime.now(UTC)
        await row.save()
        return "sent", digest.papers
    finally:
        if not row.sent:
            await row.delete()


async def keep_mailing(config: Config) -> None:
    """Send each day's digest at its hour to the recipients in the settings, until cancelled."""
    mail = read_mail_settings(config)
    user = (await get_user(config.user, datetime.now(UTC), create=True)).id
    settled: dict[str, date] = {}  # by address, the last day that needs no further try
    retry_at: dict[str, datetime] = {}
    await asyncio.sleep(INGEST_SECONDS if config.ingest else FIRST_PAUSE_SECONDS)
    while True:
        now = datetime.now().astimezone()
        for recipient in mail.recipients:
            to = recipient.addr_spec
            if not is_due(config.digest_at, now, settled.get(to)) or now < retry_at.get(to, now):
                continue
            try:
                with explained():
                    outcome, papers = await deliver(user, recipient, now.date(), now, mail=mail)
                log.info("digest", to=to, outcome=outcome, papers=papers)
                if outcome != "under way":
                    settled[to] = now.date()
            except (MailError, StoreError, BaseORMException) as error:
                retry_at[to] = now + RETRY
                log.warning(
                    f"no digest now: {error}",
                    to=to,
                    next_try_minutes=round(RETRY / timedelta(minutes=1), 1),
                )
        await asyncio.sleep(TICK_SECONDS)


def is_due(at: str, now: datetime, settled: date | None) -> bool:
    """Return whether `now` (local time) is at or past the hour `at` of a day not yet settled."""
    return settled != now.date() and now.time() >= time.fromisoformat(at)


async def _claim(user: int, recipient: str, day: date, now: datetime) -> SentDigest | None:
    """Claim the day for this sender.

    Returns the row unchanged if the digest was sent, and None if another sender holds the claim.
    """
    async with writing(user):
        row = await SentDigest.get_or_none(user_id=user, recipient=recipient, day=day)
        if row is None:
            return await SentDigest.create(user_id=user, recipient=recipient, day=day, began=now)
        if row.sent:
            return row
        # another sender may be at it right now
        if now - row.began < ABANDONED:
            return None
        row.began = now
        await row.save()
        return row
