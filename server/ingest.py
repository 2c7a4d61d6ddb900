"""Papers of a source into the store: found again or made, filled from the richer source, safe to run twice.

Who a paper of a source is, as cases:
- its arXiv id is known, as a key or as an old one: that paper;
- its id is new, and one paper is known by this title alone: that paper adopts the id;
- it has no id, and the title is that of one paper, or of one with this abstract: that paper;
- else it is a new paper.
A paper found by its id swallows the one that was known by its title alone (`merge.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, get_args

from msgspec import Struct
from tortoise.backends.base.client import BaseDBAsyncClient

from server.identity import normalize_title, title_key
from server.merge import adopt_id, merge_papers
from server.models import Alias, Change, Listing, ListingPaper, Paper
from server.source import Batch, Richness, SourceListing, SourcePaper
from server.store import writing

CHUNK = 500  # papers a transaction: others who write wait for its end
RANK = {richness: rank for rank, richness in enumerate(get_args(Richness))}
FILLED = (
    "title", "abstract", "authors", "author_count", "published", "code_url", "project_url", "doi", "organization",
    "categories",
)  # fmt: skip
COUNTED = ("upvotes", "comments")
READ = ("title", "abstract")


class IngestReport(Struct, kw_only=True):
    """What became of a batch: `keys` are its papers' keys, in its order."""

    keys: list[str]
    new: int = 0
    updated: int = 0


class _Known:
    """The papers of the store that a chunk may mean, by key and by title."""

    def __init__(self, papers: Iterable[Paper], aliases: dict[str, Paper]) -> None:
        self.by_key = dict(aliases)
        self.by_title: dict[str, list[Paper]] = defaultdict(list)
        for paper in papers:
            self.add(paper)

    def add(self, paper: Paper) -> None:
        self.by_key[paper.key] = paper
        if paper not in self.by_title[paper.title_digest]:
            self.by_title[paper.title_digest].append(paper)

    def drop(self, paper: Paper) -> None:
        self.by_key = {key: known for key, known in self.by_key.items() if known is not paper}
        self.by_title[paper.title_digest].remove(paper)


async def ingest(batch: Batch, now: datetime) -> IngestReport:
    """Take a batch into the store; one with a listing comes in whole or not at all."""
    report = IngestReport(keys=[])
    size = max(len(batch.papers), 1) if batch.listing else CHUNK
    for start in range(0, max(len(batch.papers), 1), size):
        async with writing() as connection:
            papers = await _ingest_chunk(connection, batch.papers[start : start + size], now, report)
            observed = max((source.observed for source in batch.papers), default=now)
            if batch.listing:
                await _place(batch.listing, papers, observed)
            for day, listed in _by_day(batch, papers):
                await _place(SourceListing(kind="daily", name=day, day=listed[0]), listed[1], observed, append=True)
    return report


async def _ingest_chunk(
    connection: BaseDBAsyncClient, sources: list[SourcePaper], now: datetime, report: IngestReport
) -> list[Paper]:
    known = await _load_known(sources)
    papers, touched = [], set()
    for source in sources:
        paper = await _find(connection, known, source, now)
        if paper is None:
            paper = await _create(source, now)
            report.new += 1
            touched.add(paper.id)
        else:
            if changed := _fill(paper, source):
                report.updated += paper.id not in touched
                touched.add(paper.id)
            if changed := [*changed, *_promote(paper, source)]:
                await paper.save(update_fields=changed)
        known.add(paper)
        papers.append(paper)
    # a paper may have adopted its id, or been swallowed, further down the chunk
    report.keys += [paper.key for paper in papers]
    changed_papers = {paper.id: paper for paper in papers if paper.id in touched}
    await _tell(changed_papers.values(), now)
    return papers


async def _load_known(sources: list[SourcePaper]) -> _Known:
    ids = [source.arxiv_id for source in sources if source.arxiv_id]
    titles = [title_key(source.title) for source in sources if source.title]
    papers = {paper.id: paper for paper in await Paper.filter(key__in=ids)}
    papers |= {paper.id: papers.get(paper.id, paper) for paper in await Paper.filter(title_digest__in=titles)}
    aliases: dict[str, Paper] = {}
    for alias in await Alias.filter(key__in=[*ids, *titles]).prefetch_related("paper"):
        aliases[alias.key] = papers.setdefault(alias.paper.id, alias.paper)
    return _Known(papers.values(), aliases)


