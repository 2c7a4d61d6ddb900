"""Bring vectors and models up to date in the background, so that no request waits for either."""

import asyncio

import structlog
from tortoise.exceptions import BaseORMException

from server.database.change_feed import newest_changes
from server.database.connection import fetch
from server.database.failures import explained
from server.errors import StoreError
from server.ranking.learning import learn_model
from server.ranking.preferences import read_settings
from server.ranking.storage import (
    find_stale,
    read_statistics,
    read_texts,
    save_model,
    save_vectors,
)
from server.ranking.vectors import make_vector

BATCH = 100  # papers whose vectors are stored in one short write
GROWTH = 1.2  # of the store, after which a model is learnt again although its list is the same
IDLE_SECONDS = 5.0

log = structlog.get_logger()


class Refresher:
    """Follows the changes of the store."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}  # the newest change of each user

    async def run(self) -> None:
        """Refresh whenever something changed, until cancelled."""
        while True:
            try:
                with explained():
                    await self.refresh()
            except (BaseORMException, OSError, StoreError) as error:
                log.warning("ranking rests for a while", error=str(error))
            await asyncio.sleep(IDLE_SECONDS)

    async def refresh(self) -> None:
        """Make the vectors and learn the models that changes since the last call ask for.

        The first call looks at all papers and all users.
        """
        users = [row["id"] for row in await fetch("SELECT id FROM reader ORDER BY id")]
        newest = await newest_changes(users)
        if newest == self._seen:
            return
        await fill_vectors(await self._changed_papers(max(newest.values(), default=0)))
        for user, number in newest.items():
            if number != self._seen.get(user):
                await refresh_model(user)
        self._seen = newest

    async def _changed_papers(self, newest: int) -> list[str] | None:
        last = max(self._seen.values(), default=0)
        # numbers go back when a backup is restored
        if not last or newest < last:
            return None
        rows = await fetch(
            "SELECT DISTINCT paper_key FROM change "
            "WHERE kind = 'paper' AND user_id IS NULL AND id > $1",
            last,
        )
        return [row["paper_key"] for row in rows if row["paper_key"]]


async def bring_up_to_date(user: int) -> None:
    """Make all missing vectors and learn a user's model again, as no server may be doing that."""
    await fill_vectors()
    await refresh_model(user)


async def fill_vectors(keys: list[str] | None = None) -> int:
    """Make the missing and outdated vectors, of the papers of `keys` only if given.

    Returns how many were made.
    """
    if keys == []:
        return 0
    stale = await find_stale(keys)
    for start in range(0, len(stale), BATCH):
        texts = await read_texts(stale[start : start + BATCH])
        # other requests are answered meanwhile
        vectors = await asyncio.to_thread(lambda some: [make_vector(t.text) for t in some], texts)
        await save_vectors([*zip(texts, vectors, strict=True)])
    return len(stale)


async def refresh_model(user: int) -> None:
    """Learn a user's model again if the list changed or the store has grown much since.

    Nothing is learnt for a user who switched the ranking off, and what was learnt is dropped.
    """
    [row] = await fetch(
        "SELECT COALESCE(MAX(id), 0) AS change FROM change WHERE user_id = $1", user
    )
    statistics = await read_statistics()
    former = await fetch("SELECT change, papers FROM ranking_model WHERE user_id = $1", user)
    if former and former[0]["change"] == row["change"]:
        known = max(former[0]["papers"], 1)
        if statistics.papers <= GROWTH * known:
            return
    model = await learn_model(user) if (await read_settings(user)).enabled else None
    await save_model(user, model, change=row["change"], papers=statistics.papers)
