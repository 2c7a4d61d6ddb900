"""Exports of one file: where it goes, how it is replaced, and how it is kept current."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from filecmp import cmp
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import click

from server.cli.options import get_user_id, with_store
from server.cli.watch import follow_changes, run_until_stopped
from server.config import Config
from server.database.change_feed import newest_change
from server.errors import StoreError

_STANDARD_OUTPUT = Path("-")

Command = Callable[..., Any]


def output_options(command: Command) -> Command:
    """Add the options `--out` and `--watch` to a command."""
    command = click.option("--watch", is_flag=True, help="keep the file current until Ctrl-C")(
        command
    )
    return click.option(
        "-o",
        "--out",
        "output",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        default=_STANDARD_OUTPUT,
        help="the file to write (standard output)",
    )(command)


def write_output(
    config: Config, output: Path, write: Callable[[int], Awaitable[None]], *, watch: bool
) -> None:
    """Write a file with `write`, which gets the user's id; with `watch`, again at each change."""
    if watch and output == _STANDARD_OUTPUT:
        raise click.UsageError("--watch keeps a file current: name it with --out")

    async def work() -> None:
        user = await get_user_id(config)
        since = await newest_change(user)
        await write(user)
        if watch:
            async for _ in follow_changes(user, since):
                await write(user)

    if watch:
        run_until_stopped(config, work)
    else:
        with_store(config, work)


@contextmanager
def open_output(file: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces the old one only when it is complete; `-` is standard output.

    Raises `StoreError` if it cannot be written.
    """
    if file == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        return
    fresh = file.with_name(f".{file.name}.{uuid4().hex}.tmp")
    try:
        with fresh.open("xb") as output:
            yield output
        # LaTeX and editors watch the file's time
        if not (file.is_file() and cmp(fresh, file, shallow=False)):
            fresh.replace(file)
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)
