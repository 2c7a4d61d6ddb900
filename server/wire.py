"""Requests and replies as they go over the wire, and as pages, exports and the command line read them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from nlp.spans import Label, Mention, Result
from server.quote import Quote
from server.source import ListingKind

PROBLEM_TYPE = "application/problem+json"
MAX_NOTE_BYTES = 1_000_000
MAX_NAME_CHARACTERS = 100
MAX_TERM_CHARACTERS = 200
MAX_OVERLAY_PAPERS = 200

Status = Literal["none", "inbox", "reading", "read", "skipped"]
Verdict = Literal["wrong", "relabelled", "missing"]
ExtractionState = Literal["done", "pending", "failed"]
FeedKind = Literal["list", "searches", "new"]
TermSort = Literal["own", "papers", "name"]
Sort = Literal["added", "published", "rating", "upvotes", "relevance"]
StyleName = Literal["obsidian", "logseq", "plain"]

TagName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["rl/grpo"])]
Colour = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$", examples=["#7c5cbf"])]
Rating = Annotated[int, Meta(ge=0, le=5)]
TermName = Annotated[str, Meta(min_length=1, max_length=MAX_TERM_CHARACTERS, examples=["LoRA"])]
SearchName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["Graph benchmarks"])]
QueryText = Annotated[str, Meta(max_length=2_000, examples=["task:retrieval has:code"])]


class EntryState(Struct, kw_only=True):
    """A user's entry as it stands; `deleted` is when it went to the trash."""

    key: str
    status: Status
    rating: int | None
    tags: list[str]
    version: int
    added: datetime
    updated: datetime
    deleted: datetime | None = None


class EntryEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of an entry; a field left out stays as it is. `tags` is the whole set."""

    status: Status | UnsetType = UNSET
    rating: Rating | UnsetType | None = UNSET
    tags: Annotated[list[TagName], Meta(max_length=500)] | UnsetType = UNSET


class NoteState(Struct, kw_only=True):
    """A note as it stands; `deleted` is when it went to the trash."""

    id: UUID
    key: str
    text: str
    quote: Quote | None
    version: int
    created: datetime
    updated: datetime
    deleted: datetime | None = None


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
    """What to make of a tag: another `name` renames it (never onto a tag that exists: that is a merge)."""

    name: TagName | UnsetType = UNSET
    colour: Colour | UnsetType | None = UNSET


class TagMerge(Struct, kw_only=True, forbid_unknown_fields=True):
    """Tags to be merged: the entries of `names` will bear `into`, and `names` go to the trash."""

    names: Annotated[list[TagName], Meta(min_length=1, max_length=500)]
    into: TagName


class SearchState(Struct, kw_only=True):
    """A saved search as it stands; with `digest`, the papers of a day that match it stand in the digest."""

    name: str
    query: str
    sort: Sort | None
    digest: bool
    version: int
    updated: datetime
    deleted: datetime | None = None


class FoundSearch(SearchState, kw_only=True):
    """A saved search and what it finds now: `papers` of the list, and `new` ones of the whole store.

    New is what came within seven days, is not in the list and was not looked through. Both are null where the query
    cannot be read any more.
    """

    papers: int | None
    new: int | None


class SearchEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of a saved search; a field left out stays as it is, and a new one needs a `query`."""

    name: SearchName | UnsetType = UNSET
    query: QueryText | UnsetType = UNSET
    sort: Sort | UnsetType | None = UNSET
    digest: bool | UnsetType = UNSET


class TermState(Struct, kw_only=True):
    """What a reader made of the pipeline's `term`: called it `name`, put it `into` another one, hid it; 0: nothing."""

    label: Label
    term: str
    name: str
    into: str | None
    hidden: bool
    version: int


class TermEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of a term: a `name` of one's own, `into` which other one of its label it is put, whether `hidden`.

    `name` never makes it another term that there is already: that is `into`. Null takes either back.
    """

    name: TermName | UnsetType | None = UNSET
    into: TermName | UnsetType | None = UNSET
    hidden: bool | UnsetType = UNSET


class TermCount(Struct, frozen=True):
    """A term as a reader has it, and how many `papers` of the store and of their `own` list mention it."""

    label: Label
    name: str
    papers: int
    own: int


class TermList(Struct, kw_only=True):
    """One page of an index of terms; `next` is how many come before the next one, if there is one."""

    terms: list[TermCount]
    total: int
    next: int | None


class Moment(Struct, frozen=True):
    """A paper and when it was published."""

    key: str
    title: str
    published: date


class MonthCount(Struct, frozen=True):
    """How many papers of a month, written as 2026-03, there are: in the store, and in one's own list."""

    month: str
    papers: int
    own: int


class TermPage(Struct, kw_only=True):
    """Everything on a term: of which others it is made, where it came first and last, and how often in each month."""

    state: TermState
    parts: list[TermState]
    papers: int
    own: int
    first: Moment | None
    last: Moment | None
    months: list[MonthCount]


class Reported(Struct, kw_only=True):
    """A result reported on a dataset; `number` is in the `unit`, to which like units were brought, None for a range."""

    method: str | None
    metric: str | None
    value: str
    number: float | None
    unit: str
    key: str
    title: str
    published: date | None


class CorrectionState(Struct, kw_only=True):
    """A correction as it stands."""

    id: UUID
    key: str
    verdict: Verdict
    surface: str
    label: Label
    to_label: Label | None
    start: int | None
    end: int | None
    everywhere: bool
    version: int
    created: datetime
    updated: datetime
    deleted: datetime | None = None


class CorrectionEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """A verdict on a mention: `wrong`, `relabelled` (to `to_label`) or `missing` (`label` is what it should be).

    `surface` is the text of the span, `start` and `end` its characters in title, newline, abstract, when one
    occurrence is meant. `everywhere` asks for the same on other papers.
    """

    verdict: Verdict
    surface: Annotated[str, Meta(min_length=1, max_length=500)]
    label: Label
    to_label: Label | None = None
    start: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    end: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    everywhere: bool = False


class TermChip(Struct, frozen=True):
    """A term that a paper mentions: `papers` is how many papers of the store do, `first` the character of the first."""

    label: Label
    name: str
    papers: int
    first: int


class Card(Struct, kw_only=True):
    """What stands beside one paper of a page."""

    key: str
    title: str
    extraction: ExtractionState
    seen: bool
    entry: EntryState | None
    notes: list[NoteState]
    terms: list[TermChip]
    results: list[Result]


class PagePaper(Struct, kw_only=True, forbid_unknown_fields=True):
    """A paper as a page shows it; `id` is an arXiv id, an address, or a key of ours."""

    id: Annotated[str, Meta(max_length=300, examples=["2401.01234"])] | None = None
    title: Annotated[str, Meta(max_length=2_000)] = ""
    abstract: Annotated[str, Meta(max_length=100_000)] | None = None
    authors: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=10_000)] = field(
        default_factory=list
    )
    published: date | None = None


class PageListing(Struct, kw_only=True, forbid_unknown_fields=True):
    """The listing that a page shows, when it shows one: the papers of the request are its papers, in order."""

    kind: ListingKind
    name: Annotated[str, Meta(min_length=1, max_length=255, examples=["2026-06-03"])]
    day: date | None = None


class OverlayRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The papers of a page, at most 200."""

    papers: list[PagePaper]
    listing: PageListing | None = None


class OverlayReply(Struct, kw_only=True):
    """A card for each paper of the request, in its order; null for one that has neither id nor title.

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


class PaperPage(Struct, kw_only=True):
    """Everything on one paper; `aliases` are the keys it had before.

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


class ListedPaper(Struct, kw_only=True):
    """A paper of the reading list or of a search; `snippet` is the best passage, hits between U+2068 and U+2069."""

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


class SharedTerm(Struct, frozen=True):
    """A rare term that a paper shares with `own` other papers of a reader's; `papers` of the store mention it."""

    label: Label
    name: str
    papers: int
    own: int


class Closeness(Struct, kw_only=True):
    """How close a paper is to what a reader reads, and by which terms, the rarest first."""

    score: float
    terms: list[SharedTerm]