async def _find(connection: BaseDBAsyncClient, known: _Known, source: SourcePaper, now: datetime) -> Paper | None:
    digest = title_key(source.title) if source.title else ""
    untitled = known.by_key.get(digest) if digest else None
    waiting = untitled if untitled and untitled.key == digest else None
    if source.arxiv_id is None:
        return _same_title(known, digest, source) or untitled
    paper = known.by_key.get(source.arxiv_id)
    if paper is None and waiting:
        await adopt_id(waiting, source.arxiv_id, now)
    elif paper and waiting and paper is not waiting:
        known.drop(waiting)
        await merge_papers(connection, paper, waiting, now)
    return paper or waiting


def _same_title(known: _Known, digest: str, source: SourcePaper) -> Paper | None:
    candidates = known.by_title.get(digest, [])
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    abstract = normalize_title(source.abstract)
    alike = [paper for paper in candidates if abstract and normalize_title(paper.abstract) == abstract]
    return alike[0] if len(alike) == 1 else None


async def _create(source: SourcePaper, now: datetime) -> Paper:
    digest = title_key(source.title) if source.title else ""
    fields: dict[str, Any] = {name: getattr(source, name) for name in (*FILLED, *COUNTED)}
    return await Paper.create(
        key=source.arxiv_id or digest,
        normalized_title=normalize_title(source.title),
        title_digest=digest,
        richness=source.richness,
        observed=source.observed,
        created=now,
        **fields,
    )


def _fill(paper: Paper, source: SourcePaper) -> list[str]:
    """Fill a paper from a source, and give the names of the columns that changed."""
    richer = _is_richer(source, paper)
    changed = []
    for name in FILLED:
        old, new = getattr(paper, name), getattr(source, name)
        if new and new != old and (richer or not old):
            setattr(paper, name, new)
            changed.append(name)
    for name in COUNTED:
        # the order of two files must not matter, so the most ever seen counts
        old, new = getattr(paper, name), getattr(source, name)
        if new is not None and new > (-1 if old is None else old):
            setattr(paper, name, new)
            changed.append(name)
    return [*changed, *_follow(paper, changed)]


def _promote(paper: Paper, source: SourcePaper) -> list[str]:
    """Remember the richest source, also one that told nothing new: else a poorer one could contradict it later."""
    if not _is_richer(source, paper):
        return []
    paper.richness, paper.observed = source.richness, source.observed
    return ["richness", "observed"]


def _is_richer(source: SourcePaper, paper: Paper) -> bool:
    return (RANK[source.richness], source.observed) > (RANK[paper.richness], paper.observed)


def _follow(paper: Paper, changed: list[str]) -> Iterator[str]:
    if "title" in changed:
        paper.normalized_title, paper.title_digest = normalize_title(paper.title), title_key(paper.title)
        yield from ("normalized_title", "title_digest")
    if any(name in READ for name in changed):
        # spans of the old text would lie on wrong words of the new one
        stale: dict[str, Any] = {"extraction_version": None, "extraction_error": None, "mentions": [], "results": []}
        paper.update_from_dict(stale)
        yield from stale


async def _place(listing: SourceListing, papers: list[Paper], observed: datetime, *, append: bool = False) -> None:
    row, _ = await Listing.get_or_create(
        kind=listing.kind, name=listing.name[:255], defaults={"day": listing.day, "observed": observed}
    )
    places = [place.paper_id for place in await ListingPaper.filter(listing_id=row.id).order_by("position")]
    wanted = [paper.id for paper in papers]
    if append or observed < row.observed:
        wanted = [*places, *(paper for paper in dict.fromkeys(wanted) if paper not in places)]
    elif listing.kind != "capture":
        # a day keeps growing and is re-ordered, and what once stood in it stays findable at its end
        wanted = [*wanted, *(paper for paper in places if paper not in wanted)]
    if observed > row.observed:
        await Listing.filter(id=row.id).update(observed=observed)
    if wanted != places:
        await ListingPaper.filter(listing_id=row.id).delete()
        await ListingPaper.bulk_create(
            [ListingPaper(listing_id=row.id, paper_id=paper, position=n) for n, paper in enumerate(wanted)]
        )


def _by_day(batch: Batch, papers: list[Paper]) -> Iterator[tuple[str, tuple[Any, list[Paper]]]]:
    """Give the papers of a batch by the day on which each was in Daily Papers, but for the batch's own day."""
    own = batch.listing.day if batch.listing and batch.listing.kind == "daily" else None
    days: dict[Any, list[Paper]] = defaultdict(list)
    listed = {source.arxiv_id: source.listed for source in batch.papers if source.listed and source.arxiv_id}
    for paper in papers:
        if (day := listed.get(paper.key)) and day != own:
            days[day].append(paper)
    for day, members in sorted(days.items()):
        yield day.isoformat(), (day, members)


async def _tell(papers: Iterable[Paper], now: datetime) -> None:
    await Change.bulk_create(
        [Change(kind="paper", ref=paper.key, paper_key=paper.key, version=0, at=now) for paper in papers]
    )
