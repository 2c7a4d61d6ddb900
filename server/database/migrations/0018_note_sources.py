"""What brought a note's text in, so that a vault does not run code that the user did not write.

Of the notes that exist, those count as imported whose id is derived from their text, or which the
records of imports name.
"""

from typing import Any

import msgspec
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# the digit of a UUID that says how it was made; 5 is a derived one
IMPORTED = (
    "UPDATE note SET source = 'import' "
    "WHERE source IS NULL AND SUBSTR(CAST(uuid AS VARCHAR(36)), 15, 1) = '5'"
)
WRITTEN = (
    "UPDATE note SET source = '{0}' WHERE CAST(uuid AS VARCHAR(36)) IN "
    "(SELECT ref FROM change WHERE kind = 'note' AND source = '{0}')"
)


async def fill_sources(apps: Any, schema_editor: Any) -> None:
    """Set the source of the notes that other programs wrote."""
    client = schema_editor.client
    for source in ("assistant", "zotero"):
        await client.execute_query(WRITTEN.format(source))
    await client.execute_query(IMPORTED)
    place = "$1" if client.capabilities.dialect == "postgres" else "?"
    for row in await client.execute_query_dict("SELECT steps FROM import_steps"):
        steps = msgspec.json.decode(row["steps"]) if isinstance(row["steps"], str) else row["steps"]
        for step in steps:
            if step["type"] == "note":
                await client.execute_query(
                    f"UPDATE note SET source = 'import' WHERE uuid = {place} AND source IS NULL",
                    [step["id"]],
                )


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0017_versions")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Note",
            name="source",
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.RunPython(fill_sources),
    ]
