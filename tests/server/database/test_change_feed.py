"""The numbered change records, as devices read them."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from server.accounts.tokens import identify, issue
from server.database import change_feed
from server.database.change_feed import (
    HEARTBEAT_SECONDS,
    ChangeFeed,
    changes_since,
    newest_change,
    newest_changes,
)
from server.database.models.changes import Change
from server.papers.overlay import overlay
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.schema.papers import OverlayRequest, PagePaper
from server.schema.reading_list import EntryEdit, NoteEdit
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]


async def read_all(user: int, page: int) -> list[int]:
    """Return the numbers of all changes, read in pages as a device does."""
    since, numbers = 0, []
    while True:
        batch = await changes_since(user, since, page)
        assert len(batch.changes) <= page
        numbers += [change.id for change in batch.changes]
        since = batch.last
        if not batch.more:
            return numbers


async def write_much(user: int, count: int) -> None:
    """Write notes and entries, many at once."""
    notes = [
        put_note(edit(user=user), uuid4(), NoteEdit(paper=MOSS, text=str(n))) for n in range(count)
    ]
    entries = [
        put_entry(edit(user=user, force=True), FERN, EntryEdit(rating=n % 6)) for n in range(count)
    ]
    await asyncio.gather(*notes, *entries)


async def test_changes_are_numbered_in_order_without_gaps() -> None:
    await take_in_two()
    await write_much(1, 20)
    whole = [row.id for row in await Change.all().order_by("id")]
    for page in (1, 3, 500):
        assert await read_all(1, page) == whole
    assert await newest_change(1) == whole[-1]


async def test_no_client_misses_a_change_that_is_being_written() -> None:
    await take_in_two()
    since, seen = await newest_change(1), []
    start = since
    writing = asyncio.create_task(write_much(1, 25))
    done = False
    while not done:
        done = writing.done()
        batch = await changes_since(1, since, 500)
        since = batch.last
        seen += [change.id for change in batch.changes]
    await writing
    assert seen == [row.id for row in await Change.filter(id__gt=start).order_by("id")]


async def test_a_listener_receives_more_changes_than_one_reading_holds_without_a_pause() -> None:
    now = datetime.now(UTC)
    token = (await identify(await issue(1, "device", now), ("device",), now)).token
    missed = [Change(user_id=1, kind="seen", ref=str(n), version=0, at=NOW) for n in range(1_001)]
    await Change.bulk_create(missed)
    received: list[str] = []
    async with asyncio.timeout(HEARTBEAT_SECONDS / 2):
        async for change in ChangeFeed().listen(1, token, 0):
            assert change, "there is more to read"
            received.append(change.ref)
            if len(received) == len(missed):
                break
    assert received == [change.ref for change in missed]


async def test_a_feed_outlives_a_listener_who_leaves_while_it_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, look_on = asyncio.Event(), asyncio.Event()

    async def look(users: set[int]) -> dict[int, int]:
        looks.set()
        await look_on.wait()
        return await newest_changes(users)

    monkeypatch.setattr(change_feed, "newest_changes", look)
    now = datetime.now(UTC)
    token = (await identify(await issue(1, "device", now), ("device",), now)).token
    feed = ChangeFeed()
    running = asyncio.create_task(feed.run())
    async with asyncio.timeout(HEARTBEAT_SECONDS):
        hears = asyncio.create_task(anext(feed.listen(1, token, 0)))
        await looks.wait()
        hears.cancel()
        await asyncio.wait([hears])
        look_on.set()
        looks.clear()
        hears = asyncio.create_task(anext(feed.listen(1, token, await newest_change(1))))
        while not looks.is_set():
            feed.poke()
            assert not running.done()
            await asyncio.sleep(0)
        await take_in(source(MOSS))
        feed.poke()
        change = await hears
        assert change and change.ref == MOSS
    running.cancel()
    await asyncio.wait([running])


async def test_a_user_sees_their_own_changes_and_those_of_papers() -> None:
    await take_in_two()
    ada = await second_user()
    await write_much(1, 3)
    await write_much(ada, 2)
    kinds = [change.kind for change in (await changes_since(ada, 0, 999)).changes]
    assert (kinds.count("paper"), kinds.count("note")) == (2, 2)
    owners = {row.user_id for row in await Change.filter(id__in=await read_all(ada, 5))}
    assert owners == {None, ada}


async def test_a_client_with_the_newest_number_has_nothing_to_read() -> None:
    await take_in_two()
    newest = await newest_change(1)
    batch = await changes_since(1, newest, 5)
    assert (batch.changes, batch.last, batch.more, batch.reset) == ([], newest, False, False)


async def test_a_client_that_is_ahead_of_the_store_is_told_to_start_anew() -> None:
    await take_in_two()
    batch = await changes_since(1, 10**9, 5)
    assert (batch.changes, batch.last, batch.reset) == ([], await newest_change(1), True)


async def test_the_cards_of_an_overlay_include_all_changes_up_to_its_number() -> None:
    await take_in(source(MOSS))
    reply = await overlay(OverlayRequest(papers=[PagePaper(id=MOSS)]), 1, NOW)
    assert reply.change == await newest_change(1)
    await put_entry(edit(), MOSS, EntryEdit(status="read"))
    [change] = (await changes_since(1, reply.change, 9)).changes
    assert (change.kind, change.ref, change.version) == ("entry", MOSS, 1)
