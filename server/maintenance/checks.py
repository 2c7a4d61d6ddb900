"""Health checks of a store in SQL of either engine, and repairs.

Only derived data can be repaired here: the search index, the counts of terms, the clock. Nothing
that a user wrote is changed.
"""

import sqlite3
from collections.abc import Iterator
from importlib import import_module

from msgspec import Struct
from tortoise.exceptions import OperationalError
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from server.database.models import MODULES
from server.database.schema_check import Query
from server.errors import StoreError

TABLES: dict[str, type[Model]] = {
    str(model._meta.db_table): model
    for module in MODULES
    for model in vars(import_module(module)).values()
    if isinstance(model, type) and issubclass(model, Model) and model is not Model
}
"""All tables, each after the tables that it refers to."""

RESTORE = (
    "keep a copy of the file as it is, and restore the newest good backup: papermargin restore FILE"
)
REPAIR = "papermargin doctor --repair puts it right"

_COUNTS = {
    "readers": "reader",
    "papers": "paper",
    "papers_waiting_for_extraction": "paper WHERE extraction_version IS NULL",
    "papers_not_readable": "paper WHERE extraction_error IS NOT NULL",
    "listings": "listing",
    "terms": "term WHERE papers > 0",
    "entries": "entry WHERE deleted IS NULL",
    "tags": "tag WHERE deleted IS NULL",
    "notes": "note WHERE deleted IS NULL",
    "earlier_texts_of_notes": "revision",
    "saved_searches": "saved_search WHERE deleted IS NULL",
    "corrections": "correction WHERE deleted IS NULL",
    "papers_seen": "seen",
    "changes": "change",
    "devices": "token WHERE kind = 'device'",
}
_NO_ORPHANS = "no row refers to one that is not there"
_TRASH = ("entry", "tag", "note", "saved_search", "correction")


class Check(Struct, frozen=True):
    """A claim about a store; `sql` counts violations, and `repair` removes them."""

    claim: str
    sql: str
    advice: str = RESTORE
    repair: tuple[str, ...] = ()


class Finding(Struct, frozen=True):
    """Whether a claim holds, and if not, what was found and what to do."""

    claim: str
    holds: bool
    detail: str = ""
    advice: str = ""


async def count_rows(query: Query) -> dict[str, int]:
    """Count the things of each kind in a store."""
    counts = {
        name: await _number(query, f"SELECT COUNT(*) FROM {what}") for name, what in _COUNTS.items()
    }
    trash = [
        await _number(query, f"SELECT COUNT(*) FROM {table} WHERE deleted IS NOT NULL")
        for table in _TRASH
    ]
    return counts | {"in_the_trash": sum(trash)}


async def count_tables(query: Query) -> dict[str, int]:
    """Count the rows of each table."""
    return {table: await _number(query, f"SELECT COUNT(*) FROM {table}") for table in TABLES}


async def examine(query: Query, *, sqlite: bool) -> list[Finding]:
    """Run all checks of an engine."""
    return [await _examine(query, check) for check in checks(sqlite=sqlite)]


async def repair(query: Query, *, sqlite: bool) -> list[str]:
    """Repair derived data within the caller's transaction; return the claims that hold again."""
    repaired = []
    for check in checks(sqlite=sqlite):
        if check.repair and not (await _examine(query, check)).holds:
            for statement in check.repair:
                await query(statement)
            repaired.append(check.claim)
    return repaired


def checks(*, sqlite: bool) -> Iterator[Check]:
    """Return the checks of an engine."""
    yield from _sqlite_checks() if sqlite else _postgres_checks()
    yield Check(
        "an entry bears its reader's tags",
        "SELECT COUNT(*) FROM entry_tag l JOIN entry e ON e.id = l.entry_id "
        "JOIN tag t ON t.id = l.tag_id WHERE e.user_id <> t.user_id",
    )
    yield Check(
        "a key means one paper", "SELECT COUNT(*) FROM alias a JOIN paper p ON p.key = a.key"
    )
    papers = "(SELECT COUNT(*) FROM paper_term WHERE paper_term.term_id = term.id)"
    yield Check(
        "terms count their papers",
        f"SELECT COUNT(*) FROM term WHERE papers <> {papers}",
        REPAIR,
        (f"UPDATE term SET papers = {papers} WHERE papers <> {papers}",),
    )
    yield _check_years(sqlite=sqlite)
    yield _check_lists(sqlite=sqlite)
    yield Check(
        "the clock has one row",
        "SELECT ABS(COUNT(*) - 1) + COUNT(CASE WHEN id <> 1 THEN 1 END) FROM clock",
        REPAIR,
        (
            "DELETE FROM clock WHERE id <> 1",
            "INSERT INTO clock (id, writes) VALUES (1, 0) ON CONFLICT DO NOTHING",
        ),
    )


def _check_years(*, sqlite: bool) -> Check:
    counted = (
        f"SELECT COALESCE({_year('published', sqlite=sqlite)}, 0) AS year, COUNT(*) AS papers, "
        "COUNT(code_url) AS with_code FROM paper GROUP BY 1"
    )
    kept = "SELECT year, papers, with_code FROM paper_year WHERE papers <> 0 OR with_code <> 0"
    return Check(
        "years count their papers",
        f"SELECT {_differences(counted, kept)}",
        REPAIR,
        ("DELETE FROM paper_year", f"INSERT INTO paper_year (year, papers, with_code) {counted}"),
    )


