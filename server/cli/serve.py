"""Commands that run the server and let people in: `serve`, `pair`, `sign-in` and so on."""

import asyncio
import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import click
import structlog
import uvicorn
from litestar import Litestar

from server.accounts.tokens import (
    PAIRING_MINUTES,
    SIGN_IN_MINUTES,
    issue,
    issue_code,
    issue_long_code,
    renew_feeds,
)
from server.accounts.users import add_user
from server.browser_extension import extension_folder
from server.cli.address import address_file, find_address, server_address
from server.cli.options import get_user_id, load_config, setting_options, store_options, with_store
from server.cli.printing import json_option, print_json
from server.config import HELP, Config
from server.database.connection import open_store
from server.database.store_file import serving_lock
from server.logs import RequestLog, configure_logging
from server.papers.saved_counts import list_names
from server.schema.api import FeedAddress
from server.web.app import create_app
from server.web.background import Background
from server.web.base_path import BasePath
from server.web.feeds import list_addresses

FINISH_SECONDS = 2  # that requests have to finish after a signal, before they are cancelled
STOP_SECONDS = 4.5  # after which a server that still runs ends at once

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """A uvicorn server that ends within seconds of a signal, whatever runs.

    Event streams would otherwise stay open, and a thread in the middle of a computation cannot be
    stopped. What it would have written is not lost but not yet begun: the store is crash-safe.
    """

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to shut down; a second signal stops at once."""
        with suppress(AttributeError):  # stopped before it was up
            self._app.state.feed.close()
        # a thread of C ends the process also while a computation holds the interpreter's lock
        faulthandler.dump_traceback_later(STOP_SECONDS, exit=True)
        super().handle_exit(sig, frame)


@click.command("serve")
@setting_options(*HELP)
def serve_command(**options: Any) -> None:
    """Run the server: the pages, the API, and the fetching and extraction of new papers."""
    config = load_config(**options)
    configure_logging(config.log)

    if config.digest_to:
        from server.digest.smtp import read_mail_settings  # noqa: PLC0415 - only digests need it

        read_mail_settings(config)  # report a wrong mail setting now, not at the hour of the digest
    app = create_app(config, background=_background_work(config))
    server = _Server(
        uvicorn.Config(
            RequestLog(BasePath(app)),
            host=config.host,
            port=config.port,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=FINISH_SECONDS,
            server_header=False,
        ),
        app,
    )

    def stop(number: int, frame: Any) -> None:
        """End a server that is not up yet, in a migration for instance, as the store survives it.

        Once it is up, uvicorn stops it and then raises the signal again, which is ignored.
        """
        if not server.started:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    async def run() -> None:
        async with serving_lock(config), open_store(config):
            with _published_address(config):
                await server.serve()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    asyncio.run(run())
    if not server.started:
        raise click.exceptions.Exit(1)


def _background_work(config: Config) -> tuple[Background, ...]:
    """Return what the server does beside answering requests.

    Its modules are imported once the server is up, because their imports would delay its start.
    """

    async def print_addresses(app: Litestar) -> None:
        code, _ = await _codes(config)
        _print_addresses(config, await _link(config), code)

    async def refresh_rankings(app: Litestar) -> None:
        from server.ranking.refresh import Refresher  # noqa: PLC0415

        await Refresher().run()

    async def fetch_papers(app: Litestar) -> None:
        from server.imports.daily import keep_up  # noqa: PLC0415

        await keep_up(config, app.state.extractor.wake)

    async def send_digests(app: Litestar) -> None:
        from server.digest.schedule import keep_mailing  # noqa: PLC0415

        await keep_mailing(config)

    async def sync_with_zotero(app: Litestar) -> None:
        await app.state.zotero.keep_syncing()

    wanted = [(print_addresses, True), (refresh_rankings, True)]
    wanted += [(fetch_papers, config.ingest), (send_digests, bool(config.digest_to))]
    wanted += [(sync_with_zotero, config.zotero_minutes > 0)]
    return tuple(work for work, is_wanted in wanted if is_wanted)


@click.command("pair")
@store_options
def pair_command(**options: Any) -> None:
    """Print a code that pairs the browser extension with this server."""
    config = load_config(**options)
    code, long_code = with_store(config, lambda: _codes(config))
    click.echo(
        f"{code}  (type it into the extension's options within {PAIRING_MINUTES} minutes, "
        f"with the address {find_address(config, options)})"
    )
    click.echo(f"{long_code}  (instead, if there were too many wrong tries)")


@click.command("sign-in")
@setting_options("db", "database_url", "user", "host", "port")
def sign_in_command(**options: Any) -> None:
    """Print a link that signs a browser in. It works once."""
    config = load_config(**options)
    secret = with_store(config, lambda: _link(config))
    home = find_address(config, options)
    click.echo(f"{home}/sign-in?token={secret}  (once, within {SIGN_IN_MINUTES} minutes)")


@click.command("feed-address")
@json_option
@setting_options("db", "database_url", "user", "host", "port")
def feed_address_command(as_json: bool, **options: Any) -> None:
    """Create new secret addresses for your feeds and print them; the old ones stop working."""
    config = load_config(**options)
    home = find_address(config, options)

    async def work() -> FeedAddress:
        user = await get_user_id(config)
        secret = await renew_feeds(user, datetime.now(UTC))
        return list_addresses(f"{home}/", secret, await list_names(user))

    address = with_store(config, work)
    if as_json:
        print_json(address)
        return
    click.echo(f"{address.reading_list}  (the reading list)")
    for search in address.searches:
        click.echo(f"{search.own}  (papers of the list: {search.name})")
        click.echo(f"{search.new}  (new papers: {search.name})")
    click.echo(f"{address.opml}  (all of them, for a feed reader that imports OPML)")


@click.group("user")
def user_command() -> None:
    """Manage users who share this store, each with their own reading list."""


@user_command.command("add")
@click.argument("name")
@setting_options("db", "database_url")
def _add_user(name: str, **options: Any) -> None:
    """Add a user."""
    with_store(load_config(**options), lambda: add_user(name, datetime.now(UTC)))
    click.echo(f"{name} can sign in: papermargin sign-in --user {name}")


async def _codes(config: Config) -> tuple[str, str]:
    user, now = await get_user_id(config), datetime.now(UTC)
    return await issue_code(user, now), await issue_long_code(user, now)


async def _link(config: Config) -> str:
    return await issue(await get_user_id(config), "signin", datetime.now(UTC))


@contextmanager
def _published_address(config: Config) -> Iterator[None]:
    """Keep the server's address in a file while it runs, for the commands that print it.

    On a full disk they do without it.
    """
    file = address_file(config)
    if file:
        try:
            file.write_text(server_address(config))
        except OSError as error:
            file.unlink(missing_ok=True)  # it may be half written
            log.warning("the address of the server was not noted", error=str(error))
    try:
        yield
    finally:
        if file:
            file.unlink(missing_ok=True)


def _print_addresses(config: Config, secret: str, code: str) -> None:
    click.echo(f"Papermargin serves {config.store_name} at {server_address(config)}", err=True)
    click.echo(f"  sign in (once):  {server_address(config)}/sign-in?token={secret}", err=True)
    click.echo(f"  the extension:   {extension_folder()}", err=True)
    click.echo(f"  pairs with it:   {code} ({PAIRING_MINUTES} minutes)", err=True)
    click.echo(f"  documentation:   {server_address(config)}/docs", err=True)
