"""Open a store, a SQLite file or a PostgreSQL database: connections, locks and migrations."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from contextvars import ContextVar
from datetime import date, datetime
from functools import partial, partialmethod
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from filelock import FileLock, Timeout
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, require_context
from tortoise.exceptions import BaseORMException, TransactionManagementError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.models import Model
from tortoise.transactions import in_transaction

from server.config import Config
from server.database.failures import explained
from server.database.models import MODULES
from server.database.replica import Replica, ReplicaReads
from server.database.schema_check import (
    RECORDS,
    check_schema,
    known_migrations,
    read_migrations,
)
from server.database.teller import Teller
from server.errors import StoreBusy, StoreError, StoreMoved

APPS: dict[str, dict[str, Any]] = {
    "papermargin": {
        "models": [*MODULES],
        "default_connection": "default",
        "migrations": "server.database.migrations",
    }
}

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


_is_writing: ContextVar[bool] = ContextVar("is_writing", default=False)

_LOCKS = 8621
"""The first key of PostgreSQL's advisory locks of turns; the second is a user or one of these."""
_STORE, _TERMS = 0, -1

_turn: ContextVar[int | None] = ContextVar("turn", default=None)
"""Whose turn the write that is going on has taken: a user's, or that of the store."""


class ReadWriteRouter:
    """Chooses the connection of models: reads outside a transaction never wait for a writer."""

    def db_for_read(self, model: type[Model]) -> str:
        """Return the connection that sees the writes of the current transaction, if any."""
        return "default" if _is_writing.get() else "reader"

    def db_for_write(self, model: type[Model]) -> str:
        """Return the connection that writes."""
        return "default"


class StoreContext(TortoiseContext):
    """An open store; of a SQLite file also which file it is, by device and inode.

    `paused` says why nothing can be written for the time being. `teller` tells of what is written,
    on PostgreSQL.
    """

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self.identity: tuple[int, int] | None = None
        self.paused: str | None = None
        self.teller: Teller | None = None

    def hold(self, db: Path) -> None:
        """Remember the file that was just opened. Raises `StoreMoved` if it is already gone."""
        self.path, self.identity = db, _identify(db)
        self.check_in_place()

    def check_in_place(self) -> None:
        """Raise `StoreMoved` if the path of a SQLite store leads to another file, or to none.

        Whatever is written then would be lost when the server ends.
        """
        if self.path is None:
            return
        found = _identify(self.path)
        if found is None or found != self.identity:
            what = "is gone" if found is None else "was replaced by another file"
            raise StoreMoved(
                f"{self.path} {what} while the server had it open: nothing is written until the "
                f"server is restarted; what it holds is saved in {rescue_file(self.path)}"
            )


@contextmanager
def pause_writes(reason: str) -> Iterator[None]:
    """Refuse writes that begin within the block, with a reason."""
    context = _open_context()
    context.paused = reason
    try:
        yield
    finally:
        context.paused = None


def check_in_place() -> None:
    """Raise `StoreMoved` if the file of the open store was moved, deleted or replaced."""
    _open_context().check_in_place()


def _open_context() -> StoreContext:
    context = require_context()
    assert isinstance(context, StoreContext)  # `open_store` makes no other
    return context


def is_moved() -> bool:
    """Return whether the file of the open store was moved, deleted or replaced."""
    try:
        check_in_place()
    except StoreMoved:
        return True
    return False


def rescue_file(db: Path) -> Path:
    """Return where a server saves what it holds when `db` is moved, deleted or replaced."""
    return db.with_name(db.name + ".rescued")


def _identify(db: Path) -> tuple[int, int] | None:
    try:
        found = db.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@asynccontextmanager
