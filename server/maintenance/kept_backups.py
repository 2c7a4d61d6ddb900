"""Make a verified backup each day while serving, and keep some of them by number and age."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from server.config import Config
from server.errors import StoreError
from server.maintenance.backup import back_up

FIRST_SECONDS = 60.0  # a server answers requests first
TICK_SECONDS = 900.0  # between two looks whether a backup is due
EVERY = timedelta(days=1)
SLACK = timedelta(minutes=30)  # so that the hour of the backup does not move from day to day
NAME = "papermargin-%Y%m%dT%H%M%SZ.sqlite"

log = structlog.get_logger()

_PERIODS: tuple[Callable[[datetime], object], ...] = (
    lambda made: made.date(),
    lambda made: made.isocalendar()[:2],
    lambda made: (made.year, made.month),
)


class KeptBackup(Struct, frozen=True):
    """A backup that the server made: its file, when it was made (in UTC), and its size in bytes."""

    file: Path
    made: datetime
    bytes: int


def list_backups(config: Config) -> list[KeptBackup]:
    """Return the backups that the server has kept, newest first."""
    return sorted(_find_backups(config.backup_folder), key=lambda kept: kept.made, reverse=True)


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
    """Return whether the newest backup is a day old, or from the future of a clock set back."""
    backups = list_backups(config)
    return not backups or not -SLACK < now - backups[0].made < EVERY - SLACK


async def make_backup(config: Config, now: datetime) -> Path:
    """Write a backup into the folder of backups, then delete those that are no longer to be kept.

    A process of its own writes and verifies it, so that the server has its processor for itself.
    Raises `StoreError` if the backup fails; then none is deleted.
    """
    config.backup_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = config.backup_folder / now.astimezone(UTC).strftime(NAME)
    job = msgspec.json.encode((str(config.db), config.database_url, str(file)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE
    )
    try:
        output, _ = await process.communicate(job)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise StoreError(output.decode(errors="replace").strip() or "the backup process ended")
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


def _find_backups(folder: Path) -> Iterable[KeptBackup]:
    for file in folder.glob("papermargin-*.sqlite"):
        try:
            made = datetime.strptime(file.name, NAME).replace(tzinfo=UTC)
            yield KeptBackup(file, made, file.stat().st_size)
        except (ValueError, OSError):  # a file of somebody else, or one that was just deleted
            continue


def _delete_old(config: Config) -> None:
    backups = list_backups(config)
    kept = choose_kept([backup.made for backup in backups], config.keep_backups)
    for backup in backups[1:]:  # the newest stays in any case
        if backup.made not in kept:
            backup.file.unlink(missing_ok=True)


def _run_job() -> None:
    """Make the backup that standard input names; print why it failed, if it did."""
    db, database_url, file = msgspec.json.decode(
        sys.stdin.buffer.read(), type=tuple[str, str | None, str]
    )
    config = Config(db=Path(db), database_url=database_url)
    try:
        asyncio.run(back_up(config, Path(file), progress=lambda done, total: None))
    except StoreError as error:
        print(error)
        raise SystemExit(1) from error


if __name__ == "__main__":
    _run_job()
