"""`papermargin token`: make, list and revoke tokens for programs."""

from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table

from server.accounts.tokens import LastUses, issue_scoped, list_devices_of, revoke
from server.cli.options import get_user_id, load_config, setting_options, with_store
from server.cli.printing import console, json_option, print_json
from server.days import day_of
from server.schema.api import Device
from server.schema.scopes import SCOPES, Scope


@click.group("token")
def token_command() -> None:
    """Manage the tokens that programs need for the API."""


@token_command.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice(SCOPES), multiple=True, default=["read"],
    show_default=True, help="what it may do; can be repeated",
)  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3650), help="days until it expires (never)")
@setting_options("db", "database_url", "user")
def _create(name: str, scopes: tuple[Scope, ...], days: int | None, **options: Any) -> None:
    """Create a token and print it. It is not shown again."""
    config = load_config(**options)

    async def work() -> str:
        now = datetime.now(UTC)
        return await issue_scoped(await get_user_id(config), name, scopes, now, days=days)

    click.echo(with_store(config, work))


@token_command.command("list")
@json_option
@setting_options("db", "database_url", "user")
def _list(as_json: bool, **options: Any) -> None:
    """List the tokens of devices, browsers, programs and feeds, newest first."""
    config = load_config(**options)

    async def work() -> list[Device]:
        return await list_devices_of(await get_user_id(config), LastUses())

    devices = with_store(config, work)
    if as_json:
        print_json(devices)
        return
    table = Table("id", "kind", "name", "scopes", "created", "expires", box=None, pad_edge=False)
    for device in devices:
        expires = str(day_of(device.expires)) if device.expires else "never"
        created = str(day_of(device.created))
        scopes = " ".join(device.scopes)
        table.add_row(str(device.id), device.kind, device.name, scopes, created, expires)
    console().print(table)


@token_command.command("revoke")
@click.argument("number", type=int)
@setting_options("db", "database_url", "user")
def _revoke(number: int, **options: Any) -> None:
    """Revoke a token by its id, which `papermargin token list` prints."""
    config = load_config(**options)

    async def work() -> None:
        await revoke(await get_user_id(config), number)

    with_store(config, work)
