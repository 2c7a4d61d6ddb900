"""What our store and Zotero last agreed on, item by item."""

from uuid import UUID

from msgspec import Struct, field

from server.schema.reading_list import Status


class AgreedNote(Struct, frozen=True):
    """A note of ours, the child note of Zotero's that is the same, and digests of both texts."""

    note: UUID
    child: str
    ours: str
    theirs: str


class Agreed(Struct, kw_only=True):
    """The state of an item that both sides had after their last sync.

    `collections` are the tags among `tags` that were also collections of the item's.
    """

    tags: list[str] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    status: Status | None = None
    rating: int | None = None
    notes: list[AgreedNote] = field(default_factory=list)
