"""Many entries as one deed: changed together and once, and taken back as far as nobody changed them since."""

from uuid import UUID

import pytest

from server.bulk import BATCH, EntryChange, Undone, change_entries, count_done, keys_done, undo
from server.errors import Invalid, NotFound
from server.library import delete_entry, put_entry
from server.margin import list_tags, read_entry, read_trash
from server.models import Change, Entry, Paper
from server.papers import find_papers, find_rows, list_papers
from server.tags import delete_tag
from server.wire import EntryEdit
from tests.server.material import edit, keys, second_user, source, take_in

pytestmark = pytest.mark.anyio

DEED, UNDOING = UUID(int=7), UUID(int=8)


def key(number: int) -> str:
    return f"2601.{number:05}"


@pytest.fixture(autouse=True)
async def papers(store: object) -> list[int]:
    """Six papers; of them the first is in the list, the second in the trash."""
    await take_in(*(source(key(number)) for number in range(6)))
    await put_entry(edit(), key(0), EntryEdit(status="read", rating=3, tags=["old"]))
    await put_entry(edit(), key(1), EntryEdit(status="skipped", tags=["old"]))
    await delete_entry(edit(base=1), key(1))
    return await find_rows([key(number) for number in range(6)])


async def states(*numbers: int) -> list[tuple[str, list[str], bool]]:
    found = [await read_entry(key(number), 1) for number in numbers]
    return [(state.status, state.tags, state.deleted is not None) for state in found]


async def test_a_change_makes_entries_where_there_were_none_and_leaves_the_rest_of_others(papers: list[int]) -> None:
    change = EntryChange(tag=("new", "OLD"))
    assert await change_entries(edit(uuid=DEED), papers[:4], change) == 4
    assert await states(0, 1, 2) == [
        ("read", ["new", "old"], False), ("inbox", ["new", "old"], False), ("inbox", ["new", "old"], False),
    ]  # fmt: skip
    assert (await read_entry(key(0), 1)).rating == 3
    assert [(tag.name, tag.papers) for tag in await list_tags(1)] == [("new", 4), ("old", 4)]


async def test_taking_away_makes_no_entries_and_wakes_none(papers: list[int]) -> None:
    assert await change_entries(edit(), papers, EntryChange(untag=("Old", "unheard of"))) == 1
    assert await change_entries(edit(), papers, EntryChange(remove=True)) == 1
    assert await states(0, 1) == [("read", [], True), ("skipped", ["old"], True)]
    with pytest.raises(NotFound):
        await read_entry(key(2), 1)


async def test_the_same_deed_is_done_once(papers: list[int]) -> None:
    for _ in range(2):
        assert await change_entries(edit(uuid=DEED), papers, EntryChange(status="reading")) == 6
    assert await count_done(1, DEED) == 6
    assert await keys_done(1, DEED) == [key(number) for number in range(6)]
    assert await change_entries(edit(), papers, EntryChange(status="reading")) == 0


async def test_a_tag_that_cannot_be_leaves_all_as_it_was(papers: list[int]) -> None:
    with pytest.raises(Invalid):
        await change_entries(edit(), papers, EntryChange(status="reading", tag=("x" * 101,)))
    assert await states(0) == [("read", ["old"], False)]


async def test_undone_entries_are_what_they_were_and_new_ones_leave_the_list(papers: list[int]) -> None:
    before = await states(0, 1)
    added = [row.added for row in await Entry.all().order_by("id")]
    await change_entries(
        edit(uuid=DEED, minutes=5), papers, EntryChange(status="reading", tag=("new",), untag=("old",))
    )
    assert await undo(edit(uuid=UNDOING, minutes=6), DEED) == Undone(6, 0)
    assert await states(0, 1) == before
    assert [row.added for row in await Entry.filter(paper_id__in=papers[:2]).order_by("id")] == added
    assert await states(2) == [("none", [], False)]
    assert keys((await list_papers(1)).papers) == [key(0)]
    assert [entry.key for entry in (await read_trash(1)).entries] == [key(1)]


async def test_what_changed_since_is_kept_and_counted(papers: list[int]) -> None:
    await change_entries(edit(uuid=DEED), papers, EntryChange(status="reading"))
    await put_entry(edit(force=True), key(0), EntryEdit(rating=5))
    await Paper.filter(key=key(3)).update(key="2601.99999")
    assert await undo(edit(uuid=UNDOING), DEED) == Undone(4, 2)
    assert await states(0) == [("reading", ["old"], False)]


async def test_an_undoing_is_a_deed_and_undone_in_turn(papers: list[int]) -> None:
    await change_entries(edit(uuid=DEED), papers[:3], EntryChange(status="reading"))
    await undo(edit(uuid=UNDOING), DEED)
    assert await undo(edit(uuid=UUID(int=9)), UNDOING) == Undone(3, 0)
    assert [status for status, *_ in await states(0, 1, 2)] == ["reading"] * 3


async def test_a_trashed_tag_keeps_its_place_on_what_is_changed(papers: list[int]) -> None:
    await delete_tag(edit(base=1), "old")
    await change_entries(edit(), papers[:1], EntryChange(tag=("new",)))
    assert await states(0) == [("read", ["new"], False)]


async def test_a_deed_is_one_s_own(papers: list[int]) -> None:
    other = await second_user()
    await change_entries(edit(uuid=DEED), papers, EntryChange(status="reading"))
    assert await undo(edit(user=other, uuid=UNDOING), DEED) == Undone(0, 0)
    assert await count_done(other, DEED) == 0


async def test_more_than_a_batch_is_one_deed(store: object) -> None:
    count = BATCH + 3
    await take_in(*(source(f"2602.{number:05}") for number in range(count)))
    found = await find_papers(1, "", everything=True)
    assert await change_entries(edit(uuid=DEED), found, EntryChange(status="inbox")) >= count
    records = await Change.filter(edit=DEED)
    assert len({record.ref for record in records}) == len(records)
    assert (await undo(edit(uuid=UNDOING), DEED)).kept == 0
