"""The trash: all that was deleted can be had back, until it is emptied."""

from uuid import uuid4

import pytest

from server.database.change_feed import changes_since
from server.database.models.changes import Change
from server.database.models.reading_list import Note, Revision
from server.errors import Invalid, NotFound
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.reading_list import tags
from server.reading_list.corrections import delete_correction, put_correction
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.notes import delete_note, put_note, read_note, read_revisions
from server.reading_list.trash import empty_trash, read_trash, restore
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.terms import CorrectionEdit
from server.schema.trash import Restore
from tests.server.material import FERN, MOSS, edit, keys, second_user, take_in_two

pytestmark = pytest.mark.anyio

NOTE, VERDICT = uuid4(), uuid4()


@pytest.fixture(autouse=True)
async def a_full_trash(store: object) -> None:
    await take_in_two()
    await put_entry(edit(), MOSS, EntryEdit(status="read", rating=3, tags=["bog", "fen"]))
    await put_note(edit(), NOTE, NoteEdit(paper=MOSS, text="zebra one"))
    await put_note(edit(1), NOTE, NoteEdit(paper=MOSS, text="zebra two"))
    await put_correction(
        edit(), MOSS, VERDICT, CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD")
    )
    await tags.delete_tag(edit(1), "bog")
    await delete_entry(edit(2, minutes=1), MOSS)
    await delete_note(edit(2, minutes=1), NOTE)
    await delete_correction(edit(1, minutes=1), VERDICT)


async def test_what_lies_in_the_trash_is_shown_there_and_nowhere_else() -> None:
    trash = await read_trash(1)
    assert (keys(trash.entries), [note.id for note in trash.notes]) == ([MOSS], [NOTE])
    assert ([tag.name for tag in trash.tags], [verdict.id for verdict in trash.corrections]) == (
        ["bog"],
        [VERDICT],
    )
    page = await read_paper(MOSS, 1)
    assert (page.entry, page.notes, page.corrections) == (None, [], [])
    assert (await list_papers(1, "zebra", everything=True)).total == 0


async def test_what_comes_back_has_a_new_version() -> None:
    before = (await read_entry(MOSS, 1)).version
    assert (await restore(edit(), Restore(kind="entry", ref=MOSS))).version == before + 1


async def test_everything_comes_back_as_it_was() -> None:
    for kind, ref in (
        ("entry", MOSS),
        ("note", str(NOTE)),
        ("correction", str(VERDICT)),
        ("tag", "bog"),
    ):
        state = await restore(edit(minutes=2), Restore(kind=kind, ref=ref))
        assert state.deleted is None
        again = await restore(edit(minutes=3), Restore(kind=kind, ref=ref))
        assert again.version == state.version, "twice is once"
    page = await read_paper(MOSS, 1)
    assert page.entry and (page.entry.status, page.entry.rating, page.entry.tags) == (
        "read",
        3,
        ["bog", "fen"],
    )
    assert (page.notes[0].text, page.corrections[0].surface) == ("zebra two", "LoRA")
    assert (await list_papers(1, "zebra")).total == 1


async def test_a_restore_is_told() -> None:
    before = (await changes_since(1, 0, 999)).last
    await restore(edit(), Restore(kind="note", ref=str(NOTE)))
    [change] = (await changes_since(1, before, 9)).changes
    assert (change.kind, change.ref, change.deleted, change.version) == (
        "note",
        str(NOTE),
        False,
        4,
    )


async def test_emptying_leaves_nothing_of_what_was_written() -> None:
    assert await empty_trash(edit()) == 4
    assert await empty_trash(edit()) == 0
    assert (await Note.all().count(), await Revision.all().count()) == (0, 0)
    for call in (read_note(NOTE, 1), read_revisions(NOTE, 1), read_entry(MOSS, 1)):
        with pytest.raises(NotFound):
            await call
    assert not await Change.filter(before__not_isnull=True, ref=MOSS).exists()


async def test_emptying_spares_what_is_alive_and_what_others_threw_away() -> None:
    ada = await second_user()
    await put_note(edit(user=ada), hers := uuid4(), NoteEdit(paper=MOSS, text="hers"))
    await delete_note(edit(1, user=ada), hers)
    await put_entry(edit(), FERN, EntryEdit(status="reading"))
    await empty_trash(edit())
    assert (await read_note(hers, ada)).text == "hers"
    assert keys((await list_papers(1)).papers) == [FERN]


@pytest.mark.parametrize("ref", ["nonsense", "", "6f1c9a0e-2d3b-4c58-9e47-0a5b8c7d6e1f"])
async def test_what_is_not_there_is_not_restored(ref: str) -> None:
    for kind in ("note", "correction", "entry", "tag"):
        with pytest.raises((NotFound, Invalid)):
            await restore(edit(), Restore(kind=kind, ref=ref))
