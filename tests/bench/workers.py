"""Benchmark of several workers that read one queue of abstracts.

    python -m tests.bench.workers [--papers 800] [--workers 1 2 4] [--engine postgres]
                                  [--reader waiting|model] [--milliseconds 40]

Each worker is a `papermargin work` process. The waiting reader takes a fixed time for each text and
next to no processor, so that it shows what the sharing costs, on any number of cores; the model
needs a core for each worker. The processes are up before the papers come, and the pace is that of
the last three quarters, when all have loaded what they read with. Each store is checked: every
paper was read once.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from server.config import Config
from server.database.connection import fetch, open_store
from tests.bench.extraction import invent_abstract
from tests.bench.server import console, table
from tests.bench.store import vocabulary
from tests.server.conftest import create_database
from tests.server.extraction.waiting_reader import WaitingReader
from tests.server.material import source, take_in
from tests.server.postgres import postgres_binaries, postgres_server


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=800)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--reader", choices=("waiting", "model"), default="waiting")
    parser.add_argument("--milliseconds", type=float, default=40)
    asked = parser.parse_args()
    binaries = postgres_binaries()
    assert binaries, "PostgreSQL is not installed"
    figures = table(
        f"{asked.papers} papers, {asked.reader} reader, {asked.engine}",
        "workers", "papers a second", "times one worker",
    )  # fmt: skip
    first = 0.0
    with (
        postgres_server(binaries, durable=True) as database,
        tempfile.TemporaryDirectory(prefix="papermargin-") as folder,
    ):
        for workers in asked.workers:
            name = f"bench_{uuid4().hex}"
            config = Config(db=Path(folder) / f"{name}.sqlite")
            if asked.engine == "postgres":
                address = asyncio.run(create_database(database.address, name))
                config = Config(database_url=address)
            reader = WaitingReader(Path(folder) / name, asked.milliseconds / 1000)
            environment = reader.environment() if asked.reader == "waiting" else {**os.environ}
            pace = run(config, asked.papers, workers, environment)
            first = first or pace
            figures.add_row(str(workers), f"{pace:.1f}", f"{pace / first:.2f}x")
    console.print(figures)


def run(config: Config, papers: int, workers: int, environment: dict[str, str]) -> float:
    """Let workers read a new store; return how many papers they read in a second."""
    asyncio.run(fill(config, 0))
    store = (
        ["--database-url", config.database_url] if config.database_url else ["--db", str(config.db)]
    )
    command = [sys.executable, "-m", "server", "work", *store, "--log", "info"]
    with ExitStack() as stack:
        for _ in range(workers):
            process = stack.enter_context(
                subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
            )
            stack.callback(process.terminate)
            assert process.stderr and b"worker started" in process.stderr.readline()
        asyncio.run(fill(config, papers))
        return asyncio.run(wait_until_read(config, papers))


async def fill(config: Config, papers: int) -> None:
    """Create a store with papers that wait."""
    chance, words = random.Random(8620), vocabulary().words
    abstracts = (invent_abstract(chance, words) for _ in range(papers))
    async with open_store(config):
        await take_in(
            *(
                source(f"2601.{n:05}", f"Paper {n}", abstract=abstract)
                for n, abstract in enumerate(abstracts)
            )
        )


async def wait_until_read(config: Config, papers: int) -> float:
    """Return the pace of the last three quarters of the papers; check that each was read once."""
    begun, first = 0.0, 0
    async with open_store(config):
        while (found := await count("paper WHERE extraction_version IS NOT NULL")) < papers:
            if found >= papers / 4 and not begun:
                begun, first = time.perf_counter(), found
            await asyncio.sleep(0.02)
        pace = (papers - first) / (time.perf_counter() - begun)
        assert await count("change WHERE kind = 'paper'") == 2 * papers, "taken in once, read once"
    return pace


async def count(what: str) -> int:
    """Count the rows of a table that fulfil a condition."""
    [row] = await fetch(f"SELECT COUNT(*) AS found FROM {what}")
    return int(row["found"])


if __name__ == "__main__":
    main()
