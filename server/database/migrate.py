"""Migrate a store to the newest schema, whole or not at all."""

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder

from server.config import Config
from server.database.models import MODULES
from server.database.schema_check import (
    RECORDS,
    check_schema,
    known_migrations,
    read_migrations,
)
from server.database.store_file import migration_lock
from server.database.transactions import STORE, take_turn, transaction
from server.errors import StoreError

APPS: dict[str, dict[str, Any]] = {
    "papermargin": {
        "models": [*MODULES],
        "default_connection": "default",
        "migrations": "server.database.migrations",
    }
}


async def migrate(context: TortoiseContext, config: Config) -> None:
    """Migrate the store that is being opened to the newest schema. Raises `StoreError`."""
    connection = context.connections.get("default")
    if config.database_url:
        # two servers that start at the same time would both create the tables
        async with connection.acquire_connection() as holder, holder.transaction():
            # a lock of the session would outlast it behind a pooler, which lends sessions
            await holder.execute("SELECT pg_advisory_xact_lock(8620)")
            await check_schema(holder.fetch, config.store_name, sqlite=False)
            await run_migrations(context)
    else:
        with migration_lock(config.db):
            await asyncio.to_thread(_copy_before_migration, config)
            await run_migrations(context)


def _copy_before_migration(config: Config) -> None:
    """Keep a verified copy of a SQLite file whose schema is about to change.

    It is for a return to the older version: all migrations are one transaction, so that a failure
    needs no copy. Raises `StoreError` if the copy is not sound; then nothing is migrated.
    """
    with closing(sqlite3.connect(config.db, timeout=10)) as store:
        applied = _read_applied(store)
        missing = sorted(known_migrations() - applied)
        if not (applied and missing and any(config.keep_backups)):
            return
        config.backup_folder.mkdir(mode=0o700, exist_ok=True)
        copy = config.backup_folder / f"before-{missing[0]}.sqlite"
        # under another name until it is whole, so that a crash leaves no half copy in its place
        fresh = copy.with_suffix(".new")
        fresh.touch(mode=0o600)
        with closing(sqlite3.connect(fresh)) as target:
            store.backup(target)
            # one file to copy, without a `-wal` and a `-shm` beside it
            target.execute("PRAGMA journal_mode = DELETE")
            if target.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                raise StoreError(f"{config.db} is damaged: run papermargin doctor")
        fresh.replace(copy)


def _read_applied(store: sqlite3.Connection) -> set[str]:
    tables = store.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [RECORDS]).fetchall()
    rows = store.execute(f"SELECT name FROM {RECORDS}").fetchall() if tables else []
    return {row[0] for row in rows}


class _Recorder(MigrationRecorder):
    """Records migrations, in a table that exists already."""

    async def ensure_schema(self, schema_editor: Any) -> None:
        """Do nothing: Tortoise would run a script here, and on SQLite a script commits."""


async def run_migrations(
    context: TortoiseContext, targets: list[MigrationTarget] | None = None
) -> None:
    """Migrate to the targets, or to the newest schema, in one transaction with the records of it.

    A crash leaves the schema as it was. Tortoise alone would record a migration after its commit,
    and after a crash in between try to apply it again.
    """
    # without a target, this only creates the table of the records
    await MigrationExecutor(context.connections.get("default"), APPS).migrate([])
    missing = await _lacks_migrations(context)
    async with transaction() as connection:
        if missing:
            await _take_turn_to_migrate(connection)
        executor = MigrationExecutor(connection, APPS)
        executor.recorder = _Recorder(connection)
        await executor.migrate(targets, direction="forward")


async def _lacks_migrations(context: TortoiseContext) -> bool:
    """Return whether a store that is not new lacks some of our migrations."""
    connection = context.connections.get("default")

    async def query(sql: str) -> Any:
        _, rows = await connection.execute_query(sql)
        return rows

    missing, _ = await read_migrations(query)
    return 0 < len(missing) < len(known_migrations())


async def _take_turn_to_migrate(connection: BaseDBAsyncClient) -> None:
    """Wait until no write is going on; those that come later wait for the end of the migration.

    On PostgreSQL, a write and a migration would otherwise wait for each other's tables. The turn
    alone is not enough: who waits for it has a lock of the clock's table, which migrations change.
    """
    if connection.capabilities.dialect == "postgres":
        await connection.execute_query("LOCK TABLE clock IN EXCLUSIVE MODE")
    await take_turn(connection, STORE)
