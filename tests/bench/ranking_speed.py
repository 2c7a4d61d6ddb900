"""How long ranking takes in a large store.

    python -m tests.bench.ranking_speed [--papers 100000] [--made 4000]

The store is a SQLite file with random texts. The vectors of `--made` papers are made from their
texts; the others have copies of these, which take as long to read and to compare. Times are
milliseconds, the median and the 95th percentile of 50 calls; those of the processor alone say how
long a call would take on an idle machine.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from rich.console import Console

from server.accounts.users import get_user
from server.config import Config
from server.database.connection import execute, execute_many, open_store
from server.database.transactions import writing
from server.papers.related import explain
from server.ranking.learning import learn_model
from server.ranking.nearest import find_alike
from server.ranking.refresh import fill_vectors, refresh_model
from server.ranking.scores import score_page, score_papers
from server.ranking.storage import read_statistics, save_statistics

ROUNDS = 50
PAGE = 50
LIST = 1_000
NOW = datetime(2026, 3, 5, tzinfo=UTC)

console = Console(width=140)


async def fill(papers: int, made: int) -> None:
    """Store papers whose words follow Zipf's law, and a list of a thousand of them.

    Only the first `made` have abstracts.
    """
    chance = random.Random(7)
    words = [f"word{n}" for n in range(15_000)]
    weights = [*accumulate(1 / (n + 10) for n in range(len(words)))]
    rows = []
    for number in range(1, papers + 1):
        text = chance.choices(words, cum_weights=weights, k=140 if number <= made else 10)
        title, abstract = " ".join(text[:10]), " ".join(text[10:])
        authors = json.dumps([f"Author {chance.randrange(papers)}" for _ in range(6)])
        rows.append((number, f"x{number}", title, title, f"x{number}", abstract, authors))
    async with writing() as connection:
        await execute_many(
            connection,
            "INSERT INTO paper (id, key, title, normalized_title, title_digest, abstract, authors, "
            "categories, richness, observed, created, mentions, results) VALUES ($1, $2, $3, $4, "
            f"$5, $6, $7, '[]', 'ids', '{NOW}', '{NOW}', '[]', '[]')",
            rows,
        )
        await execute_many(
            connection,
            "INSERT INTO entry (user_id, paper_id, status, version, added, updated) "
            f"VALUES (1, $1, 'read', 1, '{NOW}', '{NOW}')",
            [(1 + n * (papers // LIST),) for n in range(LIST)],
        )


async def explain_page(first: int) -> None:
    """Score a page and say why papers of it stand out, as for the overlay."""
    scored = await score_page(1, range(first, first + PAGE))
    await explain(scored, 1, only_outstanding=True)


async def measure(name: str, call: Callable[[int], Awaitable[object]]) -> None:
    """Print how long a call takes for different papers, after a first one that fills the caches."""
    await call(1)
    times: dict[str, list[float]] = {"": [], "of the processor": []}
    for number in range(ROUNDS):
        start, busy = time.perf_counter(), time.process_time()
        await call(1 + 37 * number)
        times[""].append(1_000 * (time.perf_counter() - start))
        times["of the processor"].append(1_000 * (time.process_time() - busy))
    for what, taken in times.items():
        high = statistics.quantiles(taken, n=20)[-1]
        console.print(f"{name}: {statistics.median(taken):.1f} ms, p95 {high:.1f} ms {what}")


async def copy_vectors(papers: int, made: int) -> None:
    """Give each paper without a vector a copy of another's, and count its terms too."""
    async with writing() as connection:
        await execute(
            connection,
            "INSERT INTO paper_vector (paper_id, version, size, terms, meaning) SELECT p.id, "
            "v.version, LENGTH(p.title) + LENGTH(p.abstract), v.terms, v.meaning FROM paper p "
            "JOIN paper_vector v ON v.paper_id = 1 + p.id % $1 WHERE p.id > $1",
            made,
        )
        counted = await read_statistics(using=connection)
        counted.papers = papers
        counted.frequencies *= papers // made
        await save_statistics(counted)


async def bench(papers: int, made: int) -> None:
    """Fill a store and print the times."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Config(db=Path(folder, "bench.sqlite"))):
            await get_user("me", datetime.now(UTC), create=True)
            await fill(papers, made)
            start = time.perf_counter()
            await fill_vectors([f"x{number}" for number in range(1, made + 1)])
            took = time.perf_counter() - start
            console.print(f"{made:,} vectors: {took:.0f} s, {1_000 * took / made:.1f} ms each")
            await copy_vectors(papers, made)
            start, busy = time.perf_counter(), time.process_time()
            await learn_model(1)
            console.print(
                f"a list of {LIST:,} papers learnt: {time.perf_counter() - start:.2f} s, "
                f"{time.process_time() - busy:.2f} s of the processor"
            )
            await refresh_model(1)
            await measure(f"a page of {PAGE} scored", lambda n: score_papers(1, range(n, n + PAGE)))
            await measure(f"a page of {PAGE} scored and explained", explain_page)
            await measure("related papers of one", lambda n: find_alike(n, limit=8))


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--made", type=int, default=4_000, help="vectors that are no copies")
    options = parser.parse_args()
    asyncio.run(bench(options.papers, min(options.made, options.papers)))


if __name__ == "__main__":
    main()
