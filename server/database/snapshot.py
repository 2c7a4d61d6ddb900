"""Read one consistent state of the store by many queries, while others write."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from tortoise.backends.sqlite.client import SqliteClient

from server.database.connection import fetch, is_postgres, read_connection

CHUNK = 500  # rows held in memory at once

Fetch = Callable[..., Awaitable[list[Any]]]
"""Runs a query with placeholders `$1`, `$2`, … and their values, and returns its rows."""


@asynccontextmanager
async def snapshot() -> AsyncIterator[Fetch]:
    """Yield a function that queries the store as it is now, on a separate connection."""
    shared: Any = read_connection()
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
    """Yield the rows of a query in pages.

    Its `$1` is the user, its `$2` the `id` of the last row of the page before.
    """
    last = 0
    while rows := await fetch(f"{sql} LIMIT {CHUNK}", user, last):
        last = rows[-1]["id"]
        yield rows
