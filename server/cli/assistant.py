"""The command `mcp`, which serves the store to an assistant."""

from typing import Any

import click

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.errors import Invalid


@click.command("mcp")
@click.option("--write", is_flag=True, help="also let it propose a status, tags and notes")
@store_options
def mcp_command(write: bool, **options: Any) -> None:
    """Let an assistant read your papers, by the Model Context Protocol on standard input."""
    config = load_config(**options)
    try:
        # the SDK is an optional dependency, and slow to import
        from server.assistant.protocol import make_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Invalid(
            f"{error.name} is missing; install it with: pip install 'papermargin[mcp]'"
        ) from error

    async def work() -> None:
        await make_server(await get_user_id(config), write=write).run_stdio_async()

    with_store(config, work)
