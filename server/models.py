"""The tables, and nothing else. Migrations in `migrations/` make them, on SQLite and PostgreSQL alike."""

from typing import Any

import msgspec
from tortoise import fields
from tortoise.models import Model

from nlp.spans import Mention, Result
from server.quote import Quote

_MENTIONS = msgspec.json.Decoder(list[Mention])
_RESULTS = msgspec.json.Decoder(list[Result])
_QUOTE: msgspec.json.Decoder[Quote | None] = msgspec.json.Decoder(Quote | None)


def encode(value: Any) -> str:
    """Write structs as a JSON column holds them."""
    return msgspec.json.encode(value).decode()


def decode_strings(text: str | bytes) -> Any:
    """Read a JSON column of strings."""
    return msgspec.json.decode(text)


def decode_mentions(text: str | bytes) -> list[Mention]:
    """Read the JSON column of mentions."""
    return _MENTIONS.decode(text)


def decode_results(text: str | bytes) -> list[Result]:
    """Read the JSON column of results."""
    return _RESULTS.decode(text)


def decode_quote(text: str | bytes) -> Quote | None:
    """Read the JSON column of a quote."""
    return _QUOTE.decode(text)


class User(Model):
    """A reader: owns entries, tags, notes and corrections."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=100, unique=True)
    created = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "reader"


class Paper(Model):
    """What was published, shared by all users, and what the pipeline read out of it."""

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    title = fields.TextField()
    normalized_title = fields.TextField()
    title_digest = fields.CharField(max_length=64, db_index=True)
    abstract = fields.TextField(default="")
    authors = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    author_count = fields.IntField(null=True)
    published = fields.DateField(null=True, db_index=True)
    upvotes = fields.IntField(null=True)
    comments = fields.IntField(null=True)
    code_url = fields.TextField(null=True)
    project_url = fields.TextField(null=True)
    doi = fields.TextField(null=True)
    organization = fields.TextField(null=True)
    categories = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    richness = fields.CharField(max_length=16)
    observed = fields.DatetimeField()
    created = fields.DatetimeField(auto_now_add=True)
    mentions = fields.JSONField[list[Mention]](encoder=encode, decoder=decode_mentions, default=list)
    results = fields.JSONField[list[Result]](encoder=encode, decoder=decode_results, default=list)
    extraction_version = fields.CharField(max_length=64, null=True, db_index=True)
    extraction_error = fields.TextField(null=True)

    class Meta:
        table = "paper"
        indexes = (("created",),)


class Alias(Model):
    """A key that a paper had before it adopted another one, so that old links and queued edits still find it."""

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="aliases", on_delete=fields.CASCADE)
    paper_id: int

    class Meta:
        table = "alias"


class Listing(Model):
    """A page of papers as it was seen at a source."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    name = fields.CharField(max_length=255)
    day = fields.DateField(null=True, db_index=True)
    observed = fields.DatetimeField()

    class Meta:
        table = "listing"
        unique_together = (("kind", "name"),)


class ListingPaper(Model):
    """A paper's place, counted from 0, in a listing."""

    id = fields.IntField(primary_key=True)
    listing: Any = fields.ForeignKeyField("papermargin.Listing", related_name="places", on_delete=fields.CASCADE)
    listing_id: int
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="places", on_delete=fields.CASCADE)
    paper_id: int
    position = fields.IntField()

    class Meta:
        table = "listing_paper"
        unique_together = (("listing", "position"),)
        indexes = (("paper_id",),)


class Term(Model):
    """A canonical name. `papers` counts the papers that mention it, `fold` finds it whatever the case."""

    id = fields.IntField(primary_key=True)
    label = fields.CharField(max_length=8)
    name = fields.TextField()
    fold = fields.TextField()
    papers = fields.IntField(default=0)

    class Meta:
        table = "term"
        unique_together = (("label", "fold"),)


