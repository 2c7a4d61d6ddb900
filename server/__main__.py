"""The `papermargin` command. Each subcommand is imported from `server.cli` only when it runs."""

import os
from importlib import import_module
from typing import Any

import click

from server.errors import PapermarginError

COMMANDS = {
    "serve": "serve",
    "work": "work",
    "config": "config",
    "pair": "serve",
    "sign-in": "serve",
    "feed-address": "serve",
    "token": "tokens",
    "user": "serve",
    "add": "add",
    "import": "imports",
    "ingest": "imports",
    "extract": "extract",
    "train": "train",
    "list": "papers",
    "show": "papers",
    "tag": "papers",
    "suggest": "papers",
    "status": "papers",
    "cite": "papers",
    "note": "papers",
    "queue": "queue",
    "tasks": "tasks",
    "searches": "searches",
    "ranking": "ranking",
    "digest": "digest",
    "export": "exports",
    "verify-export": "verify_export",
    "backup": "backup",
    "backups": "backup",
    "restore": "backup",
    "doctor": "backup",
    "mcp": "assistant",
    "zotero": "zotero",
    "extension": "extension",
    "service": "service",
    "completion": "completion",
}
"""Each subcommand, and the module of `server.cli` that defines it."""


class LazyGroup(click.Group):
    """A command group that imports a subcommand on first use, so that `serve` starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all subcommands, in the order in which the help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"server.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands with whole summaries; click's own cuts them to one line."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(500)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand.

        Raises `click.ClickException` for an expected failure, which is printed as one line before
        the command exits with status 1.
        """
        try:
            return super().invoke(ctx)
        except PapermarginError as error:
            raise click.ClickException(str(error)) from error


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="papermargin")
@click.pass_context
def main(context: click.Context) -> None:
    """Keep your own notes, tags and status beside the papers of Hugging Face's Daily Papers."""
    context.obj = os.environ


if __name__ == "__main__":
    main()
