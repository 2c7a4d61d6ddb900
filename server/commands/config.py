"""The settings, shown."""

import sys
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from server.commands.settings import load_config, setting_options
from server.config import HELP, explain_config


@click.command("config")
@setting_options(*HELP)
def config_command(**options: Any) -> None:
    """Print the settings in force, and where each comes from."""
    config = load_config(**options)
    table = Table("setting", "value", "from", "what it is", box=None)
    for setting in explain_config(config, click.get_current_context().obj, options):
        table.add_row(setting.name, setting.value, setting.origin, HELP[setting.name])
    Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(table)
