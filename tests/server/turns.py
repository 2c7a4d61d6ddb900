"""A check, in the database of the tests, that every write of ours has taken the turn it needs.

What tests write by themselves, without a transaction, is not checked.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import pytest

from server.database import migrate, transactions

# what only one user sees, by the column that names them, and what all see
_OF_USERS = (
    *("citation", "change", "correction", "corrected_term", "entry", "note", "own_term"),
    *("ranking_model", "ranking_preference", "ranking_settings", "saved_search", "seen", "tag"),
)
_OF_ALL = ("alias", "listing", "listing_paper", "paper", "paper_term", "paper_text", "paper_vector")

_CHECK = """
CREATE FUNCTION check_turn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed record;
    owner integer;
BEGIN
    IF current_setting('papermargin.checks', true) IS DISTINCT FROM 'on' THEN
        RETURN NULL;
    END IF;
    changed := CASE WHEN TG_OP = 'DELETE' THEN old ELSE new END;
    IF TG_ARGV[0] = 'user' THEN
        owner := changed.user_id;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND granted
        AND classid = 8621 AND objsubid = 2 AND mode = 'ExclusiveLock'
        AND (objid = 0 OR objid::integer = owner)
    ) THEN
        RAISE EXCEPTION 'the turn of % was not taken to % a row of %',
            COALESCE('user ' || owner, 'the store'), TG_OP, TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
"""


@contextmanager
def asking_for_checks() -> Iterator[None]:
    """Let the transactions of this process be checked."""
    unchecked = transactions.transaction

    @asynccontextmanager
    async def checked() -> AsyncIterator[Any]:
        async with unchecked() as connection:
            if connection.capabilities.dialect == "postgres":
                # past the log of statements, which some tests count
                driver: Any = connection
                await driver._connection.execute("SET LOCAL papermargin.checks = on")
            yield connection

    with pytest.MonkeyPatch.context() as patch:
        for module in (transactions, migrate):
            patch.setattr(module, "transaction", checked)
        yield


async def add_checks(address: str) -> None:
    """Let a PostgreSQL database refuse writes without a turn, as no order of them is certain."""
    connection = await asyncpg.connect(address)
    await connection.execute(_CHECK)
    for kind, tables in (("user", _OF_USERS), ("all", _OF_ALL)):
        for table in tables:
            await connection.execute(
                f"CREATE TRIGGER check_turn AFTER INSERT OR UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION check_turn('{kind}')"
            )
    await connection.close()
