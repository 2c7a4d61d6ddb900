"""`papermargin export`: a JSON archive, a Markdown vault, or papers in another program's format."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from server.archive.write import export_archive
from server.cli.export_feeds import export_atom, export_opml
from server.cli.export_markdown import export_markdown
from server.cli.options import load_config, store_options
from server.cli.output_file import open_output, output_options, write_output
from server.cli.progress import progress_bar, tracked
from server.database.versioning import Edit
from server.exports.citation_keys import parse_pattern
from server.exports.formats import Format, load_formats
from server.papers.list import count_papers, read_papers
from server.reading_list.citation_keys import assign_keys


@click.group("export")
def export_command() -> None:
    """Export papers, notes or everything that you wrote."""


@export_command.command("json")
@output_options
@store_options
def export_json(output: Path, watch: bool, **options: Any) -> None:
    """Write everything that is yours as one archive that papermargin import reads back."""

    async def write(user: int) -> None:
        counts: Counter[str] = Counter()
        with open_output(output) as file, progress_bar("records") as progress:
            async for piece in export_archive(user, datetime.now(UTC), counts):
                file.write(piece)
                progress(counts.total(), None)
        held = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        click.echo(f"{held}: as many as in the store", err=True)

    write_output(load_config(**options), output, write, watch=watch)


export_command.add_command(export_markdown)
export_command.add_command(export_atom)
export_command.add_command(export_opml)


def _add_format(name: str, chosen: Format) -> None:
    """Add to the group a command that writes papers in one format."""

    @export_command.command(
        name, help=f"Write your list, or what a QUERY finds, as {chosen.label}."
    )
    @click.argument("query", nargs=-1)
    @output_options
    @_key_options(name)
    @store_options
    def export_format(
        query: tuple[str, ...],
        output: Path,
        watch: bool,
        keys: str | None = None,
        renew_keys: bool = False,
        **options: Any,
    ) -> None:
        if renew_keys and not keys:
            raise click.UsageError("--renew-keys needs a pattern: name it with --keys")
        pattern = parse_pattern(keys) if keys else None
        config, words = load_config(**options), " ".join(query)

        renew = renew_keys

        async def write(user: int) -> None:
            nonlocal renew
            if pattern:
                edit = Edit(user=user, at=datetime.now(UTC))
                await assign_keys(edit, pattern, words, renew=renew)
                renew = False  # what is kept current keeps its keys
            await _write(chosen, user, words, output)

        write_output(config, output, write, watch=watch)


def _key_options(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options on citation keys to the formats of LaTeX."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        if name not in ("bibtex", "biblatex"):
            return command
        command = click.option(
            "--renew-keys", is_flag=True, help="also replace keys that an earlier pattern created"
        )(command)
        return click.option(
            "--keys",
            metavar="PATTERN",
            help="create missing citation keys, such as auth.lower + year + shorttitle(1)",
        )(command)

    return decorate


async def _write(chosen: Format, user: int, words: str, output: Path) -> None:
    """Write papers to a file, which is left alone if that would not change it."""
    total = await count_papers(user, words)
    with open_output(output) as file, progress_bar("papers") as progress:
        async for piece in chosen.render(tracked(read_papers(user, words), total, progress)):
            file.write(piece)
    click.echo(f"{total:,} papers", err=True)


for _name, _format in load_formats().items():
    _add_format(_name, _format)