def _check_lists(*, sqlite: bool) -> Check:
    year = _year("p.published", sqlite=sqlite)
    listed = "WHERE e.deleted IS NULL AND e.status <> 'none'"
    corrected = "c.user_id = e.user_id AND c.paper_id = e.paper_id"
    counted = (
        "SELECT user_id, facet, item, CAST(COUNT(*) AS INTEGER) AS papers FROM ("
        "SELECT e.user_id, LOWER(t.label) AS facet, t.id AS item FROM entry e "
        f"JOIN paper_term y ON y.paper_id = e.paper_id JOIN term t ON t.id = y.term_id {listed} "
        f"AND NOT EXISTS (SELECT 1 FROM corrected_term c WHERE {corrected} "
        "AND c.term_id = y.term_id) UNION ALL SELECT e.user_id, LOWER(t.label), t.id FROM entry e "
        f"JOIN corrected_term c ON {corrected} AND c.added JOIN term t ON t.id = c.term_id "
        f"{listed} UNION ALL SELECT e.user_id, 'tag', l.tag_id FROM entry e "
        f"JOIN entry_tag l ON l.entry_id = e.id {listed} "
        f"UNION ALL SELECT e.user_id, 'year', {year} FROM entry e "
        f"JOIN paper p ON p.id = e.paper_id {listed} AND p.published IS NOT NULL "
        "UNION ALL SELECT e.user_id, 'code', 0 FROM entry e "
        f"JOIN paper p ON p.id = e.paper_id {listed} AND p.code_url IS NOT NULL "
        f"UNION ALL SELECT e.user_id, 'note', 0 FROM entry e {listed} AND EXISTS (SELECT 1 "
        "FROM note n WHERE n.user_id = e.user_id AND n.paper_id = e.paper_id "
        "AND n.deleted IS NULL)) f GROUP BY user_id, facet, item"
    )
    kept = "SELECT user_id, facet, item, papers FROM list_count WHERE papers <> 0"
    return Check(
        "lists count their papers",
        f"SELECT {_differences(counted, kept)}",
        REPAIR,
        (
            "DELETE FROM list_count",
            f"INSERT INTO list_count (user_id, facet, item, papers) {counted}",
        ),
    )


def _year(column: str, *, sqlite: bool) -> str:
    """Write the year of a day as a number."""
    if sqlite:
        return f"CAST(substr({column}, 1, 4) AS INTEGER)"
    return f"CAST(EXTRACT(YEAR FROM {column}) AS INTEGER)"


def _differences(counted: str, kept: str) -> str:
    """Write what counts the rows that only one of two queries has."""
    return " + ".join(
        f"(SELECT COUNT(*) FROM ({one} EXCEPT {other}) d)"
        for one, other in ((counted, kept), (kept, counted))
    )


def _sqlite_checks() -> Iterator[Check]:
    yield Check(
        "the file is whole",
        "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check IS NOT 'ok'",
    )
    yield Check(_NO_ORPHANS, "SELECT COUNT(*) FROM pragma_foreign_key_check")
    for table in ("paper", "note"):
        index = f"{table}_fts"
        mend = (f"INSERT INTO {index} ({index}) VALUES ('rebuild')",)
        rows = f"(SELECT COUNT(*) FROM {index}_docsize) - (SELECT COUNT(*) FROM {table})"
        yield Check(f"the search index has every {table}", f"SELECT ABS({rows})", REPAIR, mend)
        # with a rank, FTS5 compares the index with the table:
        # https://sqlite.org/fts5.html#the_integrity_check_command
        agrees = f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"
        yield Check(f"the search index agrees with each {table}", agrees, REPAIR, mend)


def _postgres_checks() -> Iterator[Check]:
    yield Check(_NO_ORPHANS, f"SELECT {' + '.join(_orphans())}")
    ours = "connamespace = current_schema()::regnamespace"
    yield Check(
        "no constraint is suspended",
        f"SELECT COUNT(*) FROM pg_constraint WHERE NOT convalidated AND {ours}",
    )
    broken = "pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE NOT i.indisvalid"
    yield Check(
        "every index is whole",
        f"SELECT COUNT(*) FROM {broken} AND c.relnamespace = current_schema()::regnamespace",
        "REINDEX the database with PostgreSQL's own tools",
    )


def _orphans() -> Iterator[str]:
    for table, model in TABLES.items():
        for name, field in model._meta.fields_map.items():
            if isinstance(field, ForeignKeyFieldInstance):
                parent = next(
                    key
                    for key, other in TABLES.items()
                    if f"papermargin.{other.__name__}" == field.model_name
                )
                column = f"r.{name}_id"
                found = f"EXISTS (SELECT 1 FROM {parent} WHERE id = {column})"
                yield (
                    f"(SELECT COUNT(*) FROM {table} r WHERE {column} IS NOT NULL AND NOT {found})"
                )


async def _examine(query: Query, check: Check) -> Finding:
    try:
        rows = await query(check.sql)
    except (sqlite3.DatabaseError, OperationalError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise StoreError(
                "another program keeps the store busy; try again in a moment"
            ) from error
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
            # FTS5 takes the command of its check as a write
            return Finding(check.claim, True, "not checked, because the file is read-only")
        return Finding(check.claim, False, str(error), check.advice)
    count = int(rows[0][0]) if rows else 0
    return Finding(
        check.claim,
        not count,
        f"in {count:,} cases not" if count else "",
        check.advice if count else "",
    )


async def _number(query: Query, sql: str) -> int:
    return int((await query(sql))[0][0])
