"""How a store fares: where it is, what it holds, and what in it is not as it must be."""

import sqlite3
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct

from server.config import Config
from server.errors import StoreError
from server.store import fetch, moment, open_store, writing
from server.upkeep.backup import open_file, query_file
from server.upkeep.soundness import RESTORE, Finding, Query, count_rows, examine, read_schema
from server.upkeep.soundness import repair as put_right


class Diagnosis(Struct, kw_only=True):
    """What was found; `bytes` is the size on disk, `newest` the time of the newest write, `rows` by kind."""

    store: str
    sound: bool
    bytes: int
    newest: datetime | None = None
    rows: dict[str, int] = {}
    repaired: list[str] = []
    findings: list[Finding] = []


async def diagnose(config: Config, *, repair: bool = False) -> Diagnosis:
    """Examine a store that may be in use; `repair` first puts right what is derived. Changes nothing else.

    Raises `StoreError` where there is none.
    """
    repaired = await _repair(config) if repair else []
    if config.database_url:
        async with open_store(config):
            diagnosis = await _examine(config, fetch)
            diagnosis.bytes = (await fetch("SELECT pg_database_size(current_database()) AS size"))[0]["size"]
    else:
        with open_file(config.db) as connection:
            diagnosis = await _examine(config, query_file(connection))
        diagnosis.bytes = _size(config.db)
    diagnosis.repaired = repaired
    return diagnosis


async def _examine(config: Config, query: Query) -> Diagnosis:
    findings = [await _examine_schema(query)]
    if not findings[0].holds:
        return Diagnosis(store=config.store_name, sound=False, bytes=0, findings=findings)
    findings += await examine(query, sqlite=not config.database_url)
    sound = all(finding.holds for finding in findings)
    diagnosis = Diagnosis(store=config.store_name, sound=sound, bytes=0, findings=findings)
    with suppress(sqlite3.DatabaseError):  # a damaged file may have nothing left to count
        diagnosis.rows = await count_rows(query)
        diagnosis.newest = moment((await query("SELECT MAX(at) FROM change"))[0][0])
    return diagnosis


async def _examine_schema(query: Query) -> Finding:
    claim = "the schema is of this version"
    try:
        missing, unknown = await read_schema(query)
    except sqlite3.DatabaseError as error:
        return Finding(claim, False, str(error), RESTORE)
    if unknown:
        return Finding(claim, False, f"it is newer, with {', '.join(sorted(unknown))}", "install the newer Papermargin")
    if missing:
        steps = ", ".join(sorted(missing))
        return Finding(
            claim, False, f"it lacks {steps}", "papermargin list, or any other command, brings it up to date"
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
