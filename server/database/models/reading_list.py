"""What a user keeps about papers: entries, tags, notes and searches."""

from typing import Any

import msgspec
from msgspec.structs import astuple
from tortoise import fields
from tortoise.models import Model

from server.database.models.json_columns import encode
from server.schema.quote import Quote
from server.schema.reading_list import Plan

_QUOTE: msgspec.json.Decoder[Quote | None] = msgspec.json.Decoder(Quote | None)


def decode_quote(text: str | bytes) -> Quote | None:
    """Decode a JSON column of a quote."""
    return _QUOTE.decode(text)


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
