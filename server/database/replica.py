"""Read from a streaming replica of PostgreSQL, where it has all that the reader must see.

Every write raises a number in its own transaction: that of the store, if all see it, or else that
of the user. A replica replays transactions in the order in which they were committed, so a snapshot
of it that has these numbers has the writes, too. Each request asks the primary for both. If the
replica has not got as far, or fails meanwhile, the request reads from the primary.

Unlike the position in the log of PostgreSQL, the numbers do not move with what other users write,
nor before a long write is committed. The log's position tells whether the replica falls behind.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Literal, NamedTuple

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import require_context

from server.database.failures import explain

CHECK_SECONDS = 2.0  # between two looks at the replica, which may be so much behind
ANSWER_SECONDS = 3.0  # that it may take to answer a look
WAIT_SECONDS = 1.0  # that a request waits for one of its connections
HOLD_SECONDS = 5.0  # that a request, such as a slow download, keeps a connection and a snapshot

_NUMBERS = (
    "SELECT (SELECT writes FROM clock WHERE id = 1) AS store, "
    "COALESCE((SELECT writes FROM written WHERE user_id = $1), 0) AS own"
)
_STATE = (
    "SELECT pg_is_in_recovery() AS is_standby, "
    "(SELECT system_identifier FROM pg_control_system()) AS cluster, "
    "current_database() AS database, current_schema() AS schema, "
    "(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END "
    "- '0/0'::pg_lsn)::bigint AS position"
)

log = structlog.get_logger()


class _Written(NamedTuple):
    """How many writes of the store, and of a user alone, were committed."""

    store: int
    own: int


class Replica:
    """A second address of the database, to read from; `fault` says why it is not used now."""

    def __init__(self, client: Any, primary: BaseDBAsyncClient) -> None:
        self.client = client
        self.primary = primary
        self.fault: str | None = "it was not looked at yet"
        self._position = 0  # of the primary, when it was looked at

    @property
    def state(self) -> Literal["used", "unused"]:
        """Whether requests read from it now."""
        return "used" if self.fault is None else "unused"

    @asynccontextmanager
    async def reading(self, user: int) -> AsyncIterator[None]:
        """Let a user's request read from the replica within the block, if it can be used."""
        if self.fault is not None:
            yield
            return
        connections = require_context().connections
        reads = ReplicaReads(self, user)
        token = connections.set("reader", reads)
        try:
            yield
        finally:
            connections.reset(token)
            await reads.close()

    async def keep_watching(self) -> None:
        """Look whether the replica can be used, again and again until cancelled."""
        while True:
            self.judge(await self._find_fault())
            await asyncio.sleep(CHECK_SECONDS)

    def judge(self, fault: str | None) -> None:
        """Use the replica from now on, or no longer; log it if that is news."""
        if fault == self.fault:
            return
        self.fault = fault
        if fault is None:
            log.info("reads go to the replica")
        else:
            log.warning("the replica is not used", error=fault)

    async def _find_fault(self) -> str | None:
        try:
            ours = await _ask_state(self.primary)
        except Exception as error:
            if not _is_of_database(error):
                raise
            return self.fault  # nothing is found out while the primary does not answer
        try:
            theirs = await _ask_state(self.client)
        except Exception as error:
            if not _is_of_database(error):
                raise
            self._drop_connections()
            return str(error) or "it does not answer"
        before, self._position = self._position, ours["position"]
        if not theirs["is_standby"]:
            return "it is a server of its own, and not a replica"
        if any(ours[name] != theirs[name] for name in ("cluster", "database", "schema")):
            return "it is the replica of another database"
        if theirs["position"] < before:
            return f"it is more than {CHECK_SECONDS:.0f} seconds behind"
        return None

    def _drop_connections(self) -> None:
        """End requests that wait for an answer of the replica: they ask the primary then."""
        pool, self.client._pool = self.client._pool, None
        if pool:
            pool.terminate()


