"""What one process writes is heard by others, over PostgreSQL's notifications."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from msgspec import Struct, field

from server.accounts.tokens import identify, issue, revoke
from server.config import Config
from server.database import notifications
from server.database.notifications import PAPERS, keep_listening
from server.database.teller import CHANGES
from server.extraction.save import PaperExtraction, store_readings, unread
from server.reading_list.entries import put_entry
from server.schema.reading_list import EntryEdit
from tests.server.crashes import end_connections
from tests.server.material import FERN, MOSS, NOW, edit, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
def engine() -> str:
    return "postgres"


class Ear(Struct):
    """What was heard, and whether notifications come through."""

    changes: asyncio.Event = field(default_factory=asyncio.Event)
    papers: asyncio.Event = field(default_factory=asyncio.Event)
    hears: asyncio.Event = field(default_factory=asyncio.Event)

    def be_told(self, is_told: bool) -> None:
        (self.hears.set if is_told else self.hears.clear)()

    def forget(self) -> None:
        self.changes.clear()
        self.papers.clear()


async def until(event: asyncio.Event) -> None:
    async with asyncio.timeout(30):
        await event.wait()


@asynccontextmanager
async def listening() -> AsyncIterator[Ear]:
    ear = Ear()
    heard = {CHANGES: ear.changes.set, PAPERS: ear.papers.set}
    task = asyncio.create_task(keep_listening(heard, ear.be_told))
    try:
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def ear(store: Config) -> AsyncIterator[Ear]:
    """Someone who hears, and has heard nothing yet."""
    await take_in(source(MOSS))
    async with listening() as ear:
        await until(ear.hears)
        ear.forget()
        yield ear


async def test_a_write_is_heard(ear: Ear) -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="read"))
    await until(ear.changes)
    assert not ear.papers.is_set(), "no paper waits"


async def test_a_paper_that_waits_is_heard_and_one_that_was_read_is_not(ear: Ear) -> None:
    await take_in(source(FERN))
    await until(ear.papers)
    await until(ear.changes)
    ear.forget()
    readings = [PaperExtraction(paper, error="too short") for paper in await unread("1", limit=9)]
    await store_readings(readings, "1", NOW)
    await until(ear.changes)
    assert not ear.papers.is_set()


async def test_the_end_of_a_token_is_heard(ear: Ear) -> None:
    secret = await issue(1, "device", NOW, name="lost")
    lost = (await identify(secret, ("device",), NOW)).token
    assert not ear.changes.is_set()
    await revoke(1, lost)
    await until(ear.changes)


async def test_a_lost_connection_is_made_again_and_what_was_missed_is_looked_for(
    ear: Ear, store: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "RETRY_SECONDS", 0.05)
    await asyncio.to_thread(end_connections, store, count=None)
    await until(ear.changes)
    await until(ear.papers)
    await until(ear.hears)
    ear.forget()
    async with asyncio.timeout(30):
        while not ear.changes.is_set():
            with suppress(Exception):  # the connection that writes was lost, too
                await put_entry(edit(force=True), MOSS, EntryEdit(status="read"))
            await asyncio.sleep(0.05)


async def test_a_connection_that_does_not_answer_is_made_again(
    store: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "CHECK_SECONDS", 1)
    monkeypatch.setattr(notifications, "RETRY_SECONDS", 0.05)
    processes: asyncio.Queue[int] = asyncio.Queue()
    watch = notifications._watch

    async def note_and_watch(connection: Any) -> None:
        processes.put_nowait(connection.get_server_pid())
        await watch(connection)

    monkeypatch.setattr(notifications, "_watch", note_and_watch)
    async with listening() as ear, asyncio.timeout(60):
        silent = await processes.get()
        os.kill(silent, signal.SIGSTOP)
        try:
            assert await processes.get() != silent
        finally:
            os.kill(silent, signal.SIGCONT)
        assert ear.hears.is_set()


async def test_notifications_that_do_not_come_through_are_not_relied_on(
    store: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = asyncio.Event()

    async def lose(*asked: Any, using: Any) -> list[Any]:
        attempts.set()
        return []

    monkeypatch.setattr(notifications, "ECHO_SECONDS", 0.05)
    monkeypatch.setattr(notifications, "DEAF_SECONDS", 0.05)
    async with listening() as ear:
        with monkeypatch.context() as pooler:
            pooler.setattr(notifications, "fetch", lose)
            for _ in range(2):
                await until(attempts)
                attempts.clear()
            assert not ear.hears.is_set()
        monkeypatch.setattr(notifications, "ECHO_SECONDS", 30)
        await until(ear.hears)
