"""The command `papermargin add`."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.printing import json_option, print_json
from server.imports.add import add_papers
from server.imports.lookup import open_sources
from server.schema.api import AddReport


@click.command("add")
@click.argument("what", nargs=-1)
@json_option
@store_options
def add_command(what: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Add papers to the reading list by arXiv id, address, DOI or title.

    Without arguments, lines are read from standard input. Exits with 1 if a paper was not added.
    Example: papermargin add 2401.01234 https://huggingface.co/papers/2402.01234.
    """
    text = " ".join(what) if what else sys.stdin.read()
    config = load_config(**options)

    async def work() -> AddReport:
        async with open_sources(config) as sources:
            return await add_papers(text, await get_user_id(config), sources, datetime.now(UTC))

    report = with_store(config, work)
    if as_json:
        print_json(report)
    else:
        _print(report)
    sys.exit(1 if report.failed else 0)


def _print(report: AddReport) -> None:
    for paper in report.papers:
        state = {"new": "added", "already": "in the list already", "waiting": "waiting"}[
            paper.state
        ]
        reason = f": {paper.reason}" if paper.reason else ""
        click.echo(f"{paper.key} {paper.title} ({state}{reason})".replace("  ", " "))
    for failed in report.failed:
        click.echo(f"not added: {failed.text}: {failed.reason}", err=True)
        for proposal in failed.proposals:
            click.echo(f"  perhaps {proposal.key} {proposal.title}", err=True)
