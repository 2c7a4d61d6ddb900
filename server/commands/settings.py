"""The options that several commands share, and the settings that come of them."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import anyio
import click

from nlp.version import ModelName
from server.config import HELP, Config, read_config
from server.store import open_store
from server.tokens import get_user

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_TYPES: dict[str, Any] = {
    "db": click.Path(path_type=Path, dir_okay=False),
    "port": int,
    "ingest_hours": float,
    "model": click.Choice(get_args(ModelName)),
    "log": click.Choice(["debug", "info", "warning", "error"]),
}


def setting_options(*names: str) -> Callable[[F], F]:
    """Give a command the options of these settings; what is not given stays None."""

    def decorate(command: F) -> F:
        for name in reversed(names):
            flag = f"--{name.replace('_', '-')}"
            option = (
                click.option(f"{flag}/--no-{name}", name, default=None, help=HELP[name])
                if name in ("ingest", "extract")
                else click.option(flag, name, type=_TYPES.get(name, str), help=HELP[name])
            )
            command = option(command)
        return command

    return decorate


store_options = setting_options("db", "database_url", "user")


def load_config(**options: Any) -> Config:
    """Give the settings in force for a command. Raises `Invalid`."""
    return read_config(click.get_current_context().obj, options)


async def reader_of(config: Config) -> int:
    """Give the user whom a command is for; the default one is made when it is not there yet. Raises `NotFound`."""
    return (await get_user(config.user, datetime.now(UTC), create=config.user == Config().user)).id


def with_store(config: Config, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run work on the open store and give what it gives."""

    async def run() -> T:
        async with open_store(config):
            return await work()

    return anyio.run(run)
