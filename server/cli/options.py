"""Options that several commands share, and the settings and the store that they lead to."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import anyio
import click

from nlp.version import ModelName
from server.accounts.users import get_user
from server.config import HELP, Config, LogLevel, read_config
from server.database.connection import open_store
from server.days import use_zone

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_TYPES: dict[str, Any] = {
    "db": click.Path(path_type=Path, dir_okay=False),
    "port": int,
    "ingest_hours": float,
    "zotero_minutes": float,
    "model": click.Choice(get_args(ModelName)),
    "log": click.Choice(get_args(LogLevel)),
}


def setting_options(*names: str) -> Callable[[F], F]:
    """Add an option for each named setting to a command; options that are not given are None."""

    def decorate(command: F) -> F:
        for name in reversed(names):
            flag, no_flag = (f"--{word}{name.replace('_', '-')}" for word in ("", "no-"))
            option = (
                click.option(f"{flag}/{no_flag}", name, default=None, help=HELP[name])
                if name in ("ingest", "extract", "thumbnails", "zotero_collections")
                else click.option(flag, name, type=_TYPES.get(name, str), help=HELP[name])
            )
            command = option(command)
        return command

    return decorate


store_options = setting_options("db", "database_url", "user")


def load_config(**options: Any) -> Config:
    """Return the settings for the running command. Raises `Invalid` as `read_config` does."""
    return read_config(click.get_current_context().obj, options)


async def get_user_id(config: Config) -> int:
    """Return the id of the user of the command, in whose time zone days are counted from then on.

    The default user is created if it is missing. Raises `NotFound` for any other user who does not
    exist.
    """
    user = await get_user(config.user, datetime.now(UTC), create=config.user == Config().user)
    use_zone(user.zone)
    return user.id


def with_store(config: Config, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Open the store, run `work` and return its result."""

    async def run() -> T:
        async with open_store(config):
            return await work()

    return anyio.run(run)
