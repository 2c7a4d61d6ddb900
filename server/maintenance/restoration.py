"""The restoration of a kept backup by the server itself, while it serves."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from server.config import Config
from server.database.context import pause_writes
from server.errors import StoreBusy, StoreError
from server.maintenance.jobs import Job, answer_job, read_job, run_job
from server.maintenance.kept_backups import BEFORE_RESTORE, KeptBackup
from server.maintenance.restore import Restored, restore_in_place

log = structlog.get_logger()


class Attempt(Struct):
    """An attempt to restore a backup: what came of it, or why it failed; neither while it runs."""

    backup: KeptBackup
    began: datetime
    restored: Restored | None = None
    error: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.restored is None and self.error is None


class Restorations:
    """Restores backups into the open store, one at a time; remembers the last attempt."""

    def __init__(self, config: Config, restored: Callable[[], None]) -> None:
        """Prepare; `restored` is called after the store got other content."""
        self.last: Attempt | None = None
        self._config = config
        self._restored = restored
        self._task: asyncio.Task[None] | None = None

    def begin(self, backup: KeptBackup, now: datetime) -> None:
        """Begin to restore a backup; until that ends, all writes are refused.

        Raises `StoreBusy` while another is being restored.
        """
        if self.last and self.last.is_running:
            raise StoreBusy("a backup is being restored already; wait until that has ended")
        self.last = Attempt(backup, now)
        self._task = asyncio.create_task(self._run(self.last))

    async def close(self) -> None:
        """Stop an attempt that runs, which changes nothing then."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, attempt: Attempt) -> None:
        config, file = self._config, attempt.backup.file
        kept = config.backup_folder / attempt.began.astimezone(UTC).strftime(BEFORE_RESTORE)
        try:
            with pause_writes(
                "a backup is being restored: nothing was written; try again in a moment"
            ):
                answer = await run_job(__name__, Job(config.db, config.database_url, file, kept))
        except (StoreError, OSError) as error:
            attempt.error = str(error)
            log.error("a backup could not be restored", file=str(file), error=str(error))
            return
        attempt.restored = msgspec.json.decode(answer, type=Restored, dec_hook=_path)
        self._restored()
        log.warning("a backup was restored", file=str(file), before=str(kept))


def _path(kind: type[Path], value: str) -> Path:
    return kind(value)


def _run_job() -> None:
    """Restore the backup that standard input names."""
    job = read_job()
    assert job.kept  # a restore always keeps what was there before
    answer_job(restore_in_place(job.config, job.file, job.kept, lambda done, total: None))


if __name__ == "__main__":
    _run_job()
