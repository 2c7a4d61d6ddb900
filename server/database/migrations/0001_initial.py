"""The first schema, as `tortoise makemigrations` wrote it."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from server.database.models.json_columns import decode_strings, encode
from server.database.models.papers import decode_mentions, decode_results
from server.database.models.reading_list import decode_quote


class Migration(migrations.Migration):
    """Makes the tables of `models.py`."""

    initial = True

    operations = [
        ops.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("writes", fields.BigIntField(default=0)),
            ],
            options={"table": "clock", "app": "papermargin", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("name", fields.CharField(max_length=255)),
                ("day", fields.DateField(null=True, db_index=True)),
                ("observed", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "listing",
                "app": "papermargin",
                "unique_together": (("kind", "name"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Paper",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("key", fields.CharField(unique=True, max_length=64)),
                ("title", fields.TextField(unique=False)),
                ("normalized_title", fields.TextField(unique=False)),
                ("title_digest", fields.CharField(db_index=True, max_length=64)),
                ("abstract", fields.TextField(default="", unique=False)),
                ("authors", fields.JSONField(default=list, encoder=encode, decoder=decode_strings)),
                ("author_count", fields.IntField(null=True)),
                ("published", fields.DateField(null=True, db_index=True)),
                ("upvotes", fields.IntField(null=True)),
                ("comments", fields.IntField(null=True)),
                ("code_url", fields.TextField(null=True, unique=False)),
                ("project_url", fields.TextField(null=True, unique=False)),
                ("doi", fields.TextField(null=True, unique=False)),
                ("organization", fields.TextField(null=True, unique=False)),
                (
                    "categories",
                    fields.JSONField(default=list, encoder=encode, decoder=decode_strings),
                ),
                ("richness", fields.CharField(max_length=16)),
                ("observed", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "mentions",
                    fields.JSONField(default=list, encoder=encode, decoder=decode_mentions),
                ),
                ("results", fields.JSONField(default=list, encoder=encode, decoder=decode_results)),
                ("extraction_version", fields.CharField(null=True, db_index=True, max_length=64)),
                ("extraction_error", fields.TextField(null=True, unique=False)),
            ],
            options={"table": "paper", "app": "papermargin", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Alias",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("key", fields.CharField(unique=True, max_length=64)),
                (
                    "paper",
                    fields.ForeignKeyField(
                        "papermargin.Paper",
                        source_field="paper_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="aliases",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={"table": "alias", "app": "papermargin", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ListingPaper",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "listing",
                    fields.ForeignKeyField(
                        "papermargin.Listing",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="places",
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
                        related_name="places",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("position", fields.IntField()),
            ],
            options={
                "table": "listing_paper",
                "app": "papermargin",
                "unique_together": (("listing", "position"),),
                "indexes": [Index(fields=["paper_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Term",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("label", fields.CharField(max_length=8)),
                ("name", fields.TextField(unique=False)),
                ("fold", fields.TextField(unique=False)),
                ("papers", fields.IntField(default=0)),
            ],
            options={
                "table": "term",
                "app": "papermargin",
                "unique_together": (("label", "fold"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PaperTerm",
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
                        related_name="terms",
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
                        related_name="places",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("mentions", fields.IntField()),
                ("position", fields.IntField()),
            ],
            options={
                "table": "paper_term",
                "app": "papermargin",
                "unique_together": (("paper", "term"),),
                "indexes": [Index(fields=["term_id", "paper_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={"table": "reader", "app": "papermargin", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "papermargin.User",
                        source_field="user_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="changes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=10)),
                ("ref", fields.CharField(max_length=300)),
                ("paper_key", fields.CharField(null=True, max_length=64)),
                ("version", fields.IntField()),
                ("deleted", fields.BooleanField(default=False)),
                ("edit", fields.UUIDField(null=True)),
                ("before", fields.TextField(null=True, unique=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "change",
                "app": "papermargin",
                "indexes": [Index(fields=["user_id", "edit"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("uuid", fields.UUIDField(unique=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "papermargin.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="corrections",
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
                        related_name="corrections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("verdict", fields.CharField(max_length=10)),
                ("surface", fields.TextField(unique=False)),
                ("start", fields.IntField(null=True)),
                ("end", fields.IntField(null=True)),
                ("label", fields.CharField(max_length=8)),
                ("to_label", fields.CharField(null=True, max_length=8)),
                ("everywhere", fields.BooleanField(default=False)),
                ("version", fields.IntField(default=1)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "correction",
                "app": "papermargin",
                "indexes": [Index(fields=["user_id", "paper_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Entry",
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
                        related_name="entries",
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
                        related_name="entries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("status", fields.CharField(default="inbox", max_length=8)),
                ("rating", fields.SmallIntField(null=True)),
                ("version", fields.IntField(default=1)),
                ("added", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "entry",
                "app": "papermargin",
                "unique_together": (("user", "paper"),),
                "indexes": [
                    Index(fields=["user_id", "status", "added"]),
                    Index(fields=["user_id", "added"]),
                    Index(fields=["paper_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("uuid", fields.UUIDField(unique=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "papermargin.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="notes",
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
                        related_name="notes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("text", fields.TextField(unique=False)),
                ("quote", fields.JSONField(null=True, encoder=encode, decoder=decode_quote)),
                ("version", fields.IntField(default=1)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "note",
                "app": "papermargin",
                "indexes": [Index(fields=["user_id", "paper_id"]), Index(fields=["paper_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "note",
                    fields.ForeignKeyField(
                        "papermargin.Note",
                        source_field="note_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="revisions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("version", fields.IntField()),
                ("text", fields.TextField(unique=False)),
                ("quote", fields.JSONField(null=True, encoder=encode, decoder=decode_quote)),
                ("written", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "revision",
                "app": "papermargin",
                "unique_together": (("note", "version"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Seen",
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
                        related_name="seen",
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
                        related_name="seen",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "seen",
                "app": "papermargin",
                "unique_together": (("user", "paper"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Tag",
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
                        related_name="tags",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("fold", fields.CharField(max_length=300)),
                ("colour", fields.CharField(null=True, max_length=7)),
                ("version", fields.IntField(default=1)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tag",
                "app": "papermargin",
                "unique_together": (("user", "fold"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EntryTag",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "entry",
                    fields.ForeignKeyField(
                        "papermargin.Entry",
                        source_field="entry_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tag_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "tag",
                    fields.ForeignKeyField(
                        "papermargin.Tag",
                        source_field="tag_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="entry_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "entry_tag",
                "app": "papermargin",
                "unique_together": (("entry", "tag"),),
                "indexes": [Index(fields=["tag_id", "entry_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Token",
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
                        related_name="tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=8)),
                ("name", fields.CharField(default="", max_length=100)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("origin", fields.CharField(null=True, max_length=255)),
                ("created", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("tries_left", fields.SmallIntField(null=True)),
            ],
            options={"table": "token", "app": "papermargin", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
