"""Run scripts of several statements in a migration."""

import sqlite3
from collections.abc import Iterator

from tortoise.backends.base.client import BaseDBAsyncClient


async def run_script(client: BaseDBAsyncClient, *, sqlite: str, postgres: str) -> None:
    """Run the script of the engine at hand within the transaction of a migration.

    Tortoise's own `execute_script` commits it on SQLite, so that a crash would leave half of it.
    """
    if client.capabilities.dialect == "postgres":
        await client.execute_script(postgres)
        return
    for statement in _split(sqlite):
        await client.execute_query(statement)


def _split(script: str) -> Iterator[str]:
    """Yield the statements of a script, whose triggers have semicolons inside."""
    statement = ""
    for piece in script.split(";")[:-1]:
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
