"""Commands that look after the store: `backup`, `restore` and `doctor`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import click
import msgspec
from rich.console import Console
from rich.table import Table

from server.cli.options import load_config, setting_options
from server.cli.progress import progress_bar
from server.maintenance.backup import back_up
from server.maintenance.doctor import Diagnosis, diagnose
from server.maintenance.kept_backups import list_backups
from server.maintenance.restore import restore

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("backup")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="replace an existing file")
@setting_options("db", "database_url")
def backup_command(file: Path, force: bool, **options: Any) -> None:
    """Back up the whole store to one SQLite FILE and verify it; the server may be running."""
    config = load_config(**options)
    with progress_bar("backup") as progress:
        rows = anyio.run(lambda: back_up(config, file, force=force, progress=progress))
    click.echo(f"{file}: a backup of {config.store_name}, {_size(file.stat().st_size)}, checked")
    _print_rows(rows)


@click.command("backups")
@setting_options("db", "database_url", "keep_backups")
def backups_command(**options: Any) -> None:
    """List the backups that the server made. Restore one with `papermargin restore FILE`."""
    config = load_config(**options)
    for kept in list_backups(config):
        click.echo(f"{kept.made:%Y-%m-%d %H:%M} UTC  {_size(kept.bytes):>12}  {kept.file}")
    if not any(config.keep_backups):
        click.echo("keep_backups is 0,0,0: the server makes none")


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="replace a PostgreSQL database that is not empty")
@setting_options("db", "database_url")
def restore_command(file: Path, force: bool, **options: Any) -> None:
    """Replace the store's contents with a backup; the old contents are kept in another file."""
    config = load_config(**options)
    with progress_bar("restore") as progress:
        restored = anyio.run(
            lambda: restore(config, file, datetime.now(UTC), force=force, progress=progress)
        )
    click.echo(f"{config.store_name} holds now what {file} holds")
    _print_rows(restored.rows)
    if restored.kept:
        click.echo(f"what was there before is in {restored.kept}")


@click.command("doctor")
@click.option(
    "--repair",
    is_flag=True,
    help="rebuild the search index, the counts of terms and the change counter",
)
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@setting_options("db", "database_url")
def doctor_command(repair: bool, as_json: bool, **options: Any) -> None:
    """Check the store: where it is, how much it holds, and whether it is intact.

    Exits with status 1 if something is wrong.
    """
    diagnosis = anyio.run(lambda: diagnose(load_config(**options), repair=repair))
    click.echo(msgspec.json.encode(diagnosis)) if as_json else _print_diagnosis(diagnosis)
    if not diagnosis.sound:
        raise click.exceptions.Exit(1)


def _print_diagnosis(diagnosis: Diagnosis) -> None:
    click.echo(
        f"the data is in {diagnosis.store}"
        + (f" ({_size(diagnosis.bytes)})" if diagnosis.bytes else "")
    )
    for claim in diagnosis.repaired:
        click.echo(f"repaired: {claim}")
    if diagnosis.rows:
        _print_rows(diagnosis.rows)
        click.echo(f"newest write: {diagnosis.newest or 'none yet'}")
    click.echo(f"newest backup: {_describe_age(diagnosis.newest_backup)}")
    for finding in diagnosis.findings:
        if finding.holds:
            click.echo(f"ok     {finding.claim}")
        else:
            click.echo(f"WRONG  {finding.claim}: {finding.detail}\n       {finding.advice}")
    verdict = "sound" if diagnosis.sound else "not sound"
    click.echo(", ".join([verdict, *diagnosis.obstacles]))


def _describe_age(made: datetime | None) -> str:
    """Write when a backup was made and how long ago, or that there is none."""
    if made is None:
        return "none that the server made; it makes one a day while it runs"
    hours = (datetime.now(UTC) - made).total_seconds() / 3600
    age = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
    return f"{made:%Y-%m-%d %H:%M} UTC, {age} ago"


def _print_rows(rows: dict[str, int]) -> None:
    table = Table(box=None, show_header=False)
    table.add_column(justify="right")
    for name, count in rows.items():
        table.add_row(f"{count:,}", name.replace("_", " "))
    Console(markup=False, highlight=False).print(table)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