class Related(Struct, kw_only=True):
    """A paper of a reader's own that shares a paper's rarest terms."""

    key: str
    title: str
    published: date | None
    status: Status
    score: float
    terms: list[SharedTerm]


class FacetValue(Struct, frozen=True):
    """A value of a facet and how many papers of the answer have it."""

    value: str
    count: int


class PaperList(Struct, kw_only=True):
    """One page of the reading list or of a search; `next` is the cursor of the one after, if there is one."""

    papers: list[ListedPaper]
    total: int
    next: str | None
    facets: dict[str, list[FacetValue]] | None = None


class Suggestion(Struct, frozen=True):
    """A way to complete a prefix: `query` is what to write, e.g. `method:LoRA`."""

    query: str
    kind: str
    value: str
    papers: int


class ChangeRecord(Struct, kw_only=True):
    """That something changed: `ref` is the paper's key, the note's or correction's id, or the name of a tag,
    a saved search or a term."""

    id: int
    kind: Literal["entry", "note", "tag", "correction", "seen", "search", "term", "paper"]
    ref: str
    paper: str | None
    version: int
    deleted: bool
    at: datetime


class ChangeList(Struct, kw_only=True):
    """Changes after the asked number, oldest first; `last` is the number to ask from next."""

    changes: list[ChangeRecord]
    last: int
    more: bool


class SeenEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """Papers that the user has looked through (or, with `seen` false, has not)."""

    papers: Annotated[list[str], Meta(max_length=1_000)]
    seen: bool = True


class NoteList(Struct, kw_only=True):
    """One page of a reader's notes; `next` is the cursor of the one after, if there is one."""

    notes: list[NoteState]
    next: str | None


class NotedPaper(Struct, kw_only=True):
    """A paper and notes of a reader's on it, the last written first."""

    key: str
    title: str
    notes: list[NoteState]


class NotedPapers(Struct, kw_only=True):
    """One page of the papers that a reader wrote on; `next` is the cursor of the one after, if there is one."""

    papers: list[NotedPaper]
    next: str | None


class SeenReply(Struct, kw_only=True):
    """How many papers the request changed."""

    changed: int


class Restore(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to bring back from the trash: `ref` is a paper's key, a note's or correction's id, or a name."""

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


class PairRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """A pairing code and what the device calls itself."""

    code: Annotated[str, Meta(pattern="^[0-9]{6}$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class PairReply(Struct, kw_only=True):
    """The token, shown this once."""

    token: str
    user: str
    server: str


class PairingCode(Struct, kw_only=True):
    """A code to type into the extension, good for `minutes`."""

    code: str
    minutes: int


class SearchFeeds(Struct):
    """The addresses of a saved search's two feeds: what it finds in the list, and `new` papers of the store."""

    name: str
    own: str
    new: str


class FeedAddress(Struct, kw_only=True):
    """The addresses of one's feeds, shown this once; all of them begin with `base`, which holds the secret."""

    base: str
    reading_list: str
    searches: list[SearchFeeds]


class Me(Struct, kw_only=True):
    """Who asks, and of which server; `change` is the number of the newest change."""

    user: str
    device: str
    server: str
    api: int
    change: int


class Device(Struct, kw_only=True):
    """A paired device, a session or the address of the feeds, which can be revoked."""

    id: int
    kind: str
    name: str
    created: datetime
    used: datetime | None
    current: bool


class Health(Struct, kw_only=True):
    """That the server is up, and which one."""

    status: Literal["ok"]
    name: Literal["papermargin"]
    version: str
    api: int


class FileReport(Struct, kw_only=True):
    """What became of one file of an import; in a preview, what would.

    `notes` counts those that came in. `changes` has a sentence for each change of what was there already.
    """

    file: str
    kind: str
    papers: int = 0
    new: int = 0
    updated: int = 0
    notes: int = 0
    changes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    error: str | None = None


class Problem(Struct, kw_only=True, omit_defaults=True):
    """Problem details (RFC 9457); `current` is the state to merge with after a 412 or 428.

    `position` is the character of `query` at which it cannot be read.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[dict[str, Any]] | None = None
    current: Any = None
    query: str | None = None
    position: int | None = None
