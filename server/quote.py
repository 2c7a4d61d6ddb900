"""A quote of an abstract: how a note says which words it stands beside."""

from typing import Annotated

from msgspec import Meta, Struct


class Quote(Struct, frozen=True, omit_defaults=True):
    """A W3C TextQuoteSelector, with a position of the abstract as a hint (https://www.w3.org/TR/annotation-model/)."""

    exact: Annotated[str, Meta(min_length=1, max_length=20_000)]
    prefix: Annotated[str, Meta(max_length=1_000)] = ""
    suffix: Annotated[str, Meta(max_length=1_000)] = ""
    start: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    end: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
