"""Which worker reads which paper, so that several of them share the queue.

A claim lasts until `expires`, in seconds since 1970 by the clock of the database, unless its worker
renews it. Claims are in no backup: they mean nothing once their workers are gone.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

_CLAIMS = """
CREATE TABLE IF NOT EXISTS claim (
    paper_id INTEGER NOT NULL PRIMARY KEY REFERENCES paper (id) ON DELETE CASCADE,
    worker VARCHAR(100) NOT NULL,
    expires BIGINT NOT NULL
);
"""


async def create_tables(apps: Any, schema_editor: Any) -> None:
    """Create the table of claims."""
    await run_script(schema_editor.client, sqlite=_CLAIMS, postgres=_CLAIMS)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0021_fetch_attempts")]
    operations = [ops.RunPython(create_tables)]
