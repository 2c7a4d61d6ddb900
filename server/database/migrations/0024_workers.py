"""Which worker reads which paper, and notifications of what is written, for several servers.

A claim lasts until `expires`, in seconds since 1970 by the clock of the database, unless its worker
renews it. Claims are in no backup: they mean nothing once their workers are gone. On PostgreSQL,
triggers notify `papermargin_change` of change records and of tokens that end, and
`papermargin_paper` of papers that wait to be read. There, `reading_model` has the model that all
servers read with: the name of the packaged one, a personal one, and the version that is in force.
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

_MODEL = """
CREATE TABLE IF NOT EXISTS reading_model (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    model VARCHAR(16) NOT NULL,
    personal TEXT,
    version VARCHAR(64)
);
"""

_NOTIFICATIONS = """
CREATE OR REPLACE FUNCTION notify_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER change_told AFTER INSERT ON change
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('papermargin_change');
CREATE OR REPLACE TRIGGER token_told AFTER DELETE OR UPDATE OF expires ON token
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('papermargin_change');
CREATE OR REPLACE TRIGGER paper_told AFTER INSERT OR UPDATE OF extraction_version ON paper
    FOR EACH ROW WHEN (new.extraction_version IS NULL)
    EXECUTE FUNCTION notify_channel('papermargin_paper');
CREATE OR REPLACE TRIGGER reading_model_told AFTER INSERT OR UPDATE ON reading_model
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('papermargin_paper');
"""


async def prepare_workers(apps: Any, schema_editor: Any) -> None:
    """Create the table of claims, and on PostgreSQL that of the model and the triggers."""
    postgres = _CLAIMS + _MODEL + _NOTIFICATIONS
    await run_script(schema_editor.client, sqlite=_CLAIMS, postgres=postgres)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0023_hugging_face_facts")]
    operations = [ops.RunPython(prepare_workers)]
