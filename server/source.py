"""What a source says: papers, the listing they stood in, and what of it could not be taken."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct, field

Richness = Literal["ids", "capture", "bibliography", "overlay", "arxiv", "huggingface", "export"]
"""How much a source knows of a paper, poorest first: a richer one's fields replace a poorer one's."""

ListingKind = Literal["daily", "weekly", "monthly", "trending", "search", "capture"]


class SourceListing(Struct, frozen=True, kw_only=True):
    """A page of papers as it was seen; `name` tells it from others of its kind: a day, a week, a file's name."""

    kind: ListingKind
    name: str
    day: date | None = None


class SourcePaper(Struct, kw_only=True):
    """A paper as one source tells it. Text is plain, white space folded; what the source does not know is empty.

    `listed` is the day the paper stood in Daily Papers. `tags` and `notes` are a person's own words that a
    bibliography carried along. A paper of an id list has an `arxiv_id` and no title yet.
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
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Batch(Struct, kw_only=True):
    """All that one file or answer held: `papers` in its order, and a sentence for each thing that was dropped."""

    kind: str
    papers: list[SourcePaper]
    listing: SourceListing | None = None
    skipped: list[str] = field(default_factory=list)
