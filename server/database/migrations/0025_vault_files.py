"""What was seen of the files of each vault, so that an unchanged one is not read again.

`folder` and `path` are bytes, since a file's name need not be text. `code` is the version of the
code that looked, as other code may find other papers in a file. `seen` is a `SeenFile` of
`server.vault.seen_files`. None of this is in a backup of another engine or an archive: without it,
the next sync reads all files.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

_SQLITE = """
CREATE TABLE IF NOT EXISTS vault (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    folder BLOB NOT NULL,
    code TEXT NOT NULL,
    synced TIMESTAMP NOT NULL,
    UNIQUE (user_id, folder)
);
CREATE TABLE IF NOT EXISTS vault_file (
    vault_id INTEGER NOT NULL REFERENCES vault (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    seen BLOB NOT NULL,
    PRIMARY KEY (vault_id, path)
) WITHOUT ROWID;
"""

_POSTGRES = """
CREATE TABLE IF NOT EXISTS vault (
    id SERIAL NOT NULL PRIMARY KEY,
    user_id INT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    folder BYTEA NOT NULL,
    code TEXT NOT NULL,
    synced TIMESTAMPTZ NOT NULL,
    UNIQUE (user_id, folder)
);
CREATE TABLE IF NOT EXISTS vault_file (
    vault_id INT NOT NULL REFERENCES vault (id) ON DELETE CASCADE,
    path BYTEA NOT NULL,
    seen BYTEA NOT NULL,
    PRIMARY KEY (vault_id, path)
);
"""


async def create_tables(apps: Any, schema_editor: Any) -> None:
    """Create the tables of vaults and their files."""
    await run_script(schema_editor.client, sqlite=_SQLITE, postgres=_POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0024_workers")]
    operations = [ops.RunPython(create_tables)]
