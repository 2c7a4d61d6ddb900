"""The change feed: numbered change records, read after a number or awaited as they come."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from server.database.connection import fetch, is_postgres, moment, places
from server.database.failures import explain
from server.schema.api import ChangeList, ChangeRecord

POLL_SECONDS = 0.5  # other processes write too: commands, or a second server on PostgreSQL
TOLD_POLL_SECONDS = 5.0  # where the database tells of writes, in case that it once does not
LEAST_SECONDS = 0.02  # between two looks, however often it is poked
HEARTBEAT_SECONDS = 15.0

log = structlog.get_logger()


async def newest_change(user: int) -> int:
    """Return the number of the newest change that a user sees, 0 if there is none."""
    return (await newest_changes([user]))[user]


async def newest_changes(users: Iterable[int]) -> dict[int, int]:
    """Return the number of the newest change that each of some users sees, 0 if there is none.

    On PostgreSQL, changes of others say nothing about it: those with lower numbers may still be
    going to be committed. On SQLite all are numbered by commit order, and one number does for all.
    """
    wanted = [*users]
    if not is_postgres():
        [row] = await fetch("SELECT COALESCE(MAX(id), 0) AS newest FROM change")
        return dict.fromkeys(wanted, row["newest"])
    rows = await fetch(
        "SELECT u.id, GREATEST((SELECT MAX(id) FROM change WHERE user_id = u.id), "
        "(SELECT MAX(id) FROM change WHERE user_id IS NULL), 0) AS newest "
        "FROM unnest($1::integer[]) AS u (id)",
        wanted,
    )
    return {row["id"]: row["newest"] for row in rows}


async def was_given_out(number: int) -> bool:
    """Return whether this is the number of a change, or 0, which is before all of them."""
    return not number or bool(await fetch("SELECT 1 AS found FROM change WHERE id = $1", number))


async def changes_since(user: int, since: int, limit: int) -> ChangeList:
    """Return at most `limit` changes of a user with a number over `since`, oldest first.

    There are none, but a `reset`, if the number is not of this store's history: then a backup was
    restored, and the client has seen changes that are no longer there.
    """
    if not await was_given_out(since):
        return ChangeList(changes=[], last=await newest_change(user), more=False, reset=True)
    rows = await fetch(
        "SELECT id, kind, ref, paper_key, version, deleted, source, at FROM change "
        "WHERE id > $1 AND (user_id = $2 OR user_id IS NULL) ORDER BY id LIMIT $3",
        since,
        user,
        # one more than asked for shows whether there are more
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
            source=row["source"],
        )
        for row in rows[:limit]
    ]
    return ChangeList(
        changes=changes, last=changes[-1].id if changes else since, more=len(rows) > limit
    )


async def valid_tokens(tokens: list[int]) -> set[int]:
    """Return which of some tokens exist and have not expired."""
    now = datetime.now(UTC)
    rows = await fetch(
        f"SELECT id, expires FROM token WHERE id IN ({places(len(tokens))})", *tokens
    )
    return {row["id"] for row in rows if row["expires"] is None or moment(row["expires"]) > now}


class _Listener(NamedTuple):
    """Who listens, and with which token."""

    user: int
    token: int


class ChangeFeed:
    """Wakes listeners at once after a write of this process, and soon after one of another."""

    def __init__(self) -> None:
        self.closed = False
        self._pause = POLL_SECONDS
        self._news: dict[int, asyncio.Event] = {}  # by user
        self._poked = asyncio.Event()
        self._listeners: Counter[_Listener] = Counter()
        self._revoked: set[int] = set()

    def poke(self) -> None:
        """Look for changes now, since this process may have written some."""
        self._poked.set()

    def be_told(self, is_told: bool) -> None:
        """Look less often while the database tells of the writes of other processes."""
        self._pause = TOLD_POLL_SECONDS if is_told else POLL_SECONDS
        self.poke()

    def close(self) -> None:
        """End all listeners, so that the server can stop."""
        self.closed = True
        self._wake([*self._news])

    async def run(self) -> None:
        """Look for new changes until cancelled, and wake the listeners."""
        last: dict[int, int] = {}
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._poked.wait()
            self._poked.clear()
            # of now: some may come and go while the database answers
            tokens = {listener.token: listener.user for listener in self._listeners}
            if not tokens:
                continue
            try:
                newest = await newest_changes({*tokens.values()})
                # another process may have revoked a token, which writes no change record
                revoked = {*tokens} - await valid_tokens([*tokens])
            except Exception as error:
                if explain(error) is None:
                    raise
                log.warning("changes cannot be read", error=str(error))
                continue
            self._revoked |= revoked
            self._wake({user for user in newest if newest[user] != last.get(user)})
            self._wake({tokens[token] for token in revoked})
            last = newest
            await asyncio.sleep(LEAST_SECONDS)

    async def listen(self, user: int, token: int, since: int) -> AsyncIterator[ChangeRecord | None]:
        """Yield a user's changes after `since` as they come, and None as a heartbeat.

        The changes end when `token` is revoked or expires; none is yielded after that. They also
        end when a backup is restored, so that the client begins anew.
        """
        listener = _Listener(user, token)
        self._listeners[listener] += 1
        try:
            while not self.closed and token not in self._revoked:
                # taken before reading, so that a change that comes meanwhile is not slept through
                news = self._news.setdefault(user, asyncio.Event())
                batch = await changes_since(user, since, 500)
                if batch.changes and not await valid_tokens([token]):
                    return
                if batch.reset:
                    return
                for change in batch.changes:
                    yield change
                since = batch.last
                if not batch.more and not await _wait(news):
                    yield None
        finally:
            self._listeners[listener] -= 1
            if not self._listeners[listener]:
                del self._listeners[listener]
                self._revoked.discard(token)

    def _wake(self, users: Iterable[int]) -> None:
        for user in users:
            if news := self._news.pop(user, None):
                news.set()


async def _wait(news: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            await news.wait()
    return news.is_set()
