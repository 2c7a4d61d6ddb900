"""Back up a store of either engine to one verified SQLite file."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from server.config import Config
from server.database.connection import open_store, read_connection
from server.database.context import rescue_file
from server.database.failures import explain
from server.database.schema_check import Query
from server.database.store_file import is_served
from server.errors import StoreError
from server.maintenance.change_engine import (
    Progress,
    copy_from_postgres,
)
from server.maintenance.checks import (
    TABLES,
    count_rows,
    count_tables,
    examine,
)

Answer = TypeVar("Answer")


async def back_up(
    config: Config, file: Path, *, force: bool = False, progress: Progress
) -> dict[str, int]:
    """Write a backup of a store that may be in use; return how many things of each kind it holds.

    Raises `StoreError` if the store is not sound, or if `file` exists and `force` is not set; then
    nothing is written.
    """
    with temporary_file(file, replace=force) as fresh:
        if config.database_url:
            await migrate_file(fresh)
            async with (
                connect_postgres(config) as source,
                source.transaction(isolation="repeatable_read", readonly=True),
            ):
                counts = await copy_from_postgres(source, fresh, progress)
        else:
            counts = await asyncio.to_thread(copy_file, _find_source(config), fresh, progress)
        rows = await check_copy(fresh, config.store_name, counts)
        fresh.replace(file)
    return rows


def _find_source(config: Config) -> Path:
    """Return the SQLite file to back up.

    If the file was moved, deleted or replaced under a running server, this is what it rescued.
    """
    rescued = rescue_file(config.db)
    return rescued if rescued.exists() and is_served(config) else config.db


@contextmanager
def open_file(file: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing SQLite file. Raises `StoreError` if that fails."""
    if not file.is_file():
        rescued = rescue_file(file)
        found = f"; but a server rescued what it held to {rescued}" if rescued.exists() else ""
        raise StoreError(f"there is no file {file}{found}")
    with closing(_connect(file)) as connection:
        yield connection


def _connect(file: Path) -> sqlite3.Connection:
    mode = "rw"
    if is_read_only(file):
        # SQLite cannot make its index of the log there; without a log the file is all there is
        log = file.with_name(f"{file.name}-wal")
        mode = "ro" if log.exists() and log.stat().st_size else "ro&immutable=1"
    try:
        uri = f"{file.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(
            uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {file}: {error}") from error


def is_read_only(file: Path) -> bool:
    """Return whether the disk or the folder of a file does not let us write beside it."""
    return not os.access(file.parent, os.W_OK) or bool(
        hasattr(os, "statvfs") and os.statvfs(file).f_flag & os.ST_RDONLY
    )


def query_file(connection: sqlite3.Connection) -> Query:
    """Return a function that runs statements on a SQLite file in a thread."""

    def run(sql: str) -> list[Any]:
        return connection.execute(sql).fetchall()

    return lambda sql: finish(asyncio.to_thread(run, sql))


async def finish(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Await work to its end, even if cancelled meanwhile: its thread uses what we then close."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


@contextmanager
def temporary_file(file: Path, *, replace: bool = True) -> Iterator[Path]:
    """Provide an empty file on the disk of `file`; unless it is moved away, it is deleted."""
    if file.exists() and not replace:
        raise StoreError(f"{file} exists already; --force replaces it")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".papermargin-", dir=file.parent) as folder:
            fresh = Path(folder, "fresh.sqlite")
            fresh.touch(mode=0o600)
            yield fresh
    except OSError as error:
        raise StoreError(f"cannot write beside {file}: {error.strerror or error}") from error


def copy_file(source: Path, target: Path, progress: Progress) -> dict[str, int]:
    """Copy a SQLite file, consistently beside writers; return how many rows each table has."""
    with open_file(source) as old, open_file(target) as new:
        try:
            old.execute("BEGIN")  # so that the counts and the copy are of the same state
            there = {
                row[0] for row in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            } & TABLES.keys()
            counts = {
                table: old.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in there
            }
            old.backup(
                new, pages=4096, progress=lambda _, left, total: progress(total - left, total)
            )
            new.execute(
                "PRAGMA journal_mode = DELETE"
            )  # so that the backup is one file, readable also from a read-only disk
            return counts
        except sqlite3.Error as error:
            raise StoreError(f"{source} cannot be read: {error}") from error


async def migrate_file(file: Path) -> None:
    """Migrate a SQLite file to the newest schema; an empty one becomes a store."""
    # a copy before the migration would be of no use: this file is a copy already
    async with open_store(Config(db=file, keep_backups=(0, 0, 0))):
        pass


@asynccontextmanager
async def connect_postgres(config: Config) -> AsyncIterator[Any]:
    """Open a PostgreSQL database, and yield a connection of asyncpg. Raises `StoreError`."""
    postgres_error = import_module("asyncpg").PostgresError  # an optional dependency
    try:
        async with open_store(config), read_connection().acquire_connection() as connection:
            yield connection
    except postgres_error as error:
        raise explain(error) or StoreError(f"{config.store_name}: {error}") from error


async def check_copy(file: Path, name: str, counts: dict[str, int] | None = None) -> dict[str, int]:
    """Verify the copy of a store; return how many things of each kind it holds.

    Raises `StoreError` if a check fails or rows are missing.
    """
    with open_file(file) as connection:
        query = query_file(connection)
        findings = await examine(query, sqlite=True)
        if failed := [
            f"{finding.claim}: {finding.detail}" for finding in findings if not finding.holds
        ]:
            raise StoreError(f"{name} is not sound: not {'; not '.join(failed)}")
        if counts is not None and (copied := await count_tables(query)) != counts:
            raise StoreError(
                f"the copy of {name} is not complete: it has {copied} rows of {counts}"
            )
        return await count_rows(query)
