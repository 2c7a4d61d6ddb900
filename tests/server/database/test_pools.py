"""Connections of PostgreSQL that go back to their pool after each use."""

import pytest

from server.database.connection import fetch, read_connection, write_connection

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.usefixtures("store")]

OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def engine() -> str:
    return "postgres"


async def look(columns: str, condition: str) -> list[dict[str, object]]:
    """Look at the other connections of the database by one that writes."""
    sql = f"SELECT {columns} {OTHERS} AND {condition}"
    return await fetch(sql, using=write_connection())


async def test_a_query_is_followed_by_no_other_that_cleans_up() -> None:
    await fetch("SELECT 8620 AS ours")
    assert await look("pid", "query = 'SELECT 8620 AS ours' AND state = 'idle'")


async def test_a_transaction_that_was_left_open_ends_with_the_use_of_its_connection() -> None:
    async with read_connection().acquire_connection() as connection:
        await connection.execute("BEGIN")
        assert await look("pid", "state = 'idle in transaction'")
    assert not await look("pid", "state = 'idle in transaction'")
