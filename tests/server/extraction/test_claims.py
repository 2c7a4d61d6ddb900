"""Claims on papers: which worker reads what, and who may store it."""

import asyncio
from collections import Counter

import pytest

from nlp.spans import Extraction
from server.database.connection import execute, fetch, write_connection
from server.database.models.changes import Change
from server.database.models.papers import Paper
from server.database.transactions import writing
from server.extraction import claims
from server.extraction.claims import claim, is_any_free, renewed
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.merge import merge_papers
from tests.server.material import NOW, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]


async def fill(count: int) -> list[int]:
    """Take papers in; return their row ids, newest first."""
    report = await take_in(*(source(f"2601.{n:05}", f"Paper {n}") for n in range(count)))
    return sorted(report.rows, reverse=True)


async def let_claims_end() -> None:
    await execute(write_connection(), "UPDATE claim SET expires = expires - 61")


async def read(papers: list[int], worker: str) -> int:
    """Store a reading of papers by a worker; return how many of them it could store."""
    readings = [
        PaperExtraction(paper, Extraction(mentions=[], results=[]))
        for paper in await unread("1", limit=99, only=papers)
    ]
    return (await store_readings(readings, "1", NOW, worker=worker)).papers


async def test_a_paper_is_claimed_by_one_worker_newest_first() -> None:
    papers = await fill(5)
    assert await claim("ada", "1", limit=2) == papers[:2]
    assert await claim("bob", "1", limit=9) == papers[2:]
    assert await claim("ada", "1", limit=9) == []
    assert not await is_any_free("1")


async def test_papers_that_an_older_model_read_are_claimed_last() -> None:
    papers = await fill(4)
    await Paper.filter(id__in=papers[:2]).update(extraction_version="older")
    assert await claim("ada", "1", limit=3) == [*papers[2:], papers[0]]
    assert not await claim("ada", "older", limit=9)
    assert await is_any_free("1") and not await is_any_free("older")


async def test_many_workers_that_claim_at_once_share_the_papers() -> None:
    papers = await fill(60)

    async def claim_all(worker: str) -> list[int]:
        found: list[int] = []
        while await is_any_free("1"):
            found += await claim(worker, "1", limit=3)
        return found

    shares = await asyncio.gather(*(claim_all(f"worker {n}") for n in range(8)))
    assert Counter(paper for share in shares for paper in share) == Counter(papers)


async def test_the_claims_of_a_dead_worker_end() -> None:
    papers = await fill(2)
    assert await claim("ada", "1", limit=9) == papers
    await let_claims_end()
    assert await is_any_free("1")
    assert await claim("bob", "1", limit=9) == papers
    assert await claim("eve", "1", limit=9) == []


async def test_claims_from_before_the_clock_was_set_back_end() -> None:
    papers = await fill(2)
    assert await claim("ada", "1", limit=9) == papers
    await execute(write_connection(), "UPDATE claim SET expires = expires + 3600")
    assert await is_any_free("1")
    assert await claim("bob", "1", limit=9) == papers
    assert not await is_any_free("1")


async def test_a_worker_that_lost_its_claims_stores_nothing() -> None:
    papers = await fill(2)
    await claim("ada", "1", limit=9)
    await let_claims_end()
    await claim("bob", "1", limit=1)
    assert await read(papers, "ada") == 1, "nobody else claimed the other one"
    assert await read(papers, "bob") == 1
    assert await Change.filter(kind="paper").count() == 4, "taken in once, read once"
    assert await fetch("SELECT paper_id FROM claim") == []


async def test_claims_are_renewed_while_a_worker_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "RENEW_SECONDS", 0.01)
    papers = await fill(1)
    await claim("ada", "1", limit=9)
    async with renewed("ada", papers), asyncio.timeout(30):
        await let_claims_end()
        while await is_any_free("1"):  # noqa: ASYNC110 - what is waited for lies in the store
            await asyncio.sleep(0.01)


async def test_a_worker_that_fails_gives_up_its_claims() -> None:
    papers = await fill(2)
    await claim("ada", "1", limit=1)
    await claim("bob", "1", limit=1)
    with pytest.raises(ValueError, match="stumbled"):
        async with renewed("ada", papers[:1]):
            raise ValueError("stumbled")
    assert await claim("eve", "1", limit=9) == papers[:1]


async def test_a_paper_that_is_merged_away_is_claimed_no_longer() -> None:
    await take_in(source("2601.00001", "One"), source("2601.00002", "Two"))
    await claim("ada", "1", limit=9)
    async with writing() as connection:
        one, two = await Paper.all().order_by("id")
        await merge_papers(connection, one, two, NOW)
    assert len(await fetch("SELECT paper_id FROM claim")) == 1
