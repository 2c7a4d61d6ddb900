"""Save what a server holds when its SQLite file is moved, deleted or replaced under it."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog

from server.database.connection import read_connection
from server.database.context import is_moved, rescue_file
from server.maintenance.backup import finish

POLL_SECONDS = 0.5
RETRY_SECONDS = 30.0  # if the copy could not be written

log = structlog.get_logger()


async def watch_file(db: Path) -> None:
    """Watch the file of the open store until it is gone, then save a copy beside its path.

    An earlier copy, from before this server was started, gets the time of its making as a suffix.
    """
    _put_aside(rescue_file(db))
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if is_moved():
            break
    log.error("the file of the store was moved, deleted or replaced", file=str(db))
    while True:
        try:
            await save_open_store(rescue_file(db))
        except (OSError, sqlite3.Error) as error:
            log.error("what the store holds could not be saved", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            log.error("what the store holds was saved", file=str(rescue_file(db)))
            return


async def save_open_store(file: Path) -> None:
    """Copy the open SQLite store to a file, from its connection and not from its path.

    If cancelled, as by a server that stops, this completes the copy first.
    """
    await finish(_copy_open_store(file))


async def _copy_open_store(file: Path) -> None:
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with closing(sqlite3.connect(fresh, check_same_thread=False)) as target:
        async with read_connection().acquire_connection() as source:
            await source.backup(target)
        await asyncio.to_thread(target.execute, "PRAGMA journal_mode = DELETE")
    # under its name only once it is whole
    fresh.replace(file)


def _put_aside(file: Path) -> None:
    if file.exists():
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        file.replace(file.with_name(f"{file.name}-{made:%Y%m%dT%H%M%SZ}"))
