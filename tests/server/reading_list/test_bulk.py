"""Bulk edits: each is applied once, and undone except where an entry changed since."""

from uuid import UUID

import pytest

from server.database.change_feed import changes_since, newest_change
from server.database.models.changes import Change
from server.database.models.papers import Paper
from server.database.models.reading_list import Entry
from server.errors import Invalid, NotFound
from server.papers.list import find_papers, find_rows, list_papers
from server.reading_list.bulk import (
    BATCH,
    EntryChange,
    Undone,
    change_entries,
    count_done,
    keys_done,
    undo,
)
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.tags import delete_tag, list_tags
from server.reading_list.trash import read_trash
from server.schema.reading_list import EntryEdit
from tests.server.material import edit, keys, second_user, source, take_in

pytestmark = pytest.mark.anyio

BULK_EDIT, UNDO = UUID(int=7), UUID(int=8)


def key(number: int) -> str:
    return f"2601.{number:05}"


@pytest.fixture(autouse=True)
async def papers(store: object) -> list[int]:
    """Six papers, the first of them in the list, the second in the trash."""
    await take_in(*(source(key(number)) for number in range(6)))
    await put_entry(edit(), key(0), EntryEdit(status="read", rating=3, tags=["old"]))
    await put_entry(edit(), key(1), EntryEdit(status="skipped", tags=["old"]))
    await delete_entry(edit(base=1), key(1))
    return await find_rows([key(number) for number in range(6)])


async def states(*numbers: int) -> list[tuple[str, list[str], bool]]:
    found = [await read_entry(key(number), 1) for number in numbers]
    return [(state.status, state.tags, state.deleted is not None) for state in found]


async def test_a_bulk_edit_creates_missing_entries_and_keeps_other_values(
    papers: list[int],
) -> None:
    change = EntryChange(tag=("new", "OLD"))
    assert await change_entries(edit(uuid=BULK_EDIT), papers[:4], change) == 4
    assert await states(0, 1, 2) == [
        ("read", ["new", "old"], False),
        ("inbox", ["new", "old"], False),
        ("inbox", ["new", "old"], False),
    ]
    assert (await read_entry(key(0), 1)).rating == 3
    assert [(tag.name, tag.papers) for tag in await list_tags(1)] == [("new", 4), ("old", 4)]


async def test_removing_tags_or_entries_creates_and_restores_no_entries(papers: list[int]) -> None:
    assert await change_entries(edit(), papers, EntryChange(untag=("Old", "unheard of"))) == 1
    assert await change_entries(edit(), papers, EntryChange(remove=True)) == 1
    assert await states(0, 1) == [("read", [], True), ("skipped", ["old"], True)]
    with pytest.raises(NotFound):
        await read_entry(key(2), 1)


async def test_removing_an_entry_that_is_in_the_trash_changes_nothing(papers: list[int]) -> None:
    before = await read_entry(key(1), 1)
    assert await change_entries(edit(minutes=9), papers[1:2], EntryChange(remove=True)) == 0
    assert await read_entry(key(1), 1) == before


async def test_devices_are_told_which_entries_a_bulk_edit_removed(papers: list[int]) -> None:
    since = await newest_change(1)
    await change_entries(edit(), papers[:1], EntryChange(remove=True))
    await change_entries(edit(), papers[1:2], EntryChange(status="read"))
    told = (await changes_since(1, since, 9)).changes
    assert [(c.ref, c.deleted) for c in told] == [(key(0), True), (key(1), False)]


async def test_a_repeated_bulk_edit_is_applied_once(papers: list[int]) -> None:
    for _ in range(2):
        assert (
            await change_entries(edit(uuid=BULK_EDIT), papers, EntryChange(status="reading")) == 6
        )
    assert await count_done(1, BULK_EDIT) == 6
    assert await keys_done(1, BULK_EDIT) == [key(number) for number in range(6)]
    assert await change_entries(edit(), papers, EntryChange(status="reading")) == 0


async def test_an_invalid_tag_leaves_all_entries_unchanged(papers: list[int]) -> None:
    with pytest.raises(Invalid):
        await change_entries(edit(), papers, EntryChange(status="reading", tag=("x" * 101,)))
    assert await states(0) == [("read", ["old"], False)]


