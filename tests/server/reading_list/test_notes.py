"""Notes by paper: those written on last first, searched, page by page."""

from uuid import UUID

import msgspec
import pytest

from server.errors import Invalid
from server.papers.page import read_titles
from server.reading_list.notes import delete_note, list_noted, put_note, read_note
from server.schema.reading_list import NoteEdit
from tests.server.material import FERN, MOSS, edit, second_user, source, take_in

pytestmark = pytest.mark.anyio
PEAT = "2602.00003"


@pytest.fixture(autouse=True)
async def written(store: object) -> None:
    await take_in(source(MOSS, "Moss"), source(FERN, "Fern"), source(PEAT, "Peat"))
    for number, (paper, text) in enumerate(
        [
            (MOSS, "wet feet"),
            (FERN, "dry fronds"),
            (PEAT, "wet bog"),
            (MOSS, "wet again"),
            (FERN, "gone"),
        ],
        1,
    ):
        await put_note(edit(0, minutes=number), UUID(int=number), NoteEdit(paper=paper, text=text))
    await delete_note(edit(force=True, minutes=9), UUID(int=5))


async def noted(words: str = "", user: int = 1) -> list[tuple[str, list[str]]]:
    """Papers and their notes, asked for one paper at a time."""
    found: list[tuple[str, list[str]]] = []
    cursor: str | None = None
    while True:
        page = await list_noted(user, words, cursor, 1)
        found += [(paper.title, [note.text for note in paper.notes]) for paper in page.papers]
        if (cursor := page.next) is None:
            return found


async def test_a_paper_stands_where_its_newest_note_does_with_all_of_its_notes() -> None:
    assert await noted() == [
        ("Moss", ["wet again", "wet feet"]),
        ("Peat", ["wet bog"]),
        ("Fern", ["dry fronds"]),
    ]


async def test_only_notes_with_all_words_are_given() -> None:
    assert await noted("wet") == [("Moss", ["wet again", "wet feet"]), ("Peat", ["wet bog"])]
    assert await noted("wet bog") == [("Peat", ["wet bog"])] and await noted("gone") == []


async def test_a_reader_sees_their_own_notes_alone() -> None:
    assert await noted(user=await second_user()) == []


async def test_a_strange_cursor_is_refused_and_titles_are_read_by_key() -> None:
    with pytest.raises(Invalid):
        await list_noted(1, "", "bm8=", 1)
    assert await read_titles([MOSS, "2699.00001"]) == {MOSS: "Moss"} and await read_titles([]) == {}


async def test_a_note_keeps_the_source_of_its_text_when_the_user_edits_it() -> None:
    own = await put_note(edit(0), UUID(int=6), NoteEdit(paper=MOSS, text="mine"))
    assert own.source is None
    foreign = msgspec.structs.replace(edit(own.version), source="zotero")
    changed = await put_note(foreign, UUID(int=6), NoteEdit(paper=MOSS, text="<% x %> of Zotero"))
    assert changed.source == "zotero"
    again = await put_note(
        edit(changed.version), UUID(int=6), NoteEdit(paper=MOSS, text="<% x %> and mine")
    )
    assert (again.source, (await read_note(UUID(int=6), 1)).source) == ("zotero", "zotero")
