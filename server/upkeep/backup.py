"""Backups: one SQLite file with all that a store holds, whichever engine it is on, checked before it is called one."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct

from server.config import Config
from server.errors import StoreError
from server.store import open_store, reader, serving_lock
from server.upkeep.soundness import TABLES, Query, count_rows, count_tables, examine, read_schema, repair
from server.upkeep.transfer import Progress, copy_from_postgres, copy_to_postgres, is_empty


class Restored(Struct, frozen=True):
    """What a store holds after a restore, and the file that keeps what it held before, if it held anything."""

    rows: dict[str, int]
    kept: Path | None


async def back_up(config: Config, file: Path, *, force: bool = False, progress: Progress) -> dict[str, int]:
    """Write a backup of a store that may be in use, and give how many things of each kind it holds.

    Raises `StoreError`, also where `file` exists already and there is no `force`; then nothing is written.
    """
    with _beside(file, replace=force) as fresh:
        if config.database_url:
            await _migrate(fresh)
            async with _postgres(config) as source, source.transaction(isolation="repeatable_read", readonly=True):
                counts = await copy_from_postgres(source, fresh, progress)
        else:
            counts = await asyncio.to_thread(_copy_file, config.db, fresh, progress)
        rows = await _check(fresh, config.store_name, counts)
        fresh.replace(file)
    return rows


async def restore(config: Config, file: Path, now: datetime, *, force: bool = False, progress: Progress) -> Restored:
    """Put a backup in the place of what a store holds, which is kept in a file of its own.

    Raises `StoreError` for a file that is damaged, newer than this version, or no backup; while a server has the
    SQLite file; and for a PostgreSQL database that is not empty, unless there is `force`. Then nothing has changed.
    """
    async with serving_lock(config):
        with _beside(file if config.database_url else config.db) as fresh:
            rows = await _prepare(file, fresh, progress)
            kept = _kept_name(config, file, now)
            if config.database_url:
                return Restored(rows, await _fill_postgres(config, fresh, kept, progress, force=force))
            return Restored(rows, await asyncio.to_thread(_swap, fresh, config.db, kept))


@contextmanager
def open_file(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a SQLite file that is there, as it is. Raises `StoreError`."""
    if not file.is_file():
        raise StoreError(f"there is no file {file}")
    try:
        uri = f"{file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {file}: {error}") from error
    with closing(connection):
        yield connection


def query_file(connection: sqlite3.Connection) -> Query:
    """Give what runs statements on a SQLite file, beside the event loop."""

    def run(sql: str) -> list[Any]:
        return connection.execute(sql).fetchall()

    return lambda sql: asyncio.to_thread(run, sql)


@contextmanager
def _beside(file: Path, *, replace: bool = True) -> Iterator[Path]:
    """Give an empty file that can take the place of `file`, on the same disk; if it does not, it goes away."""
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


def _copy_file(source: Path, target: Path, progress: Progress) -> dict[str, int]:
    """Copy a SQLite file as it is at one moment, whoever writes to it, and give its rows by table."""
    with open_file(source) as old, open_file(target) as new:
        try:
            old.execute("BEGIN")  # what is counted and what is copied are one state
            there = {
                row[0] for row in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            } & TABLES.keys()
            counts = {table: old.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in there}
            old.backup(new, pages=4096, progress=lambda _, left, total: progress(total - left, total))
            new.execute("PRAGMA journal_mode = DELETE")  # one file, that can be read from a disk nobody may write to
            return counts
        except sqlite3.Error as error:
            raise StoreError(f"{source} cannot be read: {error}") from error


async def _migrate(file: Path) -> None:
    async with open_store(Config(db=file)):
        pass


@asynccontextmanager
async def _postgres(config: Config) -> AsyncIterator[Any]:
    postgres_error = import_module("asyncpg").PostgresError  # of an extra, that a SQLite store does without
    try:
        async with open_store(config), reader().acquire_connection() as connection:
            yield connection
    except postgres_error as error:
        raise StoreError(f"{config.store_name}: {error}") from error


