"""Who writes beside whom on PostgreSQL, and that nobody misses a change for it."""

import asyncio
import contextvars
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.tokens import identify, issue
from server.accounts.users import add_user, get_user
from server.config import Config
from server.database.change_feed import ChangeFeed, changes_since, newest_change, newest_changes
from server.database.connection import fetch, open_store
from server.database.models.terms import CorrectedTerm
from server.database.notifications import keep_listening
from server.database.teller import CHANGES, Teller
from server.database.transactions import writing
from server.database.versioning import Edit
from server.errors import Invalid
from server.reading_list.corrections import put_correction
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.reading_list.tags import put_tag
from server.schema.api import ChangeRecord
from server.schema.reading_list import EntryEdit, NoteEdit, TagEdit
from server.schema.terms import CorrectionEdit
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two
from tests.server.process import FORKS

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NOTE = NoteEdit(paper=MOSS, text="a thought")
READERS, PROCESSES, ROUNDS, SECONDS = 4, 2, 8, 120


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
async def ada(store: Config) -> int:
    """A second reader, of a store with two papers."""
    await take_in_two()
    return await second_user()


class Beside:
    """Runs work as other requests do, which know nothing of a write that is going on here."""

    def __init__(self) -> None:
        self.context = contextvars.copy_context()

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.create_task(work, context=self.context.copy())

    async def begin_behind(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin work that has to wait for a turn, and return when it waits."""
        task = self.begin(work)
        async with asyncio.timeout(SECONDS):
            while not await fetch("SELECT 1 AS found FROM pg_locks WHERE NOT granted"):
                assert not task.done(), "it did not wait"
                await asyncio.sleep(0.005)
        return task


@pytest.fixture
async def beside(ada: int) -> Beside:
    return Beside()


async def write_note(user: int, uuid: UUID | None = None) -> None:
    await put_note(edit(user=user), uuid or uuid4(), NOTE)


async def seen_by(user: int, since: int) -> list[ChangeRecord]:
    return (await changes_since(user, since, 999)).changes


async def owners() -> list[int]:
    """The readers of the notes that are committed."""
    return [row["user_id"] for row in await fetch("SELECT user_id FROM note ORDER BY id")]


async def test_two_readers_write_at_the_same_time(ada: int, beside: Beside) -> None:
    async with writing(1), asyncio.timeout(SECONDS):
        await write_note(1)
        await beside.begin(write_note(ada))
        assert await beside.begin(owners()) == [ada], "the other write has not ended"
    assert await owners() == [1, ada]


async def test_the_writes_of_one_reader_take_turns(beside: Beside) -> None:
    async with writing(1):
        await write_note(1)
        behind = await beside.begin_behind(write_note(1))
        assert await beside.begin(owners()) == []
    await behind
    assert await owners() == [1, 1]


async def test_a_write_that_all_readers_see_waits_for_theirs(ada: int, beside: Beside) -> None:
    async with writing(1):
        await write_note(1)
        behind = await beside.begin_behind(take_in(source("2601.00003")))
        # who comes later waits behind it, so that readers cannot keep it from its turn for ever
        later = beside.begin(write_note(ada))
    await behind
    await later
    numbers = [(row.id, row.kind) for row in await seen_by(ada, 0)]
    assert [kind for _, kind in numbers] == ["paper", "paper", "paper", "note", "entry"]


async def test_readers_wait_for_a_write_that_all_see(beside: Beside) -> None:
    async with writing():
        behind = await beside.begin_behind(write_note(1))
    await behind


async def test_a_server_of_an_older_version_takes_turns_with_readers(
    store: Config, beside: Beside
) -> None:
    async def write_as_before() -> None:
        connection = await asyncpg.connect(store.database_url)
        await connection.execute("UPDATE clock SET writes = writes + 1 WHERE id = 1")
        await connection.close()

    async with writing(1):
        behind = await beside.begin_behind(write_as_before())
    await behind


async def test_a_write_of_one_reader_cannot_become_another(ada: int) -> None:
    for other in (None, ada):
        with pytest.raises(RuntimeError, match="a write of user 1 cannot become one of"):
            async with writing(1), writing(other):
                pass
    async with writing(), writing(1):
        await write_note(1)
    assert await owners() == [1]


async def test_a_change_is_not_passed_over_by_one_with_a_higher_number(
    ada: int, beside: Beside
) -> None:
    before = await newest_change(1)
    async with writing(1):
        await write_note(1)
        await beside.begin(write_note(ada))
        newest = await beside.begin(newest_changes([1, ada]))
        assert newest[1] == before < newest[ada]
        assert await beside.begin(seen_by(1, before)) == []
    mine, theirs = await seen_by(1, before), await seen_by(ada, before)
    assert (
        [change.kind for change in mine] == [change.kind for change in theirs] == ["note", "entry"]
    )
    assert mine[-1].id < theirs[0].id
    assert await newest_change(1) == mine[-1].id


async def test_a_listener_hears_of_a_change_that_was_overtaken(ada: int, beside: Beside) -> None:
    async with following(1, since=(start := await newest_change(1))) as heard:
        async with writing(1):
            await write_note(1)
            await beside.begin(write_note(ada))
        missed = [change.id for change in await seen_by(1, start)]
        assert len(missed) == 2
        async with asyncio.timeout(SECONDS):
            assert [await heard.get() for _ in missed] == missed


async def test_two_readers_make_the_same_term(ada: int, beside: Beside) -> None:
    missing = CorrectionEdit(verdict="missing", surface="Attention", label="METHOD")

    async def correct(user: int) -> None:
        await put_correction(edit(user=user), FERN, uuid4(), missing)

    async with writing(1):
        await correct(1)
        behind = await beside.begin_behind(correct(ada))
    await behind
    rows = await CorrectedTerm.all().order_by("id")
    assert [row.user_id for row in rows] == [1, ada]
    assert len({row.term_id for row in rows}) == 1


async def test_of_two_readers_who_choose_the_same_id_the_second_is_told(
    ada: int, beside: Beside
) -> None:
    uuid = uuid4()
    async with writing(1):
        await write_note(1, uuid)
        behind = await beside.begin_behind(write_note(ada, uuid))
    with pytest.raises(Invalid, match="this id is taken"):
        await behind
    assert await owners() == [1]


async def test_a_write_sees_what_was_written_before_its_turn_whatever_the_database_prefers(
    config: Config,
) -> None:
    key = uuid4()
    frame = Edit(user=1, at=NOW, id=key, request="one", force=True)
    other = Edit(user=1, at=NOW, id=key, request="another", force=True)
    async with preferring(config, "repeatable read"), open_store(config):
        await get_user("me", NOW, create=True)
        await take_in_two()
        beside = Beside()
        async with writing(1):
            await put_entry(frame, FERN, EntryEdit(status="read"))
            behind = await beside.begin_behind(put_entry(other, MOSS, EntryEdit(rating=1)))
        with pytest.raises(Invalid, match="was used for another request"):
            await behind


@asynccontextmanager
async def preferring(config: Config, isolation: str) -> AsyncIterator[None]:
    """Let another isolation be the database's default."""
    connection = await asyncpg.connect(config.database_url)
    name = await connection.fetchval("SELECT current_database()")
    setting = f'ALTER DATABASE "{name}" %s default_transaction_isolation'
    await connection.execute(f"{setting % 'SET'} = '{isolation}'")
    try:
        yield
    finally:
        await connection.execute(setting % "RESET")
        await connection.close()


async def test_a_database_that_does_not_answer_keeps_no_server_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent:
        async def execute_query(self, sql: str, values: list[object]) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("server.database.teller.CLOSE_SECONDS", 0.01)
    teller = Teller(Silent())  # type: ignore[arg-type]
    teller.tell()
    async with asyncio.timeout(SECONDS):
        await teller.close()


@asynccontextmanager
async def following(user: int, since: int) -> AsyncIterator[asyncio.Queue[int]]:
    """The numbers of a reader's changes, as a device that listens gets them."""
    feed, heard = ChangeFeed(), asyncio.Queue[int]()
    now = datetime.now(UTC)
    token = (await identify(await issue(user, "device", now), ("device",), now)).token

    async def listen() -> None:
        async for change in feed.listen(user, token, since):
            if change:
                heard.put_nowait(change.id)

    tasks = [
        asyncio.create_task(work)
        for work in (feed.run(), keep_listening({CHANGES: feed.poke}, feed.be_told), listen())
    ]
    try:
        yield heard
    finally:
        feed.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def write_much(config: Config, users: list[int], number: int) -> None:
    """Let readers write notes, entries and tags, and papers come in; in a process of its own."""
    EXECUTOR_CACHE.clear()
    asyncio.run(_write_much(config, users, number))


async def _write_much(config: Config, users: list[int], number: int) -> None:
    chance = random.Random(number)

    async def write(user: int) -> None:
        for n in range(ROUNDS):
            frame = Edit(user=user, at=NOW, force=True)
            await put_note(frame, uuid4(), NOTE)
            await put_entry(frame, chance.choice((MOSS, FERN)), EntryEdit(rating=n % 5))
            await put_tag(frame, f"tag {n % 3}", TagEdit(colour=f"#0000{chance.randrange(10, 99)}"))

    async def bring_in() -> None:
        for n in range(ROUNDS):
            await take_in(source(f"2602.{number:02}{n:03}"))

    async with open_store(config):
        await asyncio.gather(bring_in(), *(write(user) for user in users for _ in range(2)))


async def poll(user: int, since: int, done: asyncio.Event) -> list[int]:
    """Follow a reader's changes as a device that asks again and again does."""
    seen: list[int] = []
    while True:
        is_last = done.is_set()
        batch = await changes_since(user, since, 7)
        assert not batch.reset
        since = batch.last
        seen += [change.id for change in batch.changes]
        if is_last and not batch.more:
            return seen


async def test_no_reader_misses_a_change_or_sees_one_out_of_order_while_all_write(
    store: Config,
) -> None:
    await take_in_two()
    users = [(await add_user(f"reader {n}", NOW)).id for n in range(READERS)]
    async with slow_commits(store):
        start = await newest_change(users[0])
        done = asyncio.Event()
        polls = [asyncio.create_task(poll(user, start, done)) for user in users]
        async with following(users[0], start) as heard, asyncio.timeout(10 * SECONDS):
            writers = [
                FORKS.Process(target=write_much, args=(store, users, n)) for n in range(PROCESSES)
            ]
            for writer in writers:
                writer.start()
            for writer in writers:
                await asyncio.to_thread(writer.join)
            done.set()
            followed = await asyncio.gather(*polls)
            assert [writer.exitcode for writer in writers] == [0] * PROCESSES
            assert [await heard.get() for _ in followed[0]] == followed[0]
    for user, numbers in zip(users, followed, strict=True):
        rows = await fetch(
            "SELECT id FROM change WHERE (user_id = $1 OR user_id IS NULL) AND id > $2 ORDER BY id",
            user,
            start,
        )
        assert numbers == [row["id"] for row in rows]
        # two notes and a paper a round, and what the entries and tags came to
        assert len(numbers) > 3 * PROCESSES * ROUNDS


@asynccontextmanager
async def slow_commits(config: Config) -> AsyncIterator[None]:
    """Let some time pass between the numbering of changes and their commit."""
    connection = await asyncpg.connect(config.database_url)
    await connection.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_sleep(random() * 0.01); RETURN NULL; END $$; "
        "CREATE TRIGGER dawdle AFTER INSERT ON change "
        "FOR EACH STATEMENT EXECUTE FUNCTION dawdle()"
    )
    try:
        yield
    finally:
        await connection.execute("DROP FUNCTION dawdle CASCADE")
        await connection.close()
