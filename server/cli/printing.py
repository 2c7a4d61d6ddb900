"""Printing: JSON for programs, tables for people."""

import sys
from typing import Any

import click
import msgspec
from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")


def print_json(value: Any) -> None:
    """Print a value or a struct as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)))


def console() -> Console:
    """Return a console for tables: as wide as the terminal, and 400 columns in a pipe."""
    return Console(
        width=None if sys.stdout.isatty() else 400, markup=False, highlight=False, soft_wrap=False
    )
