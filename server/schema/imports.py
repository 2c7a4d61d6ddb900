"""Imports, and the steps that each took, by which it can be undone."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from server.schema.citations import Citation
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.reading_list import EntryState, NoteState

QUIET_FIELDS = {"richness", "observed", "sources", "arxiv_version", "hugging_face"}
"""Fields of `PaperFields` that say which source knows more, or are observed anew all the time."""


class PaperFields(Struct, kw_only=True):
    """What a source says of a paper, as the store keeps it.

    `sources` maps the name of each field to the kind of source that it came from.
    """

    title: str
    abstract: str
    authors: list[str]
    author_count: int | None
    published: date | None
    issued: str | None
    upvotes: int | None
    comments: int | None
    code_url: str | None
    project_url: str | None
    doi: str | None
    organization: str | None
    categories: list[str]
    richness: str
    observed: datetime
    sources: dict[str, str]
    arxiv_version: int | None = None
    hugging_face: HuggingFaceFacts | None = None


class PaperCreated(Struct, kw_only=True, tag="created"):
    """A new paper; `richness` and `observed` are those of the source that it came from."""

    key: str
    richness: str
    observed: datetime


class PaperFilled(Struct, kw_only=True, tag="filled"):
    """A paper got other values; both maps hold the changed fields of `PaperFields`."""

    key: str
    title: str
    before: dict[str, Any]
    after: dict[str, Any]


class IdAdopted(Struct, kw_only=True, tag="adopted"):
    """A paper that was known by its title, under `before`, got an arXiv id as its key."""

    key: str
    title: str
    before: str
    richness: str
    observed: datetime


class MovedEntry(Struct, kw_only=True):
    """A user's entry on a paper that was merged, and on the survivor before the merge."""

    user: int
    gone: EntryState
    survivor: EntryState | None


class PapersMerged(Struct, kw_only=True, tag="merged"):
    """A paper became part of another one.

    `moved` has the row ids of what hung on it, by table; `seen` and `citations` belong to users who
    had one on the survivor too.
    """

    key: str
    title: str
    gone_key: str
    gone: PaperFields
    created: datetime
    moved: dict[str, list[int]]
    entries: list[MovedEntry]
    seen: list[int]
    citations: list[tuple[int, Citation]]


class EntrySaved(Struct, kw_only=True, tag="entry"):
    """A user's entry before and after, and the tags that were made for it."""

    key: str
    tags: list[str]
    before: EntryState | None
    after: EntryState


class NoteSaved(Struct, kw_only=True, tag="note"):
    """A user's note before and after."""

    id: UUID
    key: str
    before: NoteState | None
    after: NoteState


class CitationSaved(Struct, kw_only=True, tag="citation"):
    """How a user's bibliography cites a paper, before and after."""

    key: str
    before: Citation | None
    after: Citation


class KeyAdded(Struct, kw_only=True, tag="alias"):
    """A paper is found by another key too, which it once had in another store."""

    key: str
    alias: str


class PlacesAdded(Struct, kw_only=True, tag="places"):
    """A paper got places in listings, by the row ids of the places."""

    key: str
    places: list[int]


class PaperRead(Struct, kw_only=True, tag="read"):
    """A paper got the mentions and results that the model of `version` extracted elsewhere."""

    key: str
    version: str


OwnTable = Literal[
    "tag", "saved_search", "own_term", "correction", "ranking_preference", "ranking_settings"
]


class RecordMade(Struct, kw_only=True, tag="made"):
    """A new record of the user's in a table, by its row id.

    `ref` is what its change records call it, and `paper` the key of the paper that it is about.
    `version` and `updated` tell whether it was changed since.
    """

    table: OwnTable
    row: int
    ref: str
    paper: str | None = None
    version: int
    updated: datetime

    @property
    def key(self) -> str:
        """What a person calls the record."""
        return self.paper or self.ref


class TagColoured(Struct, kw_only=True, tag="coloured"):
    """A tag without a colour got one."""

    row: int
    key: str
    colour: str


class PaperSeen(Struct, kw_only=True, tag="seen"):
    """A paper was marked as seen, at a time that the file says."""

    key: str
    at: datetime


PaperStep = PaperCreated | PaperFilled | IdAdopted | PapersMerged
ListStep = EntrySaved | NoteSaved | CitationSaved
ArchivedPaperStep = KeyAdded | PlacesAdded | PaperRead
RecordStep = RecordMade | TagColoured | PaperSeen
ArchiveStep = ArchivedPaperStep | RecordStep
Step = PaperStep | ListStep | ArchiveStep


class ImportState(Struct, kw_only=True):
    """An import that can be undone, or was; the numbers count what it made and changed.

    `others` counts what only an archive brings: tags, searches, terms, corrections, papers marked
    as seen, and what the ranking goes by.
    """

    id: int
    at: datetime
    files: list[str]
    new: int
    updated: int
    merged: int
    entries: int
    notes: int
    others: int
    undone: datetime | None = None


class ImportUndone(Struct, kw_only=True):
    """What became of an import's steps; `kept` has a sentence for each that was not undone."""

    undone: int
    kept: list[str]
