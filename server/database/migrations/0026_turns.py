"""Turns by reader instead of one for all, on PostgreSQL.

A write that all readers see updates the clock's row, whose trigger takes the lock of the store for
it alone; a reader's own write shares that lock, and takes the reader's. As a trigger, it also holds
for servers of older versions, which know only the row. The index finds the newest change of a
reader, whatever others write meanwhile.

Changes are no longer told by a trigger: PostgreSQL lets transactions that notify commit one after
the other, each waiting for the disk. Whoever writes tells after the commit.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

_TURNS = """
CREATE OR REPLACE FUNCTION take_turn_of_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(8621, 0);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER clock_turn BEFORE UPDATE ON clock
    FOR EACH STATEMENT EXECUTE FUNCTION take_turn_of_store();
CREATE INDEX IF NOT EXISTS change_by_reader ON change (user_id, id);
DROP TRIGGER IF EXISTS change_told ON change;
"""


async def take_turns(apps: Any, schema_editor: Any) -> None:
    """Create the lock of the store and the index, and drop the trigger that told of changes."""
    await run_script(schema_editor.client, sqlite="", postgres=_TURNS)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0025_vault_files")]
    operations = [ops.RunPython(take_turns)]
