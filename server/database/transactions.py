"""Write to the store: transactions, and the turns that they take."""

from collections.abc import AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from contextvars import ContextVar
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import require_context
from tortoise.exceptions import TransactionManagementError
from tortoise.transactions import in_transaction

from server.database.context import check_in_place, open_context
from server.database.failures import explained
from server.database.replica import read_newest
from server.errors import StoreBusy

is_writing: ContextVar[bool] = ContextVar("is_writing", default=False)

_LOCKS = 8621
"""The first key of PostgreSQL's advisory locks of turns; the second is a user or one of these."""
STORE, _TERMS = 0, -1

_turn: ContextVar[int | None] = ContextVar("turn", default=None)
"""Whose turn the write that is going on has taken: a user's, or that of the store."""


@asynccontextmanager
async def writing(
    user: int | None = None, *, is_short: bool = False
) -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction that writes what is shown, with change records of it.

    With a `user`, it writes what only this user sees, and no rows that others write, too. It begins
    by taking the turn of the user, or that of the store, for two reasons.

    On SQLite, a transaction that reads first and writes later fails at once if another process
    wrote in between, while one that writes first waits for its turn. So all take that of the store.
    On both engines, no two writes that a user sees overlap, so that the numbers of these changes
    rise in the order of commit, and a client that asks for `changes since N` misses none.

    One that `is_short` changes a few rows and waits for nothing but the database. On SQLite, those
    that wait for each other are committed together, and none returns before the last.

    Within another write it is a part of that one, which must have the turn of the store or of the
    same user. Raises `StoreBusy` while writes are paused, `StoreMoved` if the store's file is gone,
    and `StoreError` for what is wrong with the store or the disk; then nothing is written.
    """
    turn = STORE if user is None else user
    outer = _turn.get()
    if outer not in (None, STORE, turn):
        raise RuntimeError(f"a write of user {outer} cannot become one of {turn or 'the store'}")
    # within `working`, it is a part of that transaction
    begun = (
        transaction()
        if outer is not None
        else _begin(turn, is_short=is_short and not is_writing.get())
    )
    async with _guarded(begun) as connection:
        token = _turn.set(turn if outer is None else outer)
        try:
            yield connection
        finally:
            _turn.reset(token)
    if outer is None and (teller := open_context().teller):
        teller.tell()


@asynccontextmanager
async def _begin(turn: int, *, is_short: bool) -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction that has a turn, or a part of one that short writes share."""
    group_commit = open_context().group_commit if is_short else None
    if group_commit is None:
        async with transaction() as connection:
            await take_turn(connection, turn)
            yield connection
        return
    handler = require_context().connections
    async with group_commit.join() as connection:
        outside = handler.set("default", connection)
        try:
            yield connection
        finally:
            handler.reset(outside)


async def take_turn(connection: BaseDBAsyncClient, turn: int) -> None:
    """Wait until no other write that a user or, for the store's turn, any user sees is going on.

    On PostgreSQL, updating the clock takes the lock of the store (migration `0026_turns`). Nobody
    who has it waits for that of a user, so that no two writes wait for each other.
    """
    if turn == STORE or connection.capabilities.dialect != "postgres":
        await connection.execute_query("UPDATE clock SET writes = writes + 1 WHERE id = 1")
    else:
        await connection.execute_query(
            f"WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared({_LOCKS}, {STORE}), "
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
    connection = require_context().connections.get("default")
    if _turn.get() == STORE or connection.capabilities.dialect != "postgres":
        return False
    await connection.execute_query(f"SELECT pg_advisory_xact_lock({_LOCKS}, {_TERMS})")
    return True


@asynccontextmanager
async def working() -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction that writes without a change record, and so beside others on PostgreSQL.

    It has to begin with a write, for the first reason of `writing`, and raises the same errors.
    """
    async with _guarded(transaction()) as connection:
        yield connection


@asynccontextmanager
async def _guarded(
    begun: AbstractAsyncContextManager[BaseDBAsyncClient],
) -> AsyncIterator[BaseDBAsyncClient]:
    """Run a transaction if the store may be written to, and name what is wrong with it or the disk.

    Raises the errors of `writing`.
    """
    if paused := open_context().paused:
        raise StoreBusy(paused)
    check_in_place()
    read_newest()
    token = is_writing.set(True)
    try:
        with explained():
            async with begun as connection:
                yield connection
                check_in_place()
    finally:
        is_writing.reset(token)


@asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
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
