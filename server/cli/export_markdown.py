"""`papermargin export markdown`: write a vault of Markdown files, and keep it current."""

from itertools import islice
from pathlib import Path
from typing import Any

import click

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.progress import progress_bar
from server.cli.watch import CHANGES, follow_changes, follow_files, run_until_stopped
from server.database.change_feed import changes_since, newest_change
from server.imports.files import find_files, import_files, is_edited
from server.papers.fingerprints import read_keys
from server.papers.list import find_papers
from server.schema.api import ChangeRecord, StyleName
from server.schema.sources import printable
from server.vault.list_sync import sync_list
from server.vault.sync import Gone, Per, Plan, VaultReport
from server.vault.template import default_layout, default_template, make_layout

_ASKED = 50  # papers of one query by their keys
_COUNTS = [name for name in VaultReport.__struct_fields__ if name != "messages"]


@click.command("markdown")
@click.argument("query", nargs=-1)
@click.option(
    "-o",
    "--out",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="the folder to write",
)
@click.option(
    "--style",
    type=click.Choice(["obsidian", "logseq", "plain"]),
    default="obsidian",
    show_default=True,
)
@click.option(
    "--per",
    type=click.Choice(["paper", "day", "all"]),
    default="paper",
    help="what each file contains (paper)",
)
@click.option(
    "--template",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="your own template for a block",
)
@click.option(
    "--print-template",
    is_flag=True,
    help="print the template of the style, as a start for your own",
)
@click.option(
    "--gone",
    type=click.Choice(["leave", "archive", "mark"]),
    default="leave",
    help="what to do with files of papers that are no longer in the list (leave)",
)
@click.option("--dry-run", is_flag=True, help="show what would be written, and write nothing")
@click.option("--watch", is_flag=True, help="keep the files current until Ctrl-C")
@click.option(
    "--two-way",
    is_flag=True,
    help="with --watch: also import what you edit in the files, without asking",
)
@store_options
def export_markdown(
    folder: Path | None,
    query: tuple[str, ...],
    print_template: bool,
    watch: bool,
    **options: Any,
) -> None:
    """Write a Markdown file for each paper of your list, or of a QUERY; what you wrote in the files
    stays.
    """
    if print_template:
        click.echo(default_template(options["style"]), nl=False)
        return
    names = ("style", "template", "per", "gone", "dry_run", "two_way")
    plan = _plan(**{name: options.pop(name) for name in names}, watch=watch)
    if folder is None:
        raise click.UsageError("name the folder with --out DIR")
    config, words = load_config(**options), " ".join(query)

    async def work() -> VaultReport:
        user = await get_user_id(config)
        since = await newest_change(user)
        if plan.spare_edits:
            await _take_in([folder], user)
        report = await _write(folder, user, words, plan)
        if watch:
            _print_report(report, plan)
            await _watch(folder, user, words, plan, since)
        return report

    if watch:
        run_until_stopped(config, work)
        return
    report = with_store(config, work)
    _print_report(report, plan)
    if report.failed:
        raise click.exceptions.Exit(1)


def _plan(
    *,
    style: StyleName,
    template: Path | None,
    per: Per,
    gone: Gone,
    dry_run: bool,
    two_way: bool,
    watch: bool,
) -> Plan:
    if gone != "leave" and per != "paper":
        raise click.UsageError("--gone is only for one file per paper: leave out --per")
    if watch and dry_run:
        raise click.UsageError("--watch and --dry-run cannot be combined")
    if two_way and not watch:
        raise click.UsageError(
            "--two-way needs --watch; papermargin import imports your edits once"
        )
    layout = default_layout(style)
    if template:
        layout = make_layout(
            style, template.read_text(encoding="utf-8", errors="replace"), template.name
        )
    return Plan(
        layout=layout,
        per=per,
        gone=gone,
        spare_edits=two_way,
        dry_run=dry_run,
        show=_print_diff,
    )


async def _write(folder: Path, user: int, words: str, plan: Plan) -> VaultReport:
    papers = await find_papers(user, words)
    # with a query, papers that it leaves out have not left the list
    listed = await _keys(await find_papers(user, "")) if words and plan.gone != "leave" else set()
    with progress_bar("papers") as progress:
        return await sync_list(
            folder, papers, user, plan, is_listed=listed.__contains__, progress=progress
        )


async def _watch(folder: Path, user: int, words: str, plan: Plan, since: int) -> None:
    """Bring up to date whatever changes, until cancelled."""
    if not plan.spare_edits:
        async for changes in follow_changes(user, since):
            await _update_changed(folder, user, words, plan, changes)
        return
    async for edited in follow_files(folder):
        await _take_in(edited, user)
        found = await changes_since(user, since, CHANGES)
        since = found.last
        if found.changes:
            await _update_changed(folder, user, words, plan, found.changes)


async def _take_in(paths: list[Path], user: int) -> None:
    """Take in the edits of files, and say what changed, or why something cannot."""
    files = [file for file in find_files(map(str, paths)) if is_edited(file)]
    async for report in import_files(files, user):
        told = [*report.changes, *report.skipped, *([report.error] if report.error else [])]
        for line in told:
            click.echo(printable(f"{Path(report.file).name}: {line}"), err=True)
        if report.import_id:
            click.echo(f"to undo this: papermargin import --undo {report.import_id}", err=True)


async def _update_changed(
    folder: Path, user: int, words: str, plan: Plan, changes: list[ChangeRecord]
) -> None:
    report = await _write_changed(folder, user, words, plan, changes)
    if any(getattr(report, name) for name in _COUNTS if name != "unchanged"):
        _print_report(report, plan)


async def _write_changed(
    folder: Path, user: int, words: str, plan: Plan, changes: list[ChangeRecord]
) -> VaultReport:
    if any(change.kind == "term" for change in changes):  # it may stand in any paper
        return await _write(folder, user, words, plan)
    keys = sorted({change.paper for change in changes if change.paper})
    listed = await _keys(await _find_chosen(user, "", keys)) if plan.gone != "leave" else set()
    papers = await _find_chosen(user, words, keys)
    return await sync_list(
        folder, papers, user, plan, is_listed=lambda key: key in listed or key not in keys
    )


async def _find_chosen(user: int, words: str, keys: list[str]) -> list[int]:
    """Return those of the papers with these keys that a query finds in the list."""
    rest, found = iter(keys), list[int]()
    while some := list(islice(rest, _ASKED)):
        wanted = " or ".join(f'key:"{key}"' for key in some)
        found += await find_papers(user, f"({words}) ({wanted})" if words else wanted)
    return found


async def _keys(papers: list[int]) -> set[str]:
    return {key for keys in (await read_keys(papers)).values() for key in keys}


def _print_diff(text: str) -> None:
    click.echo(printable(text))


def _print_report(report: VaultReport, plan: Plan) -> None:
    for message in report.messages:
        click.echo(message, err=True)
    counts = (f"{getattr(report, name)} {name}" for name in _COUNTS)
    click.echo(("would be: " if plan.dry_run else "") + ", ".join(counts))
