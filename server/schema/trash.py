"""The trash as the API reads and writes it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.schema.reading_list import EntryState, NoteState, TagState
from server.schema.searches import SearchState
from server.schema.terms import CorrectionState


class Restore(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to bring back from the trash: `ref` is a paper's key, a note's or correction's id, or a
    name.
    """

    kind: Literal["entry", "note", "tag", "search", "correction"]
    ref: Annotated[str, Meta(min_length=1, max_length=300)]


class TrashReply(Struct, kw_only=True):
    """How many things are gone for good."""

    deleted: int


class Trash(Struct, kw_only=True):
    """What can be restored."""

    entries: list[EntryState]
    notes: list[NoteState]
    tags: list[TagState]
    searches: list[SearchState]
    corrections: list[CorrectionState]
