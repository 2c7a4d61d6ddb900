"""The records of changes and their numbers."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


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
