"""How many papers of each user's list have each term, tag and year, code, and a note of theirs.

`list_count` is derived, kept by triggers, and counted anew by `papermargin doctor --repair`. The
`item` of a facet is the number of a term or tag, or a year; the facets `code` and `note` have the
item 0. Terms count as the user's corrections have them, while what was made of a term is applied
when the counts are read. Rows of deleted tags stay, as their links to entries do.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script

_TABLE = """
DROP TABLE IF EXISTS list_count;
CREATE TABLE list_count (
    user_id INTEGER NOT NULL, facet VARCHAR(8) NOT NULL, item INTEGER NOT NULL,
    papers INTEGER NOT NULL, PRIMARY KEY (user_id, facet, item)
)"""
_INDEXES = """;
CREATE INDEX list_count_by_papers ON list_count (user_id, facet, papers);
CREATE INDEX IF NOT EXISTS term_by_papers ON term (label, papers) WHERE papers > 0;
"""


def _listed(row: str) -> str:
    return f"({row}.deleted IS NULL AND {row}.status <> 'none')"


def _add(rows: str) -> str:
    return (
        f"INSERT INTO list_count (user_id, facet, item, papers) {rows} "
        "ON CONFLICT (user_id, facet, item) DO UPDATE "
        "SET papers = list_count.papers + excluded.papers;"
    )


def _fill(year: str) -> str:
    """Write what counts all lists."""
    corrected = "c.user_id = e.user_id AND c.paper_id = e.paper_id"
    listed = f"WHERE {_listed('e')}"
    return f"""
INSERT INTO list_count (user_id, facet, item, papers)
SELECT user_id, facet, item, COUNT(*) FROM (
    SELECT e.user_id, LOWER(t.label) AS facet, t.id AS item FROM entry e
        JOIN paper_term y ON y.paper_id = e.paper_id JOIN term t ON t.id = y.term_id {listed}
        AND NOT EXISTS (SELECT 1 FROM corrected_term c WHERE {corrected} AND c.term_id = y.term_id)
    UNION ALL SELECT e.user_id, LOWER(t.label), t.id FROM entry e
        JOIN corrected_term c ON {corrected} AND c.added JOIN term t ON t.id = c.term_id {listed}
    UNION ALL SELECT e.user_id, 'tag', l.tag_id FROM entry e
        JOIN entry_tag l ON l.entry_id = e.id {listed}
    UNION ALL SELECT e.user_id, 'year', {year.format("p")} FROM entry e
        JOIN paper p ON p.id = e.paper_id {listed} AND p.published IS NOT NULL
    UNION ALL SELECT e.user_id, 'code', 0 FROM entry e
        JOIN paper p ON p.id = e.paper_id {listed} AND p.code_url IS NOT NULL
    UNION ALL SELECT e.user_id, 'note', 0 FROM entry e {listed} AND EXISTS (SELECT 1 FROM note n
        WHERE n.user_id = e.user_id AND n.paper_id = e.paper_id AND n.deleted IS NULL)
) counted GROUP BY user_id, facet, item;
"""


def _count_entry(row: str, step: int, year: str) -> str:
    """Write what counts all that a listed entry brings into its list, or takes out of it."""
    corrected = f"c.user_id = {row}.user_id AND c.paper_id = {row}.paper_id"
    brought = f"""
    SELECT LOWER(t.label) AS facet, t.id AS item FROM term t WHERE t.id IN (
        SELECT y.term_id FROM paper_term y WHERE y.paper_id = {row}.paper_id AND NOT EXISTS
            (SELECT 1 FROM corrected_term c WHERE {corrected} AND c.term_id = y.term_id)
        UNION ALL SELECT c.term_id FROM corrected_term c WHERE {corrected} AND c.added)
    UNION ALL SELECT 'tag', l.tag_id FROM entry_tag l WHERE l.entry_id = {row}.id
    UNION ALL SELECT 'year', {year.format("p")} FROM paper p
        WHERE p.id = {row}.paper_id AND p.published IS NOT NULL
    UNION ALL SELECT 'code', 0 FROM paper p WHERE p.id = {row}.paper_id AND p.code_url IS NOT NULL
    UNION ALL SELECT 'note', 0 WHERE EXISTS (SELECT 1 FROM note n WHERE n.deleted IS NULL
        AND n.user_id = {row}.user_id AND n.paper_id = {row}.paper_id)
