"""Ingest of papers: find or create each, and fill it from the richest source; safe to run twice.

Which paper of the store a source means:
- its arXiv id is known, as a key or as an old one: that paper;
- its id is new, and one paper is known by this title alone: that paper adopts the id;
- it has no id, and the title is that of one paper, or of one with this abstract: that paper;
- else it is a new paper.
The paper that was known by its title alone is merged into one found by its id (`merge.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, get_args

from msgspec import Struct, field, to_builtins
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.connection import fetch, places, write_connection
from server.database.models.papers import Alias, Listing, ListingPaper, Paper
from server.database.transactions import writing
from server.database.versioning import record_papers
from server.identifiers import normalize_title, title_key
from server.papers.hugging_face import combine, is_same
from server.papers.merge import adopt_id, merge_papers
from server.papers.versions import (
    choose_version,
    held_text,
    is_older_version,
    keep_other,
    keep_replaced,
)
from server.schema.imports import PaperCreated, PaperFields, PaperFilled, PaperStep
from server.schema.sources import Batch, Richness, SourceListing, SourcePaper
from server.words import name_words, spellings, title_spellings

CHUNK = 500  # papers a transaction: others who write wait for its end
RANK = {richness: rank for rank, richness in enumerate(get_args(Richness))}
FILLED = (
    "title", "abstract", "authors", "author_count", "published", "code_url", "project_url",
    "doi", "organization", "categories",
)  # fmt: skip
COUNTED = ("upvotes", "comments")
READ = ("title", "abstract")
SEARCHED = ("title", "abstract", "authors", "organization", "hugging_face")


class IngestReport(Struct, kw_only=True):
    """What became of a batch.

    `keys` and `rows` are its papers' keys and row ids, in its order. `unread` are the row ids of
    those that wait for extraction, and `merged` maps the papers that were merged into another one
    on the way to that one, by row ids. `steps` is what was done, so that it can be undone.
    """

    keys: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)
    steps: list[PaperStep] = field(default_factory=list)
    new: int = 0
    updated: int = 0

    def include(self, papers: list[Paper], survivors: dict[int, Paper]) -> None:
        """Add the papers of a chunk, and those that were merged into others."""
        self.keys += [paper.key for paper in papers]
        self.rows += [paper.id for paper in papers]
        self.unread |= {paper.id for paper in papers if paper.extraction_version is None}
        self.merged |= {gone: survivor.id for gone, survivor in survivors.items()}

    def survivor(self, row: int) -> int:
        """Return the row id of a paper, or of the one that it was merged into."""
        return self.merged.get(row, row)


class _Known:
    """The papers of the store that a chunk may mean, by key and by title.

    `new` has the keys and title keys of those that the chunk made and that are not saved yet.
    """

    def __init__(self, papers: Iterable[Paper], aliases: dict[str, Paper]) -> None:
        self.by_key = dict(aliases)
        self.survivors: dict[int, Paper] = {}
        self.by_title: dict[str, list[Paper]] = defaultdict(list)
        self.new: set[str] = set()
        for paper in papers:
            self.add(paper)

    def add(self, paper: Paper) -> None:
        self.by_key[paper.key] = paper
        if paper not in self.by_title[paper.title_digest]:
            self.by_title[paper.title_digest].append(paper)

    def may_be_new(self, source: SourcePaper) -> bool:
        """Return whether a source may mean a paper that is not saved yet."""
        title = title_key(source.title) if source.title else None
        return not self.new.isdisjoint((source.arxiv_id, title))

    def drop(self, gone: Paper, survivor: Paper) -> None:
        """Forget a paper that was merged into another one."""
        self.by_key = {key: known for key, known in self.by_key.items() if known is not gone}
        self.by_title[gone.title_digest].remove(gone)
        self.survivors[gone.id] = survivor


async def ingest(batch: Batch, now: datetime) -> IngestReport:
    """Add the papers of a batch to the store, or fill those that are there.

    A batch with a listing is ingested whole or not at all, a longer one without one in chunks.
    """
    report = IngestReport()
    size = max(len(batch.papers), 1) if batch.listing else CHUNK
    # a batch without papers may still bring a listing
    for start in range(0, max(len(batch.papers), 1), size):
        async with writing() as connection:
            sources = batch.papers[start : start + size]
            papers = await _ingest_chunk(connection, batch.kind, sources, now, report)
            observed = max((source.observed for source in batch.papers), default=now)
            if batch.listing:
                await place_in_listing(batch.listing, [paper.id for paper in papers], observed)
            for day, ids in _by_day(batch, papers):
                daily = SourceListing(kind="daily", name=day.isoformat(), day=day)
                await place_in_listing(daily, ids, observed, append=True)
    return report


async def _ingest_chunk(
    connection: BaseDBAsyncClient,
    kind: str,
    sources: list[SourcePaper],
    now: datetime,
    report: IngestReport,
) -> list[Paper]:
    known = await _load_known(sources)
    papers: list[Paper] = []
    touched: set[int] = set()
    for source in sources:
        if known.may_be_new(source):
            touched |= await _save_new(papers)
            papers = await _reload(known, papers)
        paper = await _find(connection, known, source, now, report.steps)
        if paper is None:
            paper = _create(source, kind, now)
            known.new |= {paper.key, paper.title_digest}
            report.steps.append(
                PaperCreated(key=paper.key, richness=paper.richness, observed=paper.observed)
            )
            report.new += 1
        else:
            if await _update(paper, source, kind, now, report.steps):
                # a paper that stands twice in the chunk counts once
                report.updated += paper.id not in touched
                touched.add(paper.id)
            known.add(paper)
        papers.append(paper)
    touched |= await _save_new(papers)
    # a paper may have adopted its id, or been merged into another one, further down the chunk
    papers = [known.survivors.get(paper.id, paper) for paper in papers]
    report.include(papers, known.survivors)
    changed = {paper.id: paper for paper in papers if paper.id in touched}
    await record_papers([paper.key for paper in changed.values()], now)
    return papers


async def _save_new(papers: list[Paper]) -> set[int]:
    """Save those of a chunk's papers that are new, all at once; set and return their row ids."""
    new = {paper.key: paper for paper in papers if paper.pk is None}
    if not new:
        return set()
    await Paper.bulk_create(new.values())
    rows = await fetch(
        f"SELECT id, key FROM paper WHERE key IN ({places(len(new))})",
        *new,
        using=write_connection(),
    )
    for row in rows:
        new[row["key"]].id = row["id"]
    return {row["id"] for row in rows}