async def test_undo_restores_entries_and_removes_new_ones_from_the_list(
    papers: list[int],
) -> None:
    before = await states(0, 1)
    added = [row.added for row in await Entry.all().order_by("id")]
    await change_entries(
        edit(uuid=BULK_EDIT, minutes=5),
        papers,
        EntryChange(status="reading", tag=("new",), untag=("old",)),
    )
    assert await undo(edit(uuid=UNDO, minutes=6), BULK_EDIT) == Undone(6, 0)
    assert await states(0, 1) == before
    assert [
        row.added for row in await Entry.filter(paper_id__in=papers[:2]).order_by("id")
    ] == added
    assert await states(2) == [("none", [], False)]
    assert keys((await list_papers(1)).papers) == [key(0)]
    assert [entry.key for entry in (await read_trash(1)).entries] == [key(1)]


async def test_undo_keeps_and_counts_entries_that_changed_since(papers: list[int]) -> None:
    await change_entries(edit(uuid=BULK_EDIT), papers, EntryChange(status="reading"))
    await put_entry(edit(force=True), key(0), EntryEdit(rating=5))
    await Paper.filter(key=key(3)).update(key="2601.99999")
    assert await undo(edit(uuid=UNDO), BULK_EDIT) == Undone(4, 2)
    assert await states(0) == [("reading", ["old"], False)]


async def test_an_undo_can_be_undone(papers: list[int]) -> None:
    await change_entries(edit(uuid=BULK_EDIT), papers[:3], EntryChange(status="reading"))
    await undo(edit(uuid=UNDO), BULK_EDIT)
    assert await undo(edit(uuid=UUID(int=9)), UNDO) == Undone(3, 0)
    assert [status for status, *_ in await states(0, 1, 2)] == ["reading"] * 3


async def test_a_deleted_tag_stays_hidden_on_edited_entries(papers: list[int]) -> None:
    await delete_tag(edit(base=1), "old")
    await change_entries(edit(), papers[:1], EntryChange(tag=("new",)))
    assert await states(0) == [("read", ["new"], False)]


async def test_a_bulk_edit_cannot_be_undone_by_another_user(papers: list[int]) -> None:
    other = await second_user()
    await change_entries(edit(uuid=BULK_EDIT), papers, EntryChange(status="reading"))
    assert await undo(edit(user=other, uuid=UNDO), BULK_EDIT) == Undone(0, 0)
    assert await count_done(other, BULK_EDIT) == 0


async def test_papers_of_several_batches_are_one_bulk_edit(store: object) -> None:
    count = BATCH + 3
    await take_in(*(source(f"2602.{number:05}") for number in range(count)))
    found = await find_papers(1, "", everything=True)
    assert await change_entries(edit(uuid=BULK_EDIT), found, EntryChange(status="inbox")) >= count
    records = await Change.filter(edit=BULK_EDIT)
    assert len({record.ref for record in records}) == len(records)
    assert (await undo(edit(uuid=UNDO), BULK_EDIT)).kept == 0


async def test_undoing_two_edits_in_turn_restores_the_original_state(papers: list[int]) -> None:
    before = await states(0), (await read_entry(key(0), 1)).rating
    second = UUID(int=10)
    await change_entries(edit(uuid=BULK_EDIT), papers, EntryChange(status="inbox", tag=("one",)))
    await change_entries(edit(uuid=second), papers, EntryChange(status="read", untag=("one",)))
    assert await undo(edit(uuid=UNDO), second) == Undone(6, 0)
    assert await undo(edit(uuid=UUID(int=11)), BULK_EDIT) == Undone(6, 0)
    assert (await states(0), (await read_entry(key(0), 1)).rating) == before
    assert (await list_papers(1)).total == 1


async def test_an_edit_cannot_be_undone_before_a_later_one(papers: list[int]) -> None:
    await change_entries(edit(uuid=BULK_EDIT), papers, EntryChange(status="inbox"))
    await change_entries(edit(), papers, EntryChange(status="read"))
    # the entry in the trash counts as well: all six are as the second edit left them
    assert await undo(edit(uuid=UNDO), BULK_EDIT) == Undone(0, 6)


async def test_a_bulk_edit_rates_papers_and_takes_ratings_away(papers: list[int]) -> None:
    rated = edit(uuid=BULK_EDIT)
    assert await change_entries(rated, [papers[0], papers[2]], EntryChange(rating=0)) == 2
    assert [(await read_entry(key(n), 1)).rating for n in (0, 2)] == [0, 0]
    assert await states(0, 2) == [("read", ["old"], False), ("inbox", [], False)]
    assert await undo(edit(uuid=UNDO), BULK_EDIT) == Undone(2, 0)
    assert (await read_entry(key(0), 1)).rating == 3
    # a rating is taken away only where there is one, and makes no entry
    assert await change_entries(edit(), [papers[0], papers[3]], EntryChange(rating=None)) == 1
    assert (await read_entry(key(0), 1)).rating is None
    with pytest.raises(NotFound):
        await read_entry(key(3), 1)
