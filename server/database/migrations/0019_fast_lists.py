"""Indexes in the order of lists, and the number of papers of each year, which triggers keep.

`paper_year` has a row for each year of publication, 0 for papers without one: how many papers of
it are in the store, and how many of these have code. It is derived from `paper`, and counted anew
by `papermargin doctor --repair`.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

# `deleted` is always null in the indexes, but SQLite would look up each row for it otherwise
_TABLES = """
CREATE INDEX IF NOT EXISTS entry_listed ON entry (user_id, added, paper_id, status, id, deleted)
    WHERE deleted IS NULL AND status <> 'none';
CREATE INDEX IF NOT EXISTS entry_of_status
    ON entry (user_id, status, added, paper_id, id, deleted) WHERE deleted IS NULL;
CREATE INDEX IF NOT EXISTS note_kept ON note (user_id, paper_id, deleted) WHERE deleted IS NULL;
CREATE INDEX IF NOT EXISTS paper_by_day ON paper (COALESCE(published, DATE('0001-01-02')), id);
CREATE INDEX IF NOT EXISTS paper_by_upvotes ON paper (COALESCE(upvotes, -1), id);
CREATE INDEX IF NOT EXISTS paper_with_code ON paper (id) WHERE code_url IS NOT NULL;
CREATE INDEX IF NOT EXISTS paper_by_doi ON paper (LOWER(doi)) WHERE doi IS NOT NULL;
DROP TABLE IF EXISTS paper_year;
CREATE TABLE paper_year (
    year INTEGER NOT NULL PRIMARY KEY, papers INTEGER NOT NULL, with_code INTEGER NOT NULL
);
"""


def _fill(year: str) -> str:
    return f"""
INSERT INTO paper_year (year, papers, with_code)
    SELECT {year.format("paper")}, COUNT(*), COUNT(code_url) FROM paper GROUP BY 1;
"""


def _add(year: str, code: str) -> str:
    return (
        f"INSERT INTO paper_year (year, papers, with_code) VALUES ({year.format('new')}, 1, {code}) "
        "ON CONFLICT (year) DO UPDATE SET papers = paper_year.papers + 1, "
        "with_code = paper_year.with_code + excluded.with_code;"
    )


def _take(year: str, code: str) -> str:
    return (
        f"UPDATE paper_year SET papers = papers - 1, with_code = with_code - {code} "
        f"WHERE year = {year.format('old')};"
    )


_YEAR = "COALESCE(CAST(substr({}.published, 1, 4) AS INTEGER), 0)"
_PLUS, _MINUS = _add(_YEAR, "new.code_url IS NOT NULL"), _take(_YEAR, "(old.code_url IS NOT NULL)")

# a string of the module, so that the check of the schema knows the triggers as ours
SQLITE = f"""{_TABLES}{_fill(_YEAR)}
DROP TRIGGER IF EXISTS paper_year_insert;
DROP TRIGGER IF EXISTS paper_year_delete;
DROP TRIGGER IF EXISTS paper_year_update;
CREATE TRIGGER paper_year_insert AFTER INSERT ON paper BEGIN {_PLUS} END;
CREATE TRIGGER paper_year_delete AFTER DELETE ON paper BEGIN {_MINUS} END;
CREATE TRIGGER paper_year_update AFTER UPDATE OF published, code_url ON paper
BEGIN {_MINUS} {_PLUS} END;
"""

_YEAR_OF_POSTGRES = "COALESCE(EXTRACT(YEAR FROM {}.published)::integer, 0)"

POSTGRES = f"""{_TABLES}{_fill(_YEAR_OF_POSTGRES)}
CREATE OR REPLACE FUNCTION count_paper_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM paper_year;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        {_take(_YEAR_OF_POSTGRES, "(old.code_url IS NOT NULL)::integer")}
    END IF;
    IF TG_OP <> 'DELETE' THEN
        {_add(_YEAR_OF_POSTGRES, "(new.code_url IS NOT NULL)::integer")}
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER paper_year_change AFTER INSERT OR DELETE OR UPDATE OF published, code_url
    ON paper FOR EACH ROW EXECUTE FUNCTION count_paper_year();
CREATE OR REPLACE TRIGGER paper_year_truncate AFTER TRUNCATE ON paper
    EXECUTE FUNCTION count_paper_year();
"""


async def add_indexes(apps: Any, schema_editor: Any) -> None:
    """Create the indexes, and count the papers of each year."""
    await run_script(schema_editor.client, sqlite=SQLITE, postgres=POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0018_note_sources")]
    operations = [
        ops.RunPython(add_indexes),
        # those of the lists are smaller, and hold all that the order of a list needs
        ops.RemoveIndex("Entry", fields=["user_id", "status", "added"]),
        ops.RemoveIndex("Entry", fields=["user_id", "added"]),
    ]
