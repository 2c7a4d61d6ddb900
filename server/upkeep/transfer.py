"""Rows of all tables between a SQLite file and a PostgreSQL database, for a move in either direction."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from server.errors import StoreError
from server.upkeep.soundness import TABLES

CHUNK = 2_000  # rows that are held at once

Progress = Callable[[int, int], None]
"""Hears how many rows are done, of how many."""


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READ: dict[str, Callable[[Any], Any]] = {
    "timestamptz": _read_moment,
    "date": date.fromisoformat,
    "uuid": UUID,
    "bool": bool,
}
"""By PostgreSQL's type, what makes its value of SQLite's; the others are the same in both."""


async def is_empty(connection: Any) -> bool:
    """Tell whether nobody has kept anything in a PostgreSQL database yet."""
    kept = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in ("paper", "tag", "saved_search"))
    return not await connection.fetchval(f"SELECT {kept}")


async def copy_from_postgres(source: Any, target: Path, progress: Progress) -> dict[str, int]:
    """Copy all rows, in the transaction of an asyncpg connection, to a SQLite file of our schema without any.

    Gives how many rows each table has at the source.
    """
    counts = {table: await source.fetchval(f"SELECT COUNT(*) FROM {table}") for table in TABLES}
    done, total = 0, sum(counts.values())
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM clock")
        for table in TABLES:
            columns = _columns(connection, table)
            insert = f"INSERT INTO {table} ({_quoted(columns)}) VALUES ({', '.join('?' * len(columns))})"
            select = f"SELECT {_quoted(columns)} FROM {table} WHERE id > $1 ORDER BY id LIMIT {CHUNK}"
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
    """Replace all rows of a PostgreSQL database by those of a SQLite file, in the caller's transaction.

    The numbers that the database gives to rows go on from the higher of the two, so that nobody who asks for changes
    since a number misses one. Raises `StoreError` where not every row arrived.
    """
    await target.execute(f"TRUNCATE {', '.join(table for table in TABLES if table != 'clock')}")
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        counts = {table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES}
        steps = _count_up(sum(counts.values()), progress)
        for table in TABLES:
            if table != "clock":  # its row is what other writers wait for
                await _copy_table(connection, target, table, steps)
                if await target.fetchval(f"SELECT COUNT(*) FROM {table}") != counts[table]:
                    raise StoreError(f"not all {counts[table]:,} rows of {table} arrived")


async def _copy_table(connection: sqlite3.Connection, target: Any, table: str, steps: Iterator[None]) -> None:
    columns = _columns(connection, table)
    statement = await target.prepare(f"SELECT {_quoted(columns)} FROM {table}")
    readers = [_READ.get(attribute.type.name) for attribute in statement.get_attributes()]
    rows = connection.execute(f"SELECT {_quoted(columns)} FROM {table} ORDER BY id")
    records = (
        [value if read is None or value is None else read(value) for read, value in zip(readers, row, strict=True)]
        for row, _ in zip(rows, steps, strict=False)
    )
    await target.copy_records_to_table(table, records=records, columns=columns)
    sequence = f"pg_get_serial_sequence('{table}', 'id')"
    highest = f"SELECT COALESCE(MAX(id), 0) FROM {table}"
    await target.execute(f"SELECT setval({sequence}, GREATEST(nextval({sequence}), ({highest})))")


def _count_up(total: int, progress: Progress) -> Iterator[None]:
    for done in range(total + len(TABLES)):
        if done % CHUNK == 0:
            progress(min(done, total), total)
        yield


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)  # "end" is a word of PostgreSQL's own


def _write(value: Any) -> Any:
    return str(value) if isinstance(value, date | UUID) else value
