"""The command `zotero sync`."""

from datetime import UTC, datetime
from typing import Any

import click

from server.cli.options import get_user_id, load_config, setting_options, with_store
from server.cli.printing import json_option, print_json
from server.zotero.local_api import open_zotero
from server.zotero.sync import SyncOptions, SyncReport, sync_zotero


@click.group("zotero")
def zotero_command() -> None:
    """Sync with the Zotero that runs on this computer."""


@zotero_command.command("sync")
@click.option("--dry-run", is_flag=True, help="only print what would change")
@click.option(
    "--deletions", is_flag=True, help="move to the trash what was deleted on the other side"
)
@click.option("--add-items/--no-add-items", default=True, help="add papers of your list to Zotero")
@json_option
@setting_options("db", "database_url", "user", "zotero_url", "zotero_collections")
def sync_command(
    dry_run: bool, deletions: bool, add_items: bool, as_json: bool, **options: Any
) -> None:
    """Sync status, rating, tags and notes with Zotero, both ways."""
    config = load_config(**options)
    may = SyncOptions(
        dry_run=dry_run,
        deletions=deletions,
        add_items=add_items,
        collections=config.zotero_collections,
    )

    async def work() -> SyncReport:
        async with open_zotero(config.zotero_keys, config.zotero_url) as api:
            return await sync_zotero(api, await get_user_id(config), datetime.now(UTC), may)

    report = with_store(config, work)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: SyncReport) -> None:
    for name, sentences in [
        ("here", report.here),
        ("in Zotero", report.there),
        ("on both sides", report.conflicts),
        ("left alone", report.skipped),
        ("failed", report.failed),
    ]:
        for sentence in sentences:
            click.echo(f"{name}: {sentence}")
    if report.is_read_only:
        click.echo(
            "This Zotero cannot be written by other programs: it was only read. Update it to "
            "Zotero 10, or import a file that papermargin export zotero writes."
        )
    if not (report.here or report.there or report.failed):
        click.echo("nothing to do")
