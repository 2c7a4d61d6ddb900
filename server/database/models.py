"""The tables as models. The migrations in `migrations/` create them on SQLite and PostgreSQL."""

from typing import Any

import msgspec
from msgspec.structs import astuple
from tortoise import fields
from tortoise.models import Model

from nlp.spans import Mention, Result
from server.schema.citations import Citation as CitationData
from server.schema.fetching import Proposal
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.imports import Step
from server.schema.quote import Quote
from server.schema.reading_list import Plan
from server.schema.terms import MendedResult
from server.schema.zotero import Agreed

_MENTIONS = msgspec.json.Decoder(list[Mention])
_RESULTS = msgspec.json.Decoder(list[Result])
_CITATION = msgspec.json.Decoder(CitationData)
_AGREED = msgspec.json.Decoder(Agreed)
_PROPOSALS = msgspec.json.Decoder(list[Proposal])
_FACTS = msgspec.json.Decoder(HuggingFaceFacts)
_STEPS = msgspec.json.Decoder(list[Step])
_MENDED: msgspec.json.Decoder[MendedResult | None] = msgspec.json.Decoder(MendedResult | None)
_QUOTE: msgspec.json.Decoder[Quote | None] = msgspec.json.Decoder(Quote | None)


def encode(value: Any) -> str:
    """Encode structs for a JSON column."""
    return msgspec.json.encode(value).decode()


def decode_strings(text: str | bytes) -> Any:
    """Decode a JSON column of strings."""
    return msgspec.json.decode(text)


def decode_mentions(text: str | bytes) -> list[Mention]:
    """Decode a JSON column of mentions."""
    return _MENTIONS.decode(text)


def decode_results(text: str | bytes) -> list[Result]:
    """Decode a JSON column of results."""
    return _RESULTS.decode(text)


def decode_citation(text: str | bytes) -> CitationData:
    """Read the JSON column of a citation."""
    return _CITATION.decode(text)


def decode_facts(text: str | bytes) -> HuggingFaceFacts:
    """Decode a JSON column of what Hugging Face tells of a paper."""
    return _FACTS.decode(text)


def decode_steps(text: str | bytes) -> list[Step]:
    """Decode a JSON column of an import's steps."""
    return _STEPS.decode(text)


def decode_proposals(text: str | bytes) -> list[Proposal]:
    """Decode a JSON column of papers that another one may be."""
    return _PROPOSALS.decode(text)


def decode_mended(text: str | bytes) -> MendedResult | None:
    """Decode a JSON column of a mended result."""
    return _MENDED.decode(text)


def decode_quote(text: str | bytes) -> Quote | None:
    """Decode a JSON column of a quote."""
    return _QUOTE.decode(text)


def decode_agreed(text: str | bytes) -> Agreed:
    """Decode a JSON column of what the store and Zotero agreed on."""
    return _AGREED.decode(text)


class User(Model):
    """A person with an account: owns entries, tags, notes and corrections.

    `zone` is their time zone; null stands for the clock where the server runs.
    `thumbnails` is whether pages show pictures of papers.
    """

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=100, unique=True)
    zone = fields.CharField(max_length=64, null=True)
    thumbnails = fields.BooleanField(default=True, db_default=True)
    created = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "reader"


