"""Restore a store of either engine from a backup."""

import asyncio
import os
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from server.config import Config
from server.database.connection import create_older_store
from server.database.failures import explain
from server.database.schema_check import Query, known_migrations, read_migrations
from server.database.store_file import serving_lock
from server.database.teller import CHANGES
from server.errors import StoreError
from server.maintenance.backup import (
    check_copy,
    connect_postgres,
    copy_file,
    migrate_file,
    open_file,
    query_file,
    temporary_file,
)
from server.maintenance.change_engine import (
    Progress,
    copy_from_postgres,
    copy_to_postgres,
    is_empty,
)
from server.maintenance.checks import examine, repair

LOCK_SECONDS = 20  # that a restore waits for those who read or write a PostgreSQL database


class Restored(Struct, frozen=True):
    """What a store holds after a restore, and the file with what it held before, if anything."""

    rows: dict[str, int]
    kept: Path | None


async def restore(
    config: Config, file: Path, now: datetime, *, force: bool = False, progress: Progress
) -> Restored:
    """Replace the content of a store by that of a backup; the old content is kept in another file.

    Raises `StoreError` if the file is damaged, newer than this version or no backup; if a server
    uses the SQLite file; or if a PostgreSQL database is not empty and `force` is not set. Then
    nothing has changed.
    """
    async with serving_lock(config):
        with temporary_file(file if config.database_url else config.db) as fresh:
            rows = await _prepare(file, fresh, progress)
            kept = _name_for_old(config, file, now)
            if config.database_url:
                return Restored(
                    rows, await _fill_postgres(config, fresh, kept, progress, force=force)
                )
            return Restored(rows, await asyncio.to_thread(_swap, fresh, config.db, kept))


async def restore_in_place(config: Config, file: Path, kept: Path, progress: Progress) -> Restored:
    """Replace the content of a store that servers have open by that of a backup.

    It is one transaction: others read what was there until its end, and wait to write. All that was
    there before is in the verified backup `kept`. Users and tokens stay as they are: nobody is
    signed out, and what was revoked stays so.

    Raises `StoreError` if the file is damaged, newer than this version, no backup, or of a store
    with other users. Then nothing has changed.
    """
    with temporary_file(kept) as fresh:
        rows = await _prepare(file, fresh, progress)
        if config.database_url:
            await _fill_postgres(config, fresh, kept, progress, in_place=True)
        else:
            await _fill_file(config, fresh, kept, progress)
        return Restored(rows, kept)


async def _prepare(file: Path, fresh: Path, progress: Progress) -> dict[str, int]:
    """Copy the rows of a backup into a new store `fresh`, verify it, and return what it holds.

    Only rows are copied: triggers, views and anything else in the schema of the file stay behind.
    Raises `StoreError` if the file is no backup, damaged, or newer than this version.
    """
    # a copy first: the file may be on a read-only disk, and SQLite writes beside what it reads
    copy = fresh.with_name("copy.sqlite")
    copy.touch(mode=0o600)
    if not await asyncio.to_thread(copy_file, file, copy, progress):
        raise StoreError(f"{file} is not a backup of Papermargin")
    with open_file(copy) as connection:
        _distrust_schema(connection)
        _check_pages(connection, file)
        applied = await _read_applied(query_file(connection), file)
    await create_older_store(Config(db=fresh), applied)
    with open_file(fresh) as connection:
        await asyncio.to_thread(_fill_new, connection, copy, file)
    copy.unlink()
    await migrate_file(fresh)
    with open_file(fresh) as connection:
        await repair(query_file(connection), sqlite=True)
    return await check_copy(fresh, str(file))


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


def _fill_new(connection: sqlite3.Connection, source: Path, name: Path) -> None:
    """Replace all rows of a new store by those of a backup. Raises `StoreError`."""
    connection.execute("PRAGMA synchronous = OFF")  # this file is worthless until it is complete
    connection.execute("PRAGMA foreign_keys = OFF")  # checked afterwards, with all other claims
    connection.execute("BEGIN")
    try:
        _copy_rows(connection, source, name)
    except sqlite3.Error as error:
        raise StoreError(f"{name} is damaged: {error}") from error
    connection.execute("COMMIT")


