"""A store is opened only if its schema is ours, and left unchanged otherwise."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from server.config import Config
from server.database.connection import execute, fetch, open_store, read_connection
from server.errors import StoreError
from tests.server.conftest import create_database

pytestmark = pytest.mark.anyio


async def test_a_store_of_a_newer_version_is_refused(config: Config) -> None:
    async with open_store(config):
        await execute(
            read_connection(),
            "INSERT INTO tortoise_migrations (id, app, name, applied_at) "
            "VALUES (9999, 'papermargin', '9999_wings', '2031-01-01 00:00:00+00:00')",
        )
    try:
        with pytest.raises(StoreError, match="newer Papermargin, with 9999_wings"):
            async with open_store(config):
                pass
    finally:
        await remove_newer_migration(config)
    async with open_store(config):
        assert not await fetch("SELECT * FROM paper")


async def remove_newer_migration(config: Config) -> None:
    """Make the store usable again: the tests of PostgreSQL share one database."""
    statement = "DELETE FROM tortoise_migrations WHERE name = '9999_wings'"
    if config.database_url:
        connection = await asyncpg.connect(config.database_url)
        await connection.execute(statement)
        await connection.close()
    else:
        with closing(sqlite3.connect(config.db)) as file:
            file.execute(statement)
            file.commit()


async def test_a_database_of_another_program_is_refused(postgres: str) -> None:
    address = await create_database(postgres, "recipes")
    connection = await asyncpg.connect(address)
    await connection.execute("CREATE TABLE recipe (name text)")
    with pytest.raises(StoreError, match="belongs to another program: it has the table recipe"):
        async with open_store(Config(database_url=address)):
            pass
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert [row["tablename"] for row in await connection.fetch(tables)] == ["recipe"]
    await connection.close()


def write_file(file: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return file.read_bytes()


async def open_and_close(file: Path) -> None:
    async with open_store(Config(db=file)):
        pass


@pytest.mark.parametrize(
    "table",
    [
        "recipe (name)",
        "tortoise_migrations (app, name); CREATE TABLE recipe (name)",
    ],
)
async def test_a_file_of_another_program_is_refused(tmp_path: Path, table: str) -> None:
    file = tmp_path / "recipes.sqlite"
    before = write_file(file, *f"CREATE TABLE {table}".split("; "))
    with pytest.raises(StoreError, match="belongs to another program: it has the table recipe"):
        await open_and_close(file)
    assert await asyncio.to_thread(file.read_bytes) == before


@pytest.mark.parametrize(
    "code",
    [
        "CREATE TRIGGER helper AFTER INSERT ON note BEGIN DELETE FROM note; END",
        "CREATE VIEW newest AS SELECT * FROM note",
    ],
)
async def test_a_file_with_code_that_is_not_ours_is_refused(
    tmp_path: Path, migrated_file: Path, code: str
) -> None:
    file = Path(shutil.copy(migrated_file, tmp_path))
    before = write_file(file, code)
    with pytest.raises(StoreError, match="is not Papermargin's and would run on its own"):
        await open_and_close(file)
    assert await asyncio.to_thread(file.read_bytes) == before


async def test_a_trigger_of_ours_that_was_changed_is_refused(
    tmp_path: Path, migrated_file: Path
) -> None:
    file = Path(shutil.copy(migrated_file, tmp_path))
    write_file(
        file,
        "DROP TRIGGER note_fts_insert",
        "CREATE TRIGGER note_fts_insert AFTER INSERT ON note BEGIN DELETE FROM note; END",
    )
    with pytest.raises(StoreError, match="note_fts_insert"):
        await open_and_close(file)
