"""Reading texts without a store: what a pipe asks of the model."""

import sys
from typing import Any

import click

from nlp.extract import extract_lines
from nlp.personal import load_choice
from server.commands.settings import load_config, setting_options


@click.command("extract")
@setting_options("db", "database_url", "model")
def extract_command(**options: Any) -> None:
    """Read methods, datasets, metrics, tasks and results out of texts, as the server of the store would.

    Standard input holds JSON lines {"id", "text"} (text: title, newline, abstract) or one plain text; standard output
    gets a JSON line for each, in the same order.
    """
    nlp, _ = load_choice(load_config(**options).model_choice)
    if extract_lines(nlp, sys.stdin.buffer, sys.stdout.buffer, sys.stderr):
        raise click.exceptions.Exit(1)
