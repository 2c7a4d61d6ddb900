"""Fetch the Daily Papers: the newest days, and repeated rounds that also fill gaps."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

import structlog
from tortoise.exceptions import BaseORMException

from server.config import Config
from server.database.failures import explained
from server.errors import SourceError, StoreError
from server.imports.gaps import fill_gaps, trace_titles
from server.imports.lookup import Sources, open_sources
from server.papers.ingest import IngestReport, ingest

DAYS_BACK = 3  # a day keeps growing for that long
FIRST_PAUSE_SECONDS = 1.0  # the server answers first
RETRY_MINUTES = 15.0

log = structlog.get_logger()


async def fetch_round(sources: Sources, now: datetime) -> IngestReport:
    """Fetch the newest day and the days before it.

    Raises `SourceError` if a day cannot be fetched.
    """
    newest = await sources.huggingface.fetch_newest_day(observed=now)
    day = newest.listing.day if newest.listing and newest.listing.day else now.date()
    report = await ingest(newest, now)
    return await fetch_days(
        sources, (day - timedelta(days=n) for n in range(1, DAYS_BACK + 1)), now, report
    )


async def fetch_days(
    sources: Sources, days: Iterable[date], now: datetime, report: IngestReport | None = None
) -> IngestReport:
    """Fetch days one by one. Raises `SourceError` at the first that cannot be fetched."""
    report = report or IngestReport(keys=[])
    for day in days:
        part = await ingest(await sources.huggingface.fetch_day(day, observed=now), now)
        report.keys += part.keys
        report.new, report.updated = report.new + part.new, report.updated + part.updated
    return report


async def keep_up(config: Config, changed: Callable[[], None]) -> None:
    """Fetch rounds until cancelled; `changed` is called after each that brought something."""
    await asyncio.sleep(FIRST_PAUSE_SECONDS)
    async with open_sources(config) as sources:
        while True:
            pause = config.ingest_hours * 3600
            try:
                with explained():
                    report = await fetch_round(sources, datetime.now(UTC))
                    filled = await fill_gaps(sources, datetime.now(UTC))
                    filled += await trace_titles(sources, datetime.now(UTC))
                log.info(
                    "daily papers fetched", new=report.new, updated=report.updated, filled=filled
                )
                changed()
            except (SourceError, StoreError, BaseORMException) as error:
                pause = min(pause, RETRY_MINUTES * 60)
                log.warning(f"no daily papers now: {error}", next_try_minutes=round(pause / 60, 1))
            await asyncio.sleep(pause)
