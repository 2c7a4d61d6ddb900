"""Benchmark of how the cost of lists grows with the store, each beside the bare SQL of its rows.

    python -m tests.bench.growth [--papers 10000 100000] [--only WORDS]

Figures are milliseconds of processor time of this process, so that other programs on the machine
disturb them little. `README.md` in this folder says how to read them.
"""

import argparse
import asyncio
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console

from server.config import Config
from server.database.connection import open_store
from server.papers.list import list_papers
from server.papers.overlay import overlay
from server.schema.papers import OverlayRequest, PagePaper
from server.search.fulltext import expression, spelled
from server.search.parser import Text
from tests.bench.floor import connect
from tests.bench.server import table
from tests.bench.store import large_store, paper_key, scaled, vocabulary

ROUNDS = 15
console = Console(width=160)

_LISTED = "e.user_id = 1 AND e.deleted IS NULL AND e.status <> 'none'"
_PAPERS = "SELECT p.* FROM paper p WHERE p.id IN ({})"
_TAGGED = (
    "SELECT e.paper_id FROM tag t JOIN entry_tag et ON et.tag_id = t.id "
    "JOIN entry e ON e.id = et.entry_id WHERE t.fold = ? ORDER BY e.added DESC LIMIT 50"
)

Work = Callable[[], Awaitable[object]]


class Row(Struct, frozen=True):
    """A row of the table: what the server does, and the statement that reads the same rows."""

    name: str
    work: Work
    sql: str
    values: tuple[Any, ...] = ()


def rows(connection: sqlite3.Connection, papers: int) -> list[Row]:
    """Return what is measured in a store of this many papers."""
    words = vocabulary().words
    word, tag = words[300], f"{words[550]}/50"
    [(dataset, term)] = connection.execute(
        "SELECT name, id FROM term WHERE label = 'DATASET' ORDER BY id LIMIT 1 OFFSET 100"
    )
    match = (expression(spelled([Text(word)]), postgres=False),)
    newest = f"SELECT e.paper_id FROM entry e WHERE {_LISTED} ORDER BY e.added DESC LIMIT 50"
    found = "SELECT rowid FROM paper_fts WHERE paper_fts MATCH ? ORDER BY rank LIMIT 50"
    facets = (
        f"SELECT pt.term_id, COUNT(*) FROM entry e JOIN paper_term pt ON pt.paper_id = e.paper_id "
        f"WHERE {_LISTED} GROUP BY 1"
    )
    noted = (
        f"SELECT e.paper_id FROM entry e WHERE {_LISTED} AND e.status = 'inbox' AND EXISTS (SELECT "
        "1 FROM note n WHERE n.paper_id = e.paper_id AND n.user_id = 1 AND n.deleted IS NULL) "
        "ORDER BY e.added DESC LIMIT 50"
    )
    named = "SELECT paper_id FROM paper_term WHERE term_id = ? ORDER BY paper_id DESC LIMIT 50"
    of_dataset, of_all = f'dataset:"{dataset}"', "SELECT id FROM paper ORDER BY id DESC LIMIT 50"
    listed, stored = _PAPERS.format(newest), partial(_listing, everything=True)
    return [
        Row("the reading list", _listing(""), listed),
        Row("all papers", stored(""), _PAPERS.format(of_all)),
        Row("the list with facets", _listing("", facets=True), facets),
        Row("one word, own list", _listing(word), _PAPERS.format(found), match),
        Row("one word, all", stored(word), _PAPERS.format(found), match),
        Row("tag:x, own list", _listing(f"tag:{tag}"), _PAPERS.format(_TAGGED), (tag,)),
        Row("tag:x, all", stored(f"tag:{tag}"), _PAPERS.format(_TAGGED), (tag,)),
        Row("has:note status:inbox", _listing("has:note status:inbox"), _PAPERS.format(noted)),
        Row("dataset:x, all", stored(of_dataset), _PAPERS.format(named), (term,)),
        Row("overlay", _overlay(papers), listed),
    ]


def _listing(query: str, *, everything: bool = False, facets: bool = False) -> Work:
    return lambda: list_papers(1, query, everything=everything, facets=facets)


def _overlay(papers: int) -> Work:
    asked = [PagePaper(id=paper_key(n * papers // 50)) for n in range(50)]
    return lambda: overlay(OverlayRequest(papers=asked), 1, datetime.now(UTC))


async def measure(config: Config, papers: int, only: str) -> dict[str, tuple[float, float]]:
    """Return the medians of each row, ours and the floor's, in milliseconds of processor time."""
    figures = {}
    async with open_store(config):
        with closing(connect(str(config.db))) as bare:
            for row in rows(bare, papers):
                if only in row.name:
                    ours, floor = [], []
                    for _ in range(ROUNDS):
                        begun = time.process_time()
                        msgspec.json.encode(await row.work())
                        between = time.process_time()
                        bare.execute(row.sql, row.values).fetchall()
                        ours.append((between - begun) * 1000)
                        floor.append((time.process_time() - between) * 1000)
                    figures[row.name] = statistics.median(ours), statistics.median(floor)
    return figures


def show(figures: dict[int, dict[str, tuple[float, float]]]) -> None:
    """Print a table: each row at each size, and how many times the next size costs as much."""
    sizes = sorted(figures)
    columns = []
    for n, size in enumerate(sizes):
        columns += [f"{size:,}", "floor"] + (["step"] if n else [])
    printed = table("milliseconds of processor time, lists of 50", "", *columns)
    for name in figures[sizes[0]]:
        cells: list[str] = []
        for n, size in enumerate(sizes):
            ours, floor = figures[size][name]
            cells += [f"{ours:.1f}", f"{floor:.1f}"]
            if n:
                cells.append(f"{ours / figures[sizes[n - 1]][name][0]:.1f}x")
        printed.add_row(name, *cells)
    console.print(printed)


def main() -> None:
    """Run the benchmark at the chosen sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--only", default="", help="rows whose name has these words")
    asked = parser.parse_args()
    figures = {}
    for papers in sorted(asked.papers):
        config, _ = large_store(scaled(papers))
        figures[papers] = asyncio.run(measure(config, papers, asked.only))
    show(figures)


if __name__ == "__main__":
    main()
