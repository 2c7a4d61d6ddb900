"""Queries that people would type, over real papers, on each engine."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.imports.formats.huggingface_items import parse_items
from server.papers.ingest import ingest
from server.papers.list import list_papers
from server.schema.sources import Batch
from tests.bench.search_quality import FIRST, PAPERS, Sought, read_answers, read_queries

QUERIES = Path(__file__).parents[4] / "shared" / "cases" / "search_queries.tsv"
SHARE = 8  # one answer in so many is taken whole; tests.bench.search_quality takes all
NOW = datetime(2026, 6, 1, tzinfo=UTC)
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        not QUERIES.is_file(), reason="the real papers lie beside the checkout, in ../shared"
    ),
]


def choose_papers(queries: list[Sought]) -> Batch:
    """Return the papers of some answers, and those of the others that the queries want."""
    keys = frozenset[str]().union(*(sought.keys for sought in queries))
    names = frozenset[str]().union(*(sought.authors for sought in queries))
    chosen = Batch(kind="real papers", papers=[])
    for number, items in enumerate(read_answers(PAPERS)):
        papers = parse_items(items, observed=NOW).papers
        chosen.papers += [
            paper
            for paper in papers
            if number % SHARE == 0 or paper.arxiv_id in keys or names & {*paper.authors}
        ]
    return chosen


async def test_each_query_finds_a_wanted_paper_among_the_first_five(store: object) -> None:
    queries = read_queries(QUERIES)
    await ingest(choose_papers(queries), NOW)
    missed = []
    for sought in queries:
        page = await list_papers(1, sought.query, everything=True, limit=FIRST)
        if sought.place(page.papers) is None:
            missed.append(sought.query)
    assert missed == []
