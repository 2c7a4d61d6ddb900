"""Requests and replies as they go through the API, and as pages, exports and the command line read
them.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from server.schema.fetching import Proposal
from server.schema.scopes import SCOPES, Scope

PROBLEM_TYPE = "application/problem+json"

FeedKind = Literal["list", "searches", "new", "for_you"]
StyleName = Literal["obsidian", "logseq", "plain"]

WriteSource = Literal["assistant", "import", "program", "vault", "zotero"]
"""What writes in a user's place: an assistant, an imported file, a program with a token, a vault's
file, or the sync with Zotero.
"""


class ChangeRecord(Struct, kw_only=True):
    """That something changed: `ref` is the paper's key, the note's or correction's id, or the name
    of a tag, a saved search, a term or a signal of the ranking. `source` is the program that wrote
    in the user's place.
    """

    id: int
    kind: Literal[
        "entry", "note", "tag", "correction", "seen", "search", "term", "ranking", "paper"
    ]
    ref: str
    paper: str | None
    version: int
    deleted: bool
    at: datetime
    source: WriteSource | None = None


class ChangeList(Struct, kw_only=True):
    """Changes after the asked number, oldest first; `last` is the number to ask from next.

    `reset` says that the asked number is not of this store's history, because a backup was
    restored: what the client knows has to be read anew.
    """

    changes: list[ChangeRecord]
    last: int
    more: bool
    reset: bool = False


class PairRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """A pairing code, what the device calls itself, and what its token may do (everything)."""

    code: Annotated[str, Meta(pattern="^([0-9]{6}|[A-Za-z0-9_-]{20})$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=4)] = field(
        default_factory=lambda: list(SCOPES)
    )


class PairReply(Struct, kw_only=True):
    """The token, shown this once."""

    token: str
    user: str
    server: str


class PairingCode(Struct, kw_only=True):
    """A code to type into the extension, good for `minutes`; the long one cannot be guessed."""

    code: str
    long_code: str
    minutes: int


class SearchFeeds(Struct):
    """The addresses of a saved search's two feeds: what it finds in the list, and `new` papers of
    the store.
    """

    name: str
    own: str
    new: str


class FeedAddress(Struct, kw_only=True):
    """The addresses of one's feeds, shown this once; all of them begin with `base`, which holds the
    secret. `opml` is a document that lists the others.
    """

    base: str
    reading_list: str
    for_you: str
    opml: str
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
    scopes: list[Scope]
    expires: datetime | None


class TokenRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """A token for a program: its name, what it may do, and for how many days (no end)."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=4)]
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class TokenReply(Struct, kw_only=True):
    """The token, shown this once."""

    token: str


class Health(Struct, kw_only=True):
    """That the server is up, and which one; `replica` is whether it reads from one, if it has any.

    Why a replica is not used is in the server's log.
    """

    status: Literal["ok"]
    name: Literal["papermargin"]
    version: str
    api: int
    replica: Literal["used", "unused"] | None = None


class FileReport(Struct, kw_only=True):
    """What became of one file of an import; in a preview, what would.

    `notes` counts those that came in. `changes` has a sentence for each change of what was there
    already: of every field in a preview, else of papers that turned out to be one, and of a vault.
    `import_id` is the number by which the import can be undone.
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
    import_id: int | None = None


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


class AddRequest(Struct):
    """What to add: arXiv ids, DOIs and addresses, any number a line, or a title a line."""

    text: Annotated[str, Meta(max_length=20_000)]


class AddedPaper(Struct):
    """A paper that was asked for and is in the reading list.

    It is `new` in the list or was there `already`, or it is `waiting` to be fetched: then only its
    id or title is known, and `reason` says why.
    """

    key: str
    title: str
    state: Literal["new", "already", "waiting"]
    reason: str | None = None


class NotAdded(Struct):
    """A text that no paper was added for, the reason, and papers that it may mean."""

    text: str
    reason: str
    proposals: list[Proposal] = []


class AddReport(Struct):
    """What became of the papers that were asked for, in their order."""

    papers: list[AddedPaper]
    failed: list[NotAdded]