class PaperTerm(Model):
    """That a paper mentions a term: how often, and at which character for the first time."""

    id = fields.IntField(primary_key=True)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="terms", on_delete=fields.CASCADE)
    paper_id: int
    term: Any = fields.ForeignKeyField("papermargin.Term", related_name="places", on_delete=fields.CASCADE)
    term_id: int
    mentions = fields.IntField()
    position = fields.IntField()

    class Meta:
        table = "paper_term"
        unique_together = (("paper", "term"),)
        indexes = (("term_id", "paper_id"),)


class Entry(Model):
    """One user's relation to one paper. Status `none` with `deleted` unset: known to the user, not in the list."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="entries", on_delete=fields.CASCADE)
    user_id: int
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="entries", on_delete=fields.RESTRICT)
    paper_id: int
    status = fields.CharField(max_length=8, default="inbox")
    rating = fields.SmallIntField(null=True)
    version = fields.IntField(default=1)
    added = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    class Meta:
        table = "entry"
        unique_together = (("user", "paper"),)
        indexes = (("user_id", "status", "added"), ("user_id", "added"), ("paper_id",))


class Tag(Model):
    """A user's own label. `fold` is its name with the case folded, unique per user.

    A deleted tag keeps its links to entries, so that it can be restored with them, and leaves its fold to a successor.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="tags", on_delete=fields.CASCADE)
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
    """That an entry bears a tag."""

    id = fields.IntField(primary_key=True)
    entry: Any = fields.ForeignKeyField("papermargin.Entry", related_name="tag_links", on_delete=fields.CASCADE)
    entry_id: int
    tag: Any = fields.ForeignKeyField("papermargin.Tag", related_name="entry_links", on_delete=fields.CASCADE)
    tag_id: int

    class Meta:
        table = "entry_tag"
        unique_together = (("entry", "tag"),)
        indexes = (("tag_id", "entry_id"),)


class Note(Model):
    """A user's Markdown text on a paper, optionally anchored to a quote of the abstract."""

    id = fields.IntField(primary_key=True)
    uuid = fields.UUIDField(unique=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="notes", on_delete=fields.CASCADE)
    user_id: int
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="notes", on_delete=fields.RESTRICT)
    paper_id: int
    text = fields.TextField()
    quote = fields.JSONField[Quote | None](encoder=encode, decoder=decode_quote, null=True)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    class Meta:
        table = "note"
        indexes = (("user_id", "paper_id"), ("paper_id",))


class Revision(Model):
    """A note's text as it was before an edit replaced it: nothing that a user wrote is ever lost."""

    id = fields.IntField(primary_key=True)
    note: Any = fields.ForeignKeyField("papermargin.Note", related_name="revisions", on_delete=fields.CASCADE)
    note_id: int
    version = fields.IntField()
    text = fields.TextField()
    quote = fields.JSONField[Quote | None](encoder=encode, decoder=decode_quote, null=True)
    written = fields.DatetimeField()

    class Meta:
        table = "revision"
        unique_together = (("note", "version"),)


class Correction(Model):
    """A user's verdict on a mention, kept as training data."""

    id = fields.IntField(primary_key=True)
    uuid = fields.UUIDField(unique=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="corrections", on_delete=fields.CASCADE)
    user_id: int
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="corrections", on_delete=fields.RESTRICT)
    paper_id: int
    verdict = fields.CharField(max_length=10)
    surface = fields.TextField()
    start = fields.IntField(null=True)
    end = fields.IntField(null=True)
    label = fields.CharField(max_length=8)
    to_label = fields.CharField(max_length=8, null=True)
    everywhere = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    deleted = fields.DatetimeField(null=True)

    class Meta:
        table = "correction"
        indexes = (("user_id", "paper_id"),)


