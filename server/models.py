"""The tables, and nothing else. Migrations in `migrations/` make them, on SQLite and PostgreSQL alike."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from tortoise import fields
from tortoise.models import Model

from nlp.spans import Mention, Result
from server.quote import Quote


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class User(Model):
    """A reader: owns entries, tags, notes and corrections."""

    id = fields.IntField(primary_key=True)
    name: str = fields.CharField(max_length=100, unique=True)
    created: datetime = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "reader"


class Paper(Model):
    """What was published, shared by all users, and what the pipeline read out of it."""

    id = fields.IntField(primary_key=True)
    key: str = fields.CharField(max_length=64, unique=True)
    title: str = fields.TextField()
    normalized_title: str = fields.TextField()
    title_digest: str = fields.CharField(max_length=64, db_index=True)
    abstract: str = fields.TextField(default="")
    authors: list[str] = fields.JSONField(encoder=_encode, decoder=msgspec.json.decode, default=list)
    author_count: int | None = fields.IntField(null=True)
    published: date | None = fields.DateField(null=True, db_index=True)
    upvotes: int | None = fields.IntField(null=True)
    comments: int | None = fields.IntField(null=True)
    code_url: str | None = fields.TextField(null=True)
    project_url: str | None = fields.TextField(null=True)
    doi: str | None = fields.TextField(null=True)
    organization: str | None = fields.TextField(null=True)
    categories: list[str] = fields.JSONField(encoder=_encode, decoder=msgspec.json.decode, default=list)
    richness: str = fields.CharField(max_length=16)
    observed: datetime = fields.DatetimeField()
    created: datetime = fields.DatetimeField(auto_now_add=True)
    mentions: list[Mention] = fields.JSONField(
        encoder=_encode, decoder=msgspec.json.Decoder(list[Mention]).decode, default=list
    )
    results: list[Result] = fields.JSONField(
        encoder=_encode, decoder=msgspec.json.Decoder(list[Result]).decode, default=list
    )
    extraction_version: str | None = fields.CharField(max_length=64, null=True, db_index=True)
    extraction_error: str | None = fields.TextField(null=True)

    class Meta:
        table = "paper"


class Alias(Model):
    """A key that a paper had before it adopted another one, so that old links and queued edits still find it."""

    id = fields.IntField(primary_key=True)
    key: str = fields.CharField(max_length=64, unique=True)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="aliases", on_delete=fields.CASCADE)

    class Meta:
        table = "alias"


class Listing(Model):
    """A page of papers as it was seen at a source."""

    id = fields.IntField(primary_key=True)
    kind: str = fields.CharField(max_length=16)
    name: str = fields.CharField(max_length=255)
    day: date | None = fields.DateField(null=True, db_index=True)
    observed: datetime = fields.DatetimeField()

    class Meta:
        table = "listing"
        unique_together = (("kind", "name"),)


class ListingPaper(Model):
    """A paper's place, counted from 0, in a listing."""

    id = fields.IntField(primary_key=True)
    listing: Any = fields.ForeignKeyField("papermargin.Listing", related_name="places", on_delete=fields.CASCADE)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="places", on_delete=fields.CASCADE)
    position: int = fields.IntField()

    class Meta:
        table = "listing_paper"
        unique_together = (("listing", "position"),)


class Term(Model):
    """A canonical name; `papers` counts the papers that mention it, `fold` finds it whatever the case."""

    id = fields.IntField(primary_key=True)
    label: str = fields.CharField(max_length=8)
    name: str = fields.TextField()
    fold: str = fields.TextField()
    papers: int = fields.IntField(default=0)

    class Meta:
        table = "term"
        unique_together = (("label", "fold"),)


class PaperTerm(Model):
    """That a paper mentions a term: how often, and at which character first."""

    id = fields.IntField(primary_key=True)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="terms", on_delete=fields.CASCADE)
    term: Any = fields.ForeignKeyField("papermargin.Term", related_name="places", on_delete=fields.CASCADE)
    mentions: int = fields.IntField()
    first: int = fields.IntField()

    class Meta:
        table = "paper_term"
        unique_together = (("paper", "term"),)
        indexes = (("term", "paper"),)


