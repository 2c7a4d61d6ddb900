"""Notes by paper: those written on last first, searched, page by page."""

from uuid import UUID

import pytest

from server.errors import Invalid
from server.library import delete_note, put_note
from server.margin import list_noted, read_titles
from server.wire import NoteEdit
from tests.server.material import FERN, MOSS, edit, second_user, source, take_in

pytestmark = pytest.mark.anyio
PEAT = "2602.00003"


@pytest.fixture(autouse=True)
async def written(store: object) -> None:
    await take_in(source(MOSS, "Moss"), source(FERN, "Fern"), source(PEAT, "Peat"))
    for number, (paper, text) in enumerate(
        [(MOSS, "wet feet"), (FERN, "dry fronds"), (PEAT, "wet bog"), (MOSS, "wet again"), (FERN, "gone")], 1
    ):
        await put_note(edit(0, minutes=number), UUID(int=number), NoteEdit(paper=paper, text=text))
    await delete_note(edit(force=True, minutes=9), UUID(int=5))


async def noted(words: str = "", reader: int = 1) -> list[tuple[str, list[str]]]:
    """Papers and their notes, asked for one paper at a time."""
    found: list[tuple[str, list[str]]] = []
    cursor: str | None = None
    while True:
        page = await list_noted(reader, words, cursor, 1)
        found += [(paper.title, [note.text for note in paper.notes]) for paper in page.papers]
        if (cursor := page.next) is None:
            return found


async def test_a_paper_stands_where_its_newest_note_does_with_all_of_its_notes() -> None:
    assert await noted() == [("Moss", ["wet again", "wet feet"]), ("Peat", ["wet bog"]), ("Fern", ["dry fronds"])]


async def test_only_notes_with_all_words_are_given() -> None:
    assert await noted("wet") == [("Moss", ["wet again", "wet feet"]), ("Peat", ["wet bog"])]
    assert await noted("wet bog") == [("Peat", ["wet bog"])] and await noted("gone") == []


async def test_a_reader_sees_their_own_notes_alone() -> None:
    assert await noted(reader=await second_user()) == []


async def test_a_strange_cursor_is_refused_and_titles_are_read_by_key() -> None:
    with pytest.raises(Invalid):
        await list_noted(1, "", "bm8=", 1)
    assert await read_titles([MOSS, "2699.00001"]) == {MOSS: "Moss"} and await read_titles([]) == {}
