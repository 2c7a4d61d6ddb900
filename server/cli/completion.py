"""The command `completion`: print a script that lets a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

_INSTALL = {
    "bash": 'add to ~/.bashrc: eval "$(papermargin completion bash)"',
    "zsh": 'add to ~/.zshrc: eval "$(papermargin completion zsh)"',
    "fish": "papermargin completion fish > ~/.config/fish/completions/papermargin.fish",
}


@click.command("completion", epilog="; ".join(_INSTALL.values()))
@click.argument("shell", type=click.Choice(list(_INSTALL)))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print a script for bash, zsh or fish that completes commands and options."""
    completion = get_completion_class(shell)
    assert completion is not None  # click has a class for each of the choices
    main = context.find_root().command
    click.echo(completion(main, {}, "papermargin", "_PAPERMARGIN_COMPLETE").source())
