"""Agree with the other servers of a PostgreSQL database on the model that reads abstracts.

The database keeps the name of the packaged model, the personal model, and the version that is in
force: that of the server or worker that was started last. A process with another version, in the
middle of an update for instance, reads nothing, as else the two would read each other's papers
again for ever. The personal model is copied to a file of this machine, from which it is loaded. The
column `personal` is empty where it was removed for all, and null while no machine has had one.

On SQLite, settings and file are of the one machine, and there is nothing to agree on.
"""

import asyncio
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from nlp.version import ModelChoice, ModelName, install_file, model_version, read_provenance
from server.database.connection import execute, fetch, is_postgres, write_connection
from server.database.transactions import working

_ROW = (
    "SELECT model, version, md5(NULLIF(personal, '')) AS digest, personal = '' AS is_removed "
    "FROM reading_model"
)

log = structlog.get_logger()


async def announce_model(choice: ModelChoice, wanted: ModelName | None) -> None:
    """Put the version of this process in force for all servers, and the `wanted` model if any.

    The first personal model that a server or worker has becomes that of all.
    """
    if not is_postgres():
        return
    personal = await asyncio.to_thread(_read_sound, choice.personal)
    async with working() as connection:
        await execute(
            connection,
            "INSERT INTO reading_model (id, model, personal) VALUES (1, $1, $2) "
            "ON CONFLICT (id) DO UPDATE SET model = COALESCE($3, reading_model.model), "
            "personal = COALESCE(reading_model.personal, excluded.personal)",
            wanted or choice.model,
            personal.decode() if personal else None,
            wanted,
        )
        [row] = await fetch(_ROW, using=connection)
        agreed = await _copy(row, choice, connection)
        version = await asyncio.to_thread(_version, agreed, row["digest"])
        await execute(connection, "UPDATE reading_model SET version = $1", version)


async def agreed_model(choice: ModelChoice) -> ModelChoice | None:
    """Return the model that all servers read with, or None if another version is in force.

    It is the `choice` of this process where there is nothing to agree on, or nobody has yet.
    """
    rows = await fetch(_ROW, using=write_connection()) if is_postgres() else []
    if not rows:
        return choice
    agreed = await _copy(rows[0], choice, write_connection())
    version = await asyncio.to_thread(_version, agreed, rows[0]["digest"])
    in_force = rows[0]["version"] or await _put_in_force(version)
    if in_force == version:
        return agreed
    log.debug("another version of the model is in force", in_force=in_force, here=version)
    return None


async def install_for_all(content: bytes | None, model: ModelName) -> bool:
    """Give a personal model to all servers, or remove it; return whether there was one.

    `model` is that of servers to come, if there was none yet.
    """
    async with working() as connection:
        rows = await fetch("SELECT 1 FROM reading_model WHERE personal <> ''", using=connection)
        await execute(
            connection,
            "INSERT INTO reading_model (id, model, personal) VALUES (1, $2, $1) "
            # the next server that looks puts its own version of it in force
            "ON CONFLICT (id) DO UPDATE SET personal = excluded.personal, version = NULL",
            content.decode() if content else "",
            model,
        )
    return bool(rows)


async def _put_in_force(version: str) -> str:
    """Put a version in force unless another process was faster; return which one is."""
    async with working() as connection:
        sql = "UPDATE reading_model SET version = COALESCE(version, $1)"
        await execute(connection, sql, version)
        [row] = await fetch("SELECT version FROM reading_model", using=connection)
    return str(row["version"])


async def _copy(
    row: dict[str, Any], choice: ModelChoice, connection: BaseDBAsyncClient
) -> ModelChoice:
    """Make this machine's file of the personal model that of the database.

    A file of a machine where no server was started yet stays, and is not used.
    """
    path = choice.personal
    if path is not None:
        here = await asyncio.to_thread(_read, path)
        if row["is_removed"]:
            path.unlink(missing_ok=True)
        elif row["digest"] is None:
            path = path if here is None else None
        elif here is None or _digest(here) != row["digest"]:
            [content] = await fetch("SELECT personal FROM reading_model", using=connection)
            await asyncio.to_thread(install_file, path, content["personal"].encode())
    return ModelChoice(row["model"], path)


@cache
def _version(choice: ModelChoice, digest: str | None) -> str:
    """Return the version of a choice whose personal model has this digest."""
    return model_version(choice)


def _read(path: Path | None) -> bytes | None:
    return path.read_bytes() if path and path.exists() else None


def _read_sound(path: Path | None) -> bytes | None:
    """Read the file of a personal model, unless it is damaged."""
    return _read(path) if path and read_provenance(path) else None


def _digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
