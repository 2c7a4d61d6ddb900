"""Commit writes of SQLite together that wait for each other, as each commit waits for the disk.

They still run one after the other. Whoever is done while another one waits leaves the transaction
open for that one, and the last commits for all; who is alone commits at once. From the second on,
each has a savepoint, so that what fails is undone alone. Nobody returns before the commit, not even
with an error, which may come of what another one wrote; if the commit fails, it fails for all.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aiosqlite
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from server.database.failures import explain
from server.errors import StoreError

GROUP_SECONDS = 0.02
"""How long a transaction takes in further writes, since the first of them waits for the last."""

_ENDED = "the database ended the transaction: nothing was written; try again in a moment"


class _Group:
    """The writes of one transaction, and what came of it."""

    def __init__(self) -> None:
        self.writes = 0
        self.failure: Exception | None = None
        self._is_committed = False
        self._ended = asyncio.Event()
        self._full = asyncio.get_running_loop().time() + GROUP_SECONDS

    @property
    def is_full(self) -> bool:
        """Whether the next write has to wait for another transaction."""
        return asyncio.get_running_loop().time() > self._full

    def end(self, *, is_committed: bool) -> None:
        """Let all writes return."""
        self._is_committed = is_committed
        self._ended.set()

    async def wait(self) -> None:
        """Wait for the end. Raises the failure of the transaction, if it is not committed."""
        await self._ended.wait()
        if not self._is_committed:
            raise self.failure or StoreError(_ENDED)


class GroupCommit:
    """Lets writes share the transactions of a connection.

    `check` raises an error if nothing must be committed.
    """

    def __init__(self, client: SqliteClient, check: Callable[[], None]) -> None:
        self._client = client
        self._check = check
        self._group: _Group | None = None
        # the turn of a write, or of the task that undoes one or ends a transaction
        self._is_taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._task: asyncio.Task[None] | None = None  # kept, since the event loop does not

    @asynccontextmanager
    async def join(self) -> AsyncIterator[SqliteTransactionWrapper]:
        """Run a write, and return when it is on the disk."""
        group = await self._enter()
        is_first = not group.writes
        try:
            # at once, as a transaction that reads first may fail if another program writes
            await self._execute("BEGIN IMMEDIATE" if is_first else f"SAVEPOINT {_name(group)}")
            yield SqliteTransactionWrapper(self._client)
            if not self._connection.in_transaction:
                raise StoreError(_ENDED)
        except BaseException as error:
            # in a task, which cannot be cancelled
            self._task = asyncio.create_task(self._undo(group, error))
            await asyncio.shield(self._task)
            if isinstance(error, Exception) and not is_first:
                await group.wait()
            raise
        group.writes += 1
        self._pass_on()
        await group.wait()

    async def _enter(self) -> _Group:
        """Wait for a turn, and return the group that is open, or else a new one."""
        await self._take_turn()
        if self._group is None:
            try:
                await self._client._lock.acquire()
            except BaseException:
                self._pass_on()
                raise
            self._group = _Group()
        return self._group

    async def _take_turn(self) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if not turn.cancelled():  # it was given away at the same moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to the next write, or end the transaction if that has to wait for another.

        With nobody waiting, the transaction ends at once.
        """
        while self._waiting and not (self._group and self._group.is_full):
            if not (turn := self._waiting.popleft()).cancelled():
                turn.set_result(None)
                return
        if self._group:
            self._task = asyncio.create_task(self._end(self._group))
        else:
            self._is_taken = False

    async def _undo(self, group: _Group, error: BaseException) -> None:
        """Undo the write that failed, and all of its group if the database has done so already."""
        if group.writes and self._connection.in_transaction:
            try:
                await self._execute(f"ROLLBACK TO {_name(group)}")
            except sqlite3.Error as failure:
                error = failure
            else:
                self._pass_on()
                return
        group.failure = explain(error) or StoreError(_ENDED)
        await self._end(group)

    async def _end(self, group: _Group) -> None:
        """Commit a group, or roll it back after a failure."""
        is_committed = False
        try:
            if group.failure is None:
                self._check()
                await self._execute("COMMIT")
                is_committed = True
        except Exception as error:  # noqa: BLE001 - it belongs to the writes
            group.failure = error
        finally:
            if not is_committed:
                # also if none seems open: after a cancellation, the beginning may still be going on
                with suppress(sqlite3.Error):
                    await self._execute("ROLLBACK")
            self._group = None
            self._client._lock.release()
            group.end(is_committed=is_committed)
            self._pass_on()

    @property
    def _connection(self) -> aiosqlite.Connection:
        assert self._client._connection  # it was made as the store was opened
        return self._client._connection

    async def _execute(self, sql: str) -> None:
        await self._connection.execute(sql)


def _name(group: _Group) -> str:
    """Return the name of the savepoint of a group's next write, which those before do not have."""
    return f"write_{group.writes}"
