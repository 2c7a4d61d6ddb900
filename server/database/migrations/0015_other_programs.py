"""Which program wrote in a user's place, earlier texts of papers, and items of Zotero."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from server.database.models.imports import decode_agreed
from server.database.models.json_columns import encode


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0014_token_scopes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Change",
            name="source",
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.CreateModel(
            name="PaperText",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "paper",
                    fields.ForeignKeyField(
                        "papermargin.Paper",
                        source_field="paper_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="texts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("title", fields.TextField(unique=False)),
                ("abstract", fields.TextField(unique=False)),
                ("observed", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("replaced", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "paper_text",
                "app": "papermargin",
                "indexes": [Index(fields=["paper_id"])],
                "pk_attr": "id",
                "table_description": "An earlier title and abstract of a paper.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ZoteroItem",
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
                        related_name="zotero_items",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("library", fields.CharField(max_length=64)),
                ("item", fields.CharField(max_length=8)),
                (
                    "paper",
                    fields.ForeignKeyField(
                        "papermargin.Paper",
                        source_field="paper_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="zotero_items",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("agreed", fields.JSONField(encoder=encode, decoder=decode_agreed)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "zotero_item",
                "app": "papermargin",
                "unique_together": (("user", "library", "item"),),
                "indexes": [Index(fields=["paper_id"])],
                "pk_attr": "id",
                "table_description": "An item of a Zotero library that is synced with a paper.",
            },
            bases=["Model"],
        ),
    ]
