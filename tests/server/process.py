"""Real `papermargin serve` processes, to be asked over real sockets."""

import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
from msgspec import Struct
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.config import Config
from server.store import open_store
from server.tokens import get_user, issue

START_SECONDS = 60.0

# a process that has imported all that a server needs, and is forked for each: most of a start is imports
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["server.commands.serving", "tests.server.process"])


class Served(Struct):
    """A server that answers, its process, and the file that has what it printed."""

    url: str
    process: BaseProcess
    log: Path


def make_token(config: Config, user: str = "me") -> str:
    """Make a device's token in a store that nobody serves yet, as the command line would."""

    async def make() -> str:
        async with open_store(config):
            now = datetime.now(UTC)
            return await issue((await get_user(user, now, create=True)).id, "device", now, name="tests")

    EXECUTOR_CACHE.clear()
    return asyncio.run(make())


@contextmanager
def serve(config: Config, log: Path, *options: str) -> Iterator[Served]:
    """Run `papermargin serve` until the block ends; it is killed then, if it has not ended by itself."""
    port = free_port()
    store = ["--database-url", config.database_url] if config.database_url else ["--db", str(config.db)]
    command = ["serve", *store, "--port", str(port), "--no-ingest", "--no-extract", *options]
    process = _FORKS.Process(target=_papermargin, args=(command, log))
    process.start()
    try:
        served = Served(f"http://127.0.0.1:{port}", process, log)
        _await_health(served)
        yield served
    finally:
        process.kill()
        process.join()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _papermargin(command: list[str], log: Path) -> None:
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
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
