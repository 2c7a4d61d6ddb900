"""Links between papers in a vault lead to files, and come back as they were written here."""

from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import pytest

from server.config import Config
from server.exports.note_links import find_links
from server.papers.list import read_papers
from server.papers.page import read_paper
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note, read_note
from server.schema.api import StyleName
from server.schema.reading_list import EntryEdit, NoteEdit
from server.vault.note_styles import STYLES
from server.vault.paper_links import restore_links
from server.vault.zip import render_zip
from tests.server.material import FERN, MOSS, edit, take_in_two
from tests.server.vault.test_apply_edits import change, export, told

pytestmark = pytest.mark.anyio

NOTE = UUID(int=1)
EACH = pytest.mark.parametrize("style", STYLES)
TEXT = (
    f"Like [[{MOSS}]], [[arXiv:{MOSS}v1|the *moss* one]] and [[Mossy Pruning]]; "
    f"not [[elsewhere]],\n`[[{MOSS}]]` nor [[2605.99999]].\n\n"
    f"- [ ] read [[{MOSS}#Abstract]] on [[2026-05-01]]\n- [x] done"
)


@pytest.fixture
async def linked(store: Config) -> None:
    """Fill a store with two papers, the first of which has a note that leads to the second."""
    await take_in_two()
    for key in (MOSS, FERN):
        await put_entry(edit(0), key, EntryEdit())
    await put_note(edit(0), NOTE, NoteEdit(paper=FERN, text=TEXT))


def fern(vault: Path) -> str:
    return (vault / "Fern Attention.md").read_text()


async def stays(vault: Path, style: StyleName) -> None:
    """Check that neither the import nor another export of a vault finds a change."""
    assert await told(vault) == ([], [])
    assert (await read_note(NOTE, 1)).text == TEXT
    report = await export(vault, style)
    assert (report.conflict, report.updated, report.unchanged) == (0, 0, 2)


async def test_obsidian_gets_links_to_the_files(linked: None, tmp_path: Path) -> None:
    await export(tmp_path)
    text = fern(tmp_path)
    assert (
        f"Like [[Mossy Pruning|{MOSS}]], [[Mossy Pruning|the *moss* one]] and [[Mossy Pruning]]"
        in text
    )
    assert f"- [ ] read [[Mossy Pruning#Abstract|{MOSS}#Abstract]] on [[2026-05-01]]" in text
    assert f"not [[elsewhere]],\n> `[[{MOSS}]]` nor [[2605.99999]]." in text
    assert "> [!note] [[2026-03-05]]\n" in text


async def test_logseq_gets_links_to_pages_and_to_its_journal(linked: None, tmp_path: Path) -> None:
    await export(tmp_path, "logseq")
    text = fern(tmp_path)
    assert f"Like [[{MOSS}]], [the *moss* one]([[{MOSS}]]) and [Mossy Pruning]([[{MOSS}]])" in text
    assert f"[{MOSS}#Abstract]([[{MOSS}]]) on [2026-05-01]([[May 1st, 2026]])" in text
    assert "- Note, [[Mar 5th, 2026]]\n" in text
    assert f"alias:: [[{MOSS}]]" in (tmp_path / "Mossy Pruning.md").read_text()


async def test_a_plain_vault_has_the_note_as_it_is(linked: None, tmp_path: Path) -> None:
    await export(tmp_path, "plain")
    assert f"> Like [[{MOSS}]], [[arXiv:{MOSS}v1|the *moss* one]] and" in fern(tmp_path)


@EACH
async def test_a_note_with_links_comes_back_unchanged(
    linked: None, tmp_path: Path, style: StyleName
) -> None:
    await export(tmp_path, style)
    await stays(tmp_path, style)


@EACH
async def test_an_edit_beside_links_leaves_them_as_they_were_written(
    linked: None, tmp_path: Path, style: StyleName
) -> None:
    await export(tmp_path, style)
    change(tmp_path, ("Like ", "Unlike "), ("- [ ] read", "- [x] read"), name="Fern Attention.md")
    changes, kept = await told(tmp_path)
    assert (len(changes), kept) == (1, [])
    expected = TEXT.replace("Like", "Unlike").replace("- [ ] read", "- [x] read")
    assert (await read_note(NOTE, 1)).text == expected


async def test_a_link_follows_a_file_that_was_renamed_or_has_a_namesake(
    linked: None, tmp_path: Path
) -> None:
    await export(tmp_path)
    (tmp_path / "Mossy Pruning.md").rename(tmp_path / "Moss.md")
    # as Obsidian updates the links of a note when a file is renamed
    change(tmp_path, ("[[Mossy Pruning|", "[[Moss|"), name="Fern Attention.md")
    assert await told(tmp_path) == ([], [])
    assert (await export(tmp_path)).conflict == 0
    assert f"[[Moss|{MOSS}]], [[Moss|the *moss* one]] and [[Moss|Mossy Pruning]]" in fern(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Moss.md").write_text("another of the user's\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "Moss.md").rename(tmp_path / "b" / "Moss.md")
    await export(tmp_path)
    assert f"[[b/Moss|{MOSS}]]" in fern(tmp_path)
    await stays(tmp_path, "obsidian")


async def test_a_zip_has_the_same_links(linked: None, tmp_path: Path) -> None:
    file = tmp_path / "vault.zip"
    file.write_bytes(b"".join([piece async for piece in render_zip(read_papers(1))]))
    with ZipFile(file) as archive:
        archive.extractall(tmp_path / "vault")
    assert f"[[Mossy Pruning|{MOSS}]]" in fern(tmp_path / "vault")
    assert await told(tmp_path / "vault") == ([], [])


async def test_two_links_that_look_alike_are_left_as_they_are(linked: None, tmp_path: Path) -> None:
    text = f"[[{MOSS}|moss]] and [[elsewhere|moss]]"
    await put_note(edit(1), NOTE, NoteEdit(paper=FERN, text=text))
    await export(tmp_path)
    assert text in fern(tmp_path)
    assert await told(tmp_path) == ([], [])


async def test_a_paper_that_is_not_in_the_vault_is_not_linked_to(
    linked: None, tmp_path: Path
) -> None:
    await put_entry(edit(force=True), MOSS, EntryEdit(status="none"))
    await export(tmp_path)
    assert f"Like [[{MOSS}]]" in fern(tmp_path)


async def test_a_file_name_that_was_typed_in_the_vault_leads_to_the_paper(
    linked: None, tmp_path: Path
) -> None:
    await export(tmp_path)
    change(tmp_path, ("nor [[2605.99999]]", "nor [[Mossy Pruning|moss]]"), name="Fern Attention.md")
    await told(tmp_path)
    page = await read_paper(FERN, 1)
    assert "nor [[Mossy Pruning|moss]]" in page.notes[0].text
    assert page.links["Mossy Pruning"].key == MOSS


def test_what_somebody_wrote_into_the_record_of_links_does_no_harm() -> None:
    assert restore_links("[[a|b]]", ["", "no link", "[[x"]) == "[[a|b]]"
    assert [link.shown for link in find_links(restore_links("[[a|b]]", ["[[c|b]]"]))] == ["b"]
