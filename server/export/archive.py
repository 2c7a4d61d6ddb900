"""Our own JSON export: all that a person wrote and the papers it stands beside, as one document. Pure.

Each record stands on a line of its own, so that two exports can be compared and a large one is written in pieces.
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
from server.identity import fold_term, parse_key
from server.source import Richness
from server.wire import (
    MAX_NOTE_BYTES,
    Colour,
    CorrectionState,
    EntryState,
    NoteState,
    Place,
    Rating,
    RevisionState,
    Sort,
    TagName,
    TagState,
)

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
    upvotes: int | None = None
    comments: int | None = None
    code_url: str | None = None
    project_url: str | None = None
    doi: str | None = None
    organization: str | None = None
    categories: list[str] = field(default_factory=list)
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
    tags: list[TagName]
    added: Moment
    updated: Moment
    deleted: Moment | None = None


class ArchivedTag(TagState, kw_only=True):
    """A tag; `trashed` are the keys of the papers that bore it when it went to the trash."""

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
    """A note with its earlier texts."""

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
    """That the person has looked through a paper."""

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
    """What the person made of a term: another `name`, the term that it went into, or that it is hidden."""

    label: Label
    term: str
    name: str | None
    into: tuple[Label, str] | None
    hidden: bool
    version: int
    created: Moment
    updated: Moment


class Archive(Struct, kw_only=True):
    """The whole export; `papermargin` is the number of its format, `server` the version that wrote it."""

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


class _Head(Struct):
    papermargin: int


async def encode(
    *, exported: datetime, server: str, parts: Mapping[str, AsyncIterable[Struct]]
) -> AsyncIterator[bytes]:
    """Give the document in pieces, never holding more than one of them; `parts` are the lists of an `Archive`."""
    piece = bytearray(msgspec.json.encode({"papermargin": FORMAT, "exported": exported, "server": server})[:-1])
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
    """Read an export. Raises SourceError, which names the place, for one that is cut, newer or at odds with itself."""
    head = _read(document, _Head, "this is no Papermargin export")
    if not 1 <= head.papermargin <= FORMAT:
        raise SourceError(f"the export is of format {head.papermargin}; this Papermargin reads up to format {FORMAT}")
    archive = _read(document, Archive, "the export cannot be used")
    if problem := next(_find_problems(archive), None):
        raise SourceError(f"the export cannot be used: {problem}")
    return archive


def _read(document: bytes, kind: type[_Read], complaint: str) -> _Read:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.DecodeError as error:
        raise SourceError(f"{complaint}: {error}") from error


def _find_problems(archive: Archive) -> Iterator[str]:
    """Say what no type can: keys that are none, ids that stand twice, records of no paper, notes over the limit."""
    keys = [(key, i) for i, paper in enumerate(archive.papers) for key in (paper.key, *paper.aliases)]
    yield from (f"{key!r} is no paper's key - at `$.papers[{i}]`" for key, i in keys if parse_key(key) != key)
    yield from _find_repeated("papers", (key for key, _ in keys))
    yield from _find_repeated("entries", (entry.key for entry in archive.entries))
    yield from _find_repeated("tags", (tag.name.casefold() for tag in archive.tags if tag.deleted is None))
    yield from _find_repeated("notes", (note.id for note in archive.notes))
    yield from _find_repeated("corrections", (correction.id for correction in archive.corrections))
    yield from _find_repeated("seen", (paper.key for paper in archive.seen))
    yield from _find_repeated("searches", (search.name.casefold() for search in archive.searches if not search.deleted))
    yield from _find_repeated("terms", (f"{term.label} {fold_term(term.term)}" for term in archive.terms))
    yield from _find_strangers(archive, {key for key, _ in keys})
    yield from (
        f"a note of more than {MAX_NOTE_BYTES:,} bytes - at `$.notes[{i}]`"
        for i, note in enumerate(archive.notes)
        for text in (note.text, *(revision.text for revision in note.revisions))
        if len(text.encode()) > MAX_NOTE_BYTES
    )


def _find_repeated(part: str, ids: Iterable[str | UUID]) -> Iterator[str]:
    return (f"{id} stands there twice - at `$.{part}`" for id, times in Counter(ids).items() if times > 1)


def _find_strangers(archive: Archive, known: set[str]) -> Iterator[str]:
    parts: dict[str, Sequence[ArchivedEntry | ArchivedNote | ArchivedCorrection | SeenPaper]] = {
        "entries": archive.entries,
        "notes": archive.notes,
        "corrections": archive.corrections,
        "seen": archive.seen,
    }
    for part, records in parts.items():
        for i, record in enumerate(records):
            if record.key not in known:
                yield f"there is no paper {record.key!r} in it - at `$.{part}[{i}].key`"
