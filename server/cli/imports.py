"""`papermargin import` for files, and `papermargin ingest` for days of Daily Papers."""

from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from nlp.version import model_version
from server.cli.options import get_user_id, load_config, setting_options, with_store
from server.cli.printing import console
from server.cli.progress import progress_bar
from server.config import Config
from server.database.models.papers import Paper
from server.database.store_file import is_served
from server.days import day_of, local
from server.errors import Invalid, SourceError
from server.extraction.save import count_unread
from server.extraction.shared_model import agreed_model
from server.extraction.worker_client import Extractor
from server.imports.daily import fetch_days, fetch_round
from server.imports.files import find_files, import_files, is_edited
from server.imports.formats.table import read_columns
from server.imports.gaps import fill_gaps
from server.imports.lookup import Sources, open_sources
from server.imports.undo import list_imports, undo_import
from server.papers.ingest import IngestReport, ingest
from server.schema.api import FileReport
from server.schema.imports import ImportState, ImportUndone
from server.schema.sources import Batch, printable

FIRST_DAY = date(2023, 5, 4)  # of Daily Papers

_Work = Callable[[Config], Coroutine[Any, Any, None]]


@click.command("import")
@click.argument("paths", nargs=-1)
@click.option(
    "--year", type=click.IntRange(1991, 2100), help="the year of a capture's dates that name none"
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=COLUMN",
    help="read a table's column under another name, such as title=Titel; may be repeated",
)
@click.option("--add", is_flag=True, help="put the papers in the reading list")
@click.option(
    "--offline", is_flag=True, help="do not ask the web for papers known by their id alone"
)
@click.option("--no-extract", is_flag=True, help="do not extract from abstracts; the server will")
@click.option("--preview", is_flag=True, help="show what would be imported, and import nothing")
@click.option("--yes", is_flag=True, help="import the changes of a vault without asking")
@click.option("--list", "show_list", is_flag=True, help="list the imports of the last 30 days")
@click.option(
    "--undo", type=click.IntRange(1), metavar="ID", help="undo an import: see --list for its ID"
)
@click.option("--json", "as_json", is_flag=True, help="print the table as JSON")
@setting_options("db", "database_url", "user", "model", "huggingface_url", "arxiv_url")
def import_command(
    paths: tuple[str, ...],
    offline: bool,
    no_extract: bool,
    preview: bool,
    yes: bool,
    show_list: bool,
    undo: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Import files, folders and globs: papers in many formats, exports, annotations, or a vault
    that you edited.

    Changes of a vault are shown first, and imported once you confirm them. Each import has a
    number, by which it can be undone as a whole for 30 days.
    """
    reading = {name: options.pop(name) for name in ("year", "add")}
    reading["columns"] = read_columns(options.pop("columns"))
    config = load_config(**options)
    if show_list or undo:
        _show_or_undo(config, undo, as_json=as_json)
        return
    if not paths:
        raise click.UsageError("Missing argument 'PATHS...'.")
    files = list(find_files(paths))
    if preview or yes or _confirm_vault(config, files, reading):
        follow = _follow(preview=preview, offline=offline, no_extract=no_extract)
        reports = _run(config, files, follow, preview=preview, **reading)
        _print_reports(reports, as_json=as_json)


@click.command("ingest")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="a day")
@click.option("--week", help="an ISO week, such as 2026-W08")
@click.option("--month", help="a month, such as 2026-02")
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="the first of several days"
)
@click.option(
    "--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="the last of several days (today)"
)
@click.option("--no-extract", is_flag=True, help="do not extract from abstracts; the server will")
@setting_options("db", "database_url", "model", "huggingface_url", "arxiv_url")
def ingest_command(
    day: datetime | None,
    week: str | None,
    month: str | None,
    first: datetime | None,
    last: datetime | None,
    no_extract: bool,
    **options: Any,
) -> None:
    """Fetch Daily Papers: the newest day and those before it, or the day, week, month or days that
    are named.
    """
    config = load_config(**options)
    if sum(choice is not None for choice in (day, week, month, first)) > 1 or (last and not first):
        raise click.UsageError("give one of --date, --week, --month, or --from with --to")

    async def work() -> IngestReport:
        now = datetime.now(UTC)
        async with open_sources(config) as sources:
            if week or month:
                report = await ingest(await _period(sources, week, month, now), now)
            elif day or first:
                report = await fetch_days(sources, _days(day or first, day or last or now), now)
            else:
                report = await fetch_round(sources, now)
        if not no_extract:
            await extract_waiting(config)
        return report

    report = with_store(config, work)
    click.echo(f"{len(report.keys)} papers: {report.new} new, {report.updated} updated")


async def extract_waiting(config: Config) -> None:
    """Extract from the abstracts that are waiting, unless a server of the same store does it."""
    if is_served(config):
        click.echo(
            "the server that is running reads the abstracts; its log tells what changed", err=True
        )
        return
    choice = await agreed_model(config.model_choice)
    if choice is None:
        click.echo("the servers read the abstracts, with another version of the model", err=True)
        return
    extractor = Extractor(config.model_choice)
    try:
        waiting = await count_unread(model_version(choice))
        with progress_bar("abstracts") as progress:
            report = await extractor.read_all(lambda done: progress(done, max(done, waiting)))
        if report.again:
            click.echo("\n".join(report.lines()), err=True)
    finally:
        await extractor.close()


def _follow(*, preview: bool, offline: bool, no_extract: bool) -> Iterable[_Work]:
    """Yield what follows an import: asking for papers known by their id, reading abstracts."""
    if not (preview or offline):
        yield _fill
    if not (preview or no_extract):
        yield extract_waiting


def _run(
    config: Config, files: list[Path], follow: Iterable[_Work], **reading: Any
) -> list[FileReport]:
    async def work() -> list[FileReport]:
        reports = await _import_files(config, files, **reading)
        for step in follow:
            await step(config)
        return reports

    return with_store(config, work)


async def _import_files(config: Config, files: list[Path], **reading: Any) -> list[FileReport]:
    user = await get_user_id(config)
    reports: list[FileReport] = []
    with progress_bar("files") as progress:
        records = partial(progress, what="records")
        async for report in import_files(files, user, progress=records, **reading):
            reports.append(report)
            progress(len(reports), len(files))
    return reports


def _show_or_undo(config: Config, undo: int | None, *, as_json: bool) -> None:
    """Print the list of imports, or undo one and say what stays."""
    now = datetime.now(UTC)

    async def work() -> list[ImportState] | ImportUndone:
        user = await get_user_id(config)
        return await undo_import(user, undo, now) if undo else await list_imports(user, now)

    done = with_store(config, work)
    if as_json:
        click.echo(msgspec.json.encode(done))
    elif isinstance(done, ImportUndone):
        for reason in done.kept:
            click.echo(printable(f"stays as it is: {reason}"), err=True)
        click.echo(f"{done.undone:,} steps undone, {len(done.kept):,} stay")
    else:
        _print_imports(done)


def _print_imports(imports: list[ImportState]) -> None:
    table = Table("ID", "when", "files", box=None, pad_edge=False)
    for name in ("new", "updated", "merged", "entries", "notes", "others"):
        table.add_column(name, justify="right")
    table.add_column("")
    for each in imports:
        files = ", ".join(each.files[:3]) + (", …" if len(each.files) > 3 else "")
        numbers = (
            each.new,
            each.updated,
            each.merged,
            each.entries,
            each.notes,
            each.others,
        )
        undone = f"undone {day_of(each.undone)}" if each.undone else ""
        when = f"{local(each.at):%Y-%m-%d %H:%M}"
        table.add_row(str(each.id), when, files, *map(str, numbers), undone)
    console().print(table)


def _confirm_vault(config: Config, files: list[Path], reading: dict[str, Any]) -> bool:
    """Show the changes that a vault's import would make, and ask whether to make them."""
    vault = [file for file in files if is_edited(file)]
    if not vault:
        return True
    reports = with_store(config, lambda: _import_files(config, vault, preview=True, **reading))
    changes = sum(len(report.changes) for report in reports)
    if changes:
        _print_changes(reports)
    return not changes or click.confirm(f"Take in {changes:,} changes?", err=True)


async def _fill(config: Config) -> None:
    if not await Paper.filter(title="").exists():
        return
    try:
        async with open_sources(config) as sources:
            await fill_gaps(sources, datetime.now(UTC))
    except SourceError as error:
        count = await Paper.filter(title="").count()
        known = "1 paper is known by its" if count == 1 else f"{count:,} papers are known by their"
        click.echo(f"{known} id alone until the web can be asked: {error}", err=True)


async def _period(sources: Sources, week: str | None, month: str | None, now: datetime) -> Batch:
    if week:
        return await sources.huggingface.fetch_week(week, observed=now)
    return await sources.huggingface.fetch_month(month or "", observed=now)


def _days(first: datetime | None, last: datetime) -> Iterable[date]:
    begin, end = (first or last).date(), last.date()
    if begin > end:
        raise Invalid("--from lies after --to")
    begin = max(begin, FIRST_DAY)
    return (begin + timedelta(days=n) for n in range((end - begin).days + 1))


def _print_reports(reports: list[FileReport], *, as_json: bool) -> None:
    """Print what became of each file, and exit with 1 if one failed."""
    number = next((report.import_id for report in reports if report.import_id), None)
    if as_json:
        click.echo(msgspec.json.encode(reports))
    else:
        _print_table(reports)
        _print_changes(reports)
    if number and not as_json:
        click.echo(f"to undo this import: papermargin import --undo {number}", err=True)
    if any(report.error for report in reports):
        raise click.exceptions.Exit(1)


def _print_table(reports: list[FileReport]) -> None:
    table = Table("file", "kind", box=None, pad_edge=False)
    for name in ("papers", "new", "updated", "notes", "skipped"):
        table.add_column(name, justify="right")
    table.add_column("error")
    for report in filter(_has_news, reports):
        name = Path(report.file).name
        table.add_row(name, report.kind, *map(str, _numbers(report)), report.error or "")
    if len(reports) > 1:
        totals = [sum(numbers) for numbers in zip(*map(_numbers, reports), strict=True)]
        failed = sum(report.error is not None for report in reports)
        error = f"{failed} failed" if failed else ""
        table.add_row(f"{len(reports)} files", "", *map(str, totals), error)
    console().print(table)


def _has_news(report: FileReport) -> bool:
    """Return whether a file gets a row: a vault's unchanged files are only counted."""
    is_unchanged = report.kind == "vault file" and not (report.changes or report.skipped)
    return not is_unchanged or report.error is not None


def _numbers(report: FileReport) -> tuple[int, int, int, int, int]:
    return report.papers, report.new, report.updated, report.notes, len(report.skipped)


def _print_changes(reports: list[FileReport]) -> None:
    for report in reports:
        for change in report.changes:
            click.echo(printable(f"{Path(report.file).name}: {change}"), err=True)
        for reason in report.skipped:
            click.echo(printable(f"{Path(report.file).name}: skipped: {reason}"), err=True)
