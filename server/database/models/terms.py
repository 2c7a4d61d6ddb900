"""Terms, which papers have them, and what users corrected."""

from typing import Any

import msgspec
from tortoise import fields
from tortoise.models import Model

from server.database.models.json_columns import encode
from server.schema.terms import MendedResult

_MENDED: msgspec.json.Decoder[MendedResult | None] = msgspec.json.Decoder(MendedResult | None)


def decode_mended(text: str | bytes) -> MendedResult | None:
    """Decode a JSON column of a mended result."""
    return _MENDED.decode(text)


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
