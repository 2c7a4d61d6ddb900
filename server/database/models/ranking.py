"""What papers are ranked by."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


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
