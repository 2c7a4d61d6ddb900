"""What corrections make of the terms of papers."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0004_digests")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CorrectedTerm",
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
                        related_name="corrected_terms",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "paper",
                    fields.ForeignKeyField(
                        "papermargin.Paper",
                        source_field="paper_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="corrected_terms",
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
                        related_name="corrected",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("added", fields.BooleanField()),
            ],
            options={
                "table": "corrected_term",
                "app": "papermargin",
                "unique_together": (("user", "paper", "term"),),
                "indexes": [Index(fields=["user_id", "term_id"]), Index(fields=["paper_id"])],
                "pk_attr": "id",
                "table_description": "That a user's corrections give a paper a term that it does not have otherwise, "
                "or take one from it.",
            },
            bases=["Model"],
        ),
    ]
