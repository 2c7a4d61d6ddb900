"""The numbered records of what changed, as other devices read them."""

import asyncio
from uuid import uuid4

import pytest

from server import library
from server.changes import changes_since, newest_change
from server.models import Change
from server.overlay import overlay
from server.wire import EntryEdit, NoteEdit, OverlayRequest, PagePaper
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]


async def read_all(reader: int, page: int) -> list[int]:
    """The numbers of all changes, read a few at a time as a device does."""
    since, numbers = 0, []
    while True:
        batch = await changes_since(reader, since, page)
        numbers += [change.id for change in batch.changes]
        since = batch.last
        if not batch.more:
            return numbers


async def write_much(user: int, count: int) -> None:
    """Write notes and entries, many at once."""
    notes = [library.put_note(edit(user=user), uuid4(), NoteEdit(paper=MOSS, text=str(n))) for n in range(count)]
    entries = [library.put_entry(edit(user=user, force=True), FERN, EntryEdit(rating=n % 6)) for n in range(count)]
    await asyncio.gather(*notes, *entries)


async def test_changes_are_numbered_in_their_order_and_none_is_left_out() -> None:
    await take_in_two()
    await write_much(1, 20)
    whole = [row.id for row in await Change.all().order_by("id")]
    for page in (1, 3, 500):
        assert await read_all(1, page) == whole
    assert await newest_change() == whole[-1]


async def test_no_reader_of_changes_misses_one_that_is_being_written() -> None:
    await take_in_two()
    since, seen = await newest_change(), []
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


async def test_a_reader_sees_their_own_changes_and_those_of_papers() -> None:
    await take_in_two()
    ada = await second_user()
    await write_much(1, 3)
    await write_much(ada, 2)
    kinds = [change.kind for change in (await changes_since(ada, 0, 999)).changes]
    assert (kinds.count("paper"), kinds.count("note")) == (2, 2)
    owners = {row.user_id for row in await Change.filter(id__in=await read_all(ada, 5))}
    assert owners == {None, ada}


async def test_a_read_up_to_a_number_has_all_before_it() -> None:
    await take_in_two()
    batch = await changes_since(1, 10**9, 5)
    assert (batch.changes, batch.last, batch.more) == ([], 10**9, False)


async def test_the_cards_of_an_overlay_hold_all_changes_up_to_its_number() -> None:
    await take_in(source(MOSS))
    reply, _ = await overlay(OverlayRequest(papers=[PagePaper(id=MOSS)]), 1, NOW)
    assert reply.change == await newest_change()
    await library.put_entry(edit(), MOSS, EntryEdit(status="read"))
    [change] = (await changes_since(1, reply.change, 9)).changes
    assert (change.kind, change.ref, change.version) == ("entry", MOSS, 1)
