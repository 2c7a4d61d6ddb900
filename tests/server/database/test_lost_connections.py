"""PostgreSQL ends connections, as when it is restarted: the server goes on by itself."""

import asyncio
from threading import Thread

import asyncpg
import pytest

from server.config import Config
from server.database.connection import require_context
from server.database.transactions import writing
from server.errors import StoreError
from server.ranking.refresh import Refresher
from tests.server.crashes import end_connections

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

CONNECTIONS = 5  # of a pool


@pytest.fixture
def engine() -> str:
    return "postgres"


def end_unnoticed(config: Config) -> None:
    """End all connections before this thread, which waits, can see that."""
    ending = Thread(target=end_connections, args=(config,), kwargs={"count": None})
    ending.start()
    ending.join()


async def can_write() -> bool:
    """Try to write; return whether the database answered."""
    try:
        async with asyncio.timeout(20), writing():
            return True
    except StoreError as error:
        assert "the database does not answer" in str(error)
        return False


async def test_writes_go_on_after_more_failures_than_there_are_connections(store: Config) -> None:
    outside = require_context().connections.get("default")
    failures = 0
    while failures <= CONNECTIONS:
        if await can_write():
            end_unnoticed(store)
        else:
            failures += 1
            await asyncio.sleep(0)
        assert require_context().connections.get("default") is outside
    await asyncio.sleep(0.1)
    assert await can_write()


async def test_the_ranking_is_refreshed_again_after_a_lost_connection(
    store: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ranking.refresh.IDLE_SECONDS", 0.05)
    other = await asyncpg.connect(store.database_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("LOCK TABLE change")
    refreshing = asyncio.create_task(Refresher().run())
    waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
    while not await other.fetchval(waiting):  # noqa: ASYNC110 - it waits in the database
        await asyncio.sleep(0.02)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND pid IS NOT NULL"
    )
    await transaction.rollback()
    await other.close()
    await asyncio.wait({refreshing}, timeout=1)
    assert not refreshing.done(), "it goes on"
    refreshing.cancel()