def _copy_rows(new: sqlite3.Connection, source: Path, name: Path) -> None:
    """Replace all rows of a store by those of a file with the same schema.

    Raises `StoreError` if the file has not all tables.
    """
    with open_file(source) as old:
        _distrust_schema(old)
        for table in _tables_of(new):
            if table not in _tables_of(old):
                raise StoreError(f"{name} is damaged: it has no table {table}")
            names = _columns_of(new, table)
            columns = ", ".join(f'"{column}"' for column in names)
            # with its table's name, a missing column is an error and not a string
            selected = ", ".join(f'"{table}"."{column}"' for column in names)
            values = ", ".join("?" * len(names))
            new.execute(f'DELETE FROM "{table}"')
            new.executemany(
                f'INSERT INTO "{table}" ({columns}) VALUES ({values})',
                old.execute(f'SELECT {selected} FROM "{table}"'),
            )


def _columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]


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


async def _fill_file(config: Config, fresh: Path, kept: Path, progress: Progress) -> None:
    """Replace the content of a SQLite file that others have open; keep the old in a file."""
    with temporary_file(kept) as saved, open_file(config.db) as connection:
        try:
            connection.execute("PRAGMA foreign_keys = OFF")  # checked before the end
            connection.execute("BEGIN IMMEDIATE")  # other writers wait from here on
            counts = copy_file(config.db, saved, progress)
            await check_copy(saved, config.store_name, counts)
            saved.replace(kept)
            _keep_sign_ins(kept, fresh)
            _copy_rows(connection, fresh, config.db)
            query = query_file(connection)
            await repair(query, sqlite=True)
            wrong = [found.claim for found in await examine(query, sqlite=True) if not found.holds]
            if wrong:
                raise StoreError(f"what was restored is not sound: not {'; not '.join(wrong)}")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise explain(error) or StoreError(f"{config.store_name}: {error}") from error


def _keep_sign_ins(present: Path, fresh: Path) -> None:
    """Give a restored store the tokens of the present one, and the users that it lacks.

    Raises `StoreError` if the backup numbers users otherwise, as one of another store may.
    """
    with open_file(fresh) as connection:
        connection.execute("ATTACH ? AS present", [str(present)])
        if connection.execute(
            "SELECT 1 FROM present.reader p JOIN main.reader r "
            "ON (r.id = p.id) <> (r.name = p.name)"
        ).fetchone():
            raise StoreError(
                "this backup is of a store with other users: stop the server, and bring it back "
                "with papermargin restore"
            )
        connection.execute("BEGIN")
        connection.execute("DELETE FROM main.token")
        for table in ("reader", "token"):
            columns = ", ".join(f'"{column}"' for column in _columns_of(connection, table))
            connection.execute(
                f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM present.{table} "
                f"WHERE id NOT IN (SELECT id FROM main.{table})"
            )
        connection.execute("COMMIT")


async def _fill_postgres(
    config: Config,
    fresh: Path,
    kept: Path,
    progress: Progress,
    *,
    force: bool = False,
    in_place: bool = False,
) -> Path | None:
    """Replace the content of a PostgreSQL database; return the file with the old, if any.

    With `in_place`, servers use it: its users and tokens stay.
    """
    with temporary_file(kept) as saved:
        await migrate_file(saved)
        async with connect_postgres(config) as connection, connection.transaction():
            if in_place:
                # a slow download may keep the tables locked, and then all others would wait as well
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            await connection.execute(
                "UPDATE clock SET writes = writes + 1"
            )  # other writers wait for this row from here on
            empty = await is_empty(connection)
            if not (empty or force or in_place):
                raise StoreError(
                    f"{config.store_name} is not empty; --force replaces all, "
                    f"and keeps it in {kept}"
                )
            if in_place or not empty:
                await check_copy(
                    saved, config.store_name, await copy_from_postgres(connection, saved, progress)
                )
                saved.replace(kept)
            if in_place:
                _keep_sign_ins(kept, fresh)
            await copy_to_postgres(fresh, connection, progress)
            await connection.execute("SELECT pg_notify($1, '')", CHANGES)
        return None if empty else kept