async def _check(file: Path, name: str, counts: dict[str, int] | None = None) -> dict[str, int]:
    """Open the copy of a store, hold it against what must be in it, and give what it holds. Raises `StoreError`."""
    with open_file(file) as connection:
        query = query_file(connection)
        findings = await examine(query, sqlite=True)
        if failed := [f"{finding.claim}: {finding.detail}" for finding in findings if not finding.holds]:
            raise StoreError(f"{name} is not sound: not {'; not '.join(failed)}")
        if counts is not None and (copied := await count_tables(query)) != counts:
            raise StoreError(f"the copy of {name} is not complete: it has {copied} rows of {counts}")
        return await count_rows(query)


async def _prepare(file: Path, fresh: Path, progress: Progress) -> dict[str, int]:
    """Copy a backup to `fresh`, brought up to our schema and checked, and give what it holds. Raises `StoreError`."""
    if not await asyncio.to_thread(_copy_file, file, fresh, progress):
        raise StoreError(f"{file} is no backup of Papermargin")
    with open_file(fresh) as connection:
        _check_pages(connection, file)
        _, unknown = await read_schema(query_file(connection))
    if unknown:
        raise StoreError(f"{file} is of a newer Papermargin, with {', '.join(sorted(unknown))}: install that first")
    await _migrate(fresh)
    with open_file(fresh) as connection:
        await repair(query_file(connection), sqlite=True)
    return await _check(fresh, str(file))


def _check_pages(connection: sqlite3.Connection, file: Path) -> None:
    [verdict, *_] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise StoreError(f"{file} is damaged: {' '.join(verdict.split())}")


def _kept_name(config: Config, file: Path, now: datetime) -> Path:
    """Give the file that is to keep what a restore replaces: beside the SQLite file, or beside the backup."""
    place = file.with_name(Path(config.store_name).name) if config.database_url else config.db
    kept = place.with_name(f"{place.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    if kept.exists():
        raise StoreError(f"{kept} exists already; try again in a second")
    return kept


def _swap(fresh: Path, db: Path, kept: Path) -> Path | None:
    """Put a file in the place of another in one step, and give where that one is kept."""
    if not (db.exists() and db.stat().st_size):
        fresh.replace(db)
        return None
    log = db.with_name(f"{db.name}-wal")
    saved_log = fresh.with_name("log")
    if log.exists():
        shutil.copy2(log, saved_log)
    newest = _release(db)
    try:
        os.link(db, kept)
    except OSError:  # not every file system has links
        shutil.copy2(db, kept)
    if newest is None and saved_log.exists():
        saved_log.replace(kept.with_name(f"{kept.name}-wal"))
    for suffix in ("-wal", "-shm"):  # beside the new file they would damage that
        db.with_name(db.name + suffix).unlink(missing_ok=True)
    _continue_changes(fresh, newest or 0)
    shutil.copymode(db, fresh)
    fresh.replace(db)
    return kept


def _release(db: Path) -> int | None:
    """Make sure that nobody has a SQLite file open, fold its log in, and give the number of its newest change.

    None stands for a damaged one. Raises `StoreError`.
    """
    with open_file(db) as connection:
        try:
            connection.execute("PRAGMA busy_timeout = 2000")
            connection.execute("PRAGMA journal_mode = DELETE")
            return int(connection.execute("SELECT COALESCE(MAX(id), 0) FROM change").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreError(f"another program has {db} open; end it first") from error
            return None  # which may be why it is to be replaced


def _continue_changes(file: Path, newest: int) -> None:
    # whoever asks for changes since a number would miss those that are given it a second time
    with open_file(file) as connection:
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'change', 0 WHERE NOT EXISTS "
            "(SELECT 1 FROM sqlite_sequence WHERE name = 'change')"
        )
        connection.execute("UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'change'", [newest])


async def _fill_postgres(config: Config, fresh: Path, kept: Path, progress: Progress, *, force: bool) -> Path | None:
    """Replace what a PostgreSQL database holds, and give where that is kept, if it held anything."""
    with _beside(kept) as saved:
        await _migrate(saved)
        async with _postgres(config) as connection, connection.transaction():
            await connection.execute("UPDATE clock SET writes = writes + 1")  # from here on, whoever writes waits
            empty = await is_empty(connection)
            if not empty and not force:
                raise StoreError(f"{config.store_name} is not empty; --force replaces all, and keeps it in {kept}")
            if not empty:
                await _check(saved, config.store_name, await copy_from_postgres(connection, saved, progress))
                saved.replace(kept)
            await copy_to_postgres(fresh, connection, progress)
        return None if empty else kept