class Paper(Model):
    """A paper, shared by all users, with the mentions and results that the pipeline extracted.

    `issued` is the date as precise as its source wrote it, where `published` is always a day.
    `sources` maps the name of each field to the kind of source that it came from. `arxiv_version`
    is the last version at arXiv that is known to have this title and abstract. `summarized`,
    `stars`, `models`, `datasets` and `spaces` repeat what `hugging_face` has, for indexes.
    """

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    title = fields.TextField()
    normalized_title = fields.TextField()
    title_digest = fields.CharField(max_length=64, db_index=True)
    abstract = fields.TextField(default="")
    authors = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    author_count = fields.IntField(null=True)
    published = fields.DateField(null=True, db_index=True)
    issued = fields.CharField(max_length=64, null=True)
    upvotes = fields.IntField(null=True)
    comments = fields.IntField(null=True)
    code_url = fields.TextField(null=True)
    project_url = fields.TextField(null=True)
    doi = fields.TextField(null=True)
    organization = fields.TextField(null=True)
    categories = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    sources = fields.JSONField[dict[str, str]](
        encoder=encode, decoder=decode_strings, default=dict, db_default="{}"
    )
    hugging_face = fields.JSONField[HuggingFaceFacts | None](
        encoder=encode, decoder=decode_facts, null=True
    )
    summarized = fields.BooleanField(default=False, db_default=False)
    stars = fields.IntField(null=True)
    models = fields.IntField(null=True)
    datasets = fields.IntField(null=True)
    spaces = fields.IntField(null=True)
    arxiv_version = fields.SmallIntField(null=True)
    richness = fields.CharField(max_length=16)
    observed = fields.DatetimeField()
    created = fields.DatetimeField(auto_now_add=True)
    mentions = fields.JSONField[list[Mention]](
        encoder=encode, decoder=decode_mentions, default=list
    )
    results = fields.JSONField[list[Result]](encoder=encode, decoder=decode_results, default=list)
    title_spellings = fields.TextField(default="", db_default="")
    abstract_spellings = fields.TextField(default="", db_default="")
    author_words = fields.TextField(default="", db_default="")
    extraction_version = fields.CharField(max_length=64, null=True, db_index=True)
    extraction_error = fields.TextField(null=True)

    class Meta:
        table = "paper"
        indexes = (("created",),)


class FetchAttempt(Model):
    """The last attempt to fetch a paper that failed. It counts while the paper has no abstract.

    `answered` says that the sites answered and have no such paper; else they did not answer.
    """

    id = fields.IntField(primary_key=True)
    paper: Any = fields.OneToOneField(
        "papermargin.Paper", related_name="attempt", on_delete=fields.CASCADE
    )
    paper_id: int
    tried = fields.DatetimeField()
    answered = fields.BooleanField()
    reason = fields.TextField()
    proposals = fields.JSONField[list[Proposal]](
        encoder=encode, decoder=decode_proposals, default=list
    )

    class Meta:
        table = "fetch_attempt"


class PaperText(Model):
    """An earlier title and abstract of a paper, or those of a source that came in too late.

    `replaced` is when it ceased to be the paper's text; None if it never was.
    """

    id = fields.IntField(primary_key=True)
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="texts", on_delete=fields.CASCADE
    )
    paper_id: int
    title = fields.TextField()
    abstract = fields.TextField()
    arxiv_version = fields.SmallIntField(null=True)
    observed = fields.DatetimeField()
    replaced = fields.DatetimeField(null=True)

    class Meta:
        table = "paper_text"
        indexes = (("paper_id",),)


class Citation(Model):
    """How a user's bibliography cites a paper, as it was imported."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="citations", on_delete=fields.CASCADE
    )
    user_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="citations", on_delete=fields.CASCADE
    )
    paper_id: int
    data = fields.JSONField[CitationData](encoder=encode, decoder=decode_citation)
    updated = fields.DatetimeField()

    class Meta:
        table = "citation"
        unique_together = (("user", "paper"),)
        indexes = (("paper_id",),)


class ZoteroItem(Model):
    """An item of a Zotero library that is synced with a paper, and what both sides agreed on."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="zotero_items", on_delete=fields.CASCADE
    )
    user_id: int
    library = fields.CharField(max_length=64)
    item = fields.CharField(max_length=8)
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="zotero_items", on_delete=fields.CASCADE
    )
    paper_id: int
    agreed = fields.JSONField[Agreed](encoder=encode, decoder=decode_agreed)
    updated = fields.DatetimeField()

    class Meta:
        table = "zotero_item"
        unique_together = (("user", "library", "item"),)
        indexes = (("paper_id",),)


class Import(Model):
    """Files that a user imported at once; `undone` is when the import was undone."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="imports", on_delete=fields.CASCADE
    )
    user_id: int
    at = fields.DatetimeField()
    files = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    undone = fields.DatetimeField(null=True)

    class Meta:
        table = "import"
        indexes = (("user_id", "at"),)


class ImportSteps(Model):
    """What an import did in one transaction, in its order."""

    id = fields.IntField(primary_key=True)
    parent: Any = fields.ForeignKeyField(
        "papermargin.Import", related_name="steps", on_delete=fields.CASCADE
    )
    parent_id: int
    steps = fields.JSONField[list[Step]](encoder=encode, decoder=decode_steps)

    class Meta:
        table = "import_steps"
        indexes = (("parent_id",),)


class Alias(Model):
    """An earlier key of a paper, so that old links and queued edits still find it."""

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="aliases", on_delete=fields.CASCADE
    )
    paper_id: int

    class Meta:
        table = "alias"


class Listing(Model):
    """A list of papers at a source, as it was observed."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    name = fields.CharField(max_length=255)
    day = fields.DateField(null=True, db_index=True)
    observed = fields.DatetimeField()

    class Meta:
        table = "listing"
        unique_together = (("kind", "name"),)


