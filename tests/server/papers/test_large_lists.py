"""Lists of a large store: none reads all papers, by the plans of either engine, or counts on."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from server.config import Config
from server.database.connection import execute, fetch, is_postgres, read_connection
from server.database.transactions import writing
from server.papers.facets import list_facets
from server.papers.list import MAX_COUNTED, list_papers
from server.papers.triage import parse_days, read_pile
from server.schema.searches import Sort
from tests.server.conftest import create_database
from tests.server.material import NOW

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("large")]

PAPERS, ENTRIES = 3_000, 300
# indexes of only those papers that `has:code` and the like ask for
PARTIAL = tuple(f"paper_with_{name}" for name in ("code", "summary", "model", "dataset", "space"))

OF_THE_LIST = [
    "", "status:inbox", "tag:wet", "tag:wet status:reading", "has:note", "has:note status:inbox",
    "title:moss", "note:moss", "org:moss", "keyword:moss", "upvotes:>50", "comments:>5",
    "stars:>100", "added:<7d", "rating:>=4", "added:>2026-03-01", "moss", "moss fern",
    "method:GRPO", "dataset:MATH status:read", "key:2601.00007",
]  # fmt: skip
OF_THE_STORE = [
    "", "tag:wet", "status:inbox", "has:note", "has:code", "moss", "moss fern", "dataset:MATH",
    "title:moss", "abstract:moss", "note:moss", "org:moss", "upvotes:>50",
    "keyword:moss", "comments:>5", "stars:>100", "has:summary", "has:model", "has:dataset",
    "has:space", "introduces:GRPO", "author:ada", "published:2026-03", "listed:2026-03-05",
    "key:2601.00007",
]  # fmt: skip

Statement = tuple[str, list[Any]]


@pytest.fixture
def config(config: Config, engine: str, request: pytest.FixtureRequest) -> Config:
    """The settings of a new store: PostgreSQL plans by the size of files, which tests let grow."""
    if engine == "sqlite":
        return config
    server = request.getfixturevalue("migrated_database").rpartition("/")[0]
    address = asyncio.run(create_database(server, f"test_{uuid4().hex}", "migrated"))
    return replace(config, database_url=address)


@pytest.fixture
async def large(store: Config) -> AsyncIterator[None]:
    """A store with more papers than an engine would rather read than look up."""
    empty = "'', '[]', '[]', '[]', '[]', 'ids'"
    papers = [
        f"('2601.{n:05}', '10.1000/{n}', 't', 't', 't{n}', {empty}, $1, $1)" for n in range(PAPERS)
    ]
    entries = [f"(1, {n * 10 + 1}, 'inbox', 1, $1, $1)" for n in range(ENTRIES)]
    async with writing() as connection:
        await execute(
            connection,
            "INSERT INTO paper (key, doi, title, normalized_title, title_digest, abstract, "
            "authors, categories, mentions, results, richness, observed, created) VALUES "
            + ",".join(papers),
            NOW,
        )
        await execute(
            connection,
            "INSERT INTO entry (user_id, paper_id, status, version, added, updated) VALUES "
            + ",".join(entries),
            NOW,
        )
        await execute(connection, "ANALYZE")
    yield


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Statement]]:
    """The statements that are run on the connection for reads."""
    connection, found = read_connection(), []
    run = connection.execute_query

    async def recorded(sql: str, values: list[Any] | None = None) -> Any:
        found.append((sql, values or []))
        return await run(sql, values)

    monkeypatch.setattr(connection, "execute_query", recorded)
    yield found


@pytest.mark.parametrize(
    ("query", "everything"),
    [*((query, False) for query in OF_THE_LIST), *((query, True) for query in OF_THE_STORE)],
)
async def test_a_list_looks_up_its_papers(
    query: str, everything: bool, statements: list[Statement], store: Config
) -> None:
    await list_papers(1, query, everything=everything)
    asked = list(statements)
    for sql, values in asked:
        in_order = everything and not query and sql.startswith("SELECT p.id AS id")
        assert await _scans(store, sql, values, in_order=in_order) == [], sql


@pytest.mark.parametrize("sort", ["published", "upvotes"])
async def test_a_sorted_page_of_the_store_is_read_in_the_order_of_an_index(
    sort: Sort, statements: list[Statement], store: Config
) -> None:
    first = await list_papers(1, sort=sort, everything=True, limit=20)
    await list_papers(1, sort=sort, everything=True, limit=20, cursor=first.next)
    for sql, values in list(statements):
        in_order = sql.startswith("SELECT p.id AS id")
        assert await _scans(store, sql, values, in_order=in_order) == [], sql


async def test_the_pile_of_a_triage_looks_up_its_papers(
    statements: list[Statement], store: Config
) -> None:
    await read_pile(1, parse_days("all"), NOW)
    await read_pile(1, parse_days("2026-03-01..2026-03-05,2026-02-01"), NOW)
    for sql, values in list(statements):
        assert await _scans(store, sql, values, in_order=False) == [], sql


@pytest.mark.parametrize("everything", [False, True])
async def test_facets_are_read_from_what_is_kept(
    everything: bool, statements: list[Statement], store: Config
) -> None:
    facets = await list_facets(1, everything=everything)
    assert {value.value: value.count for value in facets["status"]}["inbox"] == ENTRIES
    for sql, values in list(statements):
        assert await _scans(store, sql, values, in_order=False) == [], sql
        assert "JOIN paper_term" not in sql


async def test_a_total_is_counted_up_to_a_bound() -> None:
    first = await list_papers(1, "-tag:wet", everything=True, limit=2)
    second = await list_papers(1, "-tag:wet", everything=True, limit=2, cursor=first.next)
    for page in (first, second):
        assert (page.total, page.exact) == (MAX_COUNTED, False)
    narrow = await list_papers(1, "status:inbox", everything=True)
    assert (narrow.total, narrow.exact) == (ENTRIES, True)


async def test_the_total_of_the_whole_store_is_exact() -> None:
    first = await list_papers(1, everything=True, limit=2)
    second = await list_papers(1, everything=True, limit=2, cursor=first.next)
    for page in (first, second):
        assert (page.total, page.exact) == (PAPERS, True)


async def _scans(store: Config, sql: str, values: list[Any], *, in_order: bool) -> list[str]:
    """Return the steps of a plan that read all papers.

    With `in_order`, a step may read them from one end, as long as nothing has to be sorted: the
    page's limit ends it.
    """
    if is_postgres():
        return await _scans_of_postgres(store, sql, values, in_order=in_order)
    rows = await fetch(f"EXPLAIN QUERY PLAN {sql}", *values)
    steps = [row["detail"] for row in rows]
    if in_order:
        return [step for step in steps if step == "USE TEMP B-TREE FOR ORDER BY"]
    return [step for step in steps if _is_scan(step, sql)]


def _is_scan(step: str, sql: str) -> bool:
    """Return whether a step of SQLite reads all papers, be it for a filter before it looks up."""
    names = {"paper", *re.findall(r"\bpaper (?:AS )?([a-z])\b", sql)}
    found = re.match(r"(?:SCAN|BLOOM FILTER ON) (\w+)", step)
    return found is not None and found[1] in names and not step.endswith(PARTIAL)


async def _scans_of_postgres(
    store: Config, sql: str, values: list[Any], *, in_order: bool
) -> list[str]:
    """Ask for a plan that reads a whole table only where there is no other way."""
    connection = await asyncpg.connect(store.database_url)
    try:
        await connection.execute("SET enable_seqscan = off")
        [row] = await connection.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    finally:
        await connection.close()
    steps = [*_nodes(json.loads(row["QUERY PLAN"])[0]["Plan"])]
    read = [step for step in steps if step.get("Relation Name") == "paper"]
    if not in_order:
        return [step["Node Type"] for step in read if not _is_led(step)]
    kinds = {step["Node Type"] for step in read} & {"Seq Scan"}
    return [*kinds, *({step["Node Type"] for step in steps} & {"Sort"})]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def _is_led(step: dict[str, Any]) -> bool:
    """Return whether a step looks papers up by a condition of an index."""
    parts = list(_nodes(step))
    return any("Index Cond" in part or part.get("Index Name") in PARTIAL for part in parts)
