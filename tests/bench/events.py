"""Benchmark of events between servers: from a write on one to its event on another.

    python -m tests.bench.events [--writes 60]

Two `papermargin serve` processes share a private PostgreSQL. A device listens at one of them, and
notes are written at the other, at uneven times. Times are milliseconds from the acknowledgement of
the write, which itself does not count.
"""

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx

from server.config import Config
from tests.bench.server import at, console, table
from tests.server.conftest import create_database
from tests.server.postgres import postgres_binaries, postgres_server
from tests.server.process import Served, make_token, serve

NO_BACKUPS = ("--keep-backups", "0,0,0")


def main() -> None:
    """Run the benchmark and print its quantiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=60)
    writes = parser.parse_args().writes
    binaries = postgres_binaries()
    assert binaries, "PostgreSQL is not installed"
    with (
        postgres_server(binaries) as database,
        tempfile.TemporaryDirectory(prefix="papermargin-") as folder,
    ):
        config = Config(database_url=asyncio.run(create_database(database.address, "events")))
        token = make_token(config)
        with (
            serve(config, Path(folder) / "one", *NO_BACKUPS) as one,
            serve(config, Path(folder) / "other", *NO_BACKUPS) as other,
        ):
            times = sorted(asyncio.run(measure(one, other, token, writes)))
    figures = table(f"{writes} events of another server's writes", "p50", "p95", "the slowest")
    figures.add_row(*(f"{at(times, part):.0f}" for part in (0.5, 0.95, 1)))
    console.print(figures)


async def measure(one: Served, other: Served, token: str, writes: int) -> list[float]:
    """Return how long after its acknowledgement each write's event came."""
    chance, headers = random.Random(8620), {"Authorization": f"Bearer {token}"}
    times = []
    async with httpx.AsyncClient(headers=headers, timeout=30) as client:
        paper = {"papers": [{"title": "Mossy Pruning"}]}
        reply = await client.post(f"{one.url}/api/v1/overlay", json=paper)
        key = reply.raise_for_status().json()["cards"][0]["key"]
        async with client.stream("GET", f"{other.url}/api/v1/events") as stream:
            lines = stream.aiter_lines()
            while not (await anext(lines)).startswith("event: hello"):
                pass
            for _ in range(writes):
                await asyncio.sleep(chance.uniform(0.05, 0.6))
                note = str(uuid4())
                written = asyncio.create_task(write(client, one, note, key))
                while note not in await anext(lines):
                    pass
                arrived = time.perf_counter()
                times.append(max(0.0, arrived - await written) * 1000)
    return times


async def write(client: httpx.AsyncClient, served: Served, note: str, key: str) -> float:
    """Write a note; return when it was acknowledged."""
    body = {"paper": key, "text": "moss"}
    reply = await client.put(
        f"{served.url}/api/v1/notes/{note}", json=body, headers={"If-None-Match": "*"}
    )
    reply.raise_for_status()
    return time.perf_counter()


if __name__ == "__main__":
    main()
