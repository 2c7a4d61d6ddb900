"""Search by other spellings than those of a text, and by authors.

Each paper and note gets the words by which it is to be found beside its own (see `server.words`),
and the full-text indexes are made anew with them.
"""

import json
import unicodedata
from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from server.database.scripts import run_script
from server.words import name_words, spellings, title_spellings

CHUNK = 500  # rows that are read and written at once

_OF_PAPERS = ("title", "abstract", "title_spellings", "abstract_spellings", "author_words")
_OF_NOTES = ("text", "spellings")

POSTGRES = """
ALTER TABLE paper DROP COLUMN search;
ALTER TABLE paper ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('papermargin', left(title, 10000)), 'A')
    || setweight(to_tsvector('papermargin', left(title_spellings, 10000)), 'A')
    || setweight(to_tsvector('papermargin', left(author_words, 60000)), 'B')
    || setweight(to_tsvector('papermargin', left(abstract, 100000)), 'C')
    || setweight(to_tsvector('papermargin', left(abstract_spellings, 50000)), 'D')
) STORED;
CREATE INDEX paper_search ON paper USING gin (search);
ALTER TABLE note DROP COLUMN search;
ALTER TABLE note ADD COLUMN search tsvector GENERATED ALWAYS AS (
    to_tsvector('papermargin', left(text, 150000))
    || to_tsvector('papermargin', left(spellings, 50000))
) STORED;
CREATE INDEX note_search ON note USING gin (search);
"""


def _index(table: str, columns: tuple[str, ...]) -> str:
    """Write the script that makes a table's FTS5 index anew, with the triggers that keep it."""
    names = ", ".join(columns)
    of_old, of_new = (", ".join(f"{row}.{name}" for name in columns) for row in ("old", "new"))
    fts = f"{table}_fts"
    forget = f"INSERT INTO {fts} ({fts}, rowid, {names}) VALUES ('delete', old.id, {of_old});"
    learn = f"INSERT INTO {fts} (rowid, {names}) VALUES (new.id, {of_new});"
    return f"""
DROP TRIGGER IF EXISTS {fts}_insert;
DROP TRIGGER IF EXISTS {fts}_delete;
DROP TRIGGER IF EXISTS {fts}_update;
DROP TABLE IF EXISTS {fts};
CREATE VIRTUAL TABLE {fts} USING fts5 (
    {names}, content = '{table}', content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER {fts}_insert AFTER INSERT ON {table} BEGIN {learn} END;
CREATE TRIGGER {fts}_delete AFTER DELETE ON {table} BEGIN {forget} END;
CREATE TRIGGER {fts}_update AFTER UPDATE OF {names} ON {table} BEGIN {forget} {learn} END;
INSERT INTO {fts} ({fts}) VALUES ('rebuild');
"""


# a string of the module, so that the check of the schema knows the triggers as ours
SQLITE = _index("paper", _OF_PAPERS) + _index("note", _OF_NOTES)


async def add_spellings(apps: Any, schema_editor: Any) -> None:
    """Fill the new columns, and make the indexes anew."""
    client = schema_editor.client
    is_postgres = client.capabilities.dialect == "postgres"
    if not is_postgres:  # the triggers would take out of the index what it does not have
        for table in ("paper", "note"):
            await client.execute_query(f"DROP TRIGGER IF EXISTS {table}_fts_update")
    for table, columns in (
        ("paper", "title, abstract, authors, organization"),
        ("note", "text"),
    ):
        last = 0
        while rows := await client.execute_query_dict(
            f"SELECT id, {columns} FROM {table} WHERE id > {last} ORDER BY id LIMIT {CHUNK}"
        ):
            last = rows[-1]["id"]
            await _fill(client, table, rows, is_postgres=is_postgres)
    await run_script(client, sqlite=SQLITE, postgres=POSTGRES)


async def hide_invisible(apps: Any, schema_editor: Any) -> None:
    """Take invisible characters out of the folded names by which tags and searches are found."""
    client = schema_editor.client
    place = "${}" if client.capabilities.dialect == "postgres" else "?"
    for table in ("tag", "saved_search"):
        rows = await client.execute_query_dict(f"SELECT id, user_id, fold FROM {table}")
        taken = {(row["user_id"], row["fold"]) for row in rows}
        for row in rows:
            fold = "".join(c for c in row["fold"] if unicodedata.category(c) != "Cf")
            while fold != row["fold"] and (row["user_id"], fold) in taken:
                fold += "+"  # two names that look alike stay two
            if fold != row["fold"]:
                taken.add((row["user_id"], fold))
                set_fold = f"UPDATE {table} SET fold = {place.format(1)} WHERE id = {row['id']}"
                await client.execute_query(set_fold, [fold])


async def _fill(client: Any, table: str, rows: list[Any], *, is_postgres: bool) -> None:
    values = [_of_note(row) if table == "note" else _of_paper(row) for row in rows]
    names = _OF_NOTES[1:] if table == "note" else _OF_PAPERS[2:]
    place = "${}" if is_postgres else "?"
    assignments = ", ".join(f"{name} = {place.format(n)}" for n, name in enumerate(names, 1))
    last = place.format(len(names) + 1)
    await client.execute_many(f"UPDATE {table} SET {assignments} WHERE id = {last}", values)


def _of_paper(row: Any) -> list[Any]:
    authors = row["authors"]
    names = json.loads(authors) if isinstance(authors, str | bytes) else authors
    of_abstract = spellings(row["abstract"])
    of_organization = name_words([row["organization"]]) if row["organization"] else ""
    return [
        title_spellings(row["title"]),
        f"{of_abstract} {of_organization}".strip(),
        name_words(names or []),
        row["id"],
    ]


def _of_note(row: Any) -> list[Any]:
    return [spellings(row["text"]), row["id"]]


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0007_ranking")]
    operations = [
        ops.AddField(
            model_name="Paper",
            name="title_spellings",
            field=fields.TextField(default="", db_default=""),
        ),
        ops.AddField(
            model_name="Paper",
            name="abstract_spellings",
            field=fields.TextField(default="", db_default=""),
        ),
        ops.AddField(
            model_name="Paper",
            name="author_words",
            field=fields.TextField(default="", db_default=""),
        ),
        ops.AddField(
            model_name="Note", name="spellings", field=fields.TextField(default="", db_default="")
        ),
        ops.RunPython(add_spellings),
        ops.RunPython(hide_invisible),
    ]
