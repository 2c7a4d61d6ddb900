"""The `papermargin` command: each of its parts lies in a module of `commands/`, imported when it is asked for."""

import os
from importlib import import_module
from typing import Any

import click

from server.errors import PapermarginError

MODULES = {
    "serve": "serving",
    "config": "config",
    "pair": "serving",
    "sign-in": "serving",
    "feed-address": "serving",
    "user": "serving",
    "import": "intake",
    "ingest": "intake",
    "extract": "reading",
    "train": "training",
    "list": "margin",
    "show": "margin",
    "tag": "margin",
    "status": "margin",
    "note": "margin",
    "searches": "searches",
    "digest": "digest",
    "export": "outlet",
    "verify-export": "proof",
    "backup": "upkeep",
    "restore": "upkeep",
    "doctor": "upkeep",
}


class Lazy(click.Group):
    """A group that knows where its commands lie: `serve` has to answer within a moment, without what others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of all commands."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command, or None where there is none of that name."""
        if cmd_name not in MODULES:
            return None
        module = import_module(f"server.commands.{MODULES[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a failure that we understand is one line and exit 1."""
        try:
            return super().invoke(ctx)
        except PapermarginError as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="papermargin")
@click.pass_context
def main(context: click.Context) -> None:
    """Your own margin beside every paper of Hugging Face's Daily Papers."""
    context.obj = os.environ


if __name__ == "__main__":
    main()
