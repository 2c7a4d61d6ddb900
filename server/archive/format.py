"""The JSON archive's format: everything that a user wrote and the papers it refers to.

Each record is on a line of its own, so that two archives can be compared with diff, and a large one
is written piece by piece.
"""

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from nlp.spans import Label, Mention, Result
from server.errors import SourceError
from server.identifiers import fold_term, parse_key
from server.schema.citations import Citation
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.papers import Place
from server.schema.ranking import Choice, LeastScore, RankingState, SignalKind, SignalName
from server.schema.reading_list import (
    MAX_NOTE_BYTES,
    Colour,
    EntryState,
    NoteState,
    Rating,
    RevisionState,
    TagName,
    TagState,
)
from server.schema.searches import Sort
from server.schema.sources import Richness
from server.schema.terms import CorrectionState

FORMAT = 2
"""Format 1 knew neither saved searches nor terms of one's own, and is read all the same."""
PIECE_BYTES = 1 << 16

Moment = Annotated[datetime, Meta(tz=True)]
SearchName = Annotated[str, Meta(min_length=1, max_length=100)]
_Read = TypeVar("_Read")


class ArchivedPaper(Struct, kw_only=True):
    """A paper as the store holds it; `aliases` are the keys that it had before."""

    key: str
    aliases: list[str] = field(default_factory=list)
    title: str
    abstract: str = ""
    authors: list[str] = field(default_factory=list)
    author_count: int | None = None
    published: date | None = None
    issued: str | None = None
    upvotes: int | None = None
    comments: int | None = None
    code_url: str | None = None
    project_url: str | None = None
    doi: str | None = None
    organization: str | None = None
    categories: list[str] = field(default_factory=list)
    hugging_face: HuggingFaceFacts | None = None
    richness: Richness
    observed: Moment
    created: Moment
    places: list[Place] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    extraction_version: str | None = None


class ArchivedEntry(EntryState, kw_only=True):
    """An entry; `tags` are the tags that it bears."""

    rating: Rating | None
    queue: Annotated[float, Meta(ge=-1e15, le=1e15)] | None = None  # moves count on beyond `Rank`
    tags: list[TagName]
    added: Moment
    updated: Moment
    deleted: Moment | None = None


class ArchivedTag(TagState, kw_only=True):
    """A tag; `trashed` holds the keys of the papers that had it when it went to the trash."""

    name: TagName
    colour: Colour | None
    created: Moment
    updated: Moment
    deleted: Moment | None = None
    trashed: list[str] = field(default_factory=list)


class ArchivedRevision(RevisionState, kw_only=True):
    """A note's earlier text."""

    written: Moment


class ArchivedNote(NoteState, kw_only=True):
    """A note with its earlier texts. `source` is left open: what a file brings is imported."""

    created: Moment
    updated: Moment
    deleted: Moment | None = None
    revisions: list[ArchivedRevision] = field(default_factory=list)


class ArchivedCorrection(CorrectionState, kw_only=True):
    """A correction."""

    created: Moment
    updated: Moment
    deleted: Moment | None = None


class SeenPaper(Struct, kw_only=True):
    """A paper that the user marked as seen."""

    key: str
    at: Moment


class ArchivedSearch(Struct, kw_only=True):
    """A saved search."""

    name: SearchName
    query: str
    sort: Sort | None
    digest: bool
    version: int
    created: Moment
    updated: Moment
    deleted: Moment | None = None


class ArchivedTerm(Struct, kw_only=True):
    """A user's change of a term: another `name`, the term it was merged `into`, or `hidden`."""

    label: Label
    term: str
    name: str | None
    into: tuple[Label, str] | None
    hidden: bool
    version: int
    created: Moment
    updated: Moment


class ArchivedCitation(Struct, kw_only=True):
    """How the user's bibliography cites a paper."""

    key: str
    data: Citation
    updated: Moment


class ArchivedPreference(Struct, kw_only=True):
    """A word, term or author that the user muted or pinned for the ranking."""

    kind: SignalKind
    name: SignalName
    choice: Choice
    version: int
    created: Moment
    updated: Moment


class ArchivedRanking(RankingState, kw_only=True):
    """The user's settings of the ranking."""

    least: LeastScore
    updated: Moment


class Archive(Struct, kw_only=True):
    """A whole archive; `papermargin` is the format's number, `server` the version that wrote it."""

    papermargin: int
    exported: Moment
    server: str
    papers: list[ArchivedPaper]
    entries: list[ArchivedEntry]
    tags: list[ArchivedTag]
    notes: list[ArchivedNote]
    corrections: list[ArchivedCorrection]
    seen: list[SeenPaper]
    searches: list[ArchivedSearch] = field(default_factory=list)
    terms: list[ArchivedTerm] = field(default_factory=list)
    citations: list[ArchivedCitation] = field(default_factory=list)
    preferences: list[ArchivedPreference] = field(default_factory=list)
    ranking: Annotated[list[ArchivedRanking], Meta(max_length=1)] = field(default_factory=list)