class ListingPaper(Model):
    """A paper's position in a listing, counted from 0."""

    id = fields.IntField(primary_key=True)
    listing: Any = fields.ForeignKeyField(
        "papermargin.Listing", related_name="places", on_delete=fields.CASCADE
    )
    listing_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="places", on_delete=fields.CASCADE
    )
    paper_id: int
    position = fields.IntField()

    class Meta:
        table = "listing_paper"
        unique_together = (("listing", "position"),)
        indexes = (("paper_id",),)


class Term(Model):
    """A canonical name. `papers` counts the papers that mention it; `fold` ignores case."""

    id = fields.IntField(primary_key=True)
    label = fields.CharField(max_length=8)
    name = fields.TextField()
    fold = fields.TextField()
    papers = fields.IntField(default=0)

    class Meta:
        table = "term"
        unique_together = (("label", "fold"),)


class PaperTerm(Model):
    """A term of a paper: how often it is mentioned, at which character first, and in which role.

    `role` is that of a method or dataset, None for others and in older extractions.
    """

    id = fields.IntField(primary_key=True)
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="terms", on_delete=fields.CASCADE
    )
    paper_id: int
    term: Any = fields.ForeignKeyField(
        "papermargin.Term", related_name="places", on_delete=fields.CASCADE
    )
    term_id: int
    mentions = fields.IntField()
    position = fields.IntField()
    role = fields.CharField(max_length=10, null=True)

    class Meta:
        table = "paper_term"
        unique_together = (("paper", "term"),)
        indexes = (("term_id", "paper_id"),)


class Entry(Model):
    """A user's entry for a paper. With status `none` it is not in the list.

    `queue` is the paper's rank in the user's reading queue, the lowest first.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="entries", on_delete=fields.CASCADE
    )
    user_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="entries", on_delete=fields.RESTRICT
    )
    paper_id: int
    status = fields.CharField(max_length=8, default="inbox")
    rating = fields.SmallIntField(null=True)
    queue = fields.FloatField(null=True)
    snoozed_until = fields.DateField(null=True)
    due = fields.DateField(null=True)
    version = fields.IntField(default=1)
    added = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    @property
    def plan(self) -> Plan:
        """When the paper is to be read."""
        return Plan(self.queue, self.snoozed_until, self.due)

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self.queue, self.snoozed_until, self.due = astuple(plan)

    class Meta:
        table = "entry"
        unique_together = (("user", "paper"),)
        indexes = (("paper_id",),)


class Tag(Model):
    """A user's own label. `fold` is its name with the case folded, unique per user.

    A deleted tag keeps its links to entries, to be restored with them, and frees its fold for
    another.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="tags", on_delete=fields.CASCADE
    )
    user_id: int
    name = fields.CharField(max_length=100)
    fold = fields.CharField(max_length=300)
    colour = fields.CharField(max_length=7, null=True)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    class Meta:
        table = "tag"
        unique_together = (("user", "fold"),)


class EntryTag(Model):
    """A tag of an entry."""

    id = fields.IntField(primary_key=True)
    entry: Any = fields.ForeignKeyField(
        "papermargin.Entry", related_name="tag_links", on_delete=fields.CASCADE
    )
    entry_id: int
    tag: Any = fields.ForeignKeyField(
        "papermargin.Tag", related_name="entry_links", on_delete=fields.CASCADE
    )
    tag_id: int

    class Meta:
        table = "entry_tag"
        unique_together = (("entry", "tag"),)
        indexes = (("tag_id", "entry_id"),)


class Note(Model):
    """A user's Markdown text about a paper, optionally anchored to a quote of the abstract.

    `source` is what brought the text in, None if the user wrote it in Papermargin.
    """

    id = fields.IntField(primary_key=True)
    uuid = fields.UUIDField(unique=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="notes", on_delete=fields.CASCADE
    )
    user_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="notes", on_delete=fields.RESTRICT
    )
    paper_id: int
    text = fields.TextField()
    spellings = fields.TextField(default="", db_default="")
    quote = fields.JSONField[Quote | None](encoder=encode, decoder=decode_quote, null=True)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)
    source = fields.CharField(max_length=16, null=True)

    class Meta:
        table = "note"
        indexes = (("user_id", "paper_id"), ("paper_id",))


