"""Crash trials: kill Papermargin or its database under load, and count what is lost.

    python -m tests.bench.crash [--kills 200] [--engine sqlite|postgres]
                                [--what server|database|connections|migrations]

- `server`: several clients write to a real server, which is killed (SIGKILL) and started again.
- `database`: all processes of a private PostgreSQL server are killed under a running server.
- `connections`: PostgreSQL ends connections of a running server.
- `migrations`: a process is killed before each statement of the migrations from the first version,
  and at random times; then the store is opened.

A write counts as lost if it was acknowledged and is not there as it was acknowledged. The exit
status is 1 if anything is lost.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from server.config import Config
from server.database.connection import open_store
from tests.server.conftest import create_database
from tests.server.crashes import begin, end_connections, kill_database
from tests.server.interrupted_migrations import check_migrated, copied, kill_migration, migrate
from tests.server.maintenance.test_backup import fill
from tests.server.postgres import PostgresServer, postgres_binaries, postgres_server
from tests.server.stores import forget_newer, make_older, rows_of

STREAK = 10  # kills of one migration after another, before the store is opened and compared


def kill_servers(store: Config, folder: Path, kills: int, database: PostgresServer | None) -> int:
    """Kill servers of a store; return how many acknowledged writes are lost."""
    trial = begin(store, folder)
    trial.kill_servers(kills)
    return report(trial.kills, trial.acknowledged, trial.lost)


def kill_databases(store: Config, folder: Path, kills: int, database: PostgresServer | None) -> int:
    """Kill PostgreSQL under a server; return how many acknowledged writes are lost."""
    assert database, "only PostgreSQL is a process of its own"
    trial = begin(store, folder)
    trial.disturb(kills, 0.5, partial(kill_database, database))
    return report(trial.kills, trial.acknowledged, trial.lost, trial.refused)


def kill_connections(
    store: Config, folder: Path, kills: int, database: PostgresServer | None
) -> int:
    """End connections to PostgreSQL; return how many acknowledged writes are lost."""
    trial = begin(store, folder)
    trial.disturb(kills * 3 // 4, 0.3, partial(end_connections, store, count=1))
    trial.disturb(kills // 4, 0.3, partial(end_connections, store, count=None))
    return report(trial.kills, trial.acknowledged, trial.lost, trial.refused)


def kill_migrations(
    store: Config, folder: Path, kills: int, database: PostgresServer | None
) -> int:
    """Kill migrations; return 0, or raise `AssertionError` if a store is not as it should be."""
    chance, older, rows = random.Random(8620), *asyncio.run(prepare(store, folder, database))
    with copied(older, folder) as copy:
        begun = time.perf_counter()
        statements = migrate(copy)
        seconds = time.perf_counter() - begun
    points = [*range(1, statements + 1)]
    chance.shuffle(points)
    killed = 0
    while killed < kills:
        with copied(older, folder) as copy:
            for _ in range(min(STREAK, kills - killed)):
                before = points[-1] if points else None
                if not kill_migration(copy, before=before, after=chance.uniform(0, seconds)):
                    break  # the kill before this one came after the commit
                killed += 1
                points = points[:-1]
            check_migrated(copy, rows)
        print(f"{killed} of {kills} kills", file=sys.stderr, flush=True)
    print(
        f"{kills} kills in migrations, before {statements - len(points)} of {statements} statements"
    )
    return 0


async def prepare(
    store: Config, folder: Path, database: PostgresServer | None
) -> tuple[Config, dict[str, list[list[object]]]]:
    """Fill a store; return a copy of it in the first version's schema, and its rows."""
    await fill(store)
    async with open_store(store):
        await forget_newer()
    older = Config(db=folder / "older.sqlite", keep_backups=(0, 0, 0))
    if database:
        older = Config(database_url=await create_database(database.address, "older"))
    await make_older(store, older)
    return older, await rows_of(store)


def report(kills: int, acknowledged: int, lost: list[str], refused: int = 0) -> int:
    """Print what came of the writes; return how many are lost."""
    print(
        f"{kills} kills, {acknowledged:,} writes acknowledged, {len(lost)} lost"
        + (f", {refused:,} answered 503 meanwhile" if refused else "")
    )
    return len(lost)


@contextmanager
def empty_store(engine: str, folder: Path) -> Iterator[tuple[Config, PostgresServer | None]]:
    """Yield the settings of an empty store, and its PostgreSQL server if it has one."""
    if engine == "sqlite":
        yield Config(db=folder / "papermargin.sqlite", ingest=False, extract=False), None
        return
    if not (binaries := postgres_binaries()):
        sys.exit("PostgreSQL is not installed")
    with postgres_server(binaries, durable=True) as database:
        address = asyncio.run(create_database(database.address, "crash"))
        yield Config(database_url=address, ingest=False, extract=False), database


TRIALS = {
    "server": kill_servers,
    "database": kill_databases,
    "connections": kill_connections,
    "migrations": kill_migrations,
}


def main() -> None:
    """Run one trial."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--what", choices=tuple(TRIALS), default="server")
    given = parser.parse_args()
    if given.engine == "sqlite" and given.what in ("database", "connections"):
        parser.error(f"--what {given.what} needs --engine postgres")
    begun = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        empty_store(given.engine, Path(folder)) as (store, database),
    ):
        lost = TRIALS[given.what](store, Path(folder), given.kills, database)
    print(f"{given.what}, {given.engine}: {time.perf_counter() - begun:.0f} s")
    sys.exit(lost > 0)


if __name__ == "__main__":
    main()