async def _reload(known: _Known, papers: list[Paper]) -> list[Paper]:
    """Return a chunk's papers, the new ones as the store has them: they are to be changed."""
    new = {paper.key for paper in papers} & known.new
    rows = {paper.id: paper for paper in await Paper.filter(key__in=list(new))}
    for paper in rows.values():
        known.add(paper)
    known.new.clear()
    return [rows.get(paper.id, paper) for paper in papers]


async def _load_known(sources: list[SourcePaper]) -> _Known:
    ids = [source.arxiv_id for source in sources if source.arxiv_id]
    titles = [title_key(source.title) for source in sources if source.title]
    papers = {paper.id: paper for paper in await Paper.filter(key__in=ids)}
    papers |= {
        paper.id: papers.get(paper.id, paper)
        for paper in await Paper.filter(title_digest__in=titles)
    }
    aliases: dict[str, Paper] = {}
    for alias in await Alias.filter(key__in=[*ids, *titles]).prefetch_related("paper"):
        aliases[alias.key] = papers.setdefault(alias.paper.id, alias.paper)
    return _Known(papers.values(), aliases)


async def _find(
    connection: BaseDBAsyncClient,
    known: _Known,
    source: SourcePaper,
    now: datetime,
    steps: list[PaperStep],
) -> Paper | None:
    digest = title_key(source.title) if source.title else ""
    titled = known.by_key.get(digest) if digest else None
    if source.arxiv_id is None:
        return _same_title(known, digest, source) or titled
    paper = known.by_key.get(source.arxiv_id)
    if titled is None or titled.key != digest:
        return paper  # what the title once meant has an id by now
    if paper is None:
        steps.append(await adopt_id(titled, source.arxiv_id, now))
        return titled
    if paper is not titled:
        known.drop(titled, paper)
        steps.append(await merge_papers(connection, paper, titled, now))
    return paper


def _same_title(known: _Known, digest: str, source: SourcePaper) -> Paper | None:
    candidates = known.by_title.get(digest, [])
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    # several papers have this title: only an equal abstract says which is meant
    abstract = normalize_title(source.abstract)
    alike = [
        paper for paper in candidates if abstract and normalize_title(paper.abstract) == abstract
    ]
    return alike[0] if len(alike) == 1 else None