class Revision(Model):
    """An earlier text of a note, kept because nothing that a user wrote is ever lost."""

    id = fields.IntField(primary_key=True)
    note: Any = fields.ForeignKeyField(
        "papermargin.Note", related_name="revisions", on_delete=fields.CASCADE
    )
    note_id: int
    version = fields.IntField()
    text = fields.TextField()
    quote = fields.JSONField[Quote | None](encoder=encode, decoder=decode_quote, null=True)
    written = fields.DatetimeField()

    class Meta:
        table = "revision"
        unique_together = (("note", "version"),)


class Correction(Model):
    """A user's verdict on a mention or a result; also training data for the personal model."""

    id = fields.IntField(primary_key=True)
    uuid = fields.UUIDField(unique=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="corrections", on_delete=fields.CASCADE
    )
    user_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="corrections", on_delete=fields.RESTRICT
    )
    paper_id: int
    verdict = fields.CharField(max_length=10)
    surface = fields.TextField()
    start = fields.IntField(null=True)
    end = fields.IntField(null=True)
    label = fields.CharField(max_length=8)
    to_label = fields.CharField(max_length=8, null=True)
    everywhere = fields.BooleanField(default=False)
    mended = fields.JSONField[MendedResult | None](encoder=encode, decoder=decode_mended, null=True)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    class Meta:
        table = "correction"
        indexes = (("user_id", "paper_id"),)


class CorrectedTerm(Model):
    """A term that a user's corrections add to a paper or remove from it.

    Recomputed whenever a correction or the paper's mentions change; for filters and counts.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="corrected_terms", on_delete=fields.CASCADE
    )
    user_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="corrected_terms", on_delete=fields.CASCADE
    )
    paper_id: int
    term: Any = fields.ForeignKeyField(
        "papermargin.Term", related_name="corrected", on_delete=fields.CASCADE
    )
    term_id: int
    added = fields.BooleanField()
    role = fields.CharField(max_length=10, null=True)

    class Meta:
        table = "corrected_term"
        unique_together = (("user", "paper", "term"),)
        indexes = (("user_id", "term_id"), ("paper_id",))


class SavedSearch(Model):
    """A query that a user saved under a name, with its sort order.

    `fold` is the name with the case folded, unique per user; a deleted search frees it for another.
    With `digest` set, the user's digest includes the papers that match.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="searches", on_delete=fields.CASCADE
    )
    user_id: int
    name = fields.CharField(max_length=100)
    fold = fields.CharField(max_length=300)
    query = fields.TextField()
    sort = fields.CharField(max_length=16, null=True)
    digest = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    class Meta:
        table = "saved_search"
        unique_together = (("user", "fold"),)


class SentDigest(Model):
    """A user's digest of a day to an address; papers were chosen at `began`, it was sent at `sent`.

    The row is created before the e-mail is sent, so that only one of several servers sends it; a
    failed attempt deletes it again.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="digests", on_delete=fields.CASCADE
    )
    user_id: int
    recipient = fields.CharField(max_length=254)
    day = fields.DateField()
    began = fields.DatetimeField()
    sent = fields.DatetimeField(null=True)

    class Meta:
        table = "sent_digest"
        unique_together = (("user", "recipient", "day"),)


class OwnTerm(Model):
    """A user's change of a term: renamed, merged into another term, or hidden.

    Deleting the row undoes the change.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="own_terms", on_delete=fields.CASCADE
    )
    user_id: int
    term: Any = fields.ForeignKeyField(
        "papermargin.Term", related_name="owned", on_delete=fields.RESTRICT
    )
    term_id: int
    name = fields.TextField(null=True)
    into: Any = fields.ForeignKeyField(
        "papermargin.Term", related_name="parts", on_delete=fields.RESTRICT, null=True
    )
    into_id: int | None
    hidden = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()

    class Meta:
        table = "own_term"
        unique_together = (("user", "term"),)
        indexes = (("into_id",),)


