"""Saved searches, facets and suggestions as the API reads and writes them."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from server.schema.reading_list import MAX_NAME_CHARACTERS

Sort = Literal["added", "published", "rating", "upvotes", "relevance", "for_you", "queue", "due"]


SearchName = Annotated[
    str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["Graph benchmarks"])
]


QueryText = Annotated[str, Meta(max_length=2_000, examples=["task:retrieval has:code"])]


class SearchState(Struct, kw_only=True):
    """A saved search as it stands; with `digest`, the papers of a day that match it stand in the
    digest.
    """

    name: str
    query: str
    sort: Sort | None
    digest: bool
    version: int
    updated: datetime
    deleted: datetime | None = None


class FoundSearch(SearchState, kw_only=True):
    """A saved search and what it finds now: `papers` of the list, and `new` ones of the store.

    New is what came within seven days, is not in the list and was not looked through. Both are null
    where the query cannot be read any more.
    """

    papers: int | None
    new: int | None


class SearchEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of a saved search; a field left out stays as it is, and a new one needs a
    `query`.
    """

    name: SearchName | UnsetType = UNSET
    query: QueryText | UnsetType = UNSET
    sort: Sort | UnsetType | None = UNSET
    digest: bool | UnsetType = UNSET


class FacetValue(Struct, frozen=True):
    """A value of a facet and how many papers of the answer have it."""

    value: str
    count: int


class Suggestion(Struct, frozen=True):
    """A way to complete a prefix: `query` is what to write, e.g. `method:LoRA`."""

    query: str
    kind: str
    value: str
    papers: int
