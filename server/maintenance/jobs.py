"""Long work on a store in a process of its own, which leaves the server its processor.

Such a process can be killed at any time: what it does to the store is one transaction.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from server.config import Config
from server.errors import StoreError


class Job(Struct, frozen=True):
    """What a process is to do: the store, the file to read or write, and one for the old content.

    `kept` is only for a restore.
    """

    db: Path
    database_url: str | None
    file: Path
    kept: Path | None = None

    @property
    def config(self) -> Config:
        """The settings of the store."""
        return Config(db=self.db, database_url=self.database_url)


async def run_job(module: str, job: Job) -> bytes:
    """Run a module as a process that does a job; return its answer.

    If cancelled, the process is killed. Raises `StoreError` with the reason if it fails.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=PIPE, stdout=PIPE
    )
    try:
        output, _ = await process.communicate(msgspec.json.encode(job, enc_hook=str))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise StoreError(output.decode(errors="replace").strip() or "the process ended early")
    return output


def read_job() -> Job:
    """Return the job that standard input describes."""
    return msgspec.json.decode(sys.stdin.buffer.read(), type=Job, dec_hook=_make)


def answer_job(work: Coroutine[Any, Any, Any]) -> None:
    """Do the work and print its result as JSON, or print why it failed and exit with status 1."""
    try:
        result = asyncio.run(work)
    except StoreError as error:
        print(error)
        raise SystemExit(1) from error
    sys.stdout.buffer.write(msgspec.json.encode(result, enc_hook=str))


def _make(kind: type[Any], value: Any) -> Any:
    return kind(value)
