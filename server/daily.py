"""Keeping up with the Daily Papers: a round of the last days, papers known by their id alone, and rounds for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import httpx
import structlog
from msgspec import Struct
from tortoise.exceptions import BaseORMException

from server.config import Config
from server.errors import SourceError
from server.ingest import IngestReport, ingest
from server.models import Paper
from server.source import Batch, SourcePaper
from server.sources.arxiv import ArXiv
from server.sources.huggingface import HuggingFace

DAYS_BACK = 3  # a day keeps growing for that long
FIRST_PAUSE_SECONDS = 1.0  # the server answers first
RETRY_MINUTES = 15.0
GAPS = 100  # papers without a title that a round asks for

log = structlog.get_logger()


class Sources(Struct):
    """The two sites that papers are asked from."""

    huggingface: HuggingFace
    arxiv: ArXiv


@asynccontextmanager
async def open_sources(config: Config) -> AsyncIterator[Sources]:
    """Open the sites of the settings."""
    async with httpx.AsyncClient(follow_redirects=True) as client:
        yield Sources(HuggingFace(client, config.huggingface_url), ArXiv(client, config.arxiv_url))


async def fetch_round(sources: Sources, now: datetime) -> IngestReport:
    """Take in the newest day and the days before it. Raises `SourceError` when a day cannot be had."""
    newest = await sources.huggingface.fetch_newest_day(observed=now)
    day = newest.listing.day if newest.listing and newest.listing.day else now.date()
    report = await ingest(newest, now)
    return await fetch_days(sources, (day - timedelta(days=n) for n in range(1, DAYS_BACK + 1)), now, report)


async def fetch_days(
    sources: Sources, days: Iterable[date], now: datetime, report: IngestReport | None = None
) -> IngestReport:
    """Take in days one by one, each whole. Raises `SourceError` at the first that cannot be had."""
    report = report or IngestReport(keys=[])
    for day in days:
        part = await ingest(await sources.huggingface.fetch_day(day, observed=now), now)
        report.keys += part.keys
        report.new, report.updated = report.new + part.new, report.updated + part.updated
    return report


async def fill_gaps(sources: Sources, now: datetime) -> int:
    """Ask for papers that are known by their id alone, and give how many were found.

    Hugging Face is asked first, and arXiv for those that it does not know. Raises `SourceError`.
    """
    wanted = [paper.key for paper in await Paper.filter(title="").order_by("-id").limit(GAPS)]
    found: list[SourcePaper] = []
    for key in wanted:
        if paper := await sources.huggingface.fetch_paper(key, observed=now):
            found.append(paper)
    missing = [key for key in wanted if key not in {paper.arxiv_id for paper in found}]
    if missing:
        found += (await sources.arxiv.fetch_papers(missing, observed=now)).papers
    await ingest(Batch(kind="by id", papers=found), now)
    return len(found)


async def keep_up(config: Config, changed: Callable[[], None]) -> None:
    """Fetch rounds until cancelled; `changed` hears of each that brought something."""
    await asyncio.sleep(FIRST_PAUSE_SECONDS)
    async with open_sources(config) as sources:
        while True:
            pause = config.ingest_hours * 3600
            try:
                report = await fetch_round(sources, datetime.now(UTC))
                filled = await fill_gaps(sources, datetime.now(UTC))
                log.info("daily papers fetched", new=report.new, updated=report.updated, filled=filled)
                changed()
            except (SourceError, BaseORMException) as error:
                pause = min(pause, RETRY_MINUTES * 60)
                log.warning(f"no daily papers now: {error}", next_try_minutes=round(pause / 60, 1))
            await asyncio.sleep(pause)
