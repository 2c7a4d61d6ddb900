"""The command `digest`, for sending by hand or from a timer."""

from datetime import date, datetime
from email.headerregistry import Address
from typing import Any

import click
from msgspec.structs import replace

from server.cli.options import get_user_id, load_config, setting_options, with_store
from server.config import Config
from server.digest.message import Digest, write_text
from server.digest.schedule import Outcome, deliver, prepare
from server.digest.smtp import read_address, read_mail_settings
from server.errors import Invalid, MailError


@click.command("digest")
@click.option(
    "--to",
    multiple=True,
    metavar="ADDRESS",
    help="the recipient, instead of PAPERMARGIN_DIGEST_TO; may be repeated",
)
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="the day whose papers it lists; default: today"
)
@click.option("--dry-run", is_flag=True, help="print the digest and send nothing")
@setting_options("db", "database_url", "user", "smtp_url", "digest_from")
def digest_command(
    to: tuple[str, ...], day: datetime | None, dry_run: bool, **options: Any
) -> None:
    """E-mail the day's papers that match your saved searches or are close to your list.

    Each address receives the digest of a day only once.
    """
    config = load_config(**options)
    config = replace(config, digest_to=to or config.digest_to)
    if not config.digest_to:
        raise Invalid("name a recipient: --to ADDRESS or PAPERMARGIN_DIGEST_TO")
    recipients = [read_address(address) for address in config.digest_to]
    now = datetime.now().astimezone()
    chosen = day.date() if day else now.date()
    if dry_run:
        _print(config, recipients[0], chosen, now)
    elif not all([_send(config, recipient, chosen, now) for recipient in recipients]):
        raise click.exceptions.Exit(1)


def _print(config: Config, recipient: Address, day: date, now: datetime) -> None:
    async def work() -> Digest:
        return await prepare(await get_user_id(config), recipient, day, now)

    digest = with_store(config, work)
    click.echo(write_text(digest) if digest.papers else _describe("empty", 0, recipient, day))


def _send(config: Config, recipient: Address, day: date, now: datetime) -> bool:
    mail = read_mail_settings(config)

    async def work() -> tuple[Outcome, int]:
        return await deliver(await get_user_id(config), recipient, day, now, mail=mail)

    try:
        click.echo(_describe(*with_store(config, work), recipient, day))
    except MailError as error:  # the next address may still work
        click.echo(f"Error: {error}", err=True)
        return False
    return True


def _describe(outcome: Outcome, papers: int, recipient: Address, day: date) -> str:
    to = recipient.addr_spec
    return {
        "sent": f"sent to {to}: {papers} papers of {day}",
        "empty": f"nothing to send to {to}: no paper of {day} matches a search with a digest "
        "or is close to the list",
        "sent before": f"{to} has the digest of {day} already",
        "under way": f"the digest of {day} to {to} is being sent by another papermargin",
    }[outcome]
