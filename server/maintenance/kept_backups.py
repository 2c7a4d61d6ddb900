"""Make a verified backup each day while serving, and keep some of them by number and age."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog
from msgspec import Struct

from server.config import Config
from server.errors import NotFound, StoreError
from server.maintenance.backup import back_up
from server.maintenance.jobs import Job, answer_job, read_job, run_job

FIRST_SECONDS = 60.0  # a server answers requests first
TICK_SECONDS = 900.0  # between two looks whether a backup is due
EVERY = timedelta(days=1)
SLACK = timedelta(minutes=30)  # so that the hour of the backup does not move from day to day
NAME = "papermargin-%Y%m%dT%H%M%SZ.sqlite"
BEFORE_RESTORE = "before-restore-%Y%m%dT%H%M%SZ.sqlite"  # never deleted: its end was not asked for

log = structlog.get_logger()

_PERIODS: tuple[Callable[[datetime], object], ...] = (
    lambda made: made.date(),
    lambda made: made.isocalendar()[:2],
    lambda made: (made.year, made.month),
)


Reason = Literal["daily", "migration", "restore"]

_NAMES: dict[Reason, str] = {"daily": NAME, "restore": BEFORE_RESTORE}
_BEFORE_MIGRATION = re.compile(r"before-\d{4}_\w+\.sqlite")


class KeptBackup(Struct, frozen=True):
    """A backup that the server made: its file, when (in UTC) and why, and its size in bytes.

    One is made a day, one before the schema changes, and one before a backup is restored.
    """

    file: Path
    made: datetime
    reason: Reason
    bytes: int


def list_backups(config: Config) -> list[KeptBackup]:
    """Return the backups that the server has kept, newest first."""
    return sorted(_find_backups(config.backup_folder), key=lambda kept: kept.made, reverse=True)


def find_backup(config: Config, name: str) -> KeptBackup:
    """Return the kept backup in the file of this name. Raises `NotFound` if there is none."""
    for backup in list_backups(config):
        if backup.file.name == name:
            return backup
    raise NotFound("there is no such backup; it may have been deleted by now")


def choose_kept(made: Iterable[datetime], keep: tuple[int, int, int]) -> set[datetime]:
    """Choose which backups to keep: the newest of each of the last days, weeks and months.

    `keep` is how many days, weeks (of ISO 8601) and months; those without a backup do not count.
    """
    kept: set[datetime] = set()
    for period, most in zip(_PERIODS, keep, strict=True):
        newest: dict[object, datetime] = {}
        for moment in sorted(made, reverse=True):
            newest.setdefault(period(moment), moment)
        kept.update(list(newest.values())[:most])
    return kept


def is_due(config: Config, now: datetime) -> bool:
    """Return whether the newest daily backup is a day old, or of a time that is yet to come."""
    backups = _daily_backups(config)
    return not backups or not -SLACK < now - backups[0].made < EVERY - SLACK


async def make_backup(config: Config, now: datetime) -> Path:
    """Write a backup into the folder of backups, then delete those that are no longer to be kept.

    A process of its own writes and verifies it, so that the server has its processor for itself.
    Raises `StoreError` if the backup fails; then none is deleted.
    """
    config.backup_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = config.backup_folder / now.astimezone(UTC).strftime(NAME)
    await run_job(__name__, Job(config.db, config.database_url, file))
    _delete_old(config)
    return file


async def keep_backing_up(config: Config) -> None:
    """Make a backup whenever one is due, until cancelled."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        if is_due(config, datetime.now(UTC)):
            try:
                file = await make_backup(config, datetime.now(UTC))
                log.info("backup made", file=str(file))
            except (StoreError, OSError) as error:
                log.error("the daily backup failed", error=str(error))
        await asyncio.sleep(TICK_SECONDS)


def _find_backups(folder: Path) -> Iterator[KeptBackup]:
    for file in folder.glob("*.sqlite"):
        try:
            found = file.stat()
        except OSError:  # just deleted
            continue
        if told := _tell(file.name, found.st_mtime):
            yield KeptBackup(file, *told, found.st_size)


def _tell(name: str, written: float) -> tuple[datetime, Reason] | None:
    """Return when and why a file of this name was made; None if it is not of the server."""
    for reason, pattern in _NAMES.items():
        with suppress(ValueError):
            return datetime.strptime(name, pattern).replace(tzinfo=UTC), reason
    if _BEFORE_MIGRATION.fullmatch(name):
        return datetime.fromtimestamp(written, UTC), "migration"
    return None


def _daily_backups(config: Config) -> list[KeptBackup]:
    return [backup for backup in list_backups(config) if backup.reason == "daily"]


def _delete_old(config: Config) -> None:
    backups = _daily_backups(config)
    kept = choose_kept([backup.made for backup in backups], config.keep_backups)
    for backup in backups[1:]:  # the newest stays in any case
        if backup.made not in kept:
            backup.file.unlink(missing_ok=True)


def _run_job() -> None:
    """Make the backup that standard input asks for."""
    job = read_job()
    answer_job(back_up(job.config, job.file, progress=lambda done, total: None))


if __name__ == "__main__":
    _run_job()
