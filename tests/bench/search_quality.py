"""How well search finds the paper that a person means, on both engines.

    python -m tests.bench.search_quality --queries FILE [--papers FOLDER] [--engine ENGINE] [--all]

FILE has a query a line, and after tabs the wanted papers (arXiv ids, or `author:NAME` for any paper
of an author) and the kind of the query. FOLDER has answers of the Daily Papers API. For each kind
it prints for how many queries a wanted paper is the first, and among the first five.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.table import Table
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.users import get_user
from server.config import Config
from server.database.connection import fetch, is_postgres, open_store
from server.errors import QueryError
from server.imports.formats.huggingface_items import parse_items
from server.papers.ingest import ingest
from server.papers.list import list_papers
from server.schema.papers import ListedPaper
from tests.server.conftest import create_database
from tests.server.postgres import postgres_binaries, postgres_server

PAPERS = Path(__file__).parents[3] / "shared" / "hf" / "api"
FIRST = 5
console = Console(width=140)


class Sought(Struct, frozen=True):
    """A query, and which papers a person wants by it."""

    query: str
    keys: frozenset[str]
    authors: frozenset[str]
    kind: str

    def place(self, papers: list[ListedPaper]) -> int | None:
        """Return where the first wanted paper stands, counted from 0."""
        for place, paper in enumerate(papers):
            if paper.key in self.keys or self.authors & {*paper.authors}:
                return place
        return None


def read_queries(file: Path) -> list[Sought]:
    """Read a file of queries, whose first line is a heading."""
    found = []
    for line in file.read_text("utf-8").splitlines()[1:]:
        query, wanted, kind = line.split("\t")
        names, keys = frozenset[str](), frozenset(wanted.split())
        if wanted.startswith("author:"):
            names, keys = frozenset([wanted.removeprefix("author:")]), frozenset()
        found.append(Sought(query, keys, names, kind.partition(",")[0]))
    return found


def read_answers(folder: Path) -> Iterator[list[Any]]:
    """Yield the answers in a folder, those that are no answer left out."""
    for file in sorted(folder.glob("*.json")):
        items = json.loads(file.read_text("utf-8"))
        if isinstance(items, list):
            yield items


async def fill(folder: Path) -> None:
    """Ingest the papers of all answers in a folder."""
    for items in read_answers(folder):
        now = datetime.now(UTC)
        await ingest(parse_items(items, observed=now), now)


async def measure(config: Config, queries: list[Sought], *, folder: Path, show_all: bool) -> None:
    """Fill a store if it is empty, ask it the queries and print where the wanted papers stood."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        user = (await get_user("me", datetime.now(UTC), create=True)).id
        if not await fetch("SELECT id FROM paper LIMIT 1"):
            await fill(folder)
        [store] = await fetch("SELECT COUNT(*) AS papers FROM paper")
        places, started = {}, time.perf_counter()
        for sought in queries:
            try:
                page = await list_papers(user, sought.query, everything=True, limit=20)
            except QueryError as error:
                console.print(f"[red]{sought.query}[/]: {error}")
                places[sought] = None
                continue
            places[sought] = sought.place(page.papers)
            if show_all and places[sought] != 0:
                console.print(f"{places[sought]}  {sought.query}")
                for paper in page.papers[:3]:
                    console.print(f"      {paper.key} {paper.title[:90]}")
        each = (time.perf_counter() - started) / len(queries) * 1000
        size = await index_size()
    title = f"{config.store_name}: {store['papers']:,} papers, {each:.0f} ms a query, index {size}"
    print_places(title, places)


async def index_size() -> str:
    """Return how large the full-text index of papers is."""
    sql = "SELECT pg_total_relation_size('paper_search') AS bytes"
    if not is_postgres():
        sql = "SELECT SUM(LENGTH(block)) AS bytes FROM paper_fts_data"
    return f"{(await fetch(sql))[0]['bytes'] / 1e6:.1f} MB"


def print_places(title: str, places: dict[Sought, int | None]) -> None:
    """Print for each kind of query how many found a wanted paper, first and among the first."""
    table = Table("kind", "queries", "first", f"first {FIRST}", title=title)
    asked, first, near = Counter[str](), Counter[str](), Counter[str]()
    for sought, place in places.items():
        for kind in (sought.kind, "all"):
            asked[kind] += 1
            first[kind] += place == 0
            near[kind] += place is not None and place < FIRST
    for kind in sorted(asked, key=lambda kind: (kind == "all", kind)):
        table.add_row(kind, str(asked[kind]), str(first[kind]), str(near[kind]))
    console.print(table)


@contextmanager
def stores(engine: str | None, db: Path | None) -> Iterator[list[Config]]:
    """Run what empty stores on one or both engines need, and yield their settings."""
    with tempfile.TemporaryDirectory() as folder:
        file = Config(db=db or Path(folder, "papers.sqlite"), ingest=False, extract=False)
        binaries = postgres_binaries()
        if engine == "sqlite" or binaries is None:
            yield [file]
            return
        with postgres_server(binaries) as server:
            url = asyncio.run(create_database(server.address, "search_quality"))
            database = Config(database_url=url, ingest=False, extract=False)
            yield [database] if engine == "postgres" else [file, database]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--papers", type=Path, default=PAPERS)
    parser.add_argument("--engine", choices=("sqlite", "postgres"))
    parser.add_argument("--db", type=Path, help="a SQLite file that is filled once and kept")
    parser.add_argument("--all", action="store_true", help="show what stands before the wanted")
    given = parser.parse_args()
    with stores(given.engine, given.db) as configs:
        for config in configs:
            queries = read_queries(given.queries)
            asyncio.run(measure(config, queries, folder=given.papers, show_all=given.all))


if __name__ == "__main__":
    main()
