"""Ways out: everything of one's own as one JSON file, and papers as Markdown files or in the formats of other tools."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import click

from server.archive.packing import export_archive
from server.commands.progress import progress_bar, tracked
from server.commands.settings import load_config, reader_of, store_options, with_store
from server.commands.vault import export_markdown
from server.errors import StoreError
from server.export.formats import FORMATS, Format
from server.papers import list_papers, read_papers

_STANDARD_OUTPUT = Path("-")


@click.group("export")
def export_command() -> None:
    """Take out what is yours."""


@export_command.command("json")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@store_options
def export_json(file: Path, **options: Any) -> None:
    """Write everything of your own to one FILE (- for standard output) that papermargin import takes back."""
    config = load_config(**options)
    counts: Counter[str] = Counter()

    async def work() -> None:
        with _open(file) as output, progress_bar("records") as progress:
            async for piece in export_archive(await reader_of(config), datetime.now(UTC), counts):
                output.write(piece)
                progress(counts.total(), None)

    with_store(config, work)
    held = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    click.echo(f"{held}: as many as in the store", err=True)


export_command.add_command(export_markdown)


def _add_format(name: str, chosen: Format) -> None:
    """Give the group a command that writes papers in a format."""

    @export_command.command(name, help=f"Write your list, or what a QUERY finds, as {chosen.label}.")
    @click.argument("query", nargs=-1)
    @click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        default=_STANDARD_OUTPUT,
        help="instead of standard output",
    )
    @store_options
    def export_format(query: tuple[str, ...], output: Path, **options: Any) -> None:
        config = load_config(**options)

        async def work() -> int:
            user, words = await reader_of(config), " ".join(query)
            total = (await list_papers(user, words, sort="added", limit=1)).total
            with _open(output) as file, progress_bar("papers") as progress:
                async for piece in chosen.render(tracked(read_papers(user, words), total, progress)):
                    file.write(piece)
            return total

        click.echo(f"{with_store(config, work):,} papers", err=True)


for _name, _format in FORMATS.items():
    _add_format(_name, _format)


@contextmanager
def _open(file: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place when it is whole; `-` is standard output. Raises `StoreError`."""
    if file == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        return
    fresh = file.with_name(f".{file.name}.{uuid4().hex}.tmp")
    try:
        with fresh.open("xb") as output:
            yield output
        fresh.replace(file)
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)
