"""`papermargin export atom` and `opml`: a feed as a file, and the list of all feeds."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from server.accounts.tokens import identify
from server.cli.address import find_address
from server.cli.options import load_config, setting_options, store_options
from server.cli.output_file import open_output, output_options, write_output
from server.errors import Invalid
from server.papers.saved_counts import list_names
from server.schema.api import FeedKind
from server.web.feeds import list_addresses

# what `papermargin feed-address` prints, for any of the feeds
_ADDRESS = re.compile(r"(?P<home>https?://\S+?/)feeds/(?P<secret>[^/\s]+)(?:/\S*)?")


@click.command("atom")
@click.argument("search", required=False)
@click.option("--new", "is_new", is_flag=True, help="new papers in the store that match SEARCH")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="how many")
@output_options
@setting_options("db", "database_url", "user", "host", "port")
def export_atom(
    search: str | None, is_new: bool, limit: int, output: Path, watch: bool, **options: Any
) -> None:
    """Write the Atom feed of your list or of a saved SEARCH, as the server serves it."""
    # imported here because the feed library would slow down every command
    from server.feeds.atom import render_feed  # noqa: PLC0415
    from server.feeds.content import read_feed  # noqa: PLC0415

    if is_new and not search:
        raise click.UsageError("--new is for a saved search: name it")
    config = load_config(**options)
    home = f"{find_address(config, options)}/"
    kind: FeedKind = "list"
    if search:
        kind = "new" if is_new else "searches"

    async def write(user: int) -> None:
        feed = await read_feed(kind, search or "", user, url="", home=home, limit=limit)
        with open_output(output) as file:
            file.write(render_feed(feed))
        click.echo(f"{len(feed.entries):,} papers", err=True)

    write_output(config, output, write, watch=watch)


@click.command("opml")
@click.argument("address")
@output_options
@store_options
def export_opml(address: str, output: Path, watch: bool, **options: Any) -> None:
    """Write the addresses of your feeds as OPML, for a feed reader to import.

    ADDRESS is one that papermargin feed-address printed, for the store does not have its secret.
    """
    from server.feeds.opml import render_opml  # noqa: PLC0415 - as above

    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise Invalid("this is not a feed address; papermargin feed-address prints yours")

    async def write(user: int) -> None:
        identity = await identify(found["secret"], ("feed",), datetime.now(UTC))
        if identity.user != user:
            raise Invalid("these are the feeds of another user: name them with --user")
        names = await list_names(user)
        with open_output(output) as file:
            file.write(render_opml(list_addresses(found["home"], found["secret"], names)))
        click.echo(f"{2 + 2 * len(names):,} feeds", err=True)

    write_output(load_config(**options), output, write, watch=watch)
