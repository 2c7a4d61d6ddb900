"""Stores on both engines, and all that is in them as either would tell it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.config import Config
from server.database.connection import create_older_store, fetch, open_store
from server.database.models.papers import Paper
from server.database.models.reading_list import Entry
from server.database.schema_check import known_migrations
from server.maintenance.checks import TABLES
from tests.server.conftest import create_database

_DOCUMENTS = {
    *("authors", "categories", "sources", "mentions", "results", "quote", "mended"),
    *("data", "agreed", "files", "steps", "hugging_face"),
}


def elsewhere(engine: str, request: pytest.FixtureRequest, folder: Path) -> Config:
    """Give the settings of another empty store, on the other engine."""
    if engine == "postgres":
        return Config(
            db=Path(shutil.copy(request.getfixturevalue("migrated_file"), folder / "other.sqlite"))
        )
    server = request.getfixturevalue("migrated_database").rpartition("/")[0]
    return Config(
        database_url=anyio.run(create_database, server, f"test_{uuid4().hex}", "migrated")
    )


async def forget_newer() -> None:
    """Take from the open store what the first version did not keep."""
    await Paper.all().update(sources={}, hugging_face=None, summarized=False, stars=None)
    await Entry.all().update(queue=None, snoozed_until=None, due=None)


async def make_older(newer: Config, older: Config, *, last: str = "0001_initial") -> None:
    """Create a store in the schema up to a `last` migration, with the rows of a newer one."""
    await create_older_store(older, {name for name in known_migrations() if name <= last})
    if older.database_url:
        await _copy_to_older_database(str(newer.database_url), older.database_url)
    else:
        _copy_to_older_file(newer.db, older.db)


def _copy_to_older_file(newer: Path, older: Path) -> None:
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("ATTACH ? AS newer", (str(newer),))
        for (table,) in connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        ).fetchall():
            if table in TABLES:
                known = connection.execute(f"SELECT name FROM pragma_table_info('{table}', 'main')")
                columns = ", ".join(f'"{column}"' for (column,) in known)
                connection.execute(f"DELETE FROM main.{table}")  # some have a row from the start
                connection.execute(
                    f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"
                )
        connection.commit()
        connection.execute("DETACH newer")


async def _copy_to_older_database(newer: str, older: str) -> None:
    source, target = await asyncpg.connect(newer), await asyncpg.connect(older)
    for table in TABLES:
        known = await target.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 "
            "AND table_schema = 'public' AND is_generated = 'NEVER' ORDER BY ordinal_position",
            table,
        )
        if columns := [row[0] for row in known]:
            names = ", ".join(f'"{column}"' for column in columns)
            rows = await source.fetch(f"SELECT {names} FROM {table} ORDER BY id")
            await target.execute(f"DELETE FROM {table}")
            await target.copy_records_to_table(table, records=rows, columns=columns)
            await target.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)"
            )
    await source.close()
    await target.close()


async def rows_of(config: Config) -> dict[str, list[list[Any]]]:
    """Give all rows of a closed store, but for the clock's."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        return {
            table: [_plain(dict(row)) for row in await fetch(f"SELECT * FROM {table} ORDER BY id")]
            for table in TABLES
            if table != "clock"
        }


def _plain(row: dict[str, Any]) -> list[Any]:
    return [
        json.loads(value)
        if name in _DOCUMENTS and isinstance(value, str)
        else str(int(value) if isinstance(value, bool) else value)
        for name, value in sorted(row.items())
        if name != "search"
    ]
