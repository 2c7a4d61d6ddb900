"""A vault of Markdown files: written, brought up to date, and kept current while papers are read."""

from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
import click

from server.changes import POLL_SECONDS, changes_since, newest_change
from server.commands.progress import progress_bar, tracked
from server.commands.settings import load_config, reader_of, store_options, with_store
from server.config import Config
from server.export.layout import default_layout, default_template, make_layout
from server.export.vault import Gone, Per, Plan, VaultReport, write_vault
from server.papers import list_papers, read_papers
from server.source import printable
from server.wire import ChangeRecord, PaperPage, StyleName

_ASKED = 50  # papers of one query by their keys
_COUNTS = [name for name in VaultReport.__struct_fields__ if name != "messages"]


@click.command("markdown")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.argument("query", nargs=-1)
@click.option("--style", type=click.Choice(["obsidian", "logseq", "plain"]), default="obsidian", show_default=True)
@click.option("--per", type=click.Choice(["paper", "day", "all"]), default="paper", help="what a file holds (paper)")
@click.option("--template", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="your own, for a block")
@click.option("--print-template", is_flag=True, help="print the style's template, to begin one of your own with")
@click.option(
    "--gone",
    type=click.Choice(["leave", "archive", "mark"]),
    default="leave",
    help="what to do with files of papers that left the list (leave)",
)
@click.option("--dry-run", is_flag=True, help="show what would be done, and do nothing")
@click.option("--watch", is_flag=True, help="stay, and keep the files current until Ctrl-C")
@store_options
def export_markdown(
    folder: Path | None, query: tuple[str, ...], print_template: bool, watch: bool, **options: Any
) -> None:
    """Write a Markdown file for each paper of your list, or of a QUERY; what you wrote in the files stays."""
    if print_template:
        click.echo(default_template(options["style"]), nl=False)
        return
    plan = _plan(**{name: options.pop(name) for name in ("style", "template", "per", "gone", "dry_run")})
    if folder is None:
        raise click.UsageError("Missing argument 'DIR'.")
    if plan.dry_run and watch:
        raise click.UsageError("--watch writes, and --dry-run does not: give one of them")
    config, words = load_config(**options), " ".join(query)

    async def work() -> VaultReport:
        user, since = await reader_of(config), await newest_change()
        report = await _write(folder, user, words, plan)
        if watch:
            _tell(report, plan)
            await _follow(folder, user, words, plan, since)
        return report

    if watch:
        _until_stopped(config, work)
        return
    report = with_store(config, work)
    _tell(report, plan)
    if report.failed:
        raise click.exceptions.Exit(1)


def _plan(*, style: StyleName, template: Path | None, per: Per, gone: Gone, dry_run: bool) -> Plan:
    if gone != "leave" and per != "paper":
        raise click.UsageError("--gone is for files of one paper each: leave out --per")
    layout = default_layout(style)
    if template:
        layout = make_layout(style, template.read_text(encoding="utf-8", errors="replace"), template.name)
    return Plan(layout=layout, per=per, gone=gone, dry_run=dry_run, show=_show)


def _until_stopped(config: Config, work: Callable[[], Coroutine[Any, Any, VaultReport]]) -> None:
    try:
        with_store(config, work)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


async def _write(folder: Path, user: int, words: str, plan: Plan) -> VaultReport:
    total = (await list_papers(user, words, sort="added", limit=1)).total
    # with a query, papers that it leaves out have not left the list
    listed = await _keys(read_papers(user)) if words and plan.gone != "leave" else set()
    with progress_bar("papers") as progress:
        pages = tracked(read_papers(user, words), total, progress)
        return await write_vault(folder, pages, plan, is_listed=listed.__contains__)


async def _follow(folder: Path, user: int, words: str, plan: Plan, since: int) -> None:
    """Bring up to date whatever changes, until cancelled; the server and other programs may write the while."""
    while True:
        changes = await changes_since(user, since, 500)
        since = changes.last
        if changes.changes:
            report = await _catch_up(folder, user, words, plan, changes.changes)
            if any(getattr(report, name) for name in _COUNTS if name != "unchanged"):
                _tell(report, plan)
        if not changes.more:
            await anyio.sleep(POLL_SECONDS)


async def _catch_up(folder: Path, user: int, words: str, plan: Plan, changes: list[ChangeRecord]) -> VaultReport:
    if any(change.kind == "term" for change in changes):  # it may stand in any paper
        return await _write(folder, user, words, plan)
    keys = sorted({change.paper for change in changes if change.paper})
    listed = await _keys(_chosen(user, "", keys)) if plan.gone != "leave" else set()
    pages = _chosen(user, words, keys)
    return await write_vault(folder, pages, plan, is_listed=lambda key: key in listed or key not in keys)


async def _chosen(user: int, words: str, keys: list[str]) -> AsyncIterator[PaperPage]:
    """Give those of some papers that a query finds in the list."""
    rest = iter(keys)
    while some := list(islice(rest, _ASKED)):
        wanted = " or ".join(f'key:"{key}"' for key in some)
        async for page in read_papers(user, f"({words}) ({wanted})" if words else wanted):
            yield page


async def _keys(pages: AsyncIterator[PaperPage]) -> set[str]:
    return {key async for page in pages for key in (page.key, *page.aliases)}


def _show(text: str) -> None:
    click.echo(printable(text))


def _tell(report: VaultReport, plan: Plan) -> None:
    for message in report.messages:
        click.echo(message, err=True)
    counts = (f"{getattr(report, name)} {name}" for name in _COUNTS)
    click.echo(("would be: " if plan.dry_run else "") + ", ".join(counts))
