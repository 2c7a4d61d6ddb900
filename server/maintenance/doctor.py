"""Health report of a store: where it is, what it holds, and which checks fail."""

import shutil
import sqlite3
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct

from server.config import Config
from server.database.connection import fetch, moment, open_store
from server.database.schema_check import Query, read_migrations
from server.database.transactions import writing
from server.errors import StoreError
from server.maintenance.backup import is_read_only, open_file, query_file
from server.maintenance.checks import RESTORE, Finding, count_rows, examine
from server.maintenance.checks import repair as put_right
from server.maintenance.kept_backups import list_backups

LEAST_FREE = 20_000_000  # bytes; a day of papers takes a tenth


class Diagnosis(Struct, kw_only=True):
    """A health report; `bytes` is the size on disk, `newest` the time of the newest change.

    `read_only` says that nothing can be written there, and `free` is how many bytes the disk of a
    SQLite file has left. `newest_backup` is when the server made the newest of the backups that it
    keeps.
    """

    store: str
    sound: bool
    bytes: int
    read_only: bool = False
    free: int | None = None
    newest: datetime | None = None
    newest_backup: datetime | None = None
    rows: dict[str, int] = {}
    repaired: list[str] = []
    findings: list[Finding] = []

    @property
    def obstacles(self) -> list[str]:
        """What keeps a sound store from being written to, in words."""
        told = {
            "read-only": self.read_only,
            "the disk is nearly full": self.free is not None and self.free < LEAST_FREE,
        }
        return [words for words, holds in told.items() if holds]


async def diagnose(config: Config, *, repair: bool = False) -> Diagnosis:
    """Check a store that may be in use; with `repair`, first repair its derived data.

    Raises `StoreError` if there is no store.
    """
    repaired = await _repair(config) if repair else []
    if config.database_url:
        async with open_store(config):
            diagnosis = await _examine(config, fetch)
            diagnosis.bytes = (await fetch("SELECT pg_database_size(current_database()) AS size"))[
                0
            ]["size"]
    else:
        with open_file(config.db) as connection:
            diagnosis = await _examine(config, query_file(connection))
        diagnosis.read_only = is_read_only(config.db)
        diagnosis.free = shutil.disk_usage(config.db.parent).free
        diagnosis.bytes = _size(config.db)
    diagnosis.repaired = repaired
    backups = list_backups(config)
    diagnosis.newest_backup = backups[0].made if backups else None
    return diagnosis


async def _examine(config: Config, query: Query) -> Diagnosis:
    findings = [await _examine_schema(query)]
    if not findings[0].holds:
        return Diagnosis(store=config.store_name, sound=False, bytes=0, findings=findings)
    findings += await examine(query, sqlite=not config.database_url)
    sound = all(finding.holds for finding in findings)
    diagnosis = Diagnosis(store=config.store_name, sound=sound, bytes=0, findings=findings)
    with suppress(sqlite3.DatabaseError):  # a damaged file may not be countable
        diagnosis.rows = await count_rows(query)
        diagnosis.newest = moment((await query("SELECT MAX(at) FROM change"))[0][0])
    return diagnosis


async def _examine_schema(query: Query) -> Finding:
    claim = "the schema is of this version"
    try:
        missing, unknown = await read_migrations(query)
    except sqlite3.DatabaseError as error:
        return Finding(claim, False, str(error), RESTORE)
    if unknown:
        return Finding(
            claim,
            False,
            f"it is newer, with {', '.join(sorted(unknown))}",
            "install the newer Papermargin",
        )
    if missing:
        steps = ", ".join(sorted(missing))
        return Finding(
            claim,
            False,
            f"it lacks {steps}",
            "papermargin list, or any other command, brings it up to date",
        )
    return Finding(claim, True)


async def _repair(config: Config) -> list[str]:
    if not (config.database_url or config.db.is_file()):
        raise StoreError(f"there is no store in {config.db}")
    async with open_store(config), writing() as connection:
        return await put_right(partial(fetch, using=connection), sqlite=not config.database_url)


def _size(db: Path) -> int:
    beside = (db.with_name(db.name + suffix) for suffix in ("", "-wal"))
    return sum(file.stat().st_size for file in beside if file.exists())
