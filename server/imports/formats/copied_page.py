"""Saved text of a Daily Papers page, as copied out of a browser, in the three layouts it was seen
in.

Cards (a blank line between paragraphs) start after the line "by AK and the research community" and
the page's day; in some each card ends with "• 6 authors · Sep 26, 2025 2": author count, date,
comment count. The compact layout has neither: titles and abstracts alternate line by line, the
first title glued to the word "Subscribe".
"""

import calendar
import re
from datetime import date, datetime
from itertools import groupby

from msgspec import Struct

from server.errors import SourceError
from server.schema.sources import Batch, SourceListing, SourcePaper, fold

_HEADER_LINES = 12
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DAY = rf"(?P<month>{_MONTHS}) (?P<day>\d{{1,2}})(?:, (?P<year>\d{{4}}))?"
_PAGE_DAY = re.compile(_DAY)
_FOOT = re.compile(rf"(?:• (?P<authors>\d{{1,5}}) authors? )?· {_DAY}(?: (?P<comments>\d{{1,6}}))?")
_FOOT_SHAPE = re.compile(r"•(?: \d+(?: a[a-z]*(?: ·.{0,30})?)?)?|·.{0,30}")
_LAST_HEADER_LINE = re.compile(r"by ?AK and the research community")
_GLUED = "Subscribe"


class _Card(Struct):
    """A title, an abstract and the line below them, or what of these a listing that was cut has."""

    texts: list[str]
    foot: str | None = None


def is_capture(text: str) -> bool:
    """Return whether the text starts as a saved Daily Papers page does."""
    start = [line for line in _lines(text[:5000]) if line][:_HEADER_LINES]
    return any(_LAST_HEADER_LINE.fullmatch(line) for line in start) or any(
        _is_glued(line) for line in start[:4]
    )


def parse_capture(text: str, *, name: str, observed: datetime, year: int) -> Batch:
    """Return the papers of a saved listing; `year` is that of the dates which name none.

    Of a listing that was cut off, what is whole comes in. Raises SourceError for a text that holds
    no whole paper.
    """
    paragraphs, page_day = _body(_lines(text))
    cards = _cards(paragraphs)
    dated = any(card.foot for card in cards)
    faults = [_fault(card, dated, year) for card in cards]
    skipped = [fault for fault in faults if fault]
    papers = [
        _paper(card, observed, year) for card, fault in zip(cards, faults, strict=True) if not fault
    ]
    if not papers:
        raise SourceError("; ".join(["a saved listing without one whole paper", *skipped]))
    listing = SourceListing(
        kind="capture", name=name, day=_date(page_day, year) if page_day else None
    )
    return Batch(kind="capture", papers=papers, listing=listing, skipped=skipped)


def _lines(text: str) -> list[str]:
    return [fold(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def _is_glued(line: str) -> bool:
    return line.startswith(_GLUED) and line != _GLUED


def _body(lines: list[str]) -> tuple[list[str], re.Match[str] | None]:
    """Return the paragraphs below the page's header, and the day that the header shows."""
    for number, line in enumerate(lines, 1):
        if _LAST_HEADER_LINE.fullmatch(line):
            return _paragraphs(lines[number:])
    for number, line in enumerate(lines, 1):
        if _is_glued(line):
            compact = [line.removeprefix(_GLUED).strip(), *lines[number:]]
            return [text for text in compact if text], None
    raise SourceError(
        "not a saved Daily Papers page: neither its header nor a first title after “Subscribe”"
    )


def _paragraphs(lines: list[str]) -> tuple[list[str], re.Match[str] | None]:
    paragraphs = [" ".join(group) for filled, group in groupby(lines, bool) if filled]
    page_day = _PAGE_DAY.fullmatch(paragraphs[0]) if paragraphs else None
    return (paragraphs[1:] if page_day else paragraphs), page_day


def _cards(paragraphs: list[str]) -> list[_Card]:
    """Pair titles with abstracts; a foot belongs to the two paragraphs above it, and so mends a
    pairing gone astray.
    """
    cards: list[_Card] = []
    texts: list[str] = []
    for paragraph in paragraphs:
        if _FOOT_SHAPE.fullmatch(paragraph):
            cards += [*_pairs(texts[:-2]), _Card(texts[-2:], paragraph)]
            texts = []
        else:
            texts.append(paragraph)
    return cards + _pairs(texts)


def _pairs(texts: list[str]) -> list[_Card]:
    return [_Card(texts[i : i + 2]) for i in range(0, len(texts), 2)]


def _fault(card: _Card, dated: bool, year: int) -> str | None:
    """Say why the card is no whole paper; `dated` where the cards of this listing have feet."""
    if not card.texts:
        return f"“{card.foot}” has no paper above it"
    if len(card.texts) == 1:
        return f"“{card.texts[0]}” has no abstract"
    if dated and card.foot is None:
        return f"“{card.texts[0]}” is cut off before its authors and date"
    foot = _FOOT.fullmatch(card.foot) if card.foot else None
    if card.foot and not (foot and _date(foot, year)):
        return (
            f"“{card.texts[0]}” ends with “{card.foot}”, which cannot be read as authors and date"
        )
    return None


def _paper(card: _Card, observed: datetime, year: int) -> SourcePaper:
    title, abstract = card.texts
    paper = SourcePaper(richness="capture", observed=observed, title=title, abstract=abstract)
    if foot := _FOOT.fullmatch(card.foot or ""):
        paper.author_count = int(foot["authors"]) if foot["authors"] else None
        paper.published = _date(foot, year)
        paper.comments = int(foot["comments"]) if foot["comments"] else None
    return paper


def _date(found: re.Match[str], year: int) -> date | None:
    """Return the date that was matched, None for one that no calendar has, as Feb 30."""
    year, month, day = (
        int(found["year"] or year),
        _MONTHS.split("|").index(found["month"]) + 1,
        int(found["day"]),
    )
    is_real = date.min.year <= year and 1 <= day <= calendar.monthrange(year, month)[1]
    return date(year, month, day) if is_real else None
