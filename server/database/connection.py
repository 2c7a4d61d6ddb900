"""Connect to a store, a SQLite file or a PostgreSQL database, and ask it on either engine."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import date, datetime
from functools import partialmethod
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import require_context
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationTarget
from tortoise.models import Model

from server.config import Config
from server.database.context import StoreContext
from server.database.group_commit import GroupCommit
from server.database.migrate import APPS, migrate, run_migrations
from server.database.replica import Replica
from server.database.schema_check import check_schema
from server.database.store_file import check_file, migration_lock
from server.database.teller import Teller
from server.database.transactions import is_writing
from server.errors import StoreError

BUSY_MS = 10_000  # how long a write waits for the lock of another program

TORTOISE = {"connections": {"default": "sqlite://:memory:"}, "apps": APPS}
"""What `tortoise makemigrations` reads; the server itself connects by `open_store`."""


def connections(config: Config) -> dict[str, Any]:
    """Return the connections of a store: one to write, and one that reads beside any writer.

    PostgreSQL also has one that waits for notifications, and one to a replica if there is any;
    they are not opened before they are used.
    """
    if config.database_url:
        url = urlsplit(config.database_url)
        address = urlunsplit(url._replace(scheme="asyncpg"))
        alone = "&".join(filter(None, [url.query, "minsize=1&maxsize=1"]))
        listener = urlunsplit(url._replace(scheme="asyncpg", query=alone))
        found: dict[str, Any] = {"default": _pool(address), "reader": _pool(address)}
        found["listener"] = listener
        if config.replica_url:
            url = urlsplit(config.replica_url)
            found["replica"] = _pool(urlunsplit(url._replace(scheme="asyncpg")))
            # asyncpg would log each try to keep connections to a replica that is down
            found["replica"]["credentials"]["minsize"] = 0
        return found
    file = {
        "file_path": str(config.db),
        "journal_mode": "WAL",
        # in WAL mode, NORMAL may lose the last commits when the power fails
        "synchronous": "FULL",
        "foreign_keys": "ON",
        "busy_timeout": BUSY_MS,
        # without a limit the WAL keeps the size that its longest write needed
        "journal_size_limit": 64 * 1024 * 1024,
        # negative: in KiB, not in pages
        "cache_size": -64_000,
        "mmap_size": 256 * 1024 * 1024,
    }
    engine = "tortoise.backends.sqlite"
    return {
        "default": {"engine": engine, "credentials": file},
        "reader": {"engine": engine, "credentials": file},
    }


def _pool(address: str) -> dict[str, Any]:
    """Return the settings of a pool whose connections are not reset after each use.

    asyncpg would send a query for that after every query of ours. Nothing of ours outlasts a
    transaction: locks and settings end with it, and asyncpg itself rolls back one that is open.
    """
    settings: dict[str, Any] = expand_db_url(address)
    settings["credentials"] |= {"reset": _leave, "connection_class": _connection_class()}
    return settings


def _connection_class() -> type:
    """Return a connection of asyncpg whose transactions are READ COMMITTED unless said otherwise.

    A database may have another default, under which a write that waited for its turn would not see
    what was written meanwhile. A setting of the session would not hold behind a pooler.
    """
    base = import_module("asyncpg").Connection  # an optional dependency
    begin = partialmethod(base.transaction, isolation="read_committed")
    return type("Connection", (base,), {"__slots__": (), "transaction": begin})


async def _leave(connection: Any) -> None:
    """Leave a connection as it is."""


class ReadWriteRouter:
    """Chooses the connection of models: reads outside a transaction never wait for a writer."""

    def db_for_read(self, model: type[Model]) -> str:
        """Return the connection that sees the writes of the current transaction, if any."""
        return "default" if is_writing.get() else "reader"

    def db_for_write(self, model: type[Model]) -> str:
        """Return the connection that writes."""
        return "default"


@asynccontextmanager
async def open_store(config: Config) -> AsyncIterator[StoreContext]:
    """Open a store and migrate it to the newest schema.

    Raises `StoreError` if that fails, if a newer version or another program made the store, or if
    it has triggers or views that are not ours; then nothing in it was changed.
    """
    async with _connect(config) as context:
        try:
            await migrate(context, config)
        except (BaseORMException, OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {config.store_name}: {error}") from error
        yield context


async def create_older_store(config: Config, applied: set[str]) -> None:
    """Create a store with only these migrations `applied`, to copy older rows into.

    Raises `StoreError`.
    """
    async with _connect(config) as context:
        await run_migrations(
            context, [MigrationTarget("papermargin", name) for name in sorted(applied)]
        )


@asynccontextmanager
async def _connect(config: Config) -> AsyncIterator[StoreContext]:
    """Connect to a store whose schema is ours, or that is empty. Raises `StoreError`."""
    context = StoreContext()
    EXECUTOR_CACHE.clear()  # cached by table, while the statements differ by engine
    async with context:
        try:
            if not config.database_url:
                check_file(config.db)
                await _check_schema_of_file(config.db)
            await context.init(
                {
                    "connections": connections(config),
                    "apps": APPS,
                    "routers": [ReadWriteRouter],
                    "use_tz": True,
                    "timezone": "UTC",
                },
                _enable_global_fallback=True,
            )
            for name in ("default", "reader"):
                await context.connections.get(name).execute_query("SELECT 1")
            if config.database_url:
                context.teller = Teller(context.connections.get("reader"))
            else:
                context.hold(config.db)
                writer: Any = context.connections.get("default")
                context.group_commit = GroupCommit(writer, context.check_in_place)
        except (BaseORMException, OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {config.store_name}: {error}") from error
        try:
            yield context
        finally:
            if context.teller:
                await context.teller.close()
            # Tortoise closes its connections side by side. SQLite writes the WAL into the file only
            # with the last connection, and of two that close at once neither may be the last.
            if not config.database_url:
                await context.connections.get("reader").close()


def read_connection() -> BaseDBAsyncClient:
    """Return the connection that reads beside any writer, or within a write that of the write.

    The write may build on others that are not committed yet, and are not to be seen beside it.
    """
    return require_context().connections.get("default" if is_writing.get() else "reader")


def open_replica() -> Replica:
    """Return the replica of the open store, whose settings have its address."""
    connections = require_context().connections
    return Replica(connections.get("replica"), connections.get("reader"))


def write_connection() -> BaseDBAsyncClient:
    """Return the connection of the write that is going on."""
    return require_context().connections.get("default")


def is_postgres() -> bool:
    """Return whether the open store is a PostgreSQL database."""
    return read_connection().capabilities.dialect == "postgres"


async def fetch(
    sql: str, *values: Any, using: BaseDBAsyncClient | None = None
) -> list[dict[str, Any]]:
    """Run a query with placeholders `$1`, `$2`, … on either engine; return its rows.

    It reads as `read_connection` does, unless `using` is another connection.
    """
    connection = using or read_connection()
    sql, values = _adapt(connection, sql, values)
    _, rows = await connection.execute_query(sql, list(values))
    return rows  # type: ignore[return-value]


async def fetch_changed(
    connection: BaseDBAsyncClient, sql: str, *values: Any
) -> list[dict[str, Any]]:
    """Run a statement that changes rows, with placeholders `$1`, `$2`, …; return what it returns.

    `fetch` gets nothing for a change on PostgreSQL.
    """
    sql, values = _adapt(connection, sql, values)
    return await connection.execute_query_dict(sql, list(values))


async def execute(connection: BaseDBAsyncClient, sql: str, *values: Any) -> int:
    """Run a statement with placeholders `$1`, `$2`, …; return how many rows it changed."""
    sql, values = _adapt(connection, sql, values)
    changed, _ = await connection.execute_query(sql, list(values))
    return changed


async def execute_many(
    connection: BaseDBAsyncClient, sql: str, rows: list[tuple[Any, ...]]
) -> None:
    """Run a statement with placeholders `$1`, `$2`, … once for each row of values."""
    if not rows:
        return
    if connection.capabilities.dialect != "postgres":
        sql = _of_sqlite(sql)
        if any(issubclass(kind, _FOREIGN) for kind in {type(v) for row in rows for v in row}):
            rows = [_values_of_sqlite(row) for row in rows]
    await connection.execute_many(sql, list(map(list, rows)))


def moment(value: Any) -> Any:
    """Convert a time from a row of either engine to a datetime; None stays None."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def day(value: Any) -> Any:
    """Convert a day from a row of either engine to a date; None stays None."""
    return date.fromisoformat(value) if isinstance(value, str) else value


_FOREIGN = (date, UUID)  # which SQLite does not have


def _adapt(
    connection: BaseDBAsyncClient, sql: str, values: tuple[Any, ...]
) -> tuple[str, tuple[Any, ...]]:
    if connection.capabilities.dialect == "postgres":
        return sql, values
    return _of_sqlite(sql), _values_of_sqlite(values)


def _of_sqlite(sql: str) -> str:
    return sql.replace("$", "?")  # SQLite numbers places as `?1`


def _values_of_sqlite(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(v) if isinstance(v, _FOREIGN) else v for v in values)


async def _check_schema_of_file(db: Path) -> None:
    """Check the schema of a SQLite file on a connection that cannot write. Raises `StoreError`."""
    with (
        migration_lock(db),
        closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True, timeout=10)) as connection,
    ):

        async def query(sql: str) -> list[Any]:
            return connection.execute(sql).fetchall()

        await check_schema(query, str(db), sqlite=True)


def places(count: int, *, after: int = 0) -> str:
    """Return the placeholders of `count` values that follow `after` others."""
    return ", ".join(f"${n}" for n in range(after + 1, after + count + 1))
