"""Benchmark of requests while thousands of papers are extracted in the background.

    python -m tests.bench.extraction [--papers 6000] [--seconds 30] [--whole]

Texts are invented sentences around random names. Requests for 50 papers come at an even pace, first
while the server is otherwise idle, then while it extracts all papers. `--whole` waits until all are
done. Times are milliseconds.
"""

import argparse
import asyncio
import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from server.accounts.tokens import issue
from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store
from server.identifiers import normalize_title, title_key
from tests.bench.server import Client, at, console, process, serving, table
from tests.bench.store import NOW, paper_key, vocabulary

PAGE = 50
PAUSE_SECONDS = 0.1  # between two requests; a person scrolls no faster
SENTENCES = [
    "We present {a}, a method for {t} that fine-tunes a language model by LoRA.",
    "On {d}, {a} reaches an accuracy of {n}% and beats {b} by 2.1 points in BLEU.",
    "Existing approaches to {t} rely on large datasets, which {x} and {y} seldom provide.",
    "Unlike {b}, it needs neither {x} nor a reward model, and {y} at a fraction of the cost.",
    "Experiments with {b} on {d} show that {x} matters more than {y} for {t}.",
    "We release code, weights and {d}, in the hope that {x} will {y}.",
]
TASKS = [
    "image captioning",
    "machine translation",
    "speech recognition",
    "object detection",
    "text generation",
]


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=6_000)
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="how long requests are sent in either state"
    )
    parser.add_argument("--model", default="fast")
    parser.add_argument("--whole", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="papermargin-") as folder:
        config = Config(db=Path(folder) / "papermargin.sqlite")
        token = asyncio.run(_begin(config))
        _fill(config.db, asked.papers)
        with process(*serving(config, "--no-extract")) as (port, _):
            idle = _ask(port, token, asked.papers, asked.seconds)
        with process(*serving(config, "--model", asked.model)) as (port, _):
            begun = time.perf_counter()
            while not _count_read(config.db):
                time.sleep(0.05)
            busy = _ask(port, token, asked.papers, asked.seconds)
            still = asked.papers - _count_read(config.db)
            while asked.whole and _count_read(config.db) < asked.papers:
                time.sleep(0.5)
            read, took = _count_read(config.db), time.perf_counter() - begun
    figures = table(
        f"POST /overlay, {PAGE} papers, of {asked.papers:,} stored",
        "",
        "p50",
        "p95",
        "p99",
        "requests",
    )
    for name, times in (
        ("idle", idle),
        (f"extracting ({still:,} papers were left)", busy),
    ):
        figures.add_row(
            name, *(f"{at(times, part):.1f}" for part in (0.5, 0.95, 0.99)), str(len(times))
        )
    figures.add_row(
        "ratio", *(f"{at(busy, part) / at(idle, part):.2f}x" for part in (0.5, 0.95, 0.99)), ""
    )
    console.print(figures)
    console.print(
        f"{read:,} papers extracted in {took:.0f} s, {read / took:.0f} a second; "
        f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


async def _begin(config: Config) -> str:
    async with open_store(config):
        return await issue(
            (await add_user("me", NOW)).id, "device", datetime.now(UTC), name="bench"
        )


def _fill(db: Path, count: int) -> None:
    """Store papers that an older model has extracted, so that all of them are extracted again."""
    chance, words = random.Random(5), vocabulary()
    rows = []
    for n in range(count):
        title = f"{_name(chance, words.words)}: {words.text(8).capitalize()}"
        abstract = invent_abstract(chance, words.words)
        digests = (normalize_title(title), title_key(title))
        rows.append((n + 1, paper_key(n), title, *digests, abstract, str(NOW), "older"))
    with closing(sqlite3.connect(db)) as connection:
        connection.executemany(
            "INSERT INTO paper (id, key, title, normalized_title, title_digest, abstract, created, "
            "extraction_version, observed, authors, categories, mentions, results, richness) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, "
            "'[]', '[]', '[]', '[]', 'huggingface')",
            rows,
        )
        connection.commit()


def invent_abstract(chance: random.Random, words: list[str]) -> str:
    """Return ten sentences with names of methods and datasets."""
    return " ".join(_sentence(chance, words) for _ in range(10))


def _sentence(chance: random.Random, words: list[str]) -> str:
    a, b, d = (_name(chance, words) for _ in range(3))
    x, y = chance.sample(words[:2_000], 2)
    task, number = chance.choice(TASKS), f"{chance.uniform(40, 99):.1f}"
    return chance.choice(SENTENCES).format(a=a, b=b, d=f"{d}-Bench", t=task, n=number, x=x, y=y)


def _name(chance: random.Random, words: list[str]) -> str:
    return chance.choice(words).title() + chance.choice(["", "-2", "Net", "GPT", " v3"])


def _ask(port: int, token: str, papers: int, seconds: float) -> list[float]:
    """Send requests at an even pace; return the sorted times of the answers in ms."""
    chance, client, times = random.Random(6), Client(port, token), []
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        numbers = [chance.randrange(papers) for _ in range(PAGE)]
        body = msgspec.json.encode({"papers": [{"id": paper_key(number)} for number in numbers]})
        client.ask("POST", "/api/v1/overlay", body)
        times.append((time.perf_counter() - begun) * 1000)
        time.sleep(PAUSE_SECONDS)
    return sorted(times[5:])


def _count_read(db: Path) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return int(
            connection.execute(
                "SELECT COUNT(*) FROM paper WHERE extraction_version <> 'older'"
            ).fetchone()[0]
        )


if __name__ == "__main__":
    main()
