"""The syncs of a running server: from the settings page, and every so many minutes."""

import asyncio
from datetime import UTC, datetime

import structlog
from msgspec import Struct
from tortoise.exceptions import BaseORMException

from server.accounts.users import get_user, has_one_user
from server.config import Config
from server.errors import PapermarginError, Refused
from server.zotero.local_api import open_zotero
from server.zotero.sync import SyncOptions, SyncReport, sync_zotero

FIRST_PAUSE_SECONDS = 3.0  # let the server answer first

log = structlog.get_logger()


class LastSync(Struct, frozen=True):
    """When the schedule last tried to sync, and what came of it: a report, or why there is none."""

    at: datetime
    report: SyncReport | None = None
    error: str | None = None


class ZoteroSyncs:
    """The syncs of a server, of which one runs at a time. `last` is the schedule's last one."""

    def __init__(self, config: Config) -> None:
        self.last: LastSync | None = None
        self._config = config
        self._lock = asyncio.Lock()

    async def sync(self, user: int, *, dry_run: bool = False, may_ask: bool = True) -> SyncReport:
        """Sync the reading list of a server's only user. Raises `Refused` if there are more users.

        Without `may_ask`, Zotero does not ask its user for permission. Raises as `sync_zotero`.
        """
        if not await has_one_user():
            raise Refused("only the one user of a server can sync with its Zotero", status=403)
        config = self._config
        may = SyncOptions(dry_run=dry_run, collections=config.zotero_collections)
        keys, address = config.zotero_keys, config.zotero_url
        async with self._lock, open_zotero(keys, address, may_ask=may_ask) as api:
            return await sync_zotero(api, user, datetime.now(UTC), may)

    async def keep_syncing(self) -> None:
        """Sync every `zotero_minutes` of the settings, until cancelled."""
        await asyncio.sleep(FIRST_PAUSE_SECONDS)
        while True:
            self.last = await self.try_sync()
            await asyncio.sleep(self._config.zotero_minutes * 60)

    async def try_sync(self) -> LastSync:
        """Sync without opening a dialog, as nobody may be at the computer.

        A failure is logged and returned; the next sync does what it left.
        """
        now = datetime.now(UTC)
        try:
            user = (await get_user(self._config.user, now, create=True)).id
            report = await self.sync(user, may_ask=False)
        except (PapermarginError, BaseORMException) as error:
            log.warning(f"no sync with Zotero now: {error}")
            return LastSync(now, error=str(error))
        counts = {"here": len(report.here), "there": len(report.there)}
        log.info("synced with Zotero", **counts, failed=len(report.failed))
        return LastSync(now, report=report)
