"""Progress bars for long work, shown on a terminal only."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

Item = TypeVar("Item")


class ShowProgress(Protocol):
    """Shows the number done and, if known, the total, of what the bar's title says or of `what`."""

    def __call__(self, done: int, total: int | None, what: str | None = None) -> None: ...


@contextmanager
def progress_bar(title: str) -> Iterator[ShowProgress]:
    """Show a progress bar; yield the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, disable=not sys.stderr.isatty(), transient=True
    ) as progress:
        task = progress.add_task(title, total=None)

        def show(done: int, total: int | None, what: str | None = None) -> None:
            progress.update(task, completed=done, total=total, description=what or title)

        yield show


async def tracked(
    items: AsyncIterator[Item], total: int, progress: Callable[[int, int | None], None]
) -> AsyncIterator[Item]:
    """Yield items, and call `progress` with how many of `total` were consumed."""
    done = 0
    async for item in items:
        yield item
        done += 1
        progress(done, total)
