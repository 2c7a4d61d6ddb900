"""Users and their tokens."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


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
