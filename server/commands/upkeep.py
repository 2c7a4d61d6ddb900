"""The care of a store: a backup of it, a backup brought back, and whether it is sound."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import click
import msgspec
from rich.console import Console
from rich.table import Table

from server.commands.progress import progress_bar
from server.commands.settings import load_config, setting_options
from server.upkeep.backup import back_up, restore
from server.upkeep.doctor import Diagnosis, diagnose

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("backup")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="replace a file that is there already")
@setting_options("db", "database_url")
def backup_command(file: Path, force: bool, **options: Any) -> None:
    """Write all that the store holds to one SQLite FILE, checked; the server may go on meanwhile."""
    config = load_config(**options)
    with progress_bar("backup") as progress:
        rows = anyio.run(lambda: back_up(config, file, force=force, progress=progress))
    click.echo(f"{file}: a backup of {config.store_name}, {_size(file.stat().st_size)}, checked")
    _print_rows(rows)


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="also where a PostgreSQL database is not empty")
@setting_options("db", "database_url")
def restore_command(file: Path, force: bool, **options: Any) -> None:
    """Put a backup in the place of what the store holds, which is kept in a file of its own."""
    config = load_config(**options)
    with progress_bar("restore") as progress:
        restored = anyio.run(lambda: restore(config, file, datetime.now(UTC), force=force, progress=progress))
    click.echo(f"{config.store_name} holds now what {file} holds")
    _print_rows(restored.rows)
    if restored.kept:
        click.echo(f"what was there before is in {restored.kept}")


@click.command("doctor")
@click.option("--repair", is_flag=True, help="put right the search index, the counts of terms and the clock")
@click.option("--json", "as_json", is_flag=True, help="print as JSON")
@setting_options("db", "database_url")
def doctor_command(repair: bool, as_json: bool, **options: Any) -> None:
    """Say where the data is, how much of it, and whether it is sound; exit 1 if it is not."""
    diagnosis = anyio.run(lambda: diagnose(load_config(**options), repair=repair))
    click.echo(msgspec.json.encode(diagnosis)) if as_json else _print_diagnosis(diagnosis)
    if not diagnosis.sound:
        raise click.exceptions.Exit(1)


def _print_diagnosis(diagnosis: Diagnosis) -> None:
    click.echo(f"the data is in {diagnosis.store}" + (f" ({_size(diagnosis.bytes)})" if diagnosis.bytes else ""))
    for claim in diagnosis.repaired:
        click.echo(f"repaired: {claim}")
    if diagnosis.rows:
        _print_rows(diagnosis.rows)
        click.echo(f"newest write: {diagnosis.newest or 'none yet'}")
    for finding in diagnosis.findings:
        if finding.holds:
            click.echo(f"ok     {finding.claim}")
        else:
            click.echo(f"WRONG  {finding.claim}: {finding.detail}\n       {finding.advice}")
    click.echo("sound" if diagnosis.sound else "not sound")


def _print_rows(rows: dict[str, int]) -> None:
    table = Table(box=None, show_header=False)
    table.add_column(justify="right")
    for name, count in rows.items():
        table.add_row(f"{count:,}", name.replace("_", " "))
    Console(markup=False, highlight=False).print(table)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
