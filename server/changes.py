"""What changed: read from a number on, and told live to whoever listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from tortoise.exceptions import BaseORMException

from server.store import fetch, moment
from server.wire import ChangeList, ChangeRecord

POLL_SECONDS = 0.5  # other processes write too: the command line, or a second server on PostgreSQL
HEARTBEAT_SECONDS = 15.0

log = structlog.get_logger()


async def newest_change() -> int:
    """Give the number of the newest change, 0 where there is none yet."""
    rows = await fetch("SELECT COALESCE(MAX(id), 0) AS newest FROM change")
    return int(rows[0]["newest"])


async def changes_since(reader: int, since: int, limit: int) -> ChangeList:
    """Give at most `limit` of a reader's changes with a number over `since`, oldest first."""
    rows = await fetch(
        "SELECT id, kind, ref, paper_key, version, deleted, at FROM change "
        "WHERE id > $1 AND (user_id = $2 OR user_id IS NULL) ORDER BY id LIMIT $3",
        since,
        reader,
        limit + 1,
    )
    changes = [
        ChangeRecord(
            id=row["id"],
            kind=row["kind"],
            ref=row["ref"],
            paper=row["paper_key"],
            version=row["version"],
            deleted=bool(row["deleted"]),
            at=moment(row["at"]),
        )
        for row in rows[:limit]
    ]
    return ChangeList(changes=changes, last=changes[-1].id if changes else since, more=len(rows) > limit)


class Feed:
    """Wakes those who listen for changes, at once after a write of this process and soon after one of another."""

    def __init__(self) -> None:
        self.closed = False
        self._news = asyncio.Event()
        self._poked = asyncio.Event()
        self._listeners = 0

    def poke(self) -> None:
        """Say that something may have changed."""
        self._poked.set()

    def close(self) -> None:
        """End all listening, so that the server can stop."""
        self.closed = True
        self._wake()

    async def run(self) -> None:
        """Look for changes until cancelled."""
        last = await newest_change()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), POLL_SECONDS)
            self._poked.clear()
            if not self._listeners:
                continue
            try:
                newest = await newest_change()
            except BaseORMException as error:
                log.warning("changes cannot be read", error=str(error))
                continue
            if newest != last:
                last = newest
                self._wake()

    async def listen(self, reader: int, since: int) -> AsyncIterator[ChangeRecord | None]:
        """Give a reader's changes over `since` as they come, and None as a sign of life in between."""
        self._listeners += 1
        try:
            while not self.closed:
                news = self._news
                batch = await changes_since(reader, since, 500)
                for change in batch.changes:
                    yield change
                since = batch.last
                if not batch.more and not await _wait(news):
                    yield None
        finally:
            self._listeners -= 1

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


async def _wait(news: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), HEARTBEAT_SECONDS)
    return news.is_set()
