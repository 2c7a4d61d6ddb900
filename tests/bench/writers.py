"""Benchmark of readers who write notes at the same time.

    python -m tests.bench.writers [--readers 1 8 32] [--seconds 8] [--processes 2] [--rounds 2]
                                  [--before FOLDER] [--sqlite FOLDER]

A private PostgreSQL waits for the disk as usual. Two processes write for a half of the readers
each, who send one note after the other. With `--before`, the code of another checkout does the same
in turn with this one, so that both meet the same other work. Processor time is that of the writing
processes and of the database.

With `--sqlite`, one process writes to SQLite files in a folder, which says what the disk is: in
`/dev/shm` nobody waits for one. The floor is a bare row with a commit of its own.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct
from rich.table import Table

from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store, write_connection
from server.database.versioning import Edit
from server.reading_list.notes import put_note
from server.schema.reading_list import NoteEdit
from tests.bench.floor import connect
from tests.bench.server import at, console, table
from tests.bench.sizing import processor_seconds
from tests.server.conftest import create_database
from tests.server.material import MOSS, NOW, take_in_two
from tests.server.postgres import PostgresServer, postgres_binaries, postgres_server

HERE = Path(__file__).parents[2]
NOTE = NoteEdit(paper=MOSS, text="A thought on this paper. " * 8)
COUNTED = 50  # notes of each reader whose commits are counted

Measure = Callable[[Path, int, argparse.Namespace], list[float]]
"""Lets the code of a folder write for some readers, and returns the figures of a row."""


class Written(Struct):
    """How long each note took in ms, the processor time of all in seconds, and commits a note."""

    times: list[float]
    spent: float
    commits: float | None


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--sqlite", type=Path)
    asked = parser.parse_args()
    if asked.sqlite:
        bench_sqlite(asked)
    else:
        bench_postgres(asked)


def bench_postgres(asked: argparse.Namespace) -> None:
    """Measure writes on PostgreSQL."""
    binaries = postgres_binaries()
    assert binaries, "PostgreSQL is not installed"
    with postgres_server(binaries, durable=True) as database:
        figures = table(
            f"{asked.processes} processes, the median of {asked.rounds} rounds",
            *("readers", "code", "notes a second", "p50 ms", "p95 ms"),
            *("ms of the process a note", "ms of the database"),
        )
        add_rows(figures, asked, partial(measure_postgres, database))
    console.print(figures)


def bench_sqlite(asked: argparse.Namespace) -> None:
    """Measure writes on SQLite, and bare commits."""
    asked.processes = 1
    figures = table(
        f"SQLite in {asked.sqlite}, the median of {asked.rounds} rounds",
        *("readers", "code", "notes a second", "p50 ms", "p95 ms"),
        *("ms of the process a note", "commits a note"),
    )
    with tempfile.TemporaryDirectory(dir=asked.sqlite) as folder:
        add_rows(figures, asked, partial(measure_sqlite, Path(folder)))
    console.print(figures)


def add_rows(figures: Table, asked: argparse.Namespace, measure: Measure) -> None:
    """Measure each number of readers with both codes in turn, and add the medians."""
    folders = ({"before": asked.before} if asked.before else {}) | {"after": HERE}
    for readers in asked.readers:
        rows: dict[str, list[list[float]]] = {}
        for _ in range(asked.rounds):
            for name, folder in folders.items():
                rows.setdefault(name, []).append(measure(folder, readers, asked))
            if asked.sqlite:
                rows.setdefault("bare commits", []).append(commit_bare(asked))
        for name, found in rows.items():
            medians = (f"{median(one):.1f}" for one in zip(*found, strict=True))
            figures.add_row(str(readers), name, *medians)


def measure_postgres(
    database: PostgresServer, folder: Path, readers: int, asked: argparse.Namespace
) -> list[float]:
    """Let the code of a folder write to a new database; return the figures of a row."""
    address = asyncio.run(create_database(database.address, f"bench_{uuid4().hex}"))
    before = database_seconds(database)
    figures, done = measure(address, folder, readers, asked)
    spent = database_seconds(database) - before
    return [*figures, 1000 * spent / sum(len(one.times) for one in done)]


def measure_sqlite(
    files: Path, folder: Path, readers: int, asked: argparse.Namespace
) -> list[float]:
    """Let the code of a folder write to a new file; return the figures of a row."""
    figures, [done] = measure(str(files / uuid4().hex), folder, readers, asked)
    return [*figures, done.commits or 0]


def measure(
    store: str, folder: Path, readers: int, asked: argparse.Namespace
) -> tuple[list[float], list[Written]]:
    """Let the code of a folder write to a new store; return the first figures of a row, and all."""
    users = msgspec.json.decode(call(folder, "prepare", store, readers)[0].communicate()[0])
    count = min(asked.processes, readers)
    writers = call(
        folder, "write", store, asked.seconds, parts=[users[n::count] for n in range(count)]
    )
    done = [msgspec.json.decode(one.communicate()[0], type=Written) for one in writers]
    times = sorted(milliseconds for one in done for milliseconds in one.times)
    spent = sum(one.spent for one in done)
    figures = [len(times) / asked.seconds, at(times, 0.5), at(times, 0.95)]
    return [*figures, 1000 * spent / len(times)], done


def commit_bare(asked: argparse.Namespace) -> list[float]:
    """Commit bare rows with the server's settings of SQLite; return the figures of a row."""
    times: list[float] = []
    with (
        tempfile.TemporaryDirectory(dir=asked.sqlite) as folder,
        closing(connect(str(Path(folder) / "bare.sqlite"))) as connection,
    ):
        connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
        end, spent = time.perf_counter() + asked.seconds / 4, time.process_time()
        while (begun := time.perf_counter()) < end:
            connection.execute("INSERT INTO note (text) VALUES (?)", [NOTE.text])
            times.append((time.perf_counter() - begun) * 1000)
        spent = time.process_time() - spent
    times.sort()
    count = len(times)
    return [count / asked.seconds * 4, at(times, 0.5), at(times, 0.95), 1000 * spent / count, 1]


