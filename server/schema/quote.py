"""A quote of an abstract: how a note says which words it stands beside."""

from itertools import takewhile
from typing import Annotated

from msgspec import Meta, Struct

URN = "urn:papermargin:"  # the address of a paper that is known by its title alone
CONTEXT = 40  # characters on either side, by which one of several places is known


class Quote(Struct, frozen=True, omit_defaults=True):
    """A W3C TextQuoteSelector, with a position of the abstract as a hint
    (https://www.w3.org/TR/annotation-model/).
    """

    exact: Annotated[str, Meta(min_length=1, max_length=20_000)]
    prefix: Annotated[str, Meta(max_length=1_000)] = ""
    suffix: Annotated[str, Meta(max_length=1_000)] = ""
    start: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    end: Annotated[int, Meta(ge=0, lt=2**31)] | None = None


def make_quote(text: str, start: int, end: int) -> Quote:
    """Return the quote of a stretch of text."""
    return Quote(
        exact=text[start:end],
        prefix=text[max(0, start - CONTEXT) : start],
        suffix=text[end : end + CONTEXT],
        start=start,
        end=end,
    )


def find_quote(text: str, quote: Quote) -> tuple[int, int] | None:
    """Find the stretch of text that a quote means: where its words stand, white space aside; None
    where they are gone.

    Of several places it is the one whose neighbourhood is most like the quote's, and of those the
    nearest to its hint.
    """
    places = [place for place, character in enumerate(text) if not character.isspace()]
    squeezed, wanted = "".join(text[place] for place in places), _squeeze(quote.exact)
    before, after = _squeeze(quote.prefix)[::-1], _squeeze(quote.suffix)
    found: list[tuple[int, int, int]] = []
    at = squeezed.find(wanted) if wanted else -1
    while at >= 0:
        likeness = _shared(squeezed[max(0, at - CONTEXT) : at][::-1], before)
        likeness += _shared(squeezed[at + len(wanted) :][:CONTEXT], after)
        # the hint decides last, because every edit before the quote moves it
        found.append((likeness, -abs(places[at] - (quote.start or 0)), at))
        at = squeezed.find(wanted, at + 1)
    if not found:
        return None
    *_, best = max(found)
    return places[best], places[best + len(wanted) - 1] + 1


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _shared(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
