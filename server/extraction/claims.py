"""Claim papers to read, so that of several workers no two read the same one.

A claim is a lease, which its worker renews while it reads: the papers of a worker that died are
free again after `LEASE_SECONDS`. All times are those of the database, as the clocks of machines
differ. A claim that would last longer is from before that clock was set back, and is free too. What
a worker read counts only while it still holds the claim.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import BaseORMException

from server.database.connection import execute, fetch, fetch_changed, is_postgres, places
from server.database.transactions import working
from server.errors import PapermarginError

LEASE_SECONDS = 60
RENEW_SECONDS = 20.0  # between two renewals, so that two of them may fail

# two conditions, each of whose queries ends at a limit, instead of one that sorts all that wait
_WAITING = ("p.extraction_version IS NULL", "p.extraction_version <> $2")

log = structlog.get_logger()


def new_worker_name() -> str:
    """Return a name for a worker that no other one has; it says where the worker runs."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid4().hex[:8]}"


async def claim(
    worker: str, version: str, *, limit: int, only: list[int] | None = None
) -> list[int]:
    """Claim papers that the model of `version` has not read yet, those never read first.

    With `only`, limited to these paper ids. Papers that another transaction holds are left out, so
    that fewer may be claimed than are free.
    """
    claimed: list[int] = []
    async with working() as connection:
        for waits in _WAITING:
            if len(claimed) < limit:
                sql, left = _claim_sql(waits, only), limit - len(claimed)
                rows = await fetch_changed(connection, sql, worker, version, left, *(only or []))
                claimed += [row["paper_id"] for row in rows]
    return claimed


async def is_any_free(version: str) -> bool:
    """Return whether a paper waits for the model of `version` that no worker reads now."""
    for waits in _WAITING:
        sql = f"SELECT p.id FROM paper p WHERE {_is_free(waits)} LIMIT 1"
        if await fetch(sql.replace("$2", "$1"), *([version] if "$2" in sql else [])):
            return True
    return False


async def end_claims(
    connection: BaseDBAsyncClient, papers: list[int], worker: str | None
) -> set[int]:
    """End the claims on papers, of one worker or of all; return which papers were claimed.

    A worker whose lease had ended may have lost its claims to another one.
    """
    if not papers:
        return set()
    mine = "" if worker is None else f" AND worker = ${len(papers) + 1}"
    rows = await fetch_changed(
        connection,
        f"DELETE FROM claim WHERE paper_id IN ({places(len(papers))}){mine} RETURNING paper_id",
        *papers,
        *([] if worker is None else [worker]),
    )
    return {row["paper_id"] for row in rows}


@asynccontextmanager
async def renewed(worker: str, papers: list[int]) -> AsyncIterator[None]:
    """Renew the claims of a worker on papers while the block runs; give them up if it fails."""
    renewing = asyncio.create_task(_keep_renewing(worker, papers))
    try:
        yield
    except BaseException:
        with suppress(BaseORMException, OSError, PapermarginError):  # they end by themselves
            async with working() as connection:
                await end_claims(connection, papers, worker)
        raise
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _keep_renewing(worker: str, papers: list[int]) -> None:
    sql = (
        f"UPDATE claim SET expires = {_now()} + {LEASE_SECONDS} WHERE worker = $1 "
        f"AND paper_id IN ({places(len(papers), after=1)})"
    )
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            async with working() as connection:
                await execute(connection, sql, worker, *papers)
        except (BaseORMException, OSError, PapermarginError) as error:
            log.warning("claims could not be renewed", error=str(error))


def _claim_sql(waits: str, only: list[int] | None) -> str:
    chosen = "" if only is None else f"AND p.id IN ({places(len(only), after=3)}) "
    # who waits for a paper that another worker is just claiming would then have to look elsewhere
    lock = "FOR NO KEY UPDATE OF p SKIP LOCKED" if is_postgres() else ""
    return (
        f"WITH free AS (SELECT p.id FROM paper p WHERE {_is_free(waits)} {chosen}"
        f"ORDER BY p.id DESC LIMIT $3 {lock}) "
        "INSERT INTO claim (paper_id, worker, expires) "
        # the condition also tells SQLite that ON belongs to the insertion and not to a join
        f"SELECT id, $1, {_now()} + {LEASE_SECONDS} FROM free WHERE $2 <> '' "
        "ON CONFLICT (paper_id) DO UPDATE SET worker = excluded.worker, "
        # a claim that was committed after this statement began is seen only here
        f"expires = excluded.expires WHERE NOT ({_is_held('claim')}) RETURNING paper_id"
    )


def _is_free(waits: str) -> str:
    return (
        f"{waits} AND NOT EXISTS "
        f"(SELECT 1 FROM claim c WHERE c.paper_id = p.id AND {_is_held('c')})"
    )


def _is_held(claim: str) -> str:
    return f"{claim}.expires BETWEEN {_now()} + 1 AND {_now()} + {LEASE_SECONDS}"


def _now() -> str:
    """Return the SQL of the time, in seconds since 1970."""
    if is_postgres():
        return "EXTRACT(EPOCH FROM clock_timestamp())::bigint"
    return "CAST(strftime('%s', 'now') AS INTEGER)"
