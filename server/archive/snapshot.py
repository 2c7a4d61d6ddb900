"""Many reads of one state of the store, whatever is written meanwhile."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from tortoise.backends.sqlite.client import SqliteClient

from server.store import fetch, is_postgres, reader

CHUNK = 500  # rows that are held at once

Fetch = Callable[..., Awaitable[list[Any]]]
"""Runs a query with places `$1`, `$2`, … and their values, and gives its rows."""


@asynccontextmanager
async def snapshot() -> AsyncIterator[Fetch]:
    """Give what reads the store as it is now, on a connection of its own."""
    shared: Any = reader()
    if is_postgres():
        async with (
            shared.acquire_connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection.fetch
        return
    own = SqliteClient(shared.filename, connection_name="snapshot", **shared.pragmas)
    await own.create_connection(with_db=True)
    try:
        await own.execute_query("BEGIN")
        yield partial(fetch, using=own)
    finally:
        await own.close()


async def read_pages(fetch: Fetch, sql: str, user: int) -> AsyncIterator[list[Any]]:
    """Give a query's rows in pages; its `$1` is the user, its `$2` the `id` of the last row of the page before."""
    last = 0
    while rows := await fetch(f"{sql} LIMIT {CHUNK}", user, last):
        last = rows[-1]["id"]
        yield rows
