"""Papers, their cards and the overlay as the API reads and writes them."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from nlp.spans import Label, Mention, Result
from server.schema.citations import Citation
from server.schema.fetching import FetchAttempt
from server.schema.hugging_face import Count, HuggingFaceFacts
from server.schema.ranking import WhyUnranked
from server.schema.reading_list import EntryState, NoteState, Status
from server.schema.searches import FacetValue
from server.schema.sources import ListingKind
from server.schema.terms import CorrectionState, TermChip

MAX_OVERLAY_PAPERS = 200


ExtractionState = Literal["done", "pending", "failed"]


class SharedTerm(Struct, frozen=True):
    """A rare term of a paper.

    `papers` counts the papers of the store that mention it, `own` those in the user's reading list.
    """

    label: Label
    name: str
    papers: int
    own: int


class NearPaper(Struct, frozen=True):
    """A paper of the user's list that is like another one."""

    key: str
    title: str


class Closeness(Struct, kw_only=True):
    """How close a paper is to what a user reads, and why.

    The reasons are terms of the list, the rarest first, authors of papers that the user likes, and
    the nearest papers of the list. Where few papers are marked, `stands_out` says which.
    """

    score: float
    terms: list[SharedTerm]
    authors: list[str] = field(default_factory=list)
    nearest: list[NearPaper] = field(default_factory=list)
    stands_out: bool = False


class Card(Struct, kw_only=True):
    """What stands beside one paper of a page.

    `for_you` is in the answers of the overlay; its reasons are given where the paper stands out.
    `lower_is_better` names the metrics of its results of which small values are good.
    """

    key: str
    title: str
    extraction: ExtractionState
    seen: bool
    entry: EntryState | None
    notes: list[NoteState]
    terms: list[TermChip]
    results: list[Result]
    lower_is_better: list[str] = field(default_factory=list)
    for_you: Closeness | None = None


