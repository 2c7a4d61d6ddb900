"""Saved searches, and what a user made of terms."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0002_search")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OwnTerm",
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
                        related_name="own_terms",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "term",
                    fields.ForeignKeyField(
                        "papermargin.Term",
                        source_field="term_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="owned",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.TextField(null=True, unique=False)),
                (
                    "into",
                    fields.ForeignKeyField(
                        "papermargin.Term",
                        source_field="into_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="parts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("hidden", fields.BooleanField(default=False)),
                ("version", fields.IntField(default=1)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "own_term",
                "app": "papermargin",
                "unique_together": (("user", "term"),),
                "indexes": [Index(fields=["into_id"])],
                "pk_attr": "id",
                "table_description": "What a user made of a term: gave it another name, put it into another term, "
                "or hid it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SavedSearch",
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
                        related_name="searches",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("fold", fields.CharField(max_length=300)),
                ("query", fields.TextField(unique=False)),
                ("sort", fields.CharField(null=True, max_length=16)),
                ("digest", fields.BooleanField(default=False)),
                ("version", fields.IntField(default=1)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "saved_search",
                "app": "papermargin",
                "unique_together": (("user", "fold"),),
                "pk_attr": "id",
                "table_description": "A query that a user keeps under a name, with its order.",
            },
            bases=["Model"],
        ),
    ]