"""
    return _add(f"SELECT {row}.user_id, facet, item, {step} FROM ({brought}) b WHERE TRUE")


def _count_term(row: str, step: int) -> str:
    """Write what counts a term of a paper for all who have the paper and did not correct that."""
    return _add(
        f"SELECT e.user_id, LOWER(t.label), t.id, {step} FROM entry e JOIN term t "
        f"ON t.id = {row}.term_id WHERE e.paper_id = {row}.paper_id AND {_listed('e')} "
        "AND NOT EXISTS (SELECT 1 FROM corrected_term c WHERE c.user_id = e.user_id "
        f"AND c.paper_id = {row}.paper_id AND c.term_id = {row}.term_id)"
    )


def _count_correction(row: str, step: int) -> str:
    """Write what counts by how much a user's correction of a term differs from what was read."""
    return _add(
        f"SELECT e.user_id, LOWER(t.label), t.id, {step} * (CASE WHEN {row}.added THEN 1 ELSE 0 "
        f"END - (SELECT COUNT(*) FROM paper_term y WHERE y.paper_id = {row}.paper_id "
        f"AND y.term_id = {row}.term_id)) FROM entry e JOIN term t ON t.id = {row}.term_id "
        f"WHERE e.user_id = {row}.user_id AND e.paper_id = {row}.paper_id AND {_listed('e')}"
    )


def _count_tag(row: str, step: int) -> str:
    return _add(
        f"SELECT e.user_id, 'tag', {row}.tag_id, {step} FROM entry e "
        f"WHERE e.id = {row}.entry_id AND {_listed('e')}"
    )


def _count_note(row: str, step: int) -> str:
    """Write what counts a paper by its first note, or no longer without its last."""
    return _add(
        f"SELECT e.user_id, 'note', 0, {step} FROM entry e WHERE e.user_id = {row}.user_id "
        f"AND e.paper_id = {row}.paper_id AND {_listed('e')} AND {row}.deleted IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM note n WHERE n.user_id = e.user_id "
        f"AND n.paper_id = e.paper_id AND n.deleted IS NULL AND n.id <> {row}.id)"
    )


def _count_paper(row: str, step: int, year: str) -> str:
    listed = f"FROM entry e WHERE e.paper_id = {row}.id AND {_listed('e')}"
    return _add(
        f"SELECT e.user_id, 'year', {year.format(row)}, {step} {listed} "
        f"AND {row}.published IS NOT NULL UNION ALL "
        f"SELECT e.user_id, 'code', 0, {step} {listed} AND {row}.code_url IS NOT NULL"
    )


_MOVED = "old.user_id <> new.user_id OR old.paper_id <> new.paper_id"
_NOTE_CHANGED = f"(old.deleted IS NULL) <> (new.deleted IS NULL) OR {_MOVED}"
_YEAR = "CAST(substr({}.published, 1, 4) AS INTEGER)"


def _sqlite(name: str, event: str, statement: str, when: str = "") -> str:
    """Write a trigger of SQLite."""
    condition = f"\nWHEN {when}" if when else ""
    return (
        f"DROP TRIGGER IF EXISTS list_count_{name};\n"
        f"CREATE TRIGGER list_count_{name} {event}{condition}\nBEGIN {statement} END;\n"
    )


_NEW, _OLD = f"{_listed('new')}", f"{_listed('old')}"
_ENTRY_CHANGE = "AFTER UPDATE OF user_id, paper_id, status, deleted ON entry"
_PAPER_CHANGE = "old.published IS NOT new.published OR old.code_url IS NOT new.code_url"