def _create(source: SourcePaper, kind: str, now: datetime) -> Paper:
    digest = title_key(source.title) if source.title else ""
    fields: dict[str, Any] = {name: getattr(source, name) for name in (*FILLED, *COUNTED)}
    paper = Paper(
        key=source.arxiv_id or digest,
        normalized_title=normalize_title(source.title),
        issued=source.issued,
        arxiv_version=source.arxiv_version if source.abstract else None,
        sources={name: kind for name in fields if fields[name]},
        hugging_face=source.hugging_face if source.arxiv_id else None,
        title_digest=digest,
        richness=source.richness,
        observed=source.observed,
        created=now,
        **fields,
    )
    _spell(paper)
    _repeat_facts(paper)
    return paper


async def _update(
    paper: Paper, source: SourcePaper, kind: str, now: datetime, steps: list[PaperStep]
) -> bool:
    """Fill a paper from a source, and return whether that changed it."""
    before = {name: getattr(paper, name) for name in PaperFields.__struct_fields__}
    text = held_text(paper)
    changed = _fill(paper, source)
    if (text.title, text.abstract) != (paper.title, paper.abstract):
        await keep_replaced(paper, text, now)
    await keep_other(paper, source)
    arxiv_version = choose_version(paper, source, text)
    if arxiv_version != paper.arxiv_version:
        paper.arxiv_version = arxiv_version
        changed.append("arxiv_version")
    stored = {name for name in changed if name in (*FILLED, *COUNTED)}
    if stored:
        paper.sources = paper.sources | dict.fromkeys(sorted(stored), kind)
        changed.append("sources")
    columns = {*changed, *_promote(paper, source)}
    if paper.hugging_face != before["hugging_face"]:
        columns.add("hugging_face")  # perhaps only when it was observed
    if columns:
        await paper.save(update_fields=columns)
        steps.append(_filled(paper, before))
    return bool(changed)


def _filled(paper: Paper, before: dict[str, Any]) -> PaperFilled:
    """Return what was changed in a paper, as JSON values."""
    news = {name: value for name in before if (value := getattr(paper, name)) != before[name]}
    olds = {name: before[name] for name in news}
    return PaperFilled(
        key=paper.key, title=paper.title, before=to_builtins(olds), after=to_builtins(news)
    )


def _fill(paper: Paper, source: SourcePaper) -> list[str]:
    """Fill a paper from a source, and return the names of the columns that changed."""
    richer = _is_richer(source, paper)
    changed = [*_fill_fields(paper, source, richer=richer), *_raise_counts(paper, source)]
    if _fill_issued(paper, source, richer=richer or "published" in changed):
        changed.append("issued")
    if _learn_facts(paper, source):
        changed.append("hugging_face")
    return [*changed, *refresh(paper, changed)]


def _fill_fields(paper: Paper, source: SourcePaper, *, richer: bool) -> Iterator[str]:
    for name in FILLED:
        old, new = getattr(paper, name), getattr(source, name)
        if new and new != old and (richer or not old):
            setattr(paper, name, new)
            yield name


def _raise_counts(paper: Paper, source: SourcePaper) -> Iterator[str]:
    for name in COUNTED:
        # keep the highest count ever seen, so that the order of two files does not matter
        old, new = getattr(paper, name), getattr(source, name)
        if new is not None and new > (-1 if old is None else old):
            setattr(paper, name, new)
            yield name


def _fill_issued(paper: Paper, source: SourcePaper, *, richer: bool) -> bool:
    """Let the precision of the date follow the date, and return whether it changed."""
    if source.published != paper.published or source.issued == paper.issued:
        return False
    # a source that is as good and names the day is the better one
    if richer or (source.issued is None and paper.issued is not None):
        paper.issued = source.issued
        return True
    return False


def _learn_facts(paper: Paper, source: SourcePaper) -> bool:
    """Combine what Hugging Face told of a paper so far with a record, and return whether that tells
    anything new.

    It knows papers by their ids alone, so that a paper that is merged into another one has none.
    """
    before, facts = paper.hugging_face, source.hugging_face
    if facts is None or source.arxiv_id is None:
        return False
    paper.hugging_face = combine(before, facts) if before else facts
    return not is_same(before, paper.hugging_face)


