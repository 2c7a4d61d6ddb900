"""Why papers that are known by their id or title alone were not fetched."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from server.database.models.json_columns import encode
from server.database.models.papers import decode_proposals


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0020_list_counts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FetchAttempt",
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
                        related_name="attempt",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("tried", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("answered", fields.BooleanField()),
                ("reason", fields.TextField(unique=False)),
                (
                    "proposals",
                    fields.JSONField(default=list, encoder=encode, decoder=decode_proposals),
                ),
            ],
            options={
                "table": "fetch_attempt",
                "app": "papermargin",
                "pk_attr": "id",
                "table_description": "The last attempt to fetch a paper that failed.",
            },
            bases=["Model"],
        ),
    ]