_PaperRecord = ArchivedEntry | ArchivedNote | ArchivedCorrection | SeenPaper | ArchivedCitation


class _Head(Struct):
    papermargin: int


async def encode(
    *, exported: datetime, server: str, parts: Mapping[str, AsyncIterable[Struct]]
) -> AsyncIterator[bytes]:
    """Yield the document in pieces of about 64 KiB; `parts` are the lists of an `Archive`."""
    piece = bytearray(
        msgspec.json.encode({"papermargin": FORMAT, "exported": exported, "server": server})[:-1]
    )
    for name, records in parts.items():
        piece += f',\n"{name}":['.encode()
        separator = b"\n"
        async for record in records:
            piece += separator + msgspec.json.encode(record)
            separator = b",\n"
            if len(piece) >= PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
        piece += b"\n]"
    yield bytes(piece) + b"}\n"


def decode(document: bytes) -> Archive:
    """Read an archive.

    Raises SourceError, which names the place, for one that is cut off, newer than this version, or
    inconsistent.
    """
    head = _read(document, _Head, "this is no Papermargin export")
    if not 1 <= head.papermargin <= FORMAT:
        raise SourceError(
            f"the export is of format {head.papermargin}; "
            f"this Papermargin reads up to format {FORMAT}"
        )
    archive = _read(document, Archive, "the export cannot be used")
    if problem := next(_find_problems(archive), None):
        raise SourceError(f"the export cannot be used: {problem}")
    return archive


def decode_checked(document: bytes) -> Archive:
    """Read an archive that `decode` has accepted."""
    return msgspec.json.decode(document, type=Archive)


def _read(document: bytes, kind: type[_Read], complaint: str) -> _Read:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.DecodeError as error:
        raise SourceError(f"{complaint}: {error}") from error


def _find_problems(archive: Archive) -> Iterator[str]:
    """Yield what the types cannot rule out: bad keys, repeated ids, records of unknown papers, and
    notes over the size limit.
    """
    keys = [key for paper in archive.papers for key in (paper.key, *paper.aliases)]
    yield from _find_bad_keys(archive)
    for part, ids in _ids(archive, keys).items():
        yield from _find_repeated(part, ids)
    yield from _find_unknown_papers(archive, set(keys))
    yield from _find_long_notes(archive)


def _ids(archive: Archive, keys: list[str]) -> dict[str, Iterable[str | UUID]]:
    """Return by part what may stand in it only once; a record in the trash gives up its name."""
    return {
        "papers": keys,
        "entries": (entry.key for entry in archive.entries),
        "tags": _living_names(archive.tags),
        "notes": (note.id for note in archive.notes),
        "corrections": (correction.id for correction in archive.corrections),
        "seen": (paper.key for paper in archive.seen),
        "citations": (citation.key for citation in archive.citations),
        "searches": _living_names(archive.searches),
        "terms": (f"{term.label} {fold_term(term.term)}" for term in archive.terms),
        "preferences": (f"{each.kind} {each.name.casefold()}" for each in archive.preferences),
    }


def _living_names(records: Sequence[ArchivedTag] | Sequence[ArchivedSearch]) -> Iterable[str]:
    return (record.name.casefold() for record in records if record.deleted is None)


def _find_bad_keys(archive: Archive) -> Iterator[str]:
    for i, paper in enumerate(archive.papers):
        for key in (paper.key, *paper.aliases):
            if parse_key(key) != key:
                yield f"{key!r} is no paper's key - at `$.papers[{i}]`"


def _find_long_notes(archive: Archive) -> Iterator[str]:
    for i, note in enumerate(archive.notes):
        for text in (note.text, *(revision.text for revision in note.revisions)):
            if len(text.encode()) > MAX_NOTE_BYTES:
                yield f"a note of more than {MAX_NOTE_BYTES:,} bytes - at `$.notes[{i}]`"


def _find_repeated(part: str, ids: Iterable[str | UUID]) -> Iterator[str]:
    return (
        f"{id} stands there twice - at `$.{part}`"
        for id, times in Counter(ids).items()
        if times > 1
    )


def _find_unknown_papers(archive: Archive, known: set[str]) -> Iterator[str]:
    parts: dict[str, Sequence[_PaperRecord]] = {
        "entries": archive.entries,
        "notes": archive.notes,
        "corrections": archive.corrections,
        "seen": archive.seen,
        "citations": archive.citations,
    }
    for part, records in parts.items():
        for i, record in enumerate(records):
            if record.key not in known:
                yield f"there is no paper {record.key!r} in it - at `$.{part}[{i}].key`"
