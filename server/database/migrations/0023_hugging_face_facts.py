"""What Hugging Face tells of papers, and whether a user wants to see pictures of them."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from server.database.models.json_columns import encode
from server.database.models.papers import decode_facts
from server.database.scripts import run_script

# A string of the module, so that the check of the schema knows the indexes as ours. They are of
# columns, as SQLite trusts no JSON function in the schema of a backup that is restored.
INDEXES = """
CREATE INDEX IF NOT EXISTS paper_with_summary ON paper (id) WHERE summarized;
CREATE INDEX IF NOT EXISTS paper_with_model ON paper (id) WHERE models > 0;
CREATE INDEX IF NOT EXISTS paper_with_dataset ON paper (id) WHERE datasets > 0;
CREATE INDEX IF NOT EXISTS paper_with_space ON paper (id) WHERE spaces > 0;
CREATE INDEX IF NOT EXISTS paper_by_stars ON paper (COALESCE(stars, -1), id);
CREATE INDEX IF NOT EXISTS paper_by_comments ON paper (COALESCE(comments, -1), id);
"""


async def add_indexes(apps: Any, schema_editor: Any) -> None:
    """Create the indexes by which queries find papers by what Hugging Face tells."""
    await run_script(schema_editor.client, sqlite=INDEXES, postgres=INDEXES)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0022_reading_queue")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Paper",
            name="hugging_face",
            field=fields.JSONField(encoder=encode, decoder=decode_facts, null=True),
        ),
        ops.AddField(
            model_name="Paper",
            name="summarized",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        *(
            ops.AddField(model_name="Paper", name=name, field=fields.IntField(null=True))
            for name in ("stars", "models", "datasets", "spaces")
        ),
        ops.AddField(
            model_name="User",
            name="thumbnails",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.RunPython(add_indexes),
    ]