class PaperVector(Model):
    """What a paper's text says as numbers, for ranking.

    Made again when `version` or the text changes; `size` is how many characters title and abstract
    had.
    """

    id = fields.IntField(primary_key=True)
    paper: Any = fields.OneToOneField(
        "papermargin.Paper", related_name="vector", on_delete=fields.CASCADE
    )
    paper_id: int
    version = fields.SmallIntField()
    size = fields.IntField()
    terms = fields.BinaryField()
    meaning = fields.BinaryField()

    class Meta:
        table = "paper_vector"


class TermStatistics(Model):
    """One row: in how many papers each numbered term of the vectors occurs."""

    id = fields.IntField(primary_key=True)
    papers = fields.IntField()
    revision = fields.UUIDField()
    frequencies = fields.BinaryField()

    class Meta:
        table = "term_statistics"


class RankingModel(Model):
    """What was learnt of a user's list up to the change number `change`; can be made anew."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.OneToOneField(
        "papermargin.User", related_name="ranking", on_delete=fields.CASCADE
    )
    user_id: int
    change = fields.BigIntField()
    papers = fields.IntField()
    revision = fields.UUIDField()
    weights = fields.BinaryField()

    class Meta:
        table = "ranking_model"


class RankingSettings(Model):
    """Whether a user's papers are ranked, and the least score of one that stands out."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.OneToOneField(
        "papermargin.User", related_name="ranking_settings", on_delete=fields.CASCADE
    )
    user_id: int
    enabled = fields.BooleanField(default=True)
    least = fields.FloatField(default=2.0)
    version = fields.IntField(default=1)
    updated = fields.DatetimeField()

    class Meta:
        table = "ranking_settings"


class RankingPreference(Model):
    """A word, term or author that a user muted or pinned; deleting the row undoes that.

    `fold` is the name with the case folded, unique per user and kind.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="ranking_preferences", on_delete=fields.CASCADE
    )
    user_id: int
    kind = fields.CharField(max_length=8)
    name = fields.CharField(max_length=100)
    fold = fields.CharField(max_length=300)
    choice = fields.CharField(max_length=8)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()

    class Meta:
        table = "ranking_preference"
        unique_together = (("user", "kind", "fold"),)


class Seen(Model):
    """A paper that a user marked as seen in a listing."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="seen", on_delete=fields.CASCADE
    )
    user_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="seen", on_delete=fields.CASCADE
    )
    paper_id: int
    at = fields.DatetimeField()

    class Meta:
        table = "seen"
        unique_together = (("user", "paper"),)


class Change(Model):
    """A change record; those that a user sees are numbered in the order of their commit.

    Without a user, a paper changed for everybody.

    `edit` is the client's id of the write, by which a repeated write is recognised, and `request` a
    digest of what it asked for. `before` is the state of an entry before the change, as JSON.
    `source` is the program that wrote in the user's place, such as an assistant.
    """

    id = fields.BigIntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="changes", on_delete=fields.CASCADE, null=True
    )
    user_id: int | None
    kind = fields.CharField(max_length=10)
    ref = fields.CharField(max_length=300)
    paper_key = fields.CharField(max_length=64, null=True)
    version = fields.IntField()
    deleted = fields.BooleanField(default=False)
    edit = fields.UUIDField(null=True)
    request = fields.CharField(max_length=64, null=True)
    before = fields.TextField(null=True)
    source = fields.CharField(max_length=16, null=True)
    at = fields.DatetimeField()

    class Meta:
        table = "change"
        indexes = (("user_id", "edit"), ("paper_key",))


class Clock(Model):
    """One row, written first in a transaction that takes the turn of the store (see `writing`)."""

    id = fields.IntField(primary_key=True)
    writes = fields.BigIntField(default=0)

    class Meta:
        table = "clock"


class Token(Model):
    """A hashed secret: a device's token, a session, a sign-in link, a pairing code or a feed."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField(
        "papermargin.User", related_name="tokens", on_delete=fields.CASCADE
    )
    user_id: int
    kind = fields.CharField(max_length=8)
    name = fields.CharField(max_length=100, default="")
    digest = fields.CharField(max_length=64, unique=True)
    origin = fields.CharField(max_length=255, null=True)
    created = fields.DatetimeField()
    used = fields.DatetimeField(null=True)
    expires = fields.DatetimeField(null=True)
    scopes = fields.CharField(max_length=40, null=True)  # with spaces between; null: all
    tries_left = fields.SmallIntField(null=True)  # of older versions; tries are counted in memory

    class Meta:
        table = "token"
