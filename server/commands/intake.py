"""Papers into the store: files by `import`, days of Hugging Face by `ingest`."""

import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from nlp.version import model_version
from server.commands.progress import progress_bar
from server.commands.settings import load_config, reader_of, setting_options, with_store
from server.config import Config
from server.daily import Sources, fetch_days, fetch_round, fill_gaps, open_sources
from server.errors import Invalid, SourceError
from server.extraction import Extractor
from server.ingest import IngestReport, ingest
from server.intake import find_files, import_file, is_edited
from server.mentions import count_unread
from server.models import Paper
from server.source import Batch, printable
from server.store import is_served
from server.wire import FileReport

FIRST_DAY = date(2023, 5, 4)  # of Daily Papers


@click.command("import")
@click.argument("paths", nargs=-1, required=True)
@click.option("--year", type=click.IntRange(1991, 2100), help="year of a capture's dates that have none")
@click.option("--add", is_flag=True, help="put the papers in the reading list")
@click.option("--offline", is_flag=True, help="do not ask the web for papers known by their id alone")
@click.option("--no-extract", is_flag=True, help="leave the reading of abstracts to the server")
@click.option("--preview", is_flag=True, help="say what would come in, and do nothing")
@click.option("--yes", is_flag=True, help="take in what was changed in a vault without asking")
@click.option("--json", "as_json", is_flag=True, help="print the table as JSON")
@setting_options("db", "database_url", "user", "model", "huggingface_url", "arxiv_url")
def import_command(
    paths: tuple[str, ...], offline: bool, no_extract: bool, preview: bool, yes: bool, as_json: bool, **options: Any
) -> None:
    """Take in files, folders and globs: whatever papers come in, exports, annotations, and a vault that you edited.

    What you changed in a vault is shown first, and comes in when you say so.
    """
    reading = {name: options.pop(name) for name in ("year", "add")}
    config, files = load_config(**options), list(find_files(paths))
    vault = [] if preview or yes else [file for file in files if is_edited(file)]
    if vault and not _confirm(with_store(config, lambda: _import_files(config, vault, preview=True, **reading))):
        return

    async def work() -> list[FileReport]:
        reports = await _import_files(config, files, preview=preview, **reading)
        if not preview and not offline:
            await _fill(config)
        if not preview and not no_extract:
            await read_waiting(config)
        return reports

    reports = with_store(config, work)
    click.echo(msgspec.json.encode(reports)) if as_json else _print_reports(reports)
    if any(report.error for report in reports):
        raise click.exceptions.Exit(1)


@click.command("ingest")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="a day")
@click.option("--week", help="an ISO week, as 2026-W08")
@click.option("--month", help="a month, as 2026-02")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="the first of several days")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="the last of several days (today)")
@click.option("--no-extract", is_flag=True, help="leave the reading of abstracts to the server")
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
    """Fetch Daily Papers: the newest day and those before it, or the day, week, month or days that are named."""
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
            await read_waiting(config)
        return report

    report = with_store(config, work)
    click.echo(f"{len(report.keys)} papers: {report.new} new, {report.updated} updated")


async def read_waiting(config: Config) -> None:
    """Read the abstracts that wait, unless a server of the same file does so anyway."""
    if is_served(config):
        click.echo("the server that is running reads the abstracts; its log tells what changed", err=True)
        return
    extractor = Extractor(config.model_choice)
    try:
        waiting = await count_unread(model_version(config.model_choice))
        with progress_bar("abstracts") as progress:
            report = await extractor.read_all(lambda done: progress(done, max(done, waiting)))
        if report.again:
            click.echo("\n".join(report.lines()), err=True)
    finally:
        await extractor.close()


async def _import_files(config: Config, files: list[Path], **reading: Any) -> list[FileReport]:
    user = await reader_of(config)
    reports: list[FileReport] = []
    with progress_bar("files") as progress:
        for file in files:
            reports.append(await import_file(file, user, **reading))
            progress(len(reports), len(files))
    return reports


def _confirm(reports: list[FileReport]) -> bool:
    """Show what a vault would change, and ask whether it may."""
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
        click.echo(f"{count} papers are known by their id alone until the web can be asked: {error}", err=True)


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


def _print_reports(reports: list[FileReport]) -> None:
    table = Table("file", "kind", box=None, pad_edge=False)
    for name in ("papers", "new", "updated", "notes", "skipped"):
        table.add_column(name, justify="right")
    table.add_column("error")
    # of a vault, what was left alone is only counted
    for report in (r for r in reports if r.kind != "vault file" or r.changes or r.skipped or r.error):
        numbers = (report.papers, report.new, report.updated, report.notes, len(report.skipped))
        table.add_row(Path(report.file).name, report.kind, *map(str, numbers), report.error or "")
    if len(reports) > 1:
        totals = [sum(getattr(r, name) for r in reports) for name in ("papers", "new", "updated", "notes")]
        skipped, failed = sum(len(r.skipped) for r in reports), sum(r.error is not None for r in reports)
        table.add_row(
            f"{len(reports)} files", "", *map(str, totals), str(skipped), f"{failed} failed" if failed else ""
        )
    Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(table)
    _print_changes(reports)


def _print_changes(reports: list[FileReport]) -> None:
    for report in reports:
        for change in report.changes:
            click.echo(printable(f"{Path(report.file).name}: {change}"), err=True)
        for reason in report.skipped:
            click.echo(printable(f"{Path(report.file).name}: skipped: {reason}"), err=True)
