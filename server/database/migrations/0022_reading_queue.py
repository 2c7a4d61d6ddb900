"""When papers are to be read: their rank in the reading queue, snooze and due date.

Few entries have one of them, and few notes have a task: the indexes hold only those.
"""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

_INDEXES = """
CREATE INDEX IF NOT EXISTS entry_queued ON entry (user_id, queue) WHERE queue IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_snoozed ON entry (user_id, snoozed_until)
    WHERE snoozed_until IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_due ON entry (user_id, due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS note_with_open_tasks ON note (user_id, created, id)
    WHERE deleted IS NULL AND REPLACE(text, '[ ]', '') <> text;
CREATE INDEX IF NOT EXISTS note_with_done_tasks ON note (user_id, created, id)
    WHERE deleted IS NULL AND REPLACE(LOWER(text), '[x]', '') <> LOWER(text);
"""


async def add_indexes(apps: Any, schema_editor: Any) -> None:
    """Create the indexes."""
    await run_script(schema_editor.client, sqlite=_INDEXES, postgres=_INDEXES)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0021_fetch_attempts")]

    initial = False

    operations = [
        ops.AddField(model_name="Entry", name="queue", field=fields.FloatField(null=True)),
        ops.AddField(model_name="Entry", name="snoozed_until", field=fields.DateField(null=True)),
        ops.AddField(model_name="Entry", name="due", field=fields.DateField(null=True)),
        ops.RunPython(add_indexes),
    ]
