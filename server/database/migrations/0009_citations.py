"""How users' bibliographies cite papers, and the precision of dates."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from server.database.models.imports import decode_citation
from server.database.models.json_columns import encode


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0008_spellings")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Paper", name="issued", field=fields.CharField(max_length=64, null=True)
        ),
        ops.CreateModel(
            name="Citation",
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
                        related_name="citations",
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
                        related_name="citations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("data", fields.JSONField(encoder=encode, decoder=decode_citation)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "citation",
                "app": "papermargin",
                "unique_together": (("user", "paper"),),
                "indexes": [Index(fields=["paper_id"])],
                "pk_attr": "id",
                "table_description": "How a user's bibliography cites a paper, as it was imported.",
            },
            bases=["Model"],
        ),
    ]