# a string of the module, so that the check of the schema knows the triggers as ours
SQLITE = "".join([
    _TABLE, " WITHOUT ROWID", _INDEXES, _fill(_YEAR),
    _sqlite("entry_insert", "AFTER INSERT ON entry", _count_entry("new", 1, _YEAR), _NEW),
    # before, as the entry takes its tags with it
    _sqlite("entry_delete", "BEFORE DELETE ON entry", _count_entry("old", -1, _YEAR), _OLD),
    _sqlite("entry_leave", _ENTRY_CHANGE, _count_entry("old", -1, _YEAR),
            f"{_OLD} AND (NOT {_NEW} OR {_MOVED})"),
    _sqlite("entry_join", _ENTRY_CHANGE, _count_entry("new", 1, _YEAR),
            f"{_NEW} AND (NOT {_OLD} OR {_MOVED})"),
    _sqlite("term_insert", "AFTER INSERT ON paper_term", _count_term("new", 1)),
    _sqlite("term_delete", "AFTER DELETE ON paper_term", _count_term("old", -1)),
    _sqlite("term_update", "AFTER UPDATE OF paper_id, term_id ON paper_term",
            _count_term("old", -1) + _count_term("new", 1)),
    _sqlite("correction_insert", "AFTER INSERT ON corrected_term", _count_correction("new", 1)),
    _sqlite("correction_delete", "AFTER DELETE ON corrected_term", _count_correction("old", -1)),
    _sqlite("correction_update", "AFTER UPDATE ON corrected_term",
            _count_correction("old", -1) + _count_correction("new", 1)),
    _sqlite("tag_insert", "AFTER INSERT ON entry_tag", _count_tag("new", 1)),
    _sqlite("tag_delete", "AFTER DELETE ON entry_tag", _count_tag("old", -1)),
    _sqlite("tag_update", "AFTER UPDATE ON entry_tag",
            _count_tag("old", -1) + _count_tag("new", 1)),
    _sqlite("note_insert", "AFTER INSERT ON note", _count_note("new", 1), "new.deleted IS NULL"),
    _sqlite("note_delete", "AFTER DELETE ON note", _count_note("old", -1), "old.deleted IS NULL"),
    _sqlite("note_update", "AFTER UPDATE OF user_id, paper_id, deleted ON note",
            _count_note("old", -1) + _count_note("new", 1), _NOTE_CHANGED),
    _sqlite("paper_update", "AFTER UPDATE OF published, code_url ON paper",
            _count_paper("old", -1, _YEAR) + _count_paper("new", 1, _YEAR), _PAPER_CHANGE),
])  # fmt: skip

_YEAR_OF_POSTGRES = "CAST(EXTRACT(YEAR FROM {}.published) AS INTEGER)"


def _postgres(table: str, old: str, new: str, *, when: str = "TRUE", before: str = "") -> str:
    """Write the function and the triggers of a table of PostgreSQL.

    `old` takes a row's counts away, `new` adds them, and `when` tells the updates that need both.
    `before` names the events whose trigger runs before the change.
    """
    leave, join = (f"IF {test} THEN {step} END IF;" for test, step in (
        ("TG_OP <> 'INSERT'", old), ("TG_OP <> 'DELETE'", new)))  # fmt: skip
    triggers = ""
    for event in ("INSERT", "UPDATE", "DELETE"):
        name = f"list_count_{event.lower()}"
        time = "BEFORE" if event in before else "AFTER"
        condition = f" WHEN ({when})" if event == "UPDATE" else ""
        triggers += (
            f"CREATE OR REPLACE TRIGGER {name} {time} {event} ON {table} FOR EACH ROW{condition} "
            f"EXECUTE FUNCTION count_list_of_{table}();\n"
        )
    return f"""
CREATE OR REPLACE FUNCTION count_list_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {leave}
    {join}
    RETURN CASE WHEN TG_OP = 'DELETE' THEN old ELSE new END;
END $$;
{triggers}"""


def _if(condition: str, statement: str) -> str:
    return f"IF {condition} THEN {statement} END IF;"


POSTGRES = "".join([
    _TABLE, _INDEXES, _fill(_YEAR_OF_POSTGRES),
    _postgres(
        "entry", _if(_OLD, _count_entry("old", -1, _YEAR_OF_POSTGRES)),
        _if(_NEW, _count_entry("new", 1, _YEAR_OF_POSTGRES)),
        when=f"{_OLD} <> {_NEW} OR {_MOVED}", before="DELETE",
    ),
    _postgres("paper_term", _count_term("old", -1), _count_term("new", 1),
              when="old.paper_id <> new.paper_id OR old.term_id <> new.term_id"),
    _postgres("corrected_term", _count_correction("old", -1), _count_correction("new", 1)),
    _postgres("entry_tag", _count_tag("old", -1), _count_tag("new", 1)),
    # after a statement, each of its notes would see all others
    _postgres("note", _count_note("old", -1), _count_note("new", 1), when=_NOTE_CHANGED,
              before="INSERT UPDATE DELETE"),
    f"""
CREATE OR REPLACE FUNCTION count_list_of_paper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_count_paper("old", -1, _YEAR_OF_POSTGRES)}
    {_count_paper("new", 1, _YEAR_OF_POSTGRES)}
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER list_count_update AFTER UPDATE OF published, code_url ON paper
    FOR EACH ROW EXECUTE FUNCTION count_list_of_paper();
CREATE OR REPLACE FUNCTION forget_list_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM list_count;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER list_count_truncate AFTER TRUNCATE ON entry
    EXECUTE FUNCTION forget_list_counts();
""",
])  # fmt: skip


async def add_counts(apps: Any, schema_editor: Any) -> None:
    """Create the table with its triggers, and count all lists."""
    await run_script(schema_editor.client, sqlite=SQLITE, postgres=POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0019_fast_lists")]
    operations = [ops.RunPython(add_counts)]
