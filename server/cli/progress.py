"""Progress bars for long work, shown on a terminal only."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

Item = TypeVar("Item")


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar; yield a function that takes the number done and, if known, the total."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, disable=not sys.stderr.isatty(), transient=True
    ) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


async def tracked(
    items: AsyncIterator[Item], total: int, progress: Callable[[int, int | None], None]
) -> AsyncIterator[Item]:
    """Yield items, and call `progress` with how many of `total` were consumed."""
    done = 0
    async for item in items:
        yield item
        done += 1
        progress(done, total)
