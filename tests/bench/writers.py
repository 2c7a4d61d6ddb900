"""Benchmark of readers who write notes at the same time, on PostgreSQL.

    python -m tests.bench.writers [--readers 1 8 32] [--seconds 8] [--processes 2] [--rounds 2]
                                  [--before FOLDER]

A private database waits for the disk as usual. Two processes write for a half of the readers each,
who send one note after the other. With `--before`, the code of another checkout does the same in
turn with this one, so that both meet the same other work. Processor time is that of the writing
processes and of the database.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from uuid import uuid4

import msgspec
from msgspec import Struct

from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store
from server.database.versioning import Edit
from server.reading_list.notes import put_note
from server.schema.reading_list import NoteEdit
from tests.bench.server import at, console, table
from tests.bench.sizing import processor_seconds
from tests.server.conftest import create_database
from tests.server.material import MOSS, NOW, take_in_two
from tests.server.postgres import PostgresServer, postgres_binaries, postgres_server

HERE = Path(__file__).parents[2]
NOTE = NoteEdit(paper=MOSS, text="A thought on this paper. " * 8)


class Written(Struct):
    """How long each note took in ms, and the processor time of all in seconds."""

    times: list[float]
    spent: float


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--before", type=Path)
    asked = parser.parse_args()
    binaries = postgres_binaries()
    assert binaries, "PostgreSQL is not installed"
    folders = ({"before": asked.before} if asked.before else {}) | {"after": HERE}
    figures = table(
        f"{asked.processes} processes, the median of {asked.rounds} rounds",
        *("readers", "code", "notes a second", "p50 ms", "p95 ms"),
        *("ms of the process a note", "ms of the database"),
    )
    with postgres_server(binaries, durable=True) as database:
        for readers in asked.readers:
            rows: dict[str, list[list[float]]] = {name: [] for name in folders}
            for _ in range(asked.rounds):
                for name, folder in folders.items():
                    rows[name].append(measure(database, folder, readers, asked))
            for name, found in rows.items():
                medians = (f"{median(one):.1f}" for one in zip(*found, strict=True))
                figures.add_row(str(readers), name, *medians)
    console.print(figures)


def measure(
    database: PostgresServer, folder: Path, readers: int, asked: argparse.Namespace
) -> list[float]:
    """Let the code of a folder write to a new store; return the figures of a row."""
    address = asyncio.run(create_database(database.address, f"bench_{uuid4().hex}"))
    users = msgspec.json.decode(call(folder, "prepare", address, readers)[0].communicate()[0])
    count = min(asked.processes, readers)
    parts = [users[n::count] for n in range(count)]
    before = database_seconds(database)
    writers = call(folder, "write", address, asked.seconds, parts=parts)
    done = [msgspec.json.decode(one.communicate()[0], type=Written) for one in writers]
    spent = database_seconds(database) - before
    times = sorted(milliseconds for one in done for milliseconds in one.times)
    return [
        len(times) / asked.seconds,
        at(times, 0.5),
        at(times, 0.95),
        1000 * sum(one.spent for one in done) / len(times),
        1000 * spent / len(times),
    ]


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
            await put_note(Edit(user=user, at=NOW, force=True), uuid4(), NOTE)
            times.append((time.perf_counter() - begun) * 1000)

    async with open_store(config):
        end, spent = time.perf_counter() + seconds, time.process_time()
        await asyncio.gather(*map(write_as, users))
        return Written(times, time.process_time() - spent)


def work(task: str, address: str, size: str, *users: str) -> None:
    """Do a part of the benchmark and write its outcome."""
    config = Config(database_url=address)
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
