"""How many writes of each user were committed, on PostgreSQL, by which a replica is trusted.

A user's write raises their number in its own transaction, as the store's writes raise the clock's: a
replica that shows both numbers shows the writes, too (`server.database.replica`). None of this is in
a backup: a restore raises the clock, and the numbers begin anew.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

_WRITTEN = """
CREATE TABLE IF NOT EXISTS written (
    user_id INT NOT NULL PRIMARY KEY REFERENCES reader (id) ON DELETE CASCADE,
    writes BIGINT NOT NULL
);
"""


async def create_table(apps: Any, schema_editor: Any) -> None:
    """Create the table of the users' numbers."""
    await run_script(schema_editor.client, sqlite="", postgres=_WRITTEN)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0026_turns")]
    operations = [ops.RunPython(create_table)]
