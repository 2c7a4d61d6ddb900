"""A store of any earlier version opens with all data, also after a process was killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from server.config import Config
from server.database.connection import create_older_store, open_store
from server.database.schema_check import known_migrations
from tests.server.conftest import create_database
from tests.server.interrupted_migrations import check_migrated, kill_migration
from tests.server.maintenance.test_backup import fill
from tests.server.stores import forget_newer, make_older, rows_of

FIRST, *_ = EARLIER = sorted(known_migrations())[:-1]
# where a migration is recorded, amid one that fills a column, and where the last is recorded
FATAL = ("'0004_digests'", "UPDATE note SET spellings", f"'{max(known_migrations())}'")
QUEUE = "0022_reading_queue"
TURN = "UPDATE clock SET writes = writes + 1 WHERE id = 1"
WRITE = "UPDATE entry SET rating = 1"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def older(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """A store without a schema, on each engine in turn."""
    if engine == "sqlite":
        return Config(db=tmp_path / "older.sqlite", keep_backups=(0, 0, 0))
    create = create_database(request.getfixturevalue("postgres"), f"older_{uuid4().hex}")
    return Config(database_url=asyncio.run(create))


async def fill_both(newer: Config, older: Config, *, last: str = FIRST) -> None:
    """Put one of everything into a store, and a copy of it into one of an earlier version."""
    await fill(newer)
    async with open_store(newer):
        await forget_newer()
    await make_older(newer, older, last=last)


def test_a_migration_that_was_killed_is_done_from_its_beginning(
    config: Config, older: Config
) -> None:
    asyncio.run(fill_both(config, older))
    for text in FATAL:
        assert kill_migration(older, before=text)
    check_migrated(older, asyncio.run(rows_of(config)))


@pytest.mark.anyio
@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_migration_waits_for_running_writes_and_later_ones_for_it(older: Config) -> None:
    await create_older_store(older, {name for name in EARLIER if name < QUEUE})
    async with connected(older) as first, connected(older) as second, connected(older) as eye:
        async with first.transaction():
            await first.execute(TURN)
            migration = asyncio.create_task(open_and_close(older))
            await wait_for_waiting(eye, 1, migration)
            later = asyncio.create_task(second.execute(TURN))
            await wait_for_waiting(eye, 2, later)
            await first.execute(WRITE)  # into a table that the migrations change before the clock
        await asyncio.wait_for(asyncio.gather(migration, later), 60)


@asynccontextmanager
async def connected(store: Config) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(store.database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def open_and_close(store: Config) -> None:
    async with open_store(store):
        pass


async def wait_for_waiting(connection: Any, count: int, last: asyncio.Task[Any]) -> None:
    """Wait until so many statements in the database wait for a lock, one of them of `last`."""
    async with asyncio.timeout(60):
        while await connection.fetchval(WAITING) < count:
            assert not last.done(), "it did not wait"
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("last", EARLIER)
def test_a_store_of_each_earlier_version_is_migrated_with_its_data(
    last: str, config: Config, older: Config
) -> None:
    asyncio.run(fill_both(config, older, last=last))
    check_migrated(older, asyncio.run(rows_of(config)))
