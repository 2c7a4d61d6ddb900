"""Backups: one SQLite file with all that a store holds, whichever engine it is on, checked before it is called one."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from server.config import Config
from server.errors import StoreError
from server.soundness import TABLES, Query, count_rows, count_tables, examine, read_schema
from server.store import open_store, reader, serving_lock
from server.transfer import copy_from_postgres, copy_to_postgres, is_empty

Progress = Callable[[int, int], None]
"""Hears how many rows or pages are done, of how many."""


class Restored(Struct, frozen=True):
    """What a store holds after a restore, and the file that keeps what it held before, if it held anything."""

    rows: dict[str, int]
    kept: Path | None


async def back_up(config: Config, file: Path, *, force: bool = False, progress: Progress) -> dict[str, int]:
    """Write a backup of a store that may be in use, and give how many things of each kind it holds.

    Raises `StoreError`, also where `file` exists already and there is no `force`; then nothing is written.
    """
    if file.exists() and not force:
        raise StoreError(f"{file} exists already; --force replaces it")
    with _beside(file) as fresh:
        if config.database_url:
            await _make_empty(fresh)
            async with _postgres(config) as source, source.transaction(isolation="repeatable_read", readonly=True):
                counts = await copy_from_postgres(source, fresh, progress)
        else:
            counts = await asyncio.to_thread(_copy_file, config.db, fresh, progress)
        rows = await _check(fresh, counts)
        fresh.replace(file)
    return rows


async def restore(
    config: Config, file: Path, now: datetime, *, force: bool = False, progress: Progress
) -> Restored:
    """Put a backup in the place of what a store holds, which is kept in a file of its own.

    Raises `StoreError` for a file that is damaged, newer than this version, or no backup; while a server has the
    SQLite file; and for a PostgreSQL database that is not empty, unless there is `force`. Then nothing has changed.
    """
    async with serving_lock(config):
        with _beside(file if config.database_url else config.db) as fresh:
            rows = await _prepare(file, fresh)
            stamp = f"before-restore-{now:%Y%m%dT%H%M%SZ}"
            if config.database_url:
                kept = file.with_name(f"{file.name}.{stamp}") if force else None
                return Restored(rows, await _fill_postgres(config, fresh, kept, progress))
            return Restored(rows, await asyncio.to_thread(_swap, fresh, config.db, stamp))


@contextmanager
def open_file(file: Path, *, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Open a SQLite file without making or changing anything; mode `rwc` makes it. Raises `StoreError`."""
    try:
        uri = f"{file.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {file}: {error}") from error
    with closing(connection):
        yield connection


def query_file(connection: sqlite3.Connection) -> Query:
    """Give what runs statements on a SQLite file, beside the event loop."""

    def run(sql: str) -> list[Any]:
        return connection.execute(sql).fetchall()

    return partial(asyncio.to_thread, run)


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """Give a place for a file that will replace `file`, on the same disk; what is left of it in the end goes away."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".papermargin-", dir=file.parent) as folder:
            yield Path(folder, "fresh.sqlite")
    except OSError as error:
        raise StoreError(f"cannot write beside {file}: {error.strerror or error}") from error


def _copy_file(source: Path, target: Path, progress: Progress) -> dict[str, int]:
    """Copy a SQLite file as it is at one moment, whoever writes to it, and give its rows by table."""
    target.touch(mode=0o600)
    try:
        with open_file(source) as old, open_file(target) as new:
            old.execute("BEGIN")  # what is counted and what is copied are one state
            counts = {table: old.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES}
            old.backup(new, pages=4096, progress=lambda _, left, total: progress(total - left, total))
            new.execute("PRAGMA journal_mode = DELETE")  # one file, that can be read from a disk nobody may write to
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be copied: {error}") from error
    return counts


async def _make_empty(file: Path) -> None:
    async with open_store(Config(db=file)):
        pass
    file.chmod(0o600)


@asynccontextmanager
async def _postgres(config: Config) -> AsyncIterator[Any]:
    async with open_store(config), reader().acquire_connection() as connection:
        yield connection


async def _check(file: Path, counts: dict[str, int]) -> dict[str, int]:
    """Open a copy, hold it against what must be in it, and give what it holds. Raises `StoreError`."""
    with open_file(file) as connection:
        query = query_file(connection)
        try:
            if failed := [finding for finding in await examine(query, sqlite=True) if not finding.holds]:
                claims = "; ".join(f"{finding.claim}: {finding.detail}" for finding in failed)
                raise StoreError(f"the copy is not sound, and so the store is not ({claims}): papermargin doctor")
            if (copied := await count_tables(query)) != counts:
                raise StoreError(f"the copy is not complete: {copied} rows of {counts}")
            return await count_rows(query)
        except sqlite3.Error as error:
            raise StoreError(f"the copy cannot be read: {error}") from error


async def _prepare(file: Path, fresh: Path) -> dict[str, int]:
    """Copy a backup to `fresh`, migrated and checked, and give what it holds. Raises `StoreError`."""
    if not file.is_file():
        raise StoreError(f"there is no file {file}")
    await asyncio.to_thread(_copy_backup, file, fresh)
    with open_file(fresh) as connection:
        try:
            _, unknown = await read_schema(query_file(connection))
            counts = await count_tables(query_file(connection))
        except sqlite3.Error as error:
            raise StoreError(f"{file} is no backup of Papermargin: {error}") from error
    if unknown:
        raise StoreError(f"{file} is of a newer Papermargin, with {', '.join(sorted(unknown))}; install that first")
    await _make_empty(fresh)
    return await _check(fresh, counts)
