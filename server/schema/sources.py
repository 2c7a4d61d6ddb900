"""What a source says: papers, the listing they stood in, and what of it could not be taken."""

import re
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct, ValidationError, convert, field

from server.schema.citations import Citation
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.quote import Quote
from server.schema.reading_list import Plan, Status

Richness = Literal["ids", "capture", "bibliography", "overlay", "arxiv", "huggingface"]
"""How much a source knows of a paper, poorest first: a richer one's fields replace a poorer one's.
"""

MAX_AUTHORS = 10_000  # of one paper

ListingKind = Literal["daily", "weekly", "monthly", "trending", "search", "capture"]

# NUL and lone surrogates cannot be stored; the other controls are never meant
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#<>\"]+[^\s<>\"]*", re.IGNORECASE)


class SourceListing(Struct, frozen=True, kw_only=True):
    """A page of papers as it was seen; `name` tells it from others of its kind: a day, a week, a
    file's name.
    """

    kind: ListingKind
    name: str
    day: date | None = None


class SourceNote(Struct, frozen=True):
    """A person's note as a source tells it.

    `id` follows from what the source calls it, so that it comes in once; `written` is when it was
    last changed there. `former` is the text that earlier versions read from the same, if it was
    another.
    """

    text: str
    quote: Quote | None = None
    id: UUID | None = None
    written: datetime | None = None
    former: str | None = None


class SourcePaper(Struct, kw_only=True):
    """A paper as one source tells it.

    Text is plain, white space folded; what the source does not know is empty.

    `listed` is the day the paper stood in Daily Papers. `tags` and `notes` are a person's own words
    that a bibliography carried along, `added` is when the paper came into the person's list there.
    `arxiv_comment` is what the authors told arXiv ("25 pages, 3 figures"). A paper of an id list
    has an `arxiv_id` and no title yet. `status`, `rating`, `plan` and `citation` are those of
    another program. `issued` is the date as precise as the source wrote it (Extended Date/Time
    Format, as "2024-03"), where `published` claims a day that it did not say. `arxiv_version` is
    the number of the version at arXiv that title and abstract are of, if the source names it.
    """

    richness: Richness
    observed: datetime
    title: str = ""
    arxiv_id: str | None = None
    abstract: str = ""
    authors: list[str] = field(default_factory=list)
    author_count: int | None = None
    published: date | None = None
    listed: date | None = None
    upvotes: int | None = None
    comments: int | None = None
    code_url: str | None = None
    project_url: str | None = None
    doi: str | None = None
    organization: str | None = None
    categories: list[str] = field(default_factory=list)
    hugging_face: HuggingFaceFacts | None = None
    arxiv_comment: str | None = None
    tags: list[str] = field(default_factory=list)
    notes: list[SourceNote] = field(default_factory=list)
    status: Status | None = None
    rating: int | None = None
    plan: Plan | None = None
    added: datetime | None = None
    issued: str | None = None
    arxiv_version: int | None = None
    citation: Citation | None = None


class Batch(Struct, kw_only=True):
    """All that one file or answer held: `papers` in its order, and a sentence for each thing that
    was dropped.
    """

    kind: str
    papers: list[SourcePaper]
    listing: SourceListing | None = None
    skipped: list[str] = field(default_factory=list)


def printable(text: str) -> str:
    """Return the text without control characters and lone surrogates; its line breaks and spaces
    stay.
    """
    return _UNPRINTABLE.sub("", text)


def fold(text: str) -> str:
    """Return the text in one line: printable, every run of white space one space."""
    return " ".join(printable(text).split())


def web_address(text: str | None) -> str | None:
    """Return the http or https address that `text` is, None for anything else, a script for
    instance.
    """
    found = _WEB_ADDRESS.fullmatch(printable(text or "").strip())
    return found[0] if found else None


def calendar_day(text: str) -> date | None:
    """Return the day that `text`, a date or a time in ISO 8601, starts with; None if no calendar
    has it.
    """
    try:
        return convert(text.strip()[:10], date)
    except ValidationError:
        return None
