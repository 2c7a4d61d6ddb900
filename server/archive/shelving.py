"""The papers of an archive into the store: by the ways of any source, and then what no other source tells."""

from collections import defaultdict
from datetime import UTC, date, datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from nlp.spans import Extraction
from server.export.archive import ArchivedPaper
from server.ingest import CHUNK, FILLED, IngestReport, ingest
from server.mentions import Reading, Unread, store_readings
from server.merge import merge_papers
from server.models import Alias, Listing, ListingPaper, Paper
from server.source import Batch, SourcePaper
from server.store import execute_many, writing

_NEVER = datetime.fromtimestamp(0, UTC)  # the archive has but some places of a listing: any other sight of it is better


async def shelve_papers(papers: list[ArchivedPaper], now: datetime) -> IngestReport:
    """Take papers in with their old keys, their places in listings and what was read out of them."""
    report = IngestReport(keys=[])
    for start in range(0, len(papers), CHUNK):
        chunk = papers[start : start + CHUNK]
        done = await ingest(Batch(kind="papermargin export", papers=[_source(paper) for paper in chunk]), now)
        report.keys += done.keys
        report.new += done.new
        report.updated += done.updated
        async with writing() as connection:
            rows = await _rows(done.keys)
            pairs = [(archived, rows[key]) for archived, key in zip(chunk, done.keys, strict=True)]
            await _keep_times(connection, pairs, now)
            await _keep_keys(connection, pairs, now)
            await _keep_places(pairs)
        await _keep_readings(pairs, now)
    return report


def _source(paper: ArchivedPaper) -> SourcePaper:
    return SourcePaper(
        arxiv_id=None if paper.key.startswith("t-") else paper.key,
        richness=paper.richness,
        observed=paper.observed,
        upvotes=paper.upvotes,
        comments=paper.comments,
        **{name: getattr(paper, name) for name in FILLED},
    )


async def _rows(keys: list[str]) -> dict[str, Paper]:
    found = Paper.filter(key__in=keys).only("id", "key", "title", "abstract", "created", "extraction_version")
    rows = {paper.key: paper for paper in await found}
    # another process may have merged one in the meantime
    aliases = await Alias.filter(key__in=[key for key in keys if key not in rows]).prefetch_related("paper")
    return rows | {alias.key: alias.paper for alias in aliases}


async def _keep_times(connection: BaseDBAsyncClient, pairs: list[tuple[ArchivedPaper, Paper]], now: datetime) -> None:
    made = [(archived.created, paper.id) for archived, paper in pairs if paper.created == now]  # a moment ago
    await execute_many(connection, "UPDATE paper SET created = $1 WHERE id = $2", made)


async def _keep_keys(connection: BaseDBAsyncClient, pairs: list[tuple[ArchivedPaper, Paper]], now: datetime) -> None:
    old = {key: paper for archived, paper in pairs for key in (*archived.aliases, archived.key) if key != paper.key}
    others = {paper.key: paper for paper in await Paper.filter(key__in=list(old))}
    known = {alias.key for alias in await Alias.filter(key__in=list(old))}
    for key, paper in old.items():
        if key in others and others[key].id != paper.id:
            await merge_papers(connection, paper, others[key], now)
        elif key not in known and key not in others:
            await Alias.create(key=key, paper_id=paper.id)


async def _keep_places(pairs: list[tuple[ArchivedPaper, Paper]]) -> None:
    """Put papers in their places of listings; one that stands in a listing already stays where it is."""
    wanted = {(place.kind, place.name): place.day for archived, _ in pairs for place in archived.places}
    listings = {key: await _listing(*key, day) for key, day in wanted.items()}
    taken: dict[int, set[int]] = defaultdict(set)
    standing: dict[int, set[int]] = defaultdict(set)
    for place in await ListingPaper.filter(listing_id__in=[listing.id for listing in listings.values()]):
        taken[place.listing_id].add(place.position)
        standing[place.listing_id].add(place.paper_id)
    fresh = []
    for archived, paper in pairs:
        for stood in archived.places:
            listing = listings[stood.kind, stood.name].id
            if paper.id not in standing[listing]:
                free = stood.position not in taken[listing]
                position = stood.position if free else max(taken[listing]) + 1
                taken[listing].add(position)
                fresh.append(ListingPaper(listing_id=listing, paper_id=paper.id, position=position))
    await ListingPaper.bulk_create(fresh)


async def _listing(kind: str, name: str, day: date | None) -> Listing:
    listing, _ = await Listing.get_or_create(kind=kind, name=name, defaults={"day": day, "observed": _NEVER})
    return listing


async def _keep_readings(pairs: list[tuple[ArchivedPaper, Paper]], now: datetime) -> None:
    readings: dict[str, list[Reading]] = defaultdict(list)
    for archived, paper in pairs:
        same = (archived.title, archived.abstract) == (paper.title, paper.abstract)
        if archived.extraction_version and paper.extraction_version is None and same:
            unread = Unread(paper.id, paper.key, paper.title, paper.abstract)
            extraction = Extraction(archived.mentions, archived.results)
            readings[archived.extraction_version].append(Reading(unread, extraction))
    for version, read in readings.items():
        await store_readings(read, version, now)
