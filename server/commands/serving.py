"""Serving, and what it takes to get in: users, sign-in links and pairing codes."""

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click
import structlog
import uvicorn
from litestar import Litestar

from server.app import create_app
from server.commands.printing import json_option, print_json
from server.commands.settings import load_config, reader_of, setting_options, store_options, with_store
from server.config import HELP, Config
from server.logs import RequestLog, configure_logging
from server.matches import list_names
from server.pages.settings import extension_folder
from server.store import open_store, serving_lock
from server.syndication import list_addresses
from server.tokens import PAIRING_MINUTES, SIGN_IN_MINUTES, add_user, issue, issue_code, renew_feeds
from server.wire import FeedAddress

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """Ends the streams of live changes when it is told to stop: they would keep it waiting for ever."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop; a second signal stops at once."""
        with suppress(AttributeError):  # stopped before it was up
            self._app.state.feed.close()
        super().handle_exit(sig, frame)


@click.command("serve")
@setting_options(*HELP)
def serve_command(**options: Any) -> None:
    """Serve the store: its API, for the extension and the pages."""
    config = load_config(**options)
    configure_logging(config.log)

    async def greet(app: Litestar) -> None:
        _print_greeting(config, await _link(config))

    async def ingest(app: Litestar) -> None:
        from server.daily import keep_up  # noqa: PLC0415 - the server answers first

        await keep_up(config, app.state.extractor.wake)

    async def mail(app: Litestar) -> None:
        from server.mailing import keep_mailing  # noqa: PLC0415 - as above

        await keep_mailing(config)

    if config.digest_to:
        from server.mail import read_post  # noqa: PLC0415 - as above

        read_post(config)  # what is wrong with it is told now, and not at the hour of the digest
    background = [greet, *([ingest] if config.ingest else []), *([mail] if config.digest_to else [])]
    app = create_app(config, background=tuple(background))
    server = _Server(
        uvicorn.Config(
            RequestLog(app),  # type: ignore[arg-type]
            host=config.host,
            port=config.port,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=5,
            server_header=False,
        ),
        app,
    )

    async def run() -> None:
        async with serving_lock(config), open_store(config):
            await server.serve()

    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn stops at either, and then sends it once more to whom it belonged before
        signal.signal(number, lambda number, frame: None)
    asyncio.run(run())
    if not server.started:
        raise click.exceptions.Exit(1)


@click.command("pair")
@store_options
def pair_command(**options: Any) -> None:
    """Print a code that pairs the browser extension with this store."""
    config = load_config(**options)
    code = with_store(config, lambda: _code(config))
    click.echo(f"{code}  (type it into the extension's options within {PAIRING_MINUTES} minutes)")


@click.command("sign-in")
@setting_options("db", "database_url", "user", "host", "port")
def sign_in_command(**options: Any) -> None:
    """Print a one-time link that signs a browser in."""
    config = load_config(**options)
    secret = with_store(config, lambda: _link(config))
    click.echo(f"{_address(config)}/sign-in?token={secret}  (once, within {SIGN_IN_MINUTES} minutes)")


@click.command("feed-address")
@json_option
@setting_options("db", "database_url", "user", "host", "port")
def feed_address_command(as_json: bool, **options: Any) -> None:
    """Make the secret addresses of your feeds and print them; the old ones are void from now on."""
    config = load_config(**options)

    async def work() -> FeedAddress:
        user = await reader_of(config)
        secret = await renew_feeds(user, datetime.now(UTC))
        return list_addresses(f"{_address(config)}/", secret, await list_names(user))

    address = with_store(config, work)
    if as_json:
        print_json(address)
        return
    click.echo(f"{address.reading_list}  (the reading list)")
    for search in address.searches:
        click.echo(f"{search.own}  (papers of the list: {search.name})")
        click.echo(f"{search.new}  (new papers: {search.name})")


@click.group("user")
def user_command() -> None:
    """Readers who share this store, each with a list of their own."""


@user_command.command("add")
@click.argument("name")
@setting_options("db", "database_url")
def _add_user(name: str, **options: Any) -> None:
    """Make a reader."""
    with_store(load_config(**options), lambda: add_user(name, datetime.now(UTC)))
    click.echo(f"{name} can sign in: papermargin sign-in --user {name}")


async def _code(config: Config) -> str:
    return await issue_code(await reader_of(config), datetime.now(UTC))


async def _link(config: Config) -> str:
    return await issue(await reader_of(config), "signin", datetime.now(UTC))


def _address(config: Config) -> str:
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def _print_greeting(config: Config, secret: str) -> None:
    click.echo(f"Papermargin serves {config.store_name} at {_address(config)}", err=True)
    click.echo(f"  sign in (once):  {_address(config)}/sign-in?token={secret}", err=True)
    click.echo(f"  the extension:   {extension_folder()}", err=True)
