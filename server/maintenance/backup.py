"""Back up a store of either engine to one verified SQLite file, and restore it."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from msgspec import Struct

from server.config import Config
from server.database.connection import (
    create_older_store,
    is_served,
    open_store,
    read_connection,
    rescue_file,
    serving_lock,
)
from server.database.schema_check import Query, known_migrations, read_migrations
from server.errors import StoreError
from server.maintenance.change_engine import (
    Progress,
    copy_from_postgres,
    copy_to_postgres,
    is_empty,
)
from server.maintenance.checks import (
    TABLES,
    count_rows,
    count_tables,
    examine,
    repair,
)

Answer = TypeVar("Answer")


class Restored(Struct, frozen=True):
    """What a store holds after a restore, and the file with what it held before, if anything."""

    rows: dict[str, int]
    kept: Path | None


async def back_up(
    config: Config, file: Path, *, force: bool = False, progress: Progress
) -> dict[str, int]:
    """Write a backup of a store that may be in use; return how many things of each kind it holds.

    Raises `StoreError` if the store is not sound, or if `file` exists and `force` is not set; then
    nothing is written.
    """
    with _temporary_file(file, replace=force) as fresh:
        if config.database_url:
            await _migrate(fresh)
            async with (
                _postgres(config) as source,
                source.transaction(isolation="repeatable_read", readonly=True),
            ):
                counts = await copy_from_postgres(source, fresh, progress)
        else:
            counts = await asyncio.to_thread(_copy_file, _find_source(config), fresh, progress)
        rows = await _check(fresh, config.store_name, counts)
        fresh.replace(file)
    return rows


async def restore(
    config: Config, file: Path, now: datetime, *, force: bool = False, progress: Progress
) -> Restored:
    """Replace the content of a store by that of a backup; the old content is kept in another file.

    Raises `StoreError` if the file is damaged, newer than this version or no backup; if a server
    uses the SQLite file; or if a PostgreSQL database is not empty and `force` is not set. Then
    nothing has changed.
    """
    async with serving_lock(config):
        with _temporary_file(file if config.database_url else config.db) as fresh:
            rows = await _prepare(file, fresh, progress)
            kept = _name_for_old(config, file, now)
            if config.database_url:
                return Restored(
                    rows, await _fill_postgres(config, fresh, kept, progress, force=force)
                )
            return Restored(rows, await asyncio.to_thread(_swap, fresh, config.db, kept))


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
def _temporary_file(file: Path, *, replace: bool = True) -> Iterator[Path]:
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


def _copy_file(source: Path, target: Path, progress: Progress) -> dict[str, int]:
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


async def _migrate(file: Path) -> None:
    # a copy before the migration would be of no use: this file is a copy already
    async with open_store(Config(db=file, keep_backups=(0, 0, 0))):
        pass


@asynccontextmanager
async def _postgres(config: Config) -> AsyncIterator[Any]:
    postgres_error = import_module("asyncpg").PostgresError  # an optional dependency
    try:
        async with open_store(config), read_connection().acquire_connection() as connection:
            yield connection
    except postgres_error as error:
        raise StoreError(f"{config.store_name}: {error}") from error


async def _check(file: Path, name: str, counts: dict[str, int] | None = None) -> dict[str, int]:
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


async def _prepare(file: Path, fresh: Path, progress: Progress) -> dict[str, int]:
    """Copy the rows of a backup into a new store `fresh`, verify it, and return what it holds.

    Only rows are copied: triggers, views and anything else in the schema of the file stay behind.
    Raises `StoreError` if the file is no backup, damaged, or newer than this version.
    """
    # a copy first: the file may be on a read-only disk, and SQLite writes beside what it reads
    copy = fresh.with_name("copy.sqlite")
    copy.touch(mode=0o600)
    if not await asyncio.to_thread(_copy_file, file, copy, progress):
        raise StoreError(f"{file} is not a backup of Papermargin")
    with open_file(copy) as connection:
        _distrust_schema(connection)
        _check_pages(connection, file)
        applied = await _read_applied(query_file(connection), file)
    await create_older_store(Config(db=fresh), applied)
    await asyncio.to_thread(_copy_rows, copy, fresh, file)
    copy.unlink()
    await _migrate(fresh)
    with open_file(fresh) as connection:
        await repair(query_file(connection), sqlite=True)
    return await _check(fresh, str(file))


async def _read_applied(query: Query, file: Path) -> set[str]:
    """Return the migrations of a backup, whose schema its rows have. Raises `StoreError`."""
    try:
        missing, unknown = await read_migrations(query)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{file} is not a backup of Papermargin: {error}") from error
    if unknown:
        raise StoreError(
            f"{file} is of a newer Papermargin, with {', '.join(sorted(unknown))}: "
            "install that first"
        )
    applied = known_migrations() - missing
    if not applied or max(applied) > min(missing, default="9999"):
        raise StoreError(f"{file} is damaged: its list of migrations has gaps")
    return applied


def _copy_rows(source: Path, target: Path, name: Path) -> None:
    """Copy all rows to a store with the same schema and no rows. Raises `StoreError`."""
    with open_file(target) as new, open_file(source) as old:
        _distrust_schema(old)
        new.execute("PRAGMA synchronous = OFF")  # this file is worthless until it is complete
        new.execute("PRAGMA foreign_keys = OFF")  # checked afterwards, with all other claims
        new.execute("BEGIN")
        try:
            for table in _tables_of(new):
                if table not in _tables_of(old):
                    raise StoreError(f"{name} is damaged: it has no table {table}")
                names = [row[1] for row in new.execute(f'PRAGMA table_info("{table}")')]
                columns = ", ".join(f'"{column}"' for column in names)
                # with its table's name, a missing column is an error and not a string
                selected = ", ".join(f'"{table}"."{column}"' for column in names)
                values = ", ".join("?" * len(names))
                new.execute(f'DELETE FROM "{table}"')
                new.executemany(
                    f'INSERT INTO "{table}" ({columns}) VALUES ({values})',
                    old.execute(f'SELECT {selected} FROM "{table}"'),
                )
        except sqlite3.Error as error:
            raise StoreError(f"{name} is damaged: {error}") from error
        new.execute("COMMIT")


def _tables_of(connection: sqlite3.Connection) -> list[str]:
    """Return the tables with rows of their own: no views, virtual tables or parts of an index."""
    rows = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'tortoise_migrations'"
    )
    return [row[0] for row in rows]


def _distrust_schema(connection: sqlite3.Connection) -> None:
    """Keep the schema of a file that somebody may have sent us from calling functions."""
    connection.execute("PRAGMA trusted_schema = OFF")


def _check_pages(connection: sqlite3.Connection, file: Path) -> None:
    [verdict, *_] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise StoreError(f"{file} is damaged: {' '.join(verdict.split())}")


def _name_for_old(config: Config, file: Path, now: datetime) -> Path:
    """Return the file for what a restore replaces: beside the SQLite file, or beside the backup."""
    place = file.with_name(Path(config.store_name).name) if config.database_url else config.db
    kept = place.with_name(f"{place.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    if kept.exists():
        raise StoreError(f"{kept} exists already; try again in a second")
    return kept


def _swap(fresh: Path, db: Path, kept: Path) -> Path | None:
    """Replace a SQLite file by another in one step; return where the old one is kept."""
    if not (db.exists() and db.stat().st_size):
        fresh.replace(db)
        return None
    log = db.with_name(f"{db.name}-wal")
    saved_log = fresh.with_name("log")
    if log.exists():
        shutil.copy2(log, saved_log)
    newest = _close_log(db)
    try:
        os.link(db, kept)
    except OSError:  # not every file system has hard links
        shutil.copy2(db, kept)
    # a damaged file could not take its log in, and the log may be what saves it
    if newest is None and saved_log.exists():
        saved_log.replace(kept.with_name(f"{kept.name}-wal"))
    for suffix in ("-wal", "-shm"):  # beside the new file, SQLite would apply them to it
        db.with_name(db.name + suffix).unlink(missing_ok=True)
    _continue_changes(fresh, newest or 0)
    # whoever could read the store before still can, and nobody else
    shutil.copymode(db, fresh)
    fresh.replace(db)
    return kept


def _close_log(db: Path) -> int | None:
    """Write the log of a SQLite file into it; return the number of its newest change.

    Return None if the file is damaged. Raises `StoreError` if another program has it open.
    """
    with open_file(db) as connection:
        try:
            connection.execute("PRAGMA busy_timeout = 2000")
            connection.execute("PRAGMA journal_mode = DELETE")
            return int(connection.execute("SELECT COALESCE(MAX(id), 0) FROM change").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreError(f"another program has {db} open; end it first") from error
            return None  # damage may be the reason for the restore


def _continue_changes(file: Path, newest: int) -> None:
    # a client that has seen number N would miss changes that got a number up to N again
    with open_file(file) as connection:
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'change', 0 WHERE NOT EXISTS "
            "(SELECT 1 FROM sqlite_sequence WHERE name = 'change')"
        )
        connection.execute(
            "UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'change'", [newest]
        )


async def _fill_postgres(
    config: Config, fresh: Path, kept: Path, progress: Progress, *, force: bool
) -> Path | None:
    """Replace the content of a PostgreSQL database; return the file with the old, if any."""
    with _temporary_file(kept) as saved:
        await _migrate(saved)
        async with _postgres(config) as connection, connection.transaction():
            await connection.execute(
                "UPDATE clock SET writes = writes + 1"
            )  # other writers wait for this row from here on
            empty = await is_empty(connection)
            if not empty and not force:
                raise StoreError(
                    f"{config.store_name} is not empty; --force replaces all, "
                    f"and keeps it in {kept}"
                )
            if not empty:
                await _check(
                    saved, config.store_name, await copy_from_postgres(connection, saved, progress)
                )
                saved.replace(kept)
            await copy_to_postgres(fresh, connection, progress)
        return None if empty else kept
