"""Copy the rows of all tables between a SQLite file and a PostgreSQL database."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from server.errors import StoreError
from server.maintenance.checks import TABLES

CHUNK = 2_000  # rows held in memory at once

Progress = Callable[[int, int], None]
"""Called with how many rows are done, and how many there are."""


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READ: dict[str, Callable[[Any], Any]] = {
    "timestamptz": _read_moment,
    "date": date.fromisoformat,
    "uuid": UUID,
    "bool": bool,
}
"""Converters from SQLite's values, by PostgreSQL's type; other types are the same in both."""


async def is_empty(connection: Any) -> bool:
    """Return whether a PostgreSQL database holds no papers, tags or saved searches."""
    kept = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table})" for table in ("paper", "tag", "saved_search")
    )
    return not await connection.fetchval(f"SELECT {kept}")


async def copy_from_postgres(source: Any, target: Path, progress: Progress) -> dict[str, int]:
    """Copy all rows, within the transaction of an asyncpg connection, to an empty SQLite store.

    Return how many rows each table has at the source.
    """
    counts = {table: await source.fetchval(f"SELECT COUNT(*) FROM {table}") for table in TABLES}
    done, total = 0, sum(counts.values())
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM clock")
        for table in TABLES:
            columns = _columns(connection, table)
            insert = (
                f"INSERT INTO {table} ({_quoted(columns)}) VALUES ({', '.join('?' * len(columns))})"
            )
            select = (
                f"SELECT {_quoted(columns)} FROM {table} WHERE id > $1 ORDER BY id LIMIT {CHUNK}"
            )
            last = 0
            while rows := await source.fetch(select, last):
                last = rows[-1]["id"]
                connection.executemany(insert, [[_write(value) for value in row] for row in rows])
                done += len(rows)
                progress(done, total)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")
    return counts


async def copy_to_postgres(source: Path, target: Any, progress: Progress) -> None:
    """Replace all rows of a PostgreSQL database by those of a SQLite file, within a transaction.

    Each sequence continues from the higher of the two stores, so that a client that asks for the
    changes since a number misses none. Raises `StoreError` if not every row arrived.
    """
    tables = ", ".join(table for table in TABLES if table != "clock")
    # with what hangs on them and is in no backup, as the claims of workers
    await target.execute(f"TRUNCATE {tables} CASCADE")
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        counts = {
            table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in TABLES
        }
        steps = _report_steps(sum(counts.values()), progress)
        for table in TABLES:
            if table != "clock":  # its row is locked, and other writers wait for it
                await _copy_table(connection, target, table, steps)
                if await target.fetchval(f"SELECT COUNT(*) FROM {table}") != counts[table]:
                    raise StoreError(f"not all {counts[table]:,} rows of {table} arrived")


async def _copy_table(
    connection: sqlite3.Connection, target: Any, table: str, steps: Iterator[None]
) -> None:
    columns = _columns(connection, table)
    statement = await target.prepare(f"SELECT {_quoted(columns)} FROM {table}")
    readers = [_READ.get(attribute.type.name) for attribute in statement.get_attributes()]
    rows = connection.execute(f"SELECT {_quoted(columns)} FROM {table} ORDER BY id")
    records = (
        [
            value if read is None or value is None else read(value)
            for read, value in zip(readers, row, strict=True)
        ]
        for row, _ in zip(rows, steps, strict=False)
    )
    await target.copy_records_to_table(table, records=records, columns=columns)
    sequence = f"pg_get_serial_sequence('{table}', 'id')"
    highest = f"SELECT COALESCE(MAX(id), 0) FROM {table}"
    await target.execute(f"SELECT setval({sequence}, GREATEST(nextval({sequence}), ({highest})))")


def _report_steps(total: int, progress: Progress) -> Iterator[None]:
    for done in range(total + len(TABLES)):
        if done % CHUNK == 0:
            progress(min(done, total), total)
        yield


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)  # "end" is a keyword of PostgreSQL


def _write(value: Any) -> Any:
    return str(value) if isinstance(value, date | UUID) else value
