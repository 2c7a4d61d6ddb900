"""`papermargin work` as processes that share a queue, on each engine."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from server.config import Config
from server.database.connection import execute, fetch, open_store, write_connection
from server.database.models.changes import Change
from server.database.models.papers import Paper
from tests.server.extraction.waiting_reader import WaitingReader
from tests.server.material import source, take_in
from tests.server.process import serve

SECONDS = 90.0  # that anything may take


@pytest.fixture
def reader(tmp_path: Path) -> WaitingReader:
    return WaitingReader(tmp_path / "reader", 0.05)


@contextmanager
def working(
    config: Config, reader: WaitingReader, *options: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a worker, and kill it at the end of the block if it still runs."""
    store = (
        ["--database-url", config.database_url] if config.database_url else ["--db", str(config.db)]
    )
    command = [sys.executable, "-m", "server", "work", *store, *options]
    with subprocess.Popen(
        command, env=reader.environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def fill(config: Config, count: int) -> None:
    async def take_in_all() -> None:
        async with open_store(config):
            await take_in(*(source(f"2601.{n:05}", f"Paper {n}") for n in range(count)))

    asyncio.run(take_in_all())


def check_read_once(config: Config, count: int) -> None:
    """Check that all papers were read, that each reading was stored once, and no claim is left."""

    async def check() -> None:
        async with open_store(config):
            assert not await Paper.filter(extraction_version=None).exists()
            keys = [change.ref for change in await Change.filter(kind="paper").order_by("id")]
            assert sorted(keys[count:]) == sorted(keys[:count]), "taken in once, read once"
            assert await fetch("SELECT paper_id FROM claim") == []

    asyncio.run(check())


def free_claims(config: Config) -> None:
    """Let the time pass after which the claims of a dead worker end."""

    async def free() -> None:
        async with open_store(config):
            await execute(write_connection(), "UPDATE claim SET expires = expires - 61")

    asyncio.run(free())


def until(claim: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def events(log: str) -> list[str]:
    return [json.loads(line)["event"] for line in log.splitlines()]


def test_four_workers_read_a_queue_together_and_no_paper_twice(
    config: Config, reader: WaitingReader
) -> None:
    fill(config, 96)
    with ExitStack() as stack:
        workers = [stack.enter_context(working(config, reader)) for _ in range(4)]
        until(lambda: len(reader.read()) >= 96 and not asyncio.run(count_waiting(config)))
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        logs = [worker.communicate(timeout=SECONDS)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    assert {events(log)[-1] for log in logs} == {"worker stopped"}
    titles = [title for _, title in reader.read()]
    assert sorted(titles) == sorted({f"Paper {n}" for n in range(96)})
    assert len({process for process, _ in reader.read()}) > 1, "more than one read"
    check_read_once(config, 96)


async def count_waiting(config: Config) -> int:
    async with open_store(config):
        return await Paper.filter(extraction_version=None).count()


def test_what_a_killed_worker_was_reading_is_read_by_another_one(
    config: Config, reader: WaitingReader
) -> None:
    fill(config, 12)
    slow = WaitingReader(reader.folder, 0.3)
    with working(config, slow) as killed:
        until(lambda: len(reader.read()) > 1)
        killed.kill()
    with working(config, reader, "--once") as other:
        other.communicate(timeout=SECONDS)
    assert asyncio.run(count_waiting(config)) == 8, "those that the first had claimed"
    free_claims(config)
    with working(config, reader, "--once") as last:
        log = last.communicate(timeout=SECONDS)[1]
    assert (last.returncode, events(log)) == (
        0, ["worker started", "abstracts read", "worker stopped"]
    )  # fmt: skip
    check_read_once(config, 12)


@pytest.mark.parametrize(
    "engine", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_a_stopped_worker_gives_up_what_it_was_reading(
    config: Config, reader: WaitingReader
) -> None:
    fill(config, 20)
    with working(config, reader) as stopped:
        until(lambda: len(reader.read()) > 1)
        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait(SECONDS) == 0
    with working(config, reader, "--once") as other:
        assert other.wait(SECONDS) == 0
    check_read_once(config, 20)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_worker_reads_beside_a_server_that_does_not(
    config: Config, reader: WaitingReader, tmp_path: Path
) -> None:
    fill(config, 10)
    with serve(config, tmp_path / "log") as served, working(config, reader, "--once") as worker:
        assert worker.wait(SECONDS) == 0
        os.kill(served.process.pid or 0, signal.SIGTERM)
        served.process.join(SECONDS)
    check_read_once(config, 10)


def test_a_worker_ends_when_the_file_of_its_store_is_gone(
    tmp_path: Path, reader: WaitingReader
) -> None:
    config = Config(db=tmp_path / "store.sqlite", ingest=False)
    fill(config, 20)
    with working(config, reader) as worker:
        until(lambda: len(reader.read()) > 1)
        config.db.rename(tmp_path / "elsewhere.sqlite")
        log = worker.communicate(timeout=SECONDS)[1]
    assert worker.returncode == 1
    assert log.splitlines()[-1].startswith("Error: ") and "is gone" in log.splitlines()[-1]
