"""What was done about a paper, told from the change records."""

from uuid import UUID

import pytest

from server.papers.history import read_history
from server.papers.list import find_rows
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.entries import delete_entry, put_entry
from server.reading_list.notes import delete_note, put_note
from server.reading_list.tags import put_tag
from server.schema.reading_list import EntryEdit, NoteEdit, TagEdit
from tests.server.material import FERN, MOSS, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def two_papers(store: object) -> None:
    await take_in_two()


async def test_each_deed_tells_what_it_changed_the_last_first() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="inbox", tags=["wet"]))
    await put_entry(edit(base=1), MOSS, EntryEdit(status="read", rating=4))
    await change_entries(edit(), await find_rows([MOSS]), EntryChange(tag=("dry",), untag=("wet",)))
    await delete_entry(edit(base=3), MOSS)
    deeds = [deed for deed in await read_history(MOSS, 1) if deed.kind == "entry"]
    assert [deed.deleted for deed in deeds] == [True, False, False, False]
    assert (deeds[1].tagged, deeds[1].untagged, deeds[1].status) == (("dry",), ("wet",), None)
    assert (deeds[2].status, deeds[2].rating) == (("inbox", "read"), (None, 4))
    assert (deeds[3].status, deeds[3].tagged) == (("none", "inbox"), ("wet",))


async def test_a_renamed_tag_is_told_without_guessing_what_was_before() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="reading", tags=["wet"]))
    await put_tag(edit(base=1), "wet", TagEdit(name="damp"))
    renamed, made = (deed for deed in await read_history(MOSS, 1) if deed.kind == "entry")
    assert (renamed.status, renamed.tagged, renamed.untagged) == (None, (), ())
    assert made.status == ("none", "reading")


async def test_notes_are_told_and_only_one_s_own() -> None:
    other = await second_user()
    await put_note(edit(), UUID(int=1), NoteEdit(paper=MOSS, text="a"))
    await delete_note(edit(base=1), UUID(int=1))
    await put_note(edit(user=other), UUID(int=2), NoteEdit(paper=MOSS, text="b"))
    await put_note(edit(), UUID(int=3), NoteEdit(paper=FERN, text="c"))
    told = [(deed.ref, deed.deleted) for deed in await read_history(MOSS, 1) if deed.kind == "note"]
    assert told == [(str(UUID(int=1)), True), (str(UUID(int=1)), False)]