class ReplicaReads(BaseDBAsyncClient):
    """The connection for the reads of one request: to the replica, or else to the primary.

    All that it reads from the replica is of one snapshot, unless that takes `HOLD_SECONDS`.
    """

    def __init__(self, replica: Replica, user: int) -> None:
        primary = replica.primary
        super().__init__(primary.connection_name)
        self.capabilities = primary.capabilities
        self.query_class = primary.query_class
        self.executor_class = primary.executor_class
        self._replica, self._user, self._primary = replica, user, primary
        self._is_used = True
        self._lock = asyncio.Lock()
        self._pool: Any = None
        self._held: Any = None
        self._snapshot: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._release: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """Read from the primary from now on: something was written that the request has to see."""
        self._is_used = False

    async def close(self) -> None:
        """Give the connection back. Who still reads later, in a task, does it from the primary."""
        self.leave()
        await self._let_go()

    def acquire_connection(self) -> Any:
        """Return a connection to the primary, for those who need one of their own."""
        return self._primary.acquire_connection()

    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, list[Any]]:
        """Run a query, and return the number of its rows and the rows."""
        rows = await self._read(query, values or [])
        if rows is None:
            return await self._primary.execute_query(query, values)  # type: ignore[return-value]
        return len(rows), rows

    async def _read(self, query: str, values: list[Any]) -> list[Any] | None:
        """Return the rows that the replica has, or None if the primary has to be asked."""
        async with self._lock:
            if self._is_used and not self._held:
                await self._begin()
            if not self._is_used:
                return None
            with self._leaving_on_failure():
                rows: list[Any] = await self._held.fetch(query, *values)
                return rows
            return None

    async def _begin(self) -> None:
        """Begin to read a snapshot of the replica; leave it if that is not new enough."""
        _, numbers = await self._primary.execute_query(_NUMBERS, [self._user])
        with self._leaving_on_failure():
            if not await self._is_new_enough(_Written(**dict(numbers[0]))):
                self.leave()
        if not self._is_used:
            await self._give_back()

    async def _is_new_enough(self, wanted: _Written) -> bool:
        self._pool = self._replica.client._pool
        if self._pool is None:  # its connections were just dropped
            return False
        self._held = await self._pool.acquire(timeout=WAIT_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._expire)
        self._snapshot = self._held.transaction(isolation="repeatable_read", readonly=True)
        await self._snapshot.start()
        row = await self._held.fetchrow(
            f"{_NUMBERS}, pg_is_in_recovery() AS is_standby", self._user
        )
        is_new = row["store"] >= wanted.store and row["own"] >= wanted.own
        return is_new and bool(row["is_standby"])

    @contextmanager
    def _leaving_on_failure(self) -> Iterator[None]:
        """Leave the replica if it fails within the block, so that the primary is asked."""
        try:
            yield
        except Exception as error:
            if not _is_of_database(error):
                raise
            self.leave()
            # a wrong query, one that was cancelled because it kept the replica from replaying, or
            # a lack of connections say nothing about the next one
            is_lost = explain(error) is not None or isinstance(error, OSError)
            if is_lost and not isinstance(error, TimeoutError):
                self._replica.judge(str(error) or "it does not answer")

    def _expire(self) -> None:
        self._release = asyncio.create_task(self._let_go())

    async def _let_go(self) -> None:
        """Give the connection back, once it has answered; the next query begins anew."""
        async with self._lock:
            await self._give_back()

    async def _give_back(self) -> None:
        held, self._held = self._held, None
        if self._timer:
            self._timer.cancel()
        if held:
            # what is wrong with it, the next look will find
            with suppress(Exception):
                try:
                    await self._snapshot.rollback()
                finally:
                    await self._pool.release(held)


def read_newest() -> None:
    """Let the rest of a request see what others wrote for it, whatever it read from before."""
    if isinstance(reader := require_context().connections.get("reader"), ReplicaReads):
        reader.leave()


async def _ask_state(client: BaseDBAsyncClient) -> dict[str, Any]:
    async with asyncio.timeout(ANSWER_SECONDS):
        _, rows = await client.execute_query(_STATE)
    return dict(rows[0])


def _is_of_database(error: Exception) -> bool:
    """Return whether an error came from the database, or from the way to it."""
    is_asyncpg = type(error).__module__.startswith("asyncpg")  # an optional dependency
    return is_asyncpg or isinstance(error, OSError) or explain(error) is not None
