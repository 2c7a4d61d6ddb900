"""Short writes on SQLite that wait for each other are committed together."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.context import require_context

from server.accounts.users import get_user
from server.config import Config
from server.database import group_commit
from server.database.change_feed import changes_since, newest_change
from server.database.connection import execute, fetch, open_store, write_connection
from server.database.transactions import writing
from server.errors import Invalid, NotFound, PreconditionMissing, StoreError, StoreFull, StoreMoved
from server.reading_list.notes import put_note
from server.schema.reading_list import NoteEdit
from tests.server.material import MOSS, NOW, edit, source, take_in, take_in_two

pytestmark = pytest.mark.anyio

SECONDS = 120
TRANSACTIONAL = {"BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT"}


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine does not split a group."""
    monkeypatch.setattr(group_commit, "GROUP_SECONDS", SECONDS)


@pytest.fixture
async def papers(store: Config) -> Config:
    """A store with two papers and a note, so that the next note is written as any other."""
    await take_in_two()
    await write("before all others")
    return store


class Held:
    """A note that is written as by a request of its own, which stays in its turn until let go."""

    def __init__(self, text: str, error: Exception | None = None) -> None:
        self.text, self.error = text, error
        self.entered, self.released = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        async with writing(1, is_short=True):
            await write(self.text)
            self.entered.set()
            await self.released.wait()
            if self.error:
                raise self.error

    async def enter(self) -> None:
        """Wait until it has the turn and has written."""
        async with asyncio.timeout(SECONDS):
            await self.entered.wait()

    async def end(self) -> None:
        """Let it go, and wait until it returns."""
        self.released.set()
        async with asyncio.timeout(SECONDS):
            await self.task


async def write(text: str, uuid: UUID | None = None) -> None:
    await put_note(edit(), uuid or uuid4(), NoteEdit(paper=MOSS, text=text))


async def begin_two() -> tuple[Held, Held]:
    """Begin two writes of one transaction: one that is done, and one that has the turn now."""
    first, second = Held("first"), Held("second")
    await first.enter()
    first.released.set()
    await second.enter()
    return first, second


async def texts() -> list[str]:
    """The notes that are committed, but the one before all others."""
    return [row["text"] for row in await fetch("SELECT text FROM note WHERE id > 1 ORDER BY id")]


def driver() -> Any:
    """The connection that writes, of aiosqlite."""
    writer: Any = write_connection()
    return writer._connection


@pytest.fixture
async def statements(papers: Config) -> AsyncIterator[list[str]]:
    """The first words of the statements that begin and end transactions and shares of them."""
    seen: list[str] = []

    def see(sql: str) -> None:
        if (word := sql.split(maxsplit=1)[0]) in TRANSACTIONAL and "tortoise_savepoint" not in sql:
            seen.append(word)

    await driver().set_trace_callback(see)
    yield seen
    await driver().set_trace_callback(None)


async def test_writes_that_wait_for_each_other_are_committed_once(statements: list[str]) -> None:
    await asyncio.gather(*(write(str(n)) for n in range(8)))
    assert statements == ["BEGIN", *["SAVEPOINT"] * 7, "COMMIT"]
    assert await texts() == [str(n) for n in range(8)]


async def test_a_write_alone_is_committed_at_once(statements: list[str]) -> None:
    await write("one")
    await write("two")
    assert statements == ["BEGIN", "COMMIT"] * 2


