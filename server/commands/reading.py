"""Reading texts without a store: what a pipe asks of the model."""

import sys

import click

from nlp.extract import extract_lines, load_model


@click.command("extract")
def extract_command() -> None:
    """Read methods, datasets, metrics, tasks and results out of texts.

    Standard input holds JSON lines {"id", "text"} (text: title, newline, abstract) or one plain text; standard output
    gets a JSON line for each, in the same order.
    """
    if extract_lines(load_model(), sys.stdin.buffer, sys.stdout.buffer, sys.stderr):
        raise click.exceptions.Exit(1)
