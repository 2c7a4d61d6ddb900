"""Commands that stay and follow the changes of the store, or of a vault's files."""

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import click

from server.cli.options import with_store
from server.config import Config
from server.database.change_feed import POLL_SECONDS, changes_since
from server.schema.api import ChangeRecord

CHANGES = 500  # that are read at once
QUIET_MS = 2_000  # milliseconds without a change after which an edit counts as finished
LONGEST_MS = 30_000  # after which edits are taken all the same


async def follow_changes(user: int, since: int) -> AsyncIterator[list[ChangeRecord]]:
    """Yield a user's changes after the number `since` as they come, until cancelled.

    The server and other programs may write the while.
    """
    while True:
        found = await changes_since(user, since, CHANGES)
        since = found.last
        if found.changes:
            yield found.changes
        if not found.more:
            await anyio.sleep(POLL_SECONDS)


async def follow_files(folder: Path) -> AsyncIterator[list[Path]]:
    """Yield the folder, and then again and again the Markdown files in it that were written since,
    until cancelled.

    Nothing is yielded while files are being written, and an empty list while nothing happens. The
    folder itself comes when the watch has begun, so that nothing is missed in between.
    """
    from watchfiles import Change, awatch  # noqa: PLC0415 - only a watch needs it

    def is_edit(change: Change, path: str) -> bool:
        # editors and exports write hidden files first
        return change != Change.deleted and path.endswith(".md") and Path(path).name[0] != "."

    is_first = True
    async for found in awatch(
        folder,
        watch_filter=is_edit,
        step=QUIET_MS,
        debounce=LONGEST_MS,
        rust_timeout=QUIET_MS,
        yield_on_timeout=True,
    ):
        yield [folder] if is_first else sorted({Path(path) for _, path in found})
        is_first = False


def run_until_stopped(config: Config, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Run with the store open until Ctrl-C."""
    try:
        with_store(config, work)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
