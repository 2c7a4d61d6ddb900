"""Which fields of a paper came from where, and what each import did, so that it can be undone."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from server.database.models.imports import decode_steps
from server.database.models.json_columns import decode_strings, encode


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0012_ranking_preferences")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Paper",
            name="sources",
            field=fields.JSONField(
                encoder=encode, decoder=decode_strings, default=dict, db_default="{}"
            ),
        ),
        ops.CreateModel(
            name="Import",
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
                        related_name="imports",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "files",
                    fields.JSONField(encoder=encode, decoder=decode_strings, default=list),
                ),
                ("undone", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "import",
                "app": "papermargin",
                "indexes": [Index(fields=["user_id", "at"])],
                "pk_attr": "id",
                "table_description": "Files that a user imported at once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportSteps",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "papermargin.Import",
                        source_field="parent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="steps",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("steps", fields.JSONField(encoder=encode, decoder=decode_steps)),
            ],
            options={
                "table": "import_steps",
                "app": "papermargin",
                "indexes": [Index(fields=["parent_id"])],
                "pk_attr": "id",
                "table_description": "What an import did in one transaction, in its order.",
            },
            bases=["Model"],
        ),
    ]
