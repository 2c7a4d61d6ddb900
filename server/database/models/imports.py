"""What came in from files and from Zotero."""

from typing import Any

import msgspec
from tortoise import fields
from tortoise.models import Model

from server.database.models.json_columns import decode_strings, encode
from server.schema.citations import Citation as CitationData
from server.schema.imports import Step
from server.schema.zotero import Agreed

_CITATION = msgspec.json.Decoder(CitationData)
_AGREED = msgspec.json.Decoder(Agreed)
_STEPS = msgspec.json.Decoder(list[Step])


def decode_citation(text: str | bytes) -> CitationData:
    """Read the JSON column of a citation."""
    return _CITATION.decode(text)


def decode_steps(text: str | bytes) -> list[Step]:
    """Decode a JSON column of an import's steps."""
    return _STEPS.decode(text)


def decode_agreed(text: str | bytes) -> Agreed:
    """Decode a JSON column of what the store and Zotero agreed on."""
    return _AGREED.decode(text)


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
