"""Add papers by what a person has of them: an arXiv id, an address, a DOI or a title."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from server.config import Config
from server.database.connection import fetch
from server.database.models.papers import Paper
from server.database.serializers import find_paper, find_paper_ids, load_entry
from server.database.versioning import Edit
from server.errors import Invalid, SourceError
from server.identifiers import parse_arxiv_id
from server.imports.formats.ids import find_ids
from server.imports.formats.references import find_doi
from server.imports.gaps import UNKNOWN_ID, UNKNOWN_TITLE, fetch_ids, keep_waiting, propose
from server.imports.lookup import IMPATIENT, Sources, find_by_title, open_sources
from server.papers.ingest import ingest
from server.papers.query import find_titled
from server.reading_list.entries import put_entry
from server.schema.api import AddedPaper, AddReport, NotAdded
from server.schema.reading_list import EntryEdit
from server.schema.sources import Batch, SourcePaper, fold, web_address

MOST = 100  # papers at once; more are a file to import


class Wanted(Struct, frozen=True):
    """A paper that is asked for, by `value`: the id, DOI or title in the `text` that was typed."""

    kind: Literal["id", "doi", "title"]
    value: str
    text: str


class _Found(Struct):
    """The paper of the store for a text, and why it could not be fetched, if it could not."""

    key: str
    reason: str | None = None


def read_wanted(text: str) -> list[Wanted]:
    """Return the papers that a text asks for: the ids and DOIs of each line, or its title."""
    lines = [line for line in map(fold, text.splitlines()) if line]
    wanted: dict[tuple[str, str], Wanted] = {}
    for each in (each for line in lines for each in _read(line)):
        wanted.setdefault((each.kind, each.value.casefold()), each)
    if not wanted:
        raise Invalid("write an arXiv id, an address, a DOI or a title first")
    if len(wanted) > MOST:
        raise Invalid(f"{len(wanted):,} papers at once: at most {MOST}; import more as a file")
    return list(wanted.values())


def _read(line: str) -> Iterator[Wanted]:
    words = line.split()
    if key := parse_arxiv_id(line):
        yield Wanted("id", key, line)
    elif ids := list(dict.fromkeys(find_ids(line))):
        yield from (Wanted("id", arxiv_id, arxiv_id) for arxiv_id in ids)
    elif dois := [doi for word in words if (doi := find_doi([word.strip("<>()[],;")]))]:
        yield from (Wanted("doi", doi, doi) for doi in dois)
    else:
        yield Wanted("title", line, line)


async def add_at_once(text: str, user: int, config: Config, now: datetime) -> AddReport:
    """Add papers as `add_papers` does, asking the sites for no longer than a person waits."""
    async with open_sources(config, patience=IMPATIENT) as sources:
        return await add_papers(text, user, sources, now)


async def add_papers(text: str, user: int, sources: Sources, now: datetime) -> AddReport:
    """Fetch the papers that a text asks for, and put them into a user's reading list.

    A paper that cannot be fetched now is kept by its id or title. Raises `Invalid` for an empty
    text and for more than `MOST` papers.
    """
    report = AddReport([], [])
    wanted = read_wanted(text)
    found = await _find_ids([each.value for each in wanted if each.kind == "id"], sources, now)
    for each in wanted:
        match each.kind:
            case "id":
                outcome = found[each.value]
            case "doi":
                outcome = await _find_doi(each, sources, now)
            case "title":
                outcome = await _find_title(each, sources, now)
        if isinstance(outcome, NotAdded):
            report.failed.append(outcome)
        else:
            report.papers.append(await _list(outcome, user, now))
    return report


async def _find_ids(
    keys: Sequence[str], sources: Sources, now: datetime
) -> dict[str, _Found | NotAdded]:
    """Find papers by key in the store or on the web; those that cannot be fetched are kept."""
    stored = await find_paper_ids(keys)
    titled = await Paper.filter(id__in=[*stored.values()]).exclude(title="").values_list("id")
    fetched = {id for (id,) in titled}
    missing = [key for key in keys if stored.get(key) not in fetched]
    return {key: _Found(key) for key in keys} | await _fetch_ids(missing, sources, now)


async def _fetch_ids(
    ids: Sequence[str], sources: Sources, now: datetime
) -> dict[str, _Found | NotAdded]:
    if not ids:
        return {}
    try:
        known = await fetch_ids(sources, ids, now)
    except SourceError as error:
        by_id = [SourcePaper(richness="ids", observed=now, arxiv_id=each) for each in ids]
        await ingest(Batch(kind="by id", papers=by_id), now)
        await keep_waiting(ids, error, now)
        return {each: _Found(each, str(error)) for each in ids}
    return {each: _Found(each) if each in known else NotAdded(each, UNKNOWN_ID) for each in ids}


async def _find_doi(wanted: Wanted, sources: Sources, now: datetime) -> _Found | NotAdded:
    stored = await fetch(
        "SELECT key FROM paper WHERE LOWER(doi) = $1 ORDER BY id", wanted.value.casefold()
    )
    if stored:
        return _Found(stored[0]["key"])
    try:
        paper = await sources.crossref.fetch_work(wanted.value, observed=now)
    except SourceError as error:
        return NotAdded(wanted.text, str(error))
    if paper is None:
        return NotAdded(wanted.text, "Crossref has no paper of this DOI")
    return await _ingest(paper, now)


async def _find_title(wanted: Wanted, sources: Sources, now: datetime) -> _Found | NotAdded:
    if stored := await find_titled(wanted.value):
        return _Found(stored[0])
    if not any(map(str.isalpha, wanted.value)):
        return NotAdded(wanted.text, "this is neither an arXiv id nor a DOI, and no title")
    if web_address(wanted.value):
        return NotAdded(wanted.text, "this address does not name its paper: give the title or DOI")
    try:
        same, similar = await find_by_title(sources, wanted.value, now)
    except SourceError as error:
        kept = SourcePaper(richness="capture", observed=now, title=wanted.value)
        key = (await _ingest(kept, now)).key
        await keep_waiting([key], error, now)
        return _Found(key, str(error))
    if same:
        return await _ingest(same[0], now)
    return NotAdded(wanted.text, UNKNOWN_TITLE, propose(similar))


async def _ingest(paper: SourcePaper, now: datetime) -> _Found:
    return _Found((await ingest(Batch(kind="added", papers=[paper]), now)).keys[0])


async def _list(found: _Found, user: int, now: datetime) -> AddedPaper:
    """Put a paper into the list; what the user wrote on it stays."""
    paper = await find_paper(found.key)
    _, entry = await load_entry(paper, user)
    is_listed = entry is not None and entry.is_listed
    if not is_listed:
        # an entry of the trash comes back as it was
        await put_entry(Edit(user=user, at=now, force=True), paper.key, EntryEdit())
    if found.reason:
        return AddedPaper(paper.key, paper.title, "waiting", found.reason)
    return AddedPaper(paper.key, paper.title, "already" if is_listed else "new")