class Entry(Model):
    """One user's relation to one paper. Status `none` with `deleted` unset: known to the user, not in the list."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="entries", on_delete=fields.CASCADE)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="entries", on_delete=fields.RESTRICT)
    status: str = fields.CharField(max_length=8, default="inbox")
    rating: int | None = fields.SmallIntField(null=True)
    version: int = fields.IntField(default=1)
    added: datetime = fields.DatetimeField()
    updated: datetime = fields.DatetimeField()
    deleted: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "entry"
        unique_together = (("user", "paper"),)
        indexes = (("user", "status", "added"), ("user", "added"), ("paper",))


class Tag(Model):
    """A user's own label; `fold` is its name with the case folded, unique per user.

    `trashed` keeps the keys of the papers that bore a deleted tag, so that it can be restored with them.
    """

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="tags", on_delete=fields.CASCADE)
    name: str = fields.CharField(max_length=100)
    fold: str = fields.CharField(max_length=300)
    colour: str | None = fields.CharField(max_length=7, null=True)
    version: int = fields.IntField(default=1)
    created: datetime = fields.DatetimeField()
    updated: datetime = fields.DatetimeField()
    deleted: datetime | None = fields.DatetimeField(null=True)
    trashed: list[str] = fields.JSONField(encoder=_encode, decoder=msgspec.json.decode, default=list)

    class Meta:
        table = "tag"
        unique_together = (("user", "fold"),)


class EntryTag(Model):
    """That an entry bears a tag."""

    id = fields.IntField(primary_key=True)
    entry: Any = fields.ForeignKeyField("papermargin.Entry", related_name="tag_links", on_delete=fields.CASCADE)
    tag: Any = fields.ForeignKeyField("papermargin.Tag", related_name="entry_links", on_delete=fields.CASCADE)

    class Meta:
        table = "entry_tag"
        unique_together = (("entry", "tag"),)
        indexes = (("tag", "entry"),)


class Note(Model):
    """A user's Markdown text on a paper, optionally anchored to a quote of the abstract."""

    id = fields.IntField(primary_key=True)
    uuid: UUID = fields.UUIDField(unique=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="notes", on_delete=fields.CASCADE)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="notes", on_delete=fields.RESTRICT)
    text: str = fields.TextField()
    quote: Quote | None = fields.JSONField(
        encoder=_encode, decoder=msgspec.json.Decoder(Quote | None).decode, null=True
    )
    version: int = fields.IntField(default=1)
    created: datetime = fields.DatetimeField()
    updated: datetime = fields.DatetimeField()
    deleted: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "note"
        indexes = (("user", "paper"), ("paper",))


class Revision(Model):
    """A note's text as it was before an edit replaced it: nothing that a user wrote is ever lost."""

    id = fields.IntField(primary_key=True)
    note: Any = fields.ForeignKeyField("papermargin.Note", related_name="revisions", on_delete=fields.CASCADE)
    version: int = fields.IntField()
    text: str = fields.TextField()
    quote: Quote | None = fields.JSONField(
        encoder=_encode, decoder=msgspec.json.Decoder(Quote | None).decode, null=True
    )
    written: datetime = fields.DatetimeField()

    class Meta:
        table = "revision"
        unique_together = (("note", "version"),)


class Correction(Model):
    """A user's verdict on a mention, kept as training data."""

    id = fields.IntField(primary_key=True)
    uuid: UUID = fields.UUIDField(unique=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="corrections", on_delete=fields.CASCADE)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="corrections", on_delete=fields.RESTRICT)
    verdict: str = fields.CharField(max_length=10)
    surface: str = fields.TextField()
    start: int | None = fields.IntField(null=True)
    end: int | None = fields.IntField(null=True)
    label: str = fields.CharField(max_length=8)
    to_label: str | None = fields.CharField(max_length=8, null=True)
    everywhere: bool = fields.BooleanField(default=False)
    version: int = fields.IntField(default=1)
    created: datetime = fields.DatetimeField()
    updated: datetime = fields.DatetimeField()
    deleted: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "correction"
        indexes = (("user", "paper"),)


class Seen(Model):
    """That a user has looked through a paper in a listing, by an act of their own."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="seen", on_delete=fields.CASCADE)
    paper: Any = fields.ForeignKeyField("papermargin.Paper", related_name="seen", on_delete=fields.CASCADE)
    at: datetime = fields.DatetimeField()

    class Meta:
        table = "seen"
        unique_together = (("user", "paper"),)


class Change(Model):
    """A numbered record of what changed, in the order of commit. No user: a paper changed, for everybody.

    `edit` is the client's id of the write that caused it: a repeat of that write is known by it.
    """

    id = fields.BigIntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="changes", on_delete=fields.CASCADE, null=True)
    kind: str = fields.CharField(max_length=10)
    ref: str = fields.CharField(max_length=300)
    paper_key: str | None = fields.CharField(max_length=64, null=True)
    version: int = fields.IntField()
    deleted: bool = fields.BooleanField(default=False)
    edit: UUID | None = fields.UUIDField(null=True)
    at: datetime = fields.DatetimeField()

    class Meta:
        table = "change"
        indexes = (("user", "edit"),)


class Clock(Model):
    """One row, written first in every writing transaction, so that changes are numbered in the order of commit."""

    id = fields.IntField(primary_key=True)
    writes: int = fields.BigIntField(default=0)

    class Meta:
        table = "clock"


class Token(Model):
    """A way in: a device's bearer token, a page session, a one-time sign-in link or a pairing code, kept as a hash."""

    id = fields.IntField(primary_key=True)
    user: Any = fields.ForeignKeyField("papermargin.User", related_name="tokens", on_delete=fields.CASCADE)
    kind: str = fields.CharField(max_length=8)
    name: str = fields.CharField(max_length=100, default="")
    digest: str = fields.CharField(max_length=64, unique=True)
    origin: str | None = fields.CharField(max_length=255, null=True)
    created: datetime = fields.DatetimeField()
    used: datetime | None = fields.DatetimeField(null=True)
    expires: datetime | None = fields.DatetimeField(null=True)
    tries_left: int | None = fields.SmallIntField(null=True)

    class Meta:
        table = "token"
