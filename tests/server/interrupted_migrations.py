"""Kill a process in the middle of the migrations of a store, and open the store again."""

import asyncio
import logging
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from msgspec.structs import replace

from server.config import Config
from server.database.connection import open_store
from server.maintenance.doctor import diagnose
from tests.server.conftest import create_database
from tests.server.process import FORKS
from tests.server.stores import rows_of

_STATEMENTS = logging.getLogger("tortoise.db_client")  # one record before each statement


class _Counter(logging.Handler):
    """Counts statements, and kills this process before one of them."""

    def __init__(self, fatal: int | str | None) -> None:
        super().__init__()
        self.count, self.fatal = 0, fatal

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1
        if self.count == self.fatal or (
            isinstance(self.fatal, str) and self.fatal in record.getMessage()
        ):
            os.kill(os.getpid(), signal.SIGKILL)


def migrate(config: Config, fatal: int | str | None = None) -> int:
    """Open a store, which migrates it; return how many statements that took.

    The process dies before the statement with the number `fatal`, or that has this text.
    """
    counter = _Counter(fatal)
    _STATEMENTS.addHandler(counter)
    _STATEMENTS.setLevel(logging.DEBUG)
    try:
        asyncio.run(_open(config))
    finally:
        _STATEMENTS.removeHandler(counter)
        _STATEMENTS.setLevel(logging.NOTSET)
    return counter.count


def kill_migration(config: Config, *, before: int | str | None = None, after: float = 0) -> bool:
    """Migrate a store in a process that is killed before a statement, or else after some seconds.

    Return whether it was killed: it may have been done by then. Raises `AssertionError` if the
    store could not be opened.
    """
    process = FORKS.Process(target=migrate, args=(config, before))
    process.start()
    if before is None:
        process.join(after)
        process.kill()
    process.join()
    assert process.exitcode in (-signal.SIGKILL, 0), f"{before or after}: {process.exitcode}"
    return process.exitcode != 0


def check_migrated(config: Config, rows: dict[str, Any]) -> None:
    """Check that a store migrates to the end, that it is sound, and that it has these rows."""
    assert asyncio.run(rows_of(config)) == rows
    assert [one for one in asyncio.run(diagnose(config)).findings if not one.holds] == []


@contextmanager
def copied(store: Config, folder: Path) -> Iterator[Config]:
    """Copy a closed store for the time of a block; a SQLite file is copied into `folder`."""
    name = f"copy_{uuid4().hex}"
    if not store.database_url:
        copy = replace(store, db=folder / name / "papermargin.sqlite")
        copy.db.parent.mkdir()
        shutil.copy(store.db, copy.db)
        yield copy
        shutil.rmtree(copy.db.parent)
        return
    server, _, template = store.database_url.rpartition("/")
    yield replace(store, database_url=asyncio.run(create_database(server, name, template)))
    asyncio.run(_drop(server, name))


async def _open(config: Config) -> None:
    async with open_store(config):
        pass


async def _drop(server: str, name: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
