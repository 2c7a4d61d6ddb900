"""A bar for work that takes long, on a terminal only."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

Item = TypeVar("Item")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Give what shows how many are done, of how many; None stands for nobody knows."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


async def tracked(
    items: AsyncIterator[Item], total: int, progress: Callable[[int, int | None], None]
) -> AsyncIterator[Item]:
    """Give items as they come, and tell how many of them are done."""
    done = 0
    async for item in items:
        yield item
        done += 1
        progress(done, total)
