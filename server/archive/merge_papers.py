"""Merge an archive's papers into the store, with their former keys, listings and extractions."""

from collections import defaultdict
from datetime import UTC, date, datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from nlp.spans import Extraction
from server.archive.counts import Tally
from server.archive.format import ArchivedPaper
from server.database.connection import execute_many
from server.database.models.papers import Alias, Listing, ListingPaper, Paper
from server.database.transactions import writing
from server.extraction.save import PaperExtraction, Unread, store_readings
from server.papers.hugging_face import clean_facts
from server.papers.ingest import FILLED, ingest
from server.papers.merge import merge_papers
from server.schema.imports import KeyAdded, PaperRead, PlacesAdded, Step
from server.schema.sources import Batch, SourcePaper

_NEVER = datetime.fromtimestamp(
    0, UTC
)  # the archive has but some places of a listing: any other sight of it is better


async def import_papers(
    papers: list[ArchivedPaper], now: datetime, tally: Tally, steps: list[Step]
) -> None:
    """Import papers with their former keys, their places in listings and their extractions."""
    batch = Batch(kind="papermargin export", papers=[_source(paper) for paper in papers])
    async with writing() as connection:
        done = await ingest(batch, now)
        steps += done.steps
        rows = await _rows(done.keys)
        pairs = [(archived, rows[key]) for archived, key in zip(papers, done.keys, strict=True)]
        await _restore_times(connection, pairs, now)
        steps += await _restore_keys(connection, pairs, now)
        steps += await _restore_places(pairs)
        steps += await _restore_extractions(pairs, now)
    tally.created += done.new
    tally.merged += done.updated
    tally.same += len(papers) - done.new - done.updated


def _source(paper: ArchivedPaper) -> SourcePaper:
    return SourcePaper(
        arxiv_id=None if paper.key.startswith("t-") else paper.key,
        richness=paper.richness,
        observed=paper.observed,
        upvotes=paper.upvotes,
        issued=paper.issued,
        comments=paper.comments,
        hugging_face=clean_facts(paper.hugging_face) if paper.hugging_face else None,
        **{name: getattr(paper, name) for name in FILLED},
    )


async def _rows(keys: list[str]) -> dict[str, Paper]:
    found = Paper.filter(key__in=keys).only(
        "id", "key", "title", "abstract", "created", "extraction_version"
    )
    rows = {paper.key: paper for paper in await found}
    # another process may have merged one in the meantime
    aliases = await Alias.filter(key__in=[key for key in keys if key not in rows]).prefetch_related(
        "paper"
    )
    return rows | {alias.key: alias.paper for alias in aliases}


async def _restore_times(
    connection: BaseDBAsyncClient, pairs: list[tuple[ArchivedPaper, Paper]], now: datetime
) -> None:
    made = [
        (archived.created, paper.id) for archived, paper in pairs if paper.created == now
    ]  # a moment ago
    await execute_many(connection, "UPDATE paper SET created = $1 WHERE id = $2", made)


async def _restore_keys(
    connection: BaseDBAsyncClient, pairs: list[tuple[ArchivedPaper, Paper]], now: datetime
) -> list[Step]:
    keys = ((key, paper) for archived, paper in pairs for key in (*archived.aliases, archived.key))
    old = {key: paper for key, paper in keys if key != paper.key}
    others = {paper.key: paper for paper in await Paper.filter(key__in=list(old))}
    known = {alias.key for alias in await Alias.filter(key__in=list(old))}
    steps = [
        await _restore_key(connection, key, paper, others.get(key), now)
        for key, paper in old.items()
        if key in others or key not in known
    ]
    return [step for step in steps if step]


async def _restore_key(
    connection: BaseDBAsyncClient, key: str, paper: Paper, other: Paper | None, now: datetime
) -> Step | None:
    """Make `key` lead to `paper`; `other` is the paper that has it in the store."""
    if other is None:
        await Alias.create(key=key, paper_id=paper.id)
        return KeyAdded(key=paper.key, alias=key)
    if other.id == paper.id:
        return None
    return await merge_papers(connection, paper, other, now)


async def _restore_places(pairs: list[tuple[ArchivedPaper, Paper]]) -> list[PlacesAdded]:
    """Restore papers' places in listings; a paper that is in a listing already keeps its place."""
    wanted = {
        (place.kind, place.name): place.day for archived, _ in pairs for place in archived.places
    }
    listings = {key: await _listing(*key, day) for key, day in wanted.items()}
    taken: dict[int, set[int]] = defaultdict(set)
    standing: dict[int, set[int]] = defaultdict(set)
    for place in await ListingPaper.filter(
        listing_id__in=[listing.id for listing in listings.values()]
    ):
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
    return await _place_steps(pairs, fresh)


async def _place_steps(
    pairs: list[tuple[ArchivedPaper, Paper]], fresh: list[ListingPaper]
) -> list[PlacesAdded]:
    keys = {paper.id: paper.key for _, paper in pairs}
    added = {(place.listing_id, place.paper_id) for place in fresh}
    places: dict[str, list[int]] = defaultdict(list)
    for row in await ListingPaper.filter(paper_id__in=[place.paper_id for place in fresh]):
        if (row.listing_id, row.paper_id) in added:
            places[keys[row.paper_id]].append(row.id)
    return [PlacesAdded(key=key, places=rows) for key, rows in places.items()]


async def _listing(kind: str, name: str, day: date | None) -> Listing:
    listing, _ = await Listing.get_or_create(
        kind=kind, name=name, defaults={"day": day, "observed": _NEVER}
    )
    return listing


async def _restore_extractions(
    pairs: list[tuple[ArchivedPaper, Paper]], now: datetime
) -> list[PaperRead]:
    readings: dict[str, list[PaperExtraction]] = defaultdict(list)
    for archived, paper in pairs:
        same = (archived.title, archived.abstract) == (paper.title, paper.abstract)
        if archived.extraction_version and paper.extraction_version is None and same:
            unread = Unread(paper.id, paper.key, paper.title, paper.abstract)
            extraction = Extraction(archived.mentions, archived.results)
            readings[archived.extraction_version].append(PaperExtraction(unread, extraction))
    for version, read in readings.items():
        await store_readings(read, version, now)
    return [
        PaperRead(key=reading.paper.key, version=version)
        for version, read in readings.items()
        for reading in read
    ]
