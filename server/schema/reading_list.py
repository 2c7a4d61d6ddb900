"""Entries, notes and tags as the API reads and writes them, and the trash."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import astuple

from server.schema.api import WriteSource
from server.schema.quote import Quote

MAX_NOTE_BYTES = 1_000_000


MAX_NAME_CHARACTERS = 100


Status = Literal["none", "inbox", "reading", "read", "skipped"]


TagName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["rl/grpo"])]


Colour = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$", examples=["#7c5cbf"])]


Rating = Annotated[int, Meta(ge=0, le=5)]


Rank = Annotated[float, Meta(ge=-1e12, le=1e12)]


DONE: tuple[Status, ...] = ("none", "read", "skipped")
"""The statuses of papers that are not to be read: a paper that gets one has no plan any more."""


class Plan(Struct, frozen=True):
    """When a paper is to be read: its rank in the reading queue, if it is there, the day until
    which it is snoozed, and the day by which it is due.
    """

    queue: float | None = None
    snoozed_until: date | None = None
    due: date | None = None

    def carry_over(self, *, before: Status, after: Status) -> "Plan":
        """Return what is left of the plan when the paper's status changes."""
        return Plan() if after in DONE and after != before else self

    def fill(self, other: "Plan") -> "Plan":
        """Return the plan with what only another one has."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Plan(*(theirs if own is None else own for own, theirs in pairs))


class EntryState(Struct, kw_only=True):
    """A user's entry as it stands; `deleted` is when it went to the trash.

    `queue` is the paper's rank in the reading queue, of which the lowest is read next, or null
    outside of it. `snoozed_until` is the day on which the paper comes back to inbox, queue and
    triage, and `due` the day by which it is to be read.
    """

    key: str
    status: Status
    rating: int | None
    tags: list[str]
    version: int
    added: datetime
    updated: datetime
    deleted: datetime | None = None
    queue: float | None = None
    snoozed_until: date | None = None
    due: date | None = None

    @property
    def plan(self) -> Plan:
        """When the paper is to be read."""
        return Plan(self.queue, self.snoozed_until, self.due)

    @property
    def is_listed(self) -> bool:
        """Whether the paper is in the reading list, and not in the trash."""
        return self.deleted is None and self.status != "none"


class EntryEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of an entry; a field left out stays as it is. `tags` is the whole set.

    A paper that gets the status read, skipped or none leaves the queue, and its snooze and due date
    end, unless the edit names them.
    """

    status: Status | UnsetType = UNSET
    rating: Rating | UnsetType | None = UNSET
    tags: Annotated[list[TagName], Meta(max_length=500)] | UnsetType = UNSET
    queue: Rank | UnsetType | None = UNSET
    snoozed_until: date | UnsetType | None = UNSET
    due: date | UnsetType | None = UNSET


class QueueMove(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a paper of the list is to be in the reading queue: at a place of it, or right `before`
    or `after` another paper of it, whose key is given.
    """

    to: Literal["top", "bottom", "up", "down"] | None = None
    before: Annotated[str, Meta(examples=["2401.01234"])] | None = None
    after: str | None = None


class NoteState(Struct, kw_only=True):
    """A note as it stands; `deleted` is when it went to the trash.

    `source` is where its text came from, None if the user wrote it in Papermargin. It stays when
    the user edits the note, because parts of the text do.
    """

    id: UUID
    key: str
    text: str
    quote: Quote | None
    version: int
    created: datetime
    updated: datetime
    deleted: datetime | None = None
    source: WriteSource | None = None


class NoteEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """A note to be written: `paper` is the key of the paper that it stands beside."""

    paper: Annotated[str, Meta(examples=["2401.01234"])]
    text: str
    quote: Quote | None = None


class RevisionState(Struct, kw_only=True):
    """A note's earlier text."""

    version: int
    text: str
    quote: Quote | None
    written: datetime


class TagState(Struct, kw_only=True):
    """A tag as it stands; `papers` counts the entries that bear it."""

    name: str
    colour: str | None
    papers: int
    version: int
    deleted: datetime | None = None


class TagEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of a tag: another `name` renames it (never onto a tag that exists: that is a
    merge).
    """

    name: TagName | UnsetType = UNSET
    colour: Colour | UnsetType | None = UNSET


class TagMerge(Struct, kw_only=True, forbid_unknown_fields=True):
    """Tags to be merged: the entries of `names` will bear `into`, and `names` go to the trash."""

    names: Annotated[list[TagName], Meta(min_length=1, max_length=500)]
    into: TagName


class SeenEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """Papers that the user has looked through (or, with `seen` false, has not)."""

    papers: Annotated[list[str], Meta(max_length=1_000)]
    seen: bool = True


class NoteList(Struct, kw_only=True):
    """One page of a user's notes; `next` is the cursor of the one after, if there is one."""

    notes: list[NoteState]
    next: str | None


class NotedPaper(Struct, kw_only=True):
    """A paper and notes of a user's on it, the last written first."""

    key: str
    title: str
    notes: list[NoteState]


class NotedPapers(Struct, kw_only=True):
    """One page of the papers that a user wrote on; `next` is the cursor of the one after, if
    there is one.
    """

    papers: list[NotedPaper]
    next: str | None


class SeenReply(Struct, kw_only=True):
    """How many papers the request changed."""

    changed: int
