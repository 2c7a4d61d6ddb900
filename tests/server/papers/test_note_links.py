"""Which papers the links of notes lead to, and which papers' notes lead to one."""

from uuid import UUID, uuid4

import pytest

from server.database.models.imports import Citation
from server.database.serializers import find_paper
from server.papers.note_links import read_backlinks, resolve_links
from server.papers.page import read_paper
from server.reading_list.notes import delete_note, put_note
from server.schema.citations import Citation as CitationData
from server.schema.papers import LinkedPaper
from server.schema.reading_list import NoteEdit
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

LICHEN = "hep-th/9901001"
LONG = "On the Growth of Moss " * 9


async def write(key: str, text: str, user: int = 1) -> UUID:
    uuid = uuid4()
    await put_note(edit(0, user=user), uuid, NoteEdit(paper=key, text=text))
    return uuid


async def cite(paper: str, key: str) -> None:
    row = await find_paper(paper)
    data = CitationData(key=key)
    await Citation.create(user_id=1, paper_id=row.id, data=data, updated=NOW)


async def lead(text: str, user: int = 1) -> list[str]:
    """Return the keys of the papers that the links of a text lead to."""
    return [paper.key for paper in (await resolve_links([text], user)).values()]


async def backlinks(key: str, user: int = 1) -> list[LinkedPaper]:
    return await read_backlinks(await read_paper(key, user), user)


@pytest.mark.parametrize(
    "target",
    [
        MOSS,
        f"arXiv:{MOSS}v2",
        f"https://arxiv.org/abs/{MOSS}",
        "Mossy Pruning",
        "mossy pruning.md",
        "papers/Mossy Pruning",
        f"Mossy Pruning ({MOSS})",
        f"Mossy Pruning ({MOSS}) 2",
        "Birch2025",
        "@birch2025",
        f"birch2025mossy-{MOSS}",
        f"A new name|{MOSS}",
        "Mossy Pruning#Abstract|moss",
    ],
)
async def test_a_paper_is_found_by_its_id_its_citation_key_and_the_name_of_its_file(
    target: str,
) -> None:
    await take_in_two()
    await cite(MOSS, "birch2025")
    assert await lead(f"see [[{target}]]") == [MOSS]


async def test_a_title_that_was_cut_to_a_file_name_is_found_and_one_of_two_papers_is_not() -> None:
    await take_in(source(MOSS, f"{LONG}Alone"))
    assert await lead(f"[[{LONG[:110]}]]") == [MOSS]
    await take_in(source(FERN, "Twins", abstract="a"), source(LICHEN, "Twins", abstract="b"))
    assert await lead("[[Twins]] [[nothing]] [[2026-05-01]]") == []


async def test_an_old_key_leads_to_the_paper_that_has_it_now() -> None:
    await take_in(source(None, "Lichen Fields"))
    old = (await resolve_links(["[[Lichen Fields]]"], 1))["Lichen Fields"].key
    await take_in(source(LICHEN, "Lichen Fields"))
    assert await lead(f"[[{old}]]") == [LICHEN]


async def test_a_citation_key_is_the_users_own() -> None:
    await take_in_two()
    await cite(MOSS, "birch2025")
    assert await lead("[[birch2025]]", await second_user()) == []


async def test_a_paper_names_the_papers_whose_notes_lead_to_it_once() -> None:
    await take_in_two()
    await take_in(source(LICHEN, "Lichen: Fields?"))
    await cite(LICHEN, "birch2025")
    await write(MOSS, f"[[{LICHEN}]] and [[Lichen Fields]]")
    await write(MOSS, "again [[birch2025]]")
    gone = await write(FERN, f"[[{LICHEN}]]")
    assert await backlinks(LICHEN) == [
        LinkedPaper(MOSS, "Mossy Pruning"),
        LinkedPaper(FERN, "Fern Attention"),
    ]
    await delete_note(edit(force=True), gone)
    assert [paper.key for paper in await backlinks(LICHEN)] == [MOSS]


async def test_neither_a_mere_word_nor_ones_own_note_nor_that_of_others_is_a_backlink() -> None:
    await take_in_two()
    await write(MOSS, f"[[{MOSS}]] is this one")
    await write(FERN, f"like Mossy Pruning, {MOSS}, but see [[Fern Attention]] `[[{MOSS}]]`")
    await write(FERN, f"[[{MOSS}]]", await second_user())
    assert await backlinks(MOSS) == []


async def test_a_page_has_the_papers_that_its_notes_lead_to() -> None:
    await take_in_two()
    await write(FERN, f"[[{MOSS}]] [[nothing]]")
    assert (await read_paper(FERN, 1)).links == {MOSS: LinkedPaper(MOSS, "Mossy Pruning")}
    assert (await read_paper(MOSS, 1)).links == {}