def call(
    folder: Path, *arguments: object, parts: list[list[int]] | None = None
) -> list[subprocess.Popen[bytes]]:
    """Start a process of this module for each part, with the code of a folder."""
    return [
        subprocess.Popen(
            [sys.executable, "-P", __file__, *map(str, (*arguments, *part))],
            env=os.environ | {"PYTHONPATH": str(folder)},
            cwd=folder,
            stdout=subprocess.PIPE,
        )
        for part in parts or [[]]
    ]


def database_seconds(database: PostgresServer) -> float:
    """Return the processor time of the database so far, also that of connections that ended."""
    assert database.process
    return sum(map(processor_seconds, [database.process.pid, *database.backends()]))


async def prepare(config: Config, readers: int) -> list[int]:
    """Make readers and a paper; return the readers' numbers."""
    async with open_store(config):
        await take_in_two()
        return [(await add_user(f"reader {n}", NOW)).id for n in range(readers)]


async def write(config: Config, seconds: float, users: list[int]) -> Written:
    """Write notes until the time is over, one after the other for each reader."""
    times: list[float] = []

    async def write_as(user: int) -> None:
        while (begun := time.perf_counter()) < end:
            await put_note(Edit(user=user, at=NOW, id=uuid4(), base=0), uuid4(), NOTE)
            times.append((time.perf_counter() - begun) * 1000)

    async with open_store(config):
        end, spent = time.perf_counter() + seconds, time.process_time()
        await asyncio.gather(*map(write_as, users))
        spent = time.process_time() - spent
        commits = None if config.database_url else await count_commits(users)
        return Written(times, spent, commits)


async def count_commits(users: list[int]) -> float:
    """Return how many times SQLite commits for a note while all write at once."""
    statements: list[str] = []
    writer: Any = write_connection()
    await writer._connection.set_trace_callback(statements.append)

    async def write_as(user: int) -> None:
        for _ in range(COUNTED):
            await put_note(Edit(user=user, at=NOW, id=uuid4(), base=0), uuid4(), NOTE)

    await asyncio.gather(*map(write_as, users))
    return statements.count("COMMIT") / COUNTED / len(users)


def work(task: str, store: str, size: str, *users: str) -> None:
    """Do a part of the benchmark and write its outcome."""
    config = Config(database_url=store) if "://" in store else Config(db=Path(store))
    done = (
        asyncio.run(prepare(config, int(size)))
        if task == "prepare"
        else asyncio.run(write(config, float(size), [*map(int, users)]))
    )
    sys.stdout.buffer.write(msgspec.json.encode(done))


if __name__ == "__main__":
    if sys.argv[1:2] in (["prepare"], ["write"]):
        work(*sys.argv[1:])
    else:
        main()