class PageFacts(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a page of Hugging Face tells of a paper: its summary and keywords, and what is counted.

    `stars` are those of the code on GitHub.
    """

    summary: Annotated[str, Meta(max_length=10_000)] | None = None
    keywords: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=200)] = field(
        default_factory=list
    )
    model: Annotated[str, Meta(max_length=300)] | None = None
    stars: Count | None = None
    upvotes: Count | None = None
    comments: Count | None = None


class PaperReference(Struct, kw_only=True, forbid_unknown_fields=True):
    """What names a paper: an `id` (an arXiv id, an address, or a key of ours), a DOI, or a title.

    The first of these that is given, and can be read, counts.
    """

    id: Annotated[str, Meta(max_length=300, examples=["2401.01234"])] | None = None
    doi: Annotated[str, Meta(max_length=300, examples=["10.18653/v1/2023.acl-long.1"])] | None = (
        None
    )
    title: Annotated[str, Meta(max_length=2_000)] = ""


class PagePaper(PaperReference, kw_only=True, forbid_unknown_fields=True):
    """A paper as a page shows it.

    `address` is the one that the page gives as its own. If it ends with a version, as arXiv's do,
    the abstract is that version's. `issued` is the year or month, where a page names no day in
    `published`.
    """

    abstract: Annotated[str, Meta(max_length=100_000)] | None = None
    authors: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=10_000)] = field(
        default_factory=list
    )
    published: date | None = None
    issued: (
        Annotated[
            str, Meta(pattern=r"^[12]\d{3}(-(0[1-9]|1[0-2]))?$", examples=["2023", "2023-07"])
        ]
        | None
    ) = None
    address: Annotated[str, Meta(max_length=300)] | None = None
    hugging_face: PageFacts | None = None


class LookupRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The papers to look up, at most 200."""

    papers: list[PaperReference]


class KnownPaper(Struct, frozen=True):
    """A paper of the store, with what the user has on it."""

    key: str
    title: str
    status: Status
    notes: int


class LookupReply(Struct, frozen=True):
    """The papers of a request, in its order; null for one that the store does not have."""

    papers: list[KnownPaper | None]


class PageListing(Struct, kw_only=True, forbid_unknown_fields=True):
    """The listing that a page shows, when it shows one: the papers of the request are its papers,
    in order.
    """

    kind: ListingKind
    name: Annotated[str, Meta(min_length=1, max_length=255, examples=["2026-06-03"])]
    day: date | None = None


class OverlayRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The papers of a page, at most 200."""

    papers: list[PagePaper]
    listing: PageListing | None = None


class OverlayReply(Struct, kw_only=True):
    """A card for each paper of the request, in its order; null for one without id and title.

    Changes up to number `change` are in the cards.
    """

    cards: list[Card | None]
    change: int


class Place(Struct, frozen=True):
    """Where a paper stood in a listing."""

    kind: ListingKind
    name: str
    day: date | None
    position: int


class LinkedPaper(Struct, frozen=True):
    """A paper that a link in a note leads to, or from whose notes a link comes."""

    key: str
    title: str


class PaperPage(Struct, kw_only=True):
    """Everything on one paper; `aliases` are the keys it had before.

    `issued` is the date as precise as its source wrote it ("2024-03"), where `published` names a
    day that the source did not. `citation` is how the user's bibliography cites the paper.
    `sources` maps the name of each field to the kind of source that it came from ("BibTeX").
    `attempt` is on papers without an abstract or an arXiv id that were looked for on the web.
    `links` maps what stands in double brackets in the notes to the paper that it names.
    `has_thumbnail` tells whether the server may get a picture of the paper from Hugging Face.

    Mentions and results refer to the characters of title, newline, abstract.
    """

    key: str
    aliases: list[str]
    title: str
    abstract: str
    authors: list[str]
    author_count: int | None
    published: date | None
    url: str | None
    code_url: str | None
    project_url: str | None
    doi: str | None
    organization: str | None
    categories: list[str]
    upvotes: int | None
    comments: int | None
    extraction: ExtractionState
    extraction_version: str | None
    seen: bool
    entry: EntryState | None
    notes: list[NoteState]
    corrections: list[CorrectionState]
    mentions: list[Mention]
    terms: list[TermChip]
    results: list[Result]
    places: list[Place]
    issued: str | None = None
    citation: Citation | None = None
    sources: dict[str, str] = field(default_factory=dict)
    attempt: FetchAttempt | None = None
    links: dict[str, LinkedPaper] = field(default_factory=dict)
    hugging_face: HuggingFaceFacts | None = None
    has_thumbnail: bool = False

    @property
    def name(self) -> str:
        """The title, or the key of a paper that is known by its id alone."""
        return self.title or self.key

    @property
    def text(self) -> str:
        """The text that mentions and results refer to."""
        return f"{self.title}\n{self.abstract}"


class ListedPaper(Struct, kw_only=True):
    """A paper of the reading list or of a search; `snippet` is the best passage, hits between
    U+2068 and U+2069.

    `attempt` is on papers without an abstract or an arXiv id that were looked for on the web.
    `has_thumbnail` tells whether the server may get a picture of the paper from Hugging Face.
    """

    key: str
    title: str
    abstract: str
    authors: list[str]
    author_count: int | None
    published: date | None
    upvotes: int | None
    code_url: str | None
    card: Card
    snippet: str | None = None
    attempt: FetchAttempt | None = None
    comments: int | None = None
    hugging_face: HuggingFaceFacts | None = None
    has_thumbnail: bool = False

    @property
    def name(self) -> str:
        """The title, or the key of a paper that is known by its id alone."""
        return self.title or self.key


class Related(Struct, kw_only=True):
    """A paper like another one, with the user's status and the rare terms of both."""

    key: str
    title: str
    published: date | None
    status: Status
    score: float
    terms: list[SharedTerm]


class PaperList(Struct, kw_only=True):
    """One page of the reading list or of a search; `next` is the cursor of the next one.

    Where `exact` is false, there are more papers than the `total`: they were not counted further.

    `corrected` is the query that was answered, where the one asked for finds nothing. `hint` names
    a word before a colon that is no field, and was searched as text. `unranked` says why the order
    is not the one `for_you` that was asked for: the newest stand first.
    """

    papers: list[ListedPaper]
    total: int
    next: str | None
    exact: bool = True
    facets: dict[str, list[FacetValue]] | None = None
    corrected: str | None = None
    hint: str | None = None
    unranked: WhyUnranked | None = None
