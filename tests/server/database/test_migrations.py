"""A store of any earlier version opens with all data, also after a process was killed meanwhile."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from server.config import Config
from server.database.connection import open_store
from server.database.schema_check import known_migrations
from tests.server.conftest import create_database
from tests.server.interrupted_migrations import check_migrated, kill_migration
from tests.server.maintenance.test_backup import fill
from tests.server.stores import forget_newer, make_older, rows_of

FIRST, *_ = EARLIER = sorted(known_migrations())[:-1]
# where a migration is recorded, amid one that fills a column, and where the last is recorded
FATAL = ("'0004_digests'", "UPDATE note SET spellings", f"'{max(known_migrations())}'")


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


@pytest.mark.parametrize("last", EARLIER)
def test_a_store_of_each_earlier_version_is_migrated_with_its_data(
    last: str, config: Config, older: Config
) -> None:
    asyncio.run(fill_both(config, older, last=last))
    check_migrated(older, asyncio.run(rows_of(config)))