def _promote(paper: Paper, source: SourcePaper) -> list[str]:
    """Remember the richest source, also one that told nothing new: else a poorer one could
    contradict it later.
    """
    if not _is_richer(source, paper):
        return []
    paper.richness, paper.observed = source.richness, source.observed
    return ["richness", "observed"]


def _is_richer(source: SourcePaper, paper: Paper) -> bool:
    if is_older_version(source, paper):
        return False
    return (RANK[source.richness], source.observed) > (RANK[paper.richness], paper.observed)


def refresh(paper: Paper, changed: list[str]) -> list[str]:
    """Set what follows from the fields of a paper that changed, and return the names of these
    columns.
    """
    columns: list[str] = []
    if "title" in changed:
        paper.normalized_title = normalize_title(paper.title)
        paper.title_digest = title_key(paper.title) if paper.title else ""
        columns += ["normalized_title", "title_digest"]
    if "hugging_face" in changed:
        columns += _repeat_facts(paper)
    if any(name in SEARCHED for name in changed):
        columns += _spell(paper)
    if any(name in READ for name in changed):
        # spans of the old text would lie on wrong words of the new one
        stale: dict[str, Any] = {
            "extraction_version": None,
            "extraction_error": None,
            "mentions": [],
            "results": [],
        }
        paper.update_from_dict(stale)
        columns += stale
    return columns


def _repeat_facts(paper: Paper) -> tuple[str, ...]:
    """Set the columns by which queries find what Hugging Face tells, and return their names."""
    facts = paper.hugging_face
    paper.summarized = facts is not None and facts.summary is not None
    paper.stars = facts.stars if facts else None
    links = facts.links if facts else None
    paper.models = links.models.total if links else None
    paper.datasets = links.datasets.total if links else None
    paper.spaces = links.spaces.total if links else None
    return ("summarized", "stars", "models", "datasets", "spaces")


def _spell(paper: Paper) -> tuple[str, ...]:
    """Set the words by which search finds a paper, and return the names of their columns."""
    paper.title_spellings = title_spellings(paper.title)
    keywords = paper.hugging_face.keywords if paper.hugging_face else []
    named = name_words([*filter(None, [paper.organization]), *keywords])
    paper.abstract_spellings = f"{spellings(paper.abstract)} {named}".strip()
    paper.author_words = name_words(paper.authors)
    return ("title_spellings", "abstract_spellings", "author_words")


async def place_in_listing(
    listing: SourceListing, papers: list[int], observed: datetime, *, append: bool = False
) -> None:
    """Put papers, by their row ids, into a listing in their order. Runs in the caller's write.

    What stood there stays, behind them; with `append`, or if the listing was seen later than
    `observed`, before them. Only a pasted page is replaced.
    """
    row, _ = await Listing.get_or_create(
        kind=listing.kind,
        name=listing.name[:255],
        defaults={"day": listing.day, "observed": observed},
    )
    places = ListingPaper.filter(listing_id=row.id).order_by("position")
    current: list[int] = [place.paper_id for place in await places]
    if append or observed < row.observed:
        wanted = [*dict.fromkeys([*current, *papers])]
    elif listing.kind == "capture":
        wanted = papers
    else:  # a day grows and is re-ordered, and what once stood in it stays findable at its end
        wanted = [*papers, *(paper for paper in current if paper not in papers)]
    if observed > row.observed:
        await Listing.filter(id=row.id).update(observed=observed)
    if wanted != current:
        await ListingPaper.filter(listing_id=row.id).delete()
        await ListingPaper.bulk_create(
            ListingPaper(listing_id=row.id, paper_id=paper, position=position)
            for position, paper in enumerate(wanted)
        )


def _by_day(batch: Batch, papers: list[Paper]) -> Iterator[tuple[date, list[int]]]:
    """Yield the days on which papers of a batch were in Daily Papers, and the row ids of these.

    The day of the batch's own listing is left out.
    """
    own = batch.listing.day if batch.listing and batch.listing.kind == "daily" else None
    listed = {
        source.arxiv_id: source.listed
        for source in batch.papers
        if source.listed and source.arxiv_id
    }
    days: dict[date, list[int]] = defaultdict(list)
    for paper in papers:
        if (day := listed.get(paper.key)) and day != own:
            days[day].append(paper.id)
    yield from sorted(days.items())
