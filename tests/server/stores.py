"""Stores on both engines, and all that is in them as either would tell it."""

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.config import Config
from server.store import fetch, open_store
from server.upkeep.soundness import TABLES
from tests.server.conftest import create_database

_DOCUMENTS = {"authors", "categories", "mentions", "results", "quote"}


def elsewhere(engine: str, request: pytest.FixtureRequest, folder: Path) -> Config:
    """Give the settings of another empty store, on the other engine."""
    if engine == "postgres":
        return Config(db=Path(shutil.copy(request.getfixturevalue("migrated_file"), folder / "other.sqlite")))
    server = request.getfixturevalue("migrated_database").rpartition("/")[0]
    return Config(database_url=anyio.run(create_database, server, f"test_{uuid4().hex}", "migrated"))


async def rows_of(config: Config) -> dict[str, list[list[Any]]]:
    """Give all rows of a closed store, but for the clock's."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        return {
            table: [_plain(dict(row)) for row in await fetch(f"SELECT * FROM {table} ORDER BY id")]
            for table in TABLES
            if table != "clock"
        }


def _plain(row: dict[str, Any]) -> list[Any]:
    return [
        json.loads(value)
        if name in _DOCUMENTS and isinstance(value, str)
        else str(int(value) if isinstance(value, bool) else value)
        for name, value in sorted(row.items())
        if name != "search"
    ]
