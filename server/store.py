"""The open store: one SQLite file or one PostgreSQL database, its connections, its lock and its migrations."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from filelock import FileLock, Timeout
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, require_context
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from server.config import Config
from server.errors import StoreError

APPS: dict[str, dict[str, Any]] = {
    "papermargin": {
        "models": ["server.models"],
        "default_connection": "default",
        "migrations": "server.migrations",
    }
}

TORTOISE = {"connections": {"default": "sqlite://:memory:"}, "apps": APPS}
"""What `tortoise makemigrations` reads; the server itself connects by `open_store`."""


def connections(config: Config) -> dict[str, Any]:
    """Give the connections of a store: one that writes, and one that reads without waiting for a writer."""
    if config.database_url:
        url = urlsplit(config.database_url)
        address = urlunsplit(url._replace(scheme="asyncpg"))
        return {"default": address, "reader": address}
    file = {
        "file_path": str(config.db),
        "journal_mode": "WAL",
        "synchronous": "FULL",
        "foreign_keys": "ON",
        "busy_timeout": 10_000,
        "journal_size_limit": 64 * 1024 * 1024,
        "cache_size": -64_000,
        "mmap_size": 256 * 1024 * 1024,
    }
    engine = "tortoise.backends.sqlite"
    return {
        "default": {"engine": engine, "credentials": file},
        "reader": {"engine": engine, "credentials": file},
    }


@asynccontextmanager
async def open_store(config: Config) -> AsyncIterator[TortoiseContext]:
    """Open the store, migrated to the newest schema. Raises `StoreError` when it cannot be opened."""
    if not config.database_url:
        _check_file(config.db)
    context = TortoiseContext()
    EXECUTOR_CACHE.clear()  # it keeps statements by table alone, and the two engines write them differently
    async with context:
        try:
            await context.init(
                {"connections": connections(config), "apps": APPS, "use_tz": True, "timezone": "UTC"},
                _enable_global_fallback=True,
            )
            for name in ("default", "reader"):
                await context.connections.get(name).execute_query("SELECT 1")
            await _migrate(context, config)
        except (BaseORMException, OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {config.store_name}: {error}") from error
        yield context


@asynccontextmanager
async def serving_lock(config: Config) -> AsyncIterator[None]:
    """Hold the right to be the one server of a SQLite file; a PostgreSQL database takes several.

    Raises `StoreError` when another process has it.
    """
    if config.database_url:
        yield
        return
    lock = FileLock(lock_file(config.db))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StoreError(
            f"another papermargin is serving {config.db}; stop it first, or give this one another --db"
        ) from None
    try:
        yield
    finally:
        lock.release()


def lock_file(db: Path) -> Path:
    """Give the file whose lock says that a server uses `db`; it stays behind, empty, when none does."""
    return db.with_name(db.name + ".lock")


def is_served(config: Config) -> bool:
    """Tell whether a server has the SQLite file now; of a PostgreSQL database that is not known."""
    if config.database_url:
        return False
    lock = FileLock(lock_file(config.db))
    try:
        with lock.acquire(blocking=False):
            return False
    except Timeout:
        return True


def reader() -> BaseDBAsyncClient:
    """Give the connection for reads that need no transaction."""
    return require_context().connections.get("reader")


def is_postgres() -> bool:
    """Tell which of the two engines the open store is."""
    return reader().capabilities.dialect == "postgres"


async def fetch(sql: str, *values: Any, using: BaseDBAsyncClient | None = None) -> list[dict[str, Any]]:
    """Run a query whose places are written `$1`, `$2`, … on either engine, and give its rows.

    It reads beside any writer, unless `using` names the connection of the transaction it belongs to.
    """
    connection = using or reader()
    sql, values = _adapt(connection, sql, values)
    _, rows = await connection.execute_query(sql, list(values))
    return rows  # type: ignore[return-value]


async def execute(connection: BaseDBAsyncClient, sql: str, *values: Any) -> int:
    """Run a statement with places `$1`, `$2`, … and give how many rows it changed."""
    sql, values = _adapt(connection, sql, values)
    changed, _ = await connection.execute_query(sql, list(values))
    return changed


async def execute_many(connection: BaseDBAsyncClient, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Run a statement with places `$1`, `$2`, … once for each row of values."""
    adapted = [_adapt(connection, sql, row) for row in rows]
    if adapted:
        await connection.execute_many(adapted[0][0], [list(values) for _, values in adapted])


def moment(value: Any) -> Any:
    """Give the time that a row holds, whichever engine it came from; None stays None."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def day(value: Any) -> Any:
    """Give the day that a row holds, whichever engine it came from; None stays None."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _adapt(connection: BaseDBAsyncClient, sql: str, values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    if connection.capabilities.dialect == "postgres":
        return sql, values
    return sql.replace("$", "?"), tuple(str(v) if isinstance(v, date | UUID) else v for v in values)


@asynccontextmanager
async def writing() -> AsyncIterator[BaseDBAsyncClient]:
    """Run a writing transaction. Its first statement takes the clock's row, for two reasons.

    On SQLite a transaction that reads before it writes fails at once when another process wrote in between, while one
    that writes first waits its turn; and on both engines whoever holds the row is alone, so that the numbers of changes
    rise in the order of commit and no reader of `changes since N` can miss one.
    """
    async with in_transaction("default") as connection:
        await connection.execute_query("UPDATE clock SET writes = writes + 1 WHERE id = 1")
        yield connection


def _check_file(db: Path) -> None:
    try:
        db.parent.mkdir(parents=True, exist_ok=True)
        with db.open("ab+") as file:
            file.seek(0)
            if file.read(16) not in (b"", b"SQLite format 3\x00"):
                raise StoreError(f"{db} is not a SQLite database")
    except OSError as error:
        raise StoreError(f"cannot open {db}: {error.strerror}") from error


async def _migrate(context: TortoiseContext, config: Config) -> None:
    connection = context.connections.get("default")
    if config.database_url:
        # two servers that start at once would both create the tables
        async with connection.acquire_connection() as holder:
            await holder.execute("SELECT pg_advisory_lock(8620)")
            try:
                await _run_migrations(context)
            finally:
                await holder.execute("SELECT pg_advisory_unlock(8620)")
    else:
        with FileLock(config.db.with_name(config.db.name + ".migrating"), timeout=60):
            await _run_migrations(context)


async def _run_migrations(context: TortoiseContext) -> None:
    await MigrationExecutor(context.connections.get("default"), APPS).migrate(direction="forward")