async def test_a_transaction_takes_in_no_writes_for_ever(
    statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GROUP_SECONDS", -1)
    await asyncio.gather(*(write(str(n)) for n in range(3)))
    assert statements == ["BEGIN", "COMMIT"] * 3


async def test_nobody_is_told_of_a_write_before_the_commit(papers: Config) -> None:
    start = await newest_change(1)
    first, second = await begin_two()
    assert not first.task.done()
    assert await texts() == []
    assert (await changes_since(1, start, 99)).changes == []
    await second.end()
    assert await texts() == ["first", "second"]
    assert len((await changes_since(1, start, 99)).changes) == 2
    await first.task


async def test_what_fails_is_undone_alone(papers: Config) -> None:
    first, second = await begin_two()
    second.error = Invalid("not this one")
    third = Held("third")
    second.released.set()
    await third.enter()
    assert not second.task.done(), "what it saw may not be committed"
    await third.end()
    await first.task
    with pytest.raises(Invalid, match="not this one"):
        await second.task
    assert await texts() == ["first", "third"]


async def test_a_first_write_that_fails_lets_the_next_begin_anew(statements: list[str]) -> None:
    first, second = Held("first", Invalid("not this one")), Held("second")
    with pytest.raises(Invalid, match="not this one"):
        await first.end()
    await second.end()
    assert statements == ["BEGIN", "ROLLBACK", "BEGIN", "COMMIT"]
    assert await texts() == ["second"]


async def test_each_write_builds_on_those_before_it(papers: Config) -> None:
    uuid = uuid4()
    _, conflict = await asyncio.gather(
        write("mine", uuid), write("theirs", uuid), return_exceptions=True
    )
    assert isinstance(conflict, PreconditionMissing)
    assert conflict.current.text == "mine"


async def test_a_write_reads_what_is_not_committed_yet(papers: Config) -> None:
    first, second = Held("first"), asyncio.create_task(read_in_write())
    await first.enter()
    first.released.set()
    assert await second == ["first"]


async def read_in_write() -> list[str]:
    async with writing(1, is_short=True):
        return await texts()


async def test_changes_are_numbered_in_the_order_of_commit(papers: Config) -> None:
    start = await newest_change(1)
    _, second = await begin_two()
    behind = (take_in(source("2601.00003")), write("third"))
    tasks = [asyncio.create_task(work) for work in behind]
    await second.end()
    await asyncio.gather(*tasks)
    kinds = [change.kind for change in (await changes_since(1, start, 99)).changes]
    assert sorted(kinds) == ["note", "note", "note", "paper"]
    assert kinds[:2] == ["note", "note"]


async def test_a_write_of_the_whole_store_shares_no_transaction(
    papers: Config, statements: list[str]
) -> None:
    _, second = await begin_two()
    store_wide = asyncio.create_task(take_in(source("2601.00003")))
    await second.end()
    await store_wide
    assert statements == ["BEGIN", "SAVEPOINT", "COMMIT", "BEGIN", "COMMIT"]


async def test_a_commit_that_fails_fails_for_all(papers: Config) -> None:
    first, second = await begin_two()
    # an error of the database that comes only with the commit
    await driver().execute("PRAGMA defer_foreign_keys = ON")
    await driver().execute(
        "INSERT INTO revision (note_id, version, text, written) VALUES (-1, 1, '', '')"
    )
    third = Held("third", NotFound("nothing there"))
    second.released.set()
    await third.enter()
    third.released.set()
    outcomes = await asyncio.gather(first.task, second.task, third.task, return_exceptions=True)
    assert {str(outcome) for outcome in outcomes} == {"FOREIGN KEY constraint failed"}
    assert await texts() == []
    await write("afterwards")
    assert await texts() == ["afterwards"]


async def test_a_disk_that_is_full_at_the_commit_is_named_to_all(small_disk: Path) -> None:
    async with open_store(Config(db=small_disk)):
        await get_user("me", NOW, create=True)
        await take_in_two()
        await write("before all others")
        first, second = await begin_two()
        ballast = small_disk.with_name("ballast")
        fill_disk(ballast)
        second.released.set()
        for each in (first, second):
            with pytest.raises(StoreFull, match="the disk is full"):
                await each.task
        assert await texts() == []
        ballast.unlink()
        await write("afterwards")
        assert await texts() == ["afterwards"]
    with closing(sqlite3.connect(small_disk)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def fill_disk(ballast: Path) -> None:
    """Leave no room for a page."""
    ballast.write_bytes(b"x" * shutil.disk_usage(ballast.parent).free)


async def test_a_disk_that_fills_up_in_a_write_is_named_to_all_whom_it_undoes(
    papers: Config,
) -> None:
    await driver().execute("CREATE TABLE ballast (content BLOB)")
    first, second = await begin_two()
    [(pages,)] = await driver().execute_fetchall("PRAGMA page_count")
    await driver().execute(f"PRAGMA max_page_count = {pages}")
    large = asyncio.create_task(fill_store())
    second.released.set()
    for each in (first.task, second.task, large):
        with pytest.raises(StoreFull, match="the disk is full"):
            await each
    assert await texts() == []
    await driver().execute("PRAGMA max_page_count = 1000000")
    await write("afterwards")
    assert await texts() == ["afterwards"]


async def fill_store() -> None:
    """Write what does not fit, by a statement of the kind that ends the whole transaction."""
    async with writing(1, is_short=True) as connection:
        await execute(connection, "INSERT INTO ballast VALUES (zeroblob(1000000))")


async def test_a_write_that_cannot_begin_undoes_no_other_alone(papers: Config) -> None:
    def deny(action: int, operation: str | None, *names: str | None) -> int:
        is_denied = action == sqlite3.SQLITE_SAVEPOINT and operation == "BEGIN"
        return sqlite3.SQLITE_DENY if is_denied else sqlite3.SQLITE_OK

    first, second = await begin_two()
    third = asyncio.create_task(write("third"))
    await driver().set_authorizer(deny)
    second.released.set()
    outcomes = await asyncio.gather(first.task, second.task, third, return_exceptions=True)
    await driver().set_authorizer(None)
    assert [type(outcome) for outcome in outcomes[:2]] == [StoreError] * 2
    assert await texts() == []


async def test_a_write_that_did_not_see_the_transaction_end_is_refused_with_its_group(
    papers: Config,
) -> None:
    first, second = await begin_two()
    await driver().execute("ROLLBACK")
    second.released.set()
    for each in (first.task, second.task):
        with pytest.raises(StoreError, match="the database ended the transaction"):
            await each
    await write("afterwards")
    assert await texts() == ["afterwards"]


async def test_nothing_is_committed_to_a_file_that_is_gone(papers: Config) -> None:
    first, second = await begin_two()
    papers.db.rename(papers.db.with_name("moved.sqlite"))
    second.released.set()
    for each in (first.task, second.task):
        with pytest.raises(StoreMoved):
            await each
    assert await texts() == []


async def test_a_request_that_ends_in_its_write_takes_nothing_with_it(papers: Config) -> None:
    first, second = await begin_two()
    third = Held("third")
    second.task.cancel()
    await asyncio.sleep(0)
    second.task.cancel()  # again, while what it wrote is undone
    await third.enter()
    assert second.task.cancelled()
    await third.end()
    await first.task
    assert await texts() == ["first", "third"]


async def test_a_request_that_ends_while_it_waits_is_not_waited_for(papers: Config) -> None:
    first, second = Held("first"), Held("second")
    await first.enter()
    second.task.cancel()
    await first.end()
    assert await texts() == ["first"]


@pytest.mark.parametrize("behind", [[], ["third"]])
async def test_a_request_that_ends_as_it_gets_the_turn_passes_it_on(
    papers: Config, behind: list[str]
) -> None:
    async def write_and_cancel() -> None:
        async with writing(1, is_short=True):
            await write("first")
            # after this write has passed the turn on, and before the next one knows
            asyncio.get_running_loop().call_soon(second.task.cancel)

    first, second = asyncio.create_task(write_and_cancel()), Held("second")
    await asyncio.gather(first, *map(write, behind))
    assert second.task.cancelled()
    assert not second.entered.is_set()
    assert await texts() == ["first", *behind]


async def test_a_request_that_ends_during_the_commit_has_written(papers: Config) -> None:
    first, second = await begin_two()
    first.task.cancel()
    await asyncio.gather(first.task, return_exceptions=True)
    await second.end()
    assert await texts() == ["first", "second"]


async def test_a_request_that_ends_before_its_transaction_begins_lets_others_write(
    papers: Config,
) -> None:
    writer: Any = write_connection()
    async with writer.acquire_connection():  # as a write of the whole store has it
        first, second = Held("first"), Held("second")
        await asyncio.sleep(0)
        first.task.cancel()
    await second.end()
    assert await texts() == ["second"]


async def test_a_request_that_ends_while_its_transaction_begins_leaves_none_open(
    papers: Config,
) -> None:
    with closing(sqlite3.connect(papers.db)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = Held("first")
        await asyncio.sleep(0)  # it waits for the other program now
        first.task.cancel()
        second = Held("second")
        await asyncio.sleep(0)
        other.rollback()
    await second.end()
    assert first.task.cancelled()
    assert await texts() == ["second"]


async def write_or_fail(chance: random.Random, text: str) -> None:
    """Write a note, and perhaps fail afterwards."""
    async with writing(1, is_short=True) as connection:
        await write(text)
        if chance.random() < 0.2:
            raise Invalid(text)
        if chance.random() < 0.1:
            await execute(connection, "INSERT INTO note (id) VALUES (1)")


async def test_every_write_is_whole_whatever_becomes_of_the_others(
    papers: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(8620)
    written: set[str] = set()
    failed: set[str] = set()

    async def write_much(device: int) -> None:
        for n in range(25):
            monkeypatch.setattr(group_commit, "GROUP_SECONDS", chance.choice([-1, 0.003, SECONDS]))
            text = f"{device} {n}"
            task = asyncio.create_task(write_or_fail(chance, text))
            if chance.random() < 0.3:
                await asyncio.wait([task], timeout=chance.uniform(0, 0.01))
                task.cancel()
            [outcome] = await asyncio.gather(task, return_exceptions=True)
            if outcome is None:
                written.add(text)
            elif isinstance(outcome, Exception):
                failed.add(text)

    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(write_much(device) for device in range(8)))
        await write("the last")
    assert len(written) > 50
    assert len(failed) > 20
    found = {*await texts()}
    assert written <= found
    assert failed.isdisjoint(found)
    rows = await fetch("SELECT n.text FROM change c JOIN note n ON n.uuid = c.ref WHERE n.id > 1")
    assert sorted(row["text"] for row in rows) == sorted(found)
    await fetch(
        "INSERT INTO note_fts (note_fts) VALUES ('integrity-check')", using=write_connection()
    )
    assert [row[0] for row in await driver().execute_fetchall("PRAGMA integrity_check")] == ["ok"]
    assert require_context().connections.get("default") is write_connection()
