"""Hear at once what other processes write, by LISTEN and NOTIFY of PostgreSQL.

Whoever writes changes tells of them after the commit (`teller`). Of all else, triggers tell as a
transaction commits (migration `0024_workers`). Nothing depends on the notifications: whoever hears
also looks by itself now and then, more often while nothing is heard.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from tortoise.context import require_context

from server.database.connection import fetch, write_connection
from server.database.failures import explain

PAPERS = "papermargin_paper"
"""The channel that tells of papers that wait to be read."""

RETRY_SECONDS = 1.0  # after a lost connection
ECHO_SECONDS = 5.0  # that a notification of our own may take
CHECK_SECONDS = 30.0  # between two tests of a connection that is silent
DEAF_SECONDS = 300.0  # before another try where notifications do not come through

log = structlog.get_logger()

Heard = Mapping[str, Callable[[], None]]


async def keep_listening(heard: Heard, told: Callable[[bool], None]) -> None:
    """Call the function of each channel that is notified, until cancelled.

    `told` learns whether notifications come through. When they begin to, all functions are called
    once, since some may have been missed. After a lost connection it connects again.
    """
    while True:
        pause = RETRY_SECONDS
        try:
            await _listen(heard, told)
            pause = DEAF_SECONDS
            log.warning(
                "notifications of the database do not arrive, so it is asked every half second: "
                "does a pooler stand between?"
            )
        except Exception as error:
            # a connection that cannot be made fails with any of the errors of the system
            if explain(error) is None and not isinstance(error, OSError):
                raise
            log.warning("notifications of the database are interrupted", error=str(error))
        finally:
            told(False)
        await asyncio.sleep(pause)


async def _listen(heard: Heard, told: Callable[[bool], None]) -> None:
    """Listen until the connection is lost, which raises; return if nothing comes through it."""
    listener: Any = require_context().connections.get("listener")
    echo, name = asyncio.Event(), uuid4().hex

    def hear(connection: Any, process: int, channel: str, payload: str) -> None:
        if payload:  # those of the triggers have none
            if payload == name:
                echo.set()
            return
        heard[channel]()

    async with listener.acquire_connection() as connection:
        try:
            for channel in heard:
                await connection.add_listener(channel, hear)
            # by another connection: a pooler forwards to us only what our own transactions sent
            channel = next(iter(heard))
            await fetch("SELECT pg_notify($1, $2)", channel, name, using=write_connection())
            try:
                # not `wait_for`, which before Python 3.12 may swallow a cancellation
                async with asyncio.timeout(ECHO_SECONDS):
                    await echo.wait()
            except TimeoutError:
                return
            told(True)
            for tell in heard.values():
                tell()
            await _watch(connection)
        finally:
            for channel in heard:
                await connection.remove_listener(channel, hear)


async def _watch(connection: Any) -> None:
    """Wait until a connection is lost, and then raise an error of it."""
    lost = asyncio.Event()

    def notice(connection: Any) -> None:
        lost.set()

    connection.add_termination_listener(notice)
    try:
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await lost.wait()
            except TimeoutError:
                await _check(connection)
            else:
                raise ConnectionResetError("the database ended the connection")
    finally:
        connection.remove_termination_listener(notice)


async def _check(connection: Any) -> None:
    """Raise an error if a connection is lost or does not answer."""
    try:
        await connection.execute("SELECT 1", timeout=CHECK_SECONDS)
    except TimeoutError:
        # else the end of listening would wait for an answer, a quarter of an hour on a dead network
        connection.terminate()
        raise
