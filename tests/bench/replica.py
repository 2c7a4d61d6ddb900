"""Processor time of the primary and of a replica, with reads at either.

    python -m tests.bench.replica [--papers 10000] [--requests 200]

A private PostgreSQL with papers and readers as in `sizing`, and a streaming standby of it, both of
which wait for the disk. Two servers answer the same requests in turns: one that knows the replica,
and one that does not. Of the mixed requests, a fifth write notes, so that their reader reads at
once what the replica may not have yet.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from server.config import Config
from tests.bench.server import Client, at, console, table
from tests.bench.sizing import KINDS, NO_BACKUPS, Load, fill, spent
from tests.server.conftest import create_database
from tests.server.postgres import (
    PostgresServer,
    postgres_binaries,
    postgres_server,
    standby_server,
)
from tests.server.process import Served, serve

READERS, ROUNDS = 50, 4
MIXED = ("overlay", "list", "search", "mixed")


def main() -> None:
    """Run the requests and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=200, help="of each kind, at each server")
    asked = parser.parse_args()
    binaries = postgres_binaries()
    assert binaries, "PostgreSQL is not installed"
    with postgres_server(binaries, durable=True) as primary:
        address = asyncio.run(create_database(primary.address, "sizing"))
        tokens = asyncio.run(fill(Config(database_url=address), asked.papers, READERS))
        asyncio.run(prepare(address))
        with (
            standby_server(primary) as standby,
            tempfile.TemporaryDirectory(prefix="papermargin-") as folder,
            serve(Config(database_url=address), Path(folder, "without"), *NO_BACKUPS) as without,
            serve(
                Config(database_url=address),
                Path(folder, "with"),
                *(*NO_BACKUPS, "--replica-url", f"{standby.address}/sizing"),
            ) as knowing,
        ):
            figures = table(
                f"{asked.papers:,} papers, {asked.requests} requests of each kind",
                *("", "reads at", "p50 ms", "p95 ms"),
                *(f"ms of the {what}" for what in ("server", "primary", "replica")),
            )
            for kind in MIXED:
                for name, times, cost in compare(
                    {"primary": without, "replica": knowing},
                    (primary, standby),
                    tokens,
                    asked,
                    kind,
                ):
                    each = (f"{1000 * part / len(times):.2f}" for part in cost)
                    quantiles = (f"{at(sorted(times), part):.1f}" for part in (0.5, 0.95))
                    figures.add_row(kind, name, *quantiles, *each)
            console.print(figures)


def compare(
    servers: dict[str, Served],
    databases: tuple[PostgresServer, PostgresServer],
    tokens: list[str],
    asked: argparse.Namespace,
    kind: str,
) -> Iterator[tuple[str, list[float], list[float]]]:
    """Ask the servers in turns; yield how long requests took, in ms, and what they cost, in s.

    The costs are those of the server, the primary and the replica.
    """

    def cost(served: Served) -> list[float]:
        primary, standby = databases
        return [*spent(primary, [served]), spent(standby, [])[1]]

    times: dict[str, list[float]] = {name: [] for name in servers}
    costs = {name: [0.0, 0.0, 0.0] for name in servers}
    for served in servers.values():
        ask(served, tokens, asked, kind, 0, [])  # warms caches and pools
    for turn in range(1, ROUNDS + 1):
        for name, served in servers.items():
            before = cost(served)
            ask(served, tokens, asked, kind, turn, times[name])
            parts = zip(costs[name], cost(served), before, strict=True)
            costs[name] = [old + after - begun for old, after, begun in parts]
    for name in servers:
        yield name, times[name], costs[name]


def ask(
    served: Served,
    tokens: list[str],
    asked: argparse.Namespace,
    kind: str,
    turn: int,
    times: list[float],
) -> None:
    """Send a part of the requests of a kind to a server, and add how long each took, in ms."""
    load = Load([served], tokens, asked.papers, 0, 0, {}, [])
    client = Client(int(served.url.rpartition(":")[2]), tokens[turn])
    chance = random.Random(f"{kind} {turn}")
    for _ in range(asked.requests // ROUNDS):
        one = chance.choice(KINDS) if kind == "mixed" else kind
        begun = time.perf_counter()
        load.ask(client, one, chance)
        times.append((time.perf_counter() - begun) * 1000)


async def prepare(address: str) -> None:
    """Let a server make the vectors of all papers, which would disturb what is measured."""
    connection = await asyncpg.connect(address)
    await connection.execute("VACUUM ANALYZE")
    missing = (
        "SELECT EXISTS (SELECT 1 FROM paper WHERE id NOT IN (SELECT paper_id FROM paper_vector))"
    )
    with (
        tempfile.TemporaryDirectory(prefix="papermargin-") as folder,
        serve(Config(database_url=address), Path(folder, "log"), *NO_BACKUPS),
    ):
        while await connection.fetchval(missing):  # noqa: ASYNC110 - another process makes them
            await asyncio.sleep(1)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


if __name__ == "__main__":
    main()
