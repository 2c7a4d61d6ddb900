"""Vectors of papers, the frequencies of their terms, and what was learnt of each user's list."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0006_history")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PaperVector",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "paper",
                    fields.OneToOneField(
                        "papermargin.Paper",
                        source_field="paper_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="vector",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("version", fields.SmallIntField()),
                ("size", fields.IntField()),
                ("terms", fields.BinaryField()),
                ("meaning", fields.BinaryField()),
            ],
            options={
                "table": "paper_vector",
                "app": "papermargin",
                "pk_attr": "id",
                "table_description": "What a paper's text says as numbers, for ranking.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TermStatistics",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("papers", fields.IntField()),
                ("revision", fields.UUIDField()),
                ("frequencies", fields.BinaryField()),
            ],
            options={
                "table": "term_statistics",
                "app": "papermargin",
                "pk_attr": "id",
                "table_description": "In how many papers each numbered term occurs.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RankingModel",
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
                        related_name="ranking",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("change", fields.BigIntField()),
                ("papers", fields.IntField()),
                ("revision", fields.UUIDField()),
                ("weights", fields.BinaryField()),
            ],
            options={
                "table": "ranking_model",
                "app": "papermargin",
                "pk_attr": "id",
                "table_description": "What was learnt of a user's list.",
            },
            bases=["Model"],
        ),
    ]
