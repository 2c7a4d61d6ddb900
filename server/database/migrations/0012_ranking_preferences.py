"""What users mute, pin and set of the ranking.

What was learnt of the lists is dropped, since it now names its words: the server learns it again
when it starts.
"""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0011_roles")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RankingSettings",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "user",
                    fields.OneToOneField(
                        "papermargin.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="ranking_settings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("enabled", fields.BooleanField(default=True)),
                ("least", fields.FloatField(default=2.0)),
                ("version", fields.IntField(default=1)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "ranking_settings",
                "app": "papermargin",
                "pk_attr": "id",
                "table_description": "Whether a user's papers are ranked, "
                "and the least score of one that stands out.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RankingPreference",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "papermargin.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="ranking_preferences",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=8)),
                ("name", fields.CharField(max_length=100)),
                ("fold", fields.CharField(max_length=300)),
                ("choice", fields.CharField(max_length=8)),
                ("version", fields.IntField(default=1)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "ranking_preference",
                "app": "papermargin",
                "unique_together": (("user", "kind", "fold"),),
                "pk_attr": "id",
                "table_description": "A word, term or author that a user muted or pinned.",
            },
            bases=["Model"],
        ),
        ops.RunSQL("DELETE FROM ranking_model"),
    ]
