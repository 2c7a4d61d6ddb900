"""Which digests were sent, and a quick way to the papers that came last."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0003_searches_and_terms")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SentDigest",
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
                        related_name="digests",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("recipient", fields.CharField(max_length=254)),
                ("day", fields.DateField()),
                ("began", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sent_digest",
                "app": "papermargin",
                "unique_together": (("user", "recipient", "day"),),
                "pk_attr": "id",
                "table_description": "That a user's digest of a day goes to an address.",
            },
            bases=["Model"],
        ),
        ops.AddIndex(model_name="Paper", index=Index(fields=["created"])),
    ]
