"""The command `extension`: unpack the browser extension, or package it for a store."""

from pathlib import Path
from typing import get_args

import click

from server.browser_extension import Browser, unpack_extension, zip_extension

_CLICKS = """\
the extension is in {folder}

Chrome, Edge:
  1. open chrome://extensions (edge://extensions)
  2. switch on "Developer mode"
  3. "Load unpacked", and choose {folder}
Firefox:
  1. open about:debugging#/runtime/this-firefox
  2. "Load Temporary Add-on"
  3. choose {manifest}

Then open the extension's options, and press "Pair by the server's page"."""


@click.command("extension")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--zip",
    "browser",
    type=click.Choice(get_args(Browser)),
    help="write a package for the browser's store into DIR instead",
)
def extension_command(folder: Path, browser: Browser | None) -> None:
    """Unpack the browser extension into DIR and say how to load it."""
    folder = folder.expanduser().absolute()
    if browser:
        click.echo(zip_extension(folder, browser))
        return
    unpack_extension(folder)
    click.echo(_CLICKS.format(folder=folder, manifest=folder / "manifest.json"))
