"""Tell the servers of one PostgreSQL that changes were written, after their commit.

Not within the transaction: PostgreSQL lets transactions that notify commit one after the other, so
that each would wait for the disk alone. What is lost with a crash in between is found by servers
when they look by themselves.
"""

import asyncio

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.failures import explain

CHANGES = "papermargin_change"
"""The channel that tells of new change records, and of tokens that end."""

CLOSE_SECONDS = 1.0
"""How long a server that stops waits for its last notification."""

log = structlog.get_logger()


class Teller:
    """Notifies all who listen; writes that end while a notification is sent share the next one."""

    def __init__(self, connection: BaseDBAsyncClient) -> None:
        self._connection = connection
        self._is_news = False
        self._task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Notify soon, without waiting for it."""
        self._is_news = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._notify())

    async def close(self) -> None:
        """Wait until all is told, for `CLOSE_SECONDS` at most."""
        if self._task is None:
            return
        done, _ = await asyncio.wait([self._task], timeout=CLOSE_SECONDS)
        if done:
            await self._task
        else:
            # not awaited: asyncpg asks the database, which does not answer, to cancel the query
            self._task.cancel()
            log.warning("other servers were not told of a write", error="no answer")

    async def _notify(self) -> None:
        while self._is_news:
            self._is_news = False
            try:
                await self._connection.execute_query("SELECT pg_notify($1, '')", [CHANGES])
            except Exception as error:
                if explain(error) is None:
                    raise
                log.warning("other servers were not told of a write", error=str(error))
