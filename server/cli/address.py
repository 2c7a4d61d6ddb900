"""The address of the server that runs, or that would run."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from server.config import Config
from server.database.store_file import is_served


def server_address(config: Config) -> str:
    """Return the address that a server with these settings has on its own computer."""
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def find_address(config: Config, options: dict[str, Any]) -> str:
    """Return the address of the server that runs, unless the command's own options name one."""
    file = address_file(config)
    named = options.get("host") is not None or options.get("port") is not None
    if file and not named and is_served(config):
        with suppress(FileNotFoundError):
            return file.read_text()
    return server_address(config)


def address_file(config: Config) -> Path | None:
    """Return the file that has the server's address; None for PostgreSQL with several servers."""
    return None if config.database_url else config.db.with_name(config.db.name + ".address")
