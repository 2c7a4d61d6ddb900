"""What a server does beside answering requests: begun with it, and ended with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import structlog
from litestar import Litestar

from server.accounts.pairing_limit import PairingLimit
from server.accounts.tokens import LastUses
from server.accounts.users import get_user
from server.config import Config
from server.database.change_feed import ChangeFeed
from server.database.connection import open_replica
from server.database.notifications import PAPERS, keep_listening
from server.database.teller import CHANGES
from server.errors import StoreError, StoreMoved
from server.extraction.worker_client import Extractor
from server.imports.thumbnails import Thumbnails
from server.maintenance.kept_backups import keep_backing_up
from server.maintenance.rescue import watch_file
from server.maintenance.restoration import Restorations
from server.web.assistant import Assistants
from server.zotero.schedule import ZoteroSyncs

AGAIN_SECONDS = 60.0  # after work failed in a way that it does not expect

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]
Background = Callable[[Litestar], Awaitable[None]]


@asynccontextmanager
async def running(
    app: Litestar, config: Config, background: tuple[Background, ...]
) -> AsyncIterator[None]:
    """Do the server's own work and that of `background` beside the body, on the open store.

    What requests share is put into the application's state.
    """
    await get_user(config.user, datetime.now(UTC), create=True)
    state = app.state
    state.config = config
    state.replica = open_replica() if config.replica_url else None
    state.feed = ChangeFeed()
    state.extractor = Extractor(config.model_choice, state.feed.poke, enabled=config.extract)
    state.assistants = Assistants()
    state.zotero = ZoteroSyncs(config)
    state.thumbnails = Thumbnails(
        config.thumbnails_folder, config.thumbnails_url, enabled=config.thumbnails
    )
    state.pairing_limit = PairingLimit()
    state.last_uses = LastUses()

    def look_again() -> None:
        state.feed.poke()
        state.extractor.wake()

    state.restorations = Restorations(config, look_again)
    works: list[Work] = [*_own_work(app, config), *(partial(begin, app) for begin in background)]
    tasks = [asyncio.create_task(keep_at(work)) for work in works]
    try:
        yield
    finally:
        # before the tasks end: open event streams would keep the server from stopping
        state.feed.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await state.restorations.close()
        await state.thumbnails.close()
        await state.extractor.close()
        # when the last use of a token was is worth no failed shutdown
        with suppress(StoreError):
            await state.last_uses.save()


def _own_work(app: Litestar, config: Config) -> Iterator[Work]:
    state = app.state
    yield state.feed.run
    yield state.last_uses.keep_saving
    if state.replica:
        yield state.replica.keep_watching
    if config.database_url:
        heard = {CHANGES: state.feed.poke, PAPERS: state.extractor.wake}
        yield partial(keep_listening, heard, state.feed.be_told)
    else:
        yield partial(watch_file, config.db)
    if any(config.keep_backups):
        yield partial(keep_backing_up, config)
    if config.extract:
        yield partial(state.extractor.run, config.model)


async def keep_at(work: Work) -> None:
    """Do some work to its end. If it fails with an error of no expected kind, begin it again.

    The error is logged. A store whose file is gone ends the work.
    """
    while True:
        try:
            return await work()
        except StoreMoved:
            return
        except Exception as error:
            log.error("work in the background failed, and begins again", exc_info=error)
        await asyncio.sleep(AGAIN_SECONDS)
