"""Kill the server or its database while several clients write: acknowledged writes survive."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest

from server.config import Config
from tests.server.conftest import create_database
from tests.server.crashes import Trial, begin, end_connections, kill_database
from tests.server.postgres import PostgresServer, postgres_binaries, postgres_server

DAY = timedelta(days=1)


@pytest.fixture
def trial(config: Config, tmp_path: Path) -> Trial:
    """Writers in an empty store on each engine in turn."""
    return begin(config, tmp_path)


def test_no_acknowledged_write_is_lost_when_servers_are_killed(trial: Trial) -> None:
    trial.kill_servers(5)
    assert trial.lost == []
    assert trial.refused == 0
    assert trial.acknowledged > trial.kills
    assert "Traceback" not in trial.log.read_text()
    assert trial.config.database_url or is_sound(trial.config.db)


def is_sound(db: Path) -> bool:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_no_acknowledged_write_is_lost_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    trial, ballast = begin(Config(db=small_disk), tmp_path), small_disk.with_name("ballast")
    ballast.write_bytes(b"x" * (shutil.disk_usage(small_disk.parent).free - 300_000))
    with trial.serve() as served:
        with trial.writing(served, dies=False):
            end = time.monotonic() + 60
            while trial.refused < 10:
                assert time.monotonic() < end, "the disk does not fill up"
                time.sleep(0.01)
            ballast.unlink()
            trial.await_write()
        trial.check(served, everything=True)
    assert trial.lost == []
    assert is_sound(small_disk)


def test_no_write_is_lost_when_the_clock_is_a_day_ahead_or_behind(trial: Trial) -> None:
    trial.kill_servers(2, (DAY, -DAY))
    assert trial.lost == []


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"])
def test_no_acknowledged_write_is_lost_when_connections_are_ended(trial: Trial) -> None:
    trial.disturb(10, 0.2, partial(end_connections, trial.config, count=1))
    trial.disturb(3, 0.2, partial(end_connections, trial.config, count=None))
    assert trial.lost == []


@pytest.fixture
def database(postgres: str) -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test alone, which may be killed."""
    binaries = postgres_binaries()
    assert binaries, "the other fixture found it"
    with postgres_server(binaries, durable=True) as server:
        yield server


@pytest.mark.postgres
def test_no_acknowledged_write_is_lost_when_the_database_is_killed(
    database: PostgresServer, tmp_path: Path
) -> None:
    address = anyio.run(create_database, database.address, "killed")
    trial = begin(Config(database_url=address), tmp_path)
    trial.disturb(2, 0.5, partial(kill_database, database))
    assert trial.lost == []
