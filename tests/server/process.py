"""Real `papermargin serve` processes that answer on real sockets."""

import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import time_machine
from msgspec import Struct
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.accounts.tokens import issue
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import open_store

START_SECONDS = 60.0

# fork each server from a process that has imported its modules: imports take most of a start
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["server.cli.serve", "tests.server.interrupted_migrations"])


class Served(Struct):
    """A server that answers, its process, and the file that has what it printed."""

    url: str
    process: BaseProcess
    log: Path


def make_token(config: Config, user: str = "me") -> str:
    """Issue a device's token in a store that no server has open, as the command line does."""

    async def make() -> str:
        async with open_store(config):
            now = datetime.now(UTC)
            return await issue(
                (await get_user(user, now, create=True)).id, "device", now, name="tests"
            )

    EXECUTOR_CACHE.clear()
    return asyncio.run(make())


@contextmanager
def serve(
    config: Config,
    log: Path,
    *options: str,
    clock: timedelta = timedelta(),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """Run `papermargin serve`, and kill it at the end of the block if it is still running.

    Its clock is ahead by `clock`; `environment` is added to its own.
    """
    port = free_port()
    store = (
        ["--database-url", config.database_url] if config.database_url else ["--db", str(config.db)]
    )
    alone = ("--no-ingest", "--no-extract", "--no-thumbnails")  # nothing asks the web
    command = ["serve", *store, "--port", str(port), *alone, *options]
    process = FORKS.Process(
        target=_papermargin, args=(command, log, clock, dict(environment or {}))
    )
    process.start()
    try:
        served = Served(f"http://127.0.0.1:{port}", process, log)
        _await_health(served)
        yield served
    finally:
        process.kill()
        process.join()


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _papermargin(
    command: list[str], log: Path, clock: timedelta, environment: dict[str, str]
) -> None:
    os.environ.update(environment)  # that of the process that forks is as old as the first server
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if clock:
        time_machine.travel(datetime.now(UTC) + clock).start()
    main(command)


def _await_health(served: Served) -> None:
    end = time.monotonic() + START_SECONDS
    with httpx.Client() as client:
        while served.process.is_alive() and time.monotonic() < end:
            try:
                client.get(f"{served.url}/health").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.01)
    raise AssertionError(f"the server does not answer: {served.log.read_text()}")
