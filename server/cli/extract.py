"""The command `extract`: run the extraction model on texts from standard input."""

import sys
from typing import Any

import click

from nlp.extract import extract_lines
from nlp.personal.model import load_choice
from server.cli.options import load_config, setting_options, with_store
from server.extraction.shared_model import agreed_model


@click.command("extract")
@setting_options("db", "database_url", "model")
def extract_command(**options: Any) -> None:
    """Extract methods, datasets, metrics, tasks and results from texts on standard input.

    Standard input holds JSON lines {"id", "text"} (text: title, newline, abstract) or one plain
    text. Standard output gets one JSON line for each, in the same order.
    """
    config = load_config(**options)
    choice = config.model_choice
    if config.database_url:
        choice = with_store(config, lambda: agreed_model(choice)) or choice
    nlp, _ = load_choice(choice)
    if extract_lines(nlp, sys.stdin.buffer, sys.stdout.buffer, sys.stderr):
        raise click.exceptions.Exit(1)