async def open_store(config: Config) -> AsyncIterator[StoreContext]:
    """Open a store and migrate it to the newest schema.

    Raises `StoreError` if that fails, if a newer version or another program made the store, or if
    it has triggers or views that are not ours; then nothing in it was changed.
    """
    async with _connect(config) as context:
        try:
            await _migrate(context, config)
        except (BaseORMException, OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {config.store_name}: {error}") from error
        yield context


async def create_older_store(config: Config, applied: set[str]) -> None:
    """Create a store with only these migrations `applied`, to copy older rows into.

    Raises `StoreError`.
    """
    async with _connect(config) as context:
        await _run_migrations(
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
                _check_file(config.db)
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
        except (BaseORMException, OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {config.store_name}: {error}") from error
        try:
            yield context
        finally:
            if context.teller:
                await context.teller.close()


@asynccontextmanager
async def serving_lock(config: Config) -> AsyncIterator[None]:
    """Hold the lock of the one server of a SQLite file; PostgreSQL allows several servers.

    Raises `StoreError` if another process has it, or if the file's disk is full or read-only.
    """
    if config.database_url:
        yield
        return
    lock = FileLock(lock_file(config.db))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StoreError(
            f"another papermargin is serving {config.db}; stop it first, "
            "or give this one another --db"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot write beside {config.db}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def lock_file(db: Path) -> Path:
    """Return the file that a server of `db` locks; it remains, empty, after the server ends."""
    return db.with_name(db.name + ".lock")


def is_served(config: Config) -> bool:
    """Return whether a server uses the SQLite file now; always False for PostgreSQL."""
    if config.database_url:
        return False
    lock = FileLock(lock_file(config.db))
    try:
        with lock.acquire(blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # where nothing can be written, no server has locked anything
        return False


def read_connection() -> BaseDBAsyncClient:
    """Return the connection for reads outside a transaction."""
    return require_context().connections.get("reader")


def open_replica() -> Replica:
    """Return the replica of the open store, whose settings have its address."""
    connections = require_context().connections
    return Replica(connections.get("replica"), connections.get("reader"))


def read_newest() -> None:
    """Let the rest of a request see what others wrote for it, whatever it read from before."""
    if isinstance(reader := read_connection(), ReplicaReads):
        reader.leave()


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

    It reads beside any writer, unless `using` is the connection of a transaction.
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


@asynccontextmanager
async def writing(user: int | None = None) -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction that writes what is shown, with change records of it.

    With a `user`, it writes what only this user sees, and no rows that others write, too. Its first
    statement takes the turn of the user, or that of the store, for two reasons.

    On SQLite, a transaction that reads first and writes later fails at once if another process
    wrote in between, while one that writes first waits for its turn. So all take that of the store.
    On both engines, no two writes that a user sees overlap, so that the numbers of these changes
    rise in the order of commit, and a client that asks for `changes since N` misses none.

    Within another write it is a part of that one, which must have the turn of the store or of the
    same user. Raises `StoreBusy` while writes are paused, `StoreMoved` if the store's file is gone,
    and `StoreError` for what is wrong with the store or the disk; then nothing is written.
    """
    turn = _STORE if user is None else user
    outer = _turn.get()
    if outer not in (None, _STORE, turn):
        raise RuntimeError(f"a write of user {outer} cannot become one of {turn or 'the store'}")
    async with working() as connection:
        if outer is None:
            await _take_turn(connection, turn)
        token = _turn.set(turn if outer is None else outer)
        try:
            yield connection
        finally:
            _turn.reset(token)
    if outer is None and (teller := _open_context().teller):
        teller.tell()


async def _take_turn(connection: BaseDBAsyncClient, turn: int) -> None:
    """Wait until no other write that a user or, for the store's turn, any user sees is going on.

    On PostgreSQL, updating the clock takes the lock of the store (migration `0026_turns`). Nobody
    who has it waits for that of a user, so that no two writes wait for each other.
    """
    if turn == _STORE or connection.capabilities.dialect != "postgres":
        await connection.execute_query("UPDATE clock SET writes = writes + 1 WHERE id = 1")
    else:
        await connection.execute_query(
            f"WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared({_LOCKS}, {_STORE}), "
            f"pg_advisory_xact_lock({_LOCKS}, $1)) "
            # by this a replica is known to have the write (migration `0027_written`)
            "INSERT INTO written (user_id, writes) SELECT $1, 1 FROM turn "
            "ON CONFLICT (user_id) DO UPDATE SET writes = written.writes + 1",
            [turn],
        )


async def take_turn_of_terms() -> bool:
    """Wait, within a write, until no other one makes terms: two users may make the same.

    Return whether others may have made some since the write began.
    """
    if _turn.get() == _STORE or not is_postgres():
        return False
    await write_connection().execute_query(f"SELECT pg_advisory_xact_lock({_LOCKS}, {_TERMS})")
    return True


@asynccontextmanager
async def working() -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction that writes without a change record, and so beside others on PostgreSQL.

    It has to begin with a write, for the first reason of `writing`, and raises the same errors.
    """
    if paused := _open_context().paused:
        raise StoreBusy(paused)
    check_in_place()
    read_newest()
    token = _is_writing.set(True)
    try:
        with explained():
            async with _transaction() as connection:
                yield connection
                check_in_place()
    finally:
        _is_writing.reset(token)


@asynccontextmanager
async def _transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction on the connection that writes, and free that in any case.

    If the database ends a connection, Tortoise neither gives it back to its pool where no
    transaction could begin on it, nor always leaves the transaction. After some such failures no
    write would ever get a connection again.
    """
    handler = require_context().connections
    outside = handler.set("default", handler.get("default"))
    transaction: Any = in_transaction("default")
    try:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(transaction)
            except BaseException:
                if hasattr(transaction, "token"):  # it has a connection
                    with suppress(Exception):
                        # the one error after which Tortoise does not roll back
                        await transaction.__aexit__(TransactionManagementError, None, None)
                raise
            yield connection
    finally:
        handler.reset(outside)


def _check_file(db: Path) -> None:
    try:
        db.parent.mkdir(parents=True, exist_ok=True)
        # appending creates a missing file, proves that it can be written, and changes no byte
        with db.open("ab+") as file:
            file.seek(0)
            # an empty file is a store that is still to be made
            if file.read(16) not in (b"", b"SQLite format 3\x00"):
                raise StoreError(f"{db} is not a SQLite database")
    except OSError as error:
        raise StoreError(f"cannot open {db}: {error.strerror}") from error


async def _check_schema_of_file(db: Path) -> None:
    """Check the schema of a SQLite file on a connection that cannot write. Raises `StoreError`."""
    with (
        _migration_lock(db),
        closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True, timeout=10)) as connection,
    ):

        async def query(sql: str) -> list[Any]:
            return connection.execute(sql).fetchall()

        await check_schema(query, str(db), sqlite=True)


def _migration_lock(db: Path) -> FileLock:
    return FileLock(db.with_name(db.name + ".migrating"), timeout=60)


async def _migrate(context: TortoiseContext, config: Config) -> None:
    connection = context.connections.get("default")
    if config.database_url:
        # two servers that start at the same time would both create the tables
        async with connection.acquire_connection() as holder, holder.transaction():
            # a lock of the session would outlast it behind a pooler, which lends sessions
            await holder.execute("SELECT pg_advisory_xact_lock(8620)")
            await check_schema(holder.fetch, config.store_name, sqlite=False)
            await _run_migrations(context)
    else:
        with _migration_lock(config.db):
            await asyncio.to_thread(_copy_before_migration, config)
            await _run_migrations(context)


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


async def _run_migrations(
    context: TortoiseContext, targets: list[MigrationTarget] | None = None
) -> None:
    """Migrate to the targets, or to the newest schema, in one transaction with the records of it.

    A crash leaves the schema as it was. Tortoise alone would record a migration after its commit,
    and after a crash in between try to apply it again.
    """
    # without a target, this only creates the table of the records
    await MigrationExecutor(context.connections.get("default"), APPS).migrate([])
    missing = await _lacks_migrations(context)
    async with _transaction() as connection:
        if missing:
            await _take_turn_to_migrate(connection)
        executor = MigrationExecutor(connection, APPS)
        executor.recorder = _Recorder(connection)
        await executor.migrate(targets, direction="forward")


async def _lacks_migrations(context: TortoiseContext) -> bool:
    """Return whether a store that is not new lacks some of our migrations."""
    query = partial(fetch, using=context.connections.get("default"))
    missing, _ = await read_migrations(query)
    return 0 < len(missing) < len(known_migrations())


async def _take_turn_to_migrate(connection: BaseDBAsyncClient) -> None:
    """Wait until no write is going on; those that come later wait for the end of the migration.

    On PostgreSQL, a write and a migration would otherwise wait for each other's tables. The turn
    alone is not enough: who waits for it has a lock of the clock's table, which migrations change.
    """
    if connection.capabilities.dialect == "postgres":
        await connection.execute_query("LOCK TABLE clock IN EXCLUSIVE MODE")
    await _take_turn(connection, _STORE)


def places(count: int, *, after: int = 0) -> str:
    """Return the placeholders of `count` values that follow `after` others."""
    return ", ".join(f"${n}" for n in range(after + 1, after + count + 1))