class CorrectedTerm(Model):
    """That a user's corrections give a paper a term that it does not have otherwise, or take one from it.

    Worked out anew whenever a correction or the paper's mentions change, for filters and counts.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="corrected_terms", on_delete=fields.CASCADE)
    user_id: int
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="corrected_terms", on_delete=fields.CASCADE)
    paper_id: int
    term: Any = fields.ForeignKeyField("papermargin.Term", related_name="corrected", on_delete=fields.CASCADE)
    term_id: int
    added = fields.BooleanField()

    class Meta:
        table = "corrected_term"
        unique_together = (("user", "paper", "term"),)
        indexes = (("user_id", "term_id"), ("paper_id",))


class SavedSearch(Model):
    """A query that a user keeps under a name, with its order.

    `fold` is the name with the case folded, unique per user; a deleted search leaves its fold to a successor. With
    `digest` set, papers that match it stand in the user's digest.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="searches", on_delete=fields.CASCADE)
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
    """That a user's digest of a day goes to an address: `began` is when its papers were chosen, `sent` when it left.

    The row is there before the e-mail is sent, so that of several senders one does it; one that failed takes it back.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="digests", on_delete=fields.CASCADE)
    user_id: int
    recipient = fields.CharField(max_length=254)
    day = fields.DateField()
    began = fields.DatetimeField()
    sent = fields.DatetimeField(null=True)

    class Meta:
        table = "sent_digest"
        unique_together = (("user", "recipient", "day"),)


class OwnTerm(Model):
    """What a user made of a term: gave it another name, put it into another term, or hid it.

    Deleting the row gives the term back as the pipeline found it.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="own_terms", on_delete=fields.CASCADE)
    user_id: int
    term: Any = fields.ForeignKeyField("papermargin.Term", related_name="owned", on_delete=fields.RESTRICT)
    term_id: int
    name = fields.TextField(null=True)
    into: Any = fields.ForeignKeyField("papermargin.Term", related_name="parts", on_delete=fields.RESTRICT, null=True)
    into_id: int | None
    hidden = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()

    class Meta:
        table = "own_term"
        unique_together = (("user", "term"),)
        indexes = (("into_id",),)


class Seen(Model):
    """That a user has looked through a paper in a listing, by an act of their own."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="seen", on_delete=fields.CASCADE)
    user_id: int
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="seen", on_delete=fields.CASCADE)
    paper_id: int
    at = fields.DatetimeField()

    class Meta:
        table = "seen"
        unique_together = (("user", "paper"),)


class Change(Model):
    """A numbered record of what changed, in the order of commit. No user: a paper changed, for everybody.

    `edit` is the client's id of the write that caused it: a repeat of that write is known by it. `before` is what an
    entry was until then, as JSON.
    """

    id = fields.BigIntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="changes", on_delete=fields.CASCADE, null=True)
    user_id: int | None
    kind = fields.CharField(max_length=10)
    ref = fields.CharField(max_length=300)
    paper_key = fields.CharField(max_length=64, null=True)
    version = fields.IntField()
    deleted = fields.BooleanField(default=False)
    edit = fields.UUIDField(null=True)
    before = fields.TextField(null=True)
    at = fields.DatetimeField()

    class Meta:
        table = "change"
        indexes = (("user_id", "edit"), ("paper_key",))


class Clock(Model):
    """One row, written first in every writing transaction, so that changes are numbered in the order of commit."""

    id = fields.IntField(primary_key=True)
    writes = fields.BigIntField(default=0)

    class Meta:
        table = "clock"


class Token(Model):
    """A way in: a device's bearer token, a page session, a one-time sign-in link or a pairing code, kept as a hash."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="tokens", on_delete=fields.CASCADE)
    user_id: int
    kind = fields.CharField(max_length=8)
    name = fields.CharField(max_length=100, default="")
    digest = fields.CharField(max_length=64, unique=True)
    origin = fields.CharField(max_length=255, null=True)
    created = fields.DatetimeField()
    used = fields.DatetimeField(null=True)
    expires = fields.DatetimeField(null=True)
    tries_left = fields.SmallIntField(null=True)

    class Meta:
        table = "token"
