"""Full-text search: FTS5 tables kept by triggers on SQLite, generated tsvector columns with GIN on PostgreSQL.

Both stem English and keep stop words, so that the two engines find the same papers.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

SQLITE = """
INSERT OR IGNORE INTO clock (id, writes) VALUES (1, 0);

CREATE VIRTUAL TABLE IF NOT EXISTS paper_fts USING fts5 (
    title, abstract, content = 'paper', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS paper_fts_insert AFTER INSERT ON paper BEGIN
    INSERT INTO paper_fts (rowid, title, abstract) VALUES (new.id, new.title, new.abstract);
END;
CREATE TRIGGER IF NOT EXISTS paper_fts_delete AFTER DELETE ON paper BEGIN
    INSERT INTO paper_fts (paper_fts, rowid, title, abstract) VALUES ('delete', old.id, old.title, old.abstract);
END;
CREATE TRIGGER IF NOT EXISTS paper_fts_update AFTER UPDATE OF title, abstract ON paper BEGIN
    INSERT INTO paper_fts (paper_fts, rowid, title, abstract) VALUES ('delete', old.id, old.title, old.abstract);
    INSERT INTO paper_fts (rowid, title, abstract) VALUES (new.id, new.title, new.abstract);
END;

CREATE VIRTUAL TABLE IF NOT EXISTS note_fts USING fts5 (
    text, content = 'note', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS note_fts_insert AFTER INSERT ON note BEGIN
    INSERT INTO note_fts (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER IF NOT EXISTS note_fts_delete AFTER DELETE ON note BEGIN
    INSERT INTO note_fts (note_fts, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER IF NOT EXISTS note_fts_update AFTER UPDATE OF text ON note BEGIN
    INSERT INTO note_fts (note_fts, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO note_fts (rowid, text) VALUES (new.id, new.text);
END;
"""

# a tsvector holds 1 MB at most, so of a very long note the first 150,000 characters are searched
POSTGRES = """
INSERT INTO clock (id, writes) VALUES (1, 0) ON CONFLICT DO NOTHING;
CREATE TEXT SEARCH DICTIONARY papermargin_stem (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION papermargin (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION papermargin
    ALTER MAPPING FOR asciiword, asciihword, hword_asciipart, word, hword, hword_part WITH papermargin_stem;
ALTER TABLE paper ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('papermargin', left(title, 10000)), 'A')
    || setweight(to_tsvector('papermargin', left(abstract, 140000)), 'B')
) STORED;
CREATE INDEX paper_search ON paper USING gin (search);
ALTER TABLE note ADD COLUMN search tsvector GENERATED ALWAYS AS (
    to_tsvector('papermargin', left(text, 150000))
) STORED;
CREATE INDEX note_search ON note USING gin (search);
"""


async def add_search(apps: Any, schema_editor: Any) -> None:
    """Run the script of the engine at hand."""
    await run_script(schema_editor.client, sqlite=SQLITE, postgres=POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0001_initial")]
    operations = [ops.RunPython(add_search)]
