"""Check that the schema of a store is ours: its migrations, its tables, and the code in it.

A SQLite file can bring triggers and views along, which would run when we write or read, and a
database of another program can have tables that our migrations would mix with theirs.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from server.database import migrations
from server.errors import StoreError

RECORDS = "tortoise_migrations"
"""The table that records which migrations were applied."""

Query = Callable[[str], Awaitable[list[Any]]]
"""Runs a statement on a store and returns its rows, whose values are read by position."""

_TABLES_OF_SQLITE = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
# tables of an extension, such as PostGIS, are no sign of another program
_TABLES_OF_POSTGRES = (
    "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') "
    "AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend d "
    "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
)
_CODE = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
_TRIGGER = re.compile(r"CREATE\s+(TRIGGER|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?", re.IGNORECASE)


async def read_migrations(query: Query) -> tuple[set[str], set[str]]:
    """Return the migrations that a store lacks, and those in it that this version does not have."""
    rows = await query(f"SELECT name FROM {RECORDS} WHERE app = 'papermargin'")
    applied = {row[0] for row in rows}
    return known_migrations() - applied, applied - known_migrations()


def known_migrations() -> set[str]:
    """Return the names of the migrations that this version has."""
    return {module.name for module in iter_modules(migrations.__path__)}


async def check_schema(query: Query, name: str, *, sqlite: bool) -> None:
    """Raise `StoreError` unless a store is empty, or was made by this or an older version.

    `name` is how the message calls the store.
    """
    rows = await query(_TABLES_OF_SQLITE if sqlite else _TABLES_OF_POSTGRES)
    tables = {row[0] for row in rows}
    applied: set[str] = set()
    if RECORDS in tables:
        missing, unknown = await read_migrations(query)
        if unknown:
            raise StoreError(
                f"{name} is of a newer Papermargin, with {', '.join(sorted(unknown))}: "
                "install that first"
            )
        applied = known_migrations() - missing
    if not applied and (others := sorted(tables - {RECORDS})):
        raise StoreError(
            f"{name} belongs to another program: it has the table {others[0]}; "
            "give Papermargin a store of its own"
        )
    if sqlite:
        check_code(await query(_CODE), name)


def check_code(rows: list[Any], name: str) -> None:
    """Raise `StoreError` if a trigger or view of a SQLite file is not in our migrations.

    `rows` are type, name and SQL of each, as `sqlite_master` has them.
    """
    for kind, code_name, sql in rows:
        if _normalize(sql) not in _own_code():
            raise StoreError(
                f"{name} has the {kind} {code_name}, which is not Papermargin's and would run on "
                "its own; papermargin restore, into another --db, takes only the data out of it"
            )


@cache
def _own_code() -> frozenset[str]:
    """Return the triggers and views that our migrations create."""
    return frozenset(_find_code())


def _find_code() -> Iterator[str]:
    for found in iter_modules(migrations.__path__, f"{migrations.__name__}."):
        for value in vars(import_module(found.name)).values():
            if isinstance(value, str):
                yield from _split_code(value)


def _split_code(script: str) -> Iterator[str]:
    """Yield each trigger, up to its END, and each view, up to its semicolon."""
    for start in _TRIGGER.finditer(script):
        ending = r"\bEND\s*;" if start[1].upper() == "TRIGGER" else ";"
        end = re.compile(ending, re.IGNORECASE).search(script, start.end())
        yield _normalize(script[start.start() : end.end() if end else len(script)])


def _normalize(sql: str) -> str:
    """Write a statement as SQLite stores it, with single spaces and without a semicolon."""
    text = _TRIGGER.sub(lambda found: f"CREATE {found[1].upper()} ", sql)
    return re.sub(r"\s+", " ", text).strip().rstrip(";").rstrip()
