"""Importing an edited vault: edits arrive, and no newer change in the store is overwritten."""

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.config import Config
from server.database.connection import fetch
from server.imports.files import find_files, import_data, import_file, plan_vault_changes
from server.imports.undo import undo_import
from server.papers.list import read_papers
from server.papers.page import read_paper
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.notes import delete_note, put_note
from server.reading_list.trash import read_trash
from server.schema.api import FileReport, StyleName
from server.schema.papers import PaperPage
from server.schema.quote import Quote
from server.schema.reading_list import EntryEdit, NoteEdit
from server.vault.apply_edits import compare
from server.vault.block import find_blocks
from server.vault.note_styles import STYLES, find_notes, plain_lines
from server.vault.paper_file import merge, render
from server.vault.read_edits import read_edits
from server.vault.sync import Plan, VaultReport, write_vault
from server.vault.template import default_layout
from server.vault.zip import render_zip
from tests.server.exports.pages import HOSTILE, make_note, make_page
from tests.server.material import FERN, MOSS, edit, take_in_two

pytestmark = pytest.mark.anyio

NOTE, QUOTING = UUID(int=1), UUID(int=2)
EACH = pytest.mark.parametrize("style", STYLES)


@pytest.fixture
async def filled(store: Config) -> AsyncIterator[Config]:
    """A store with two papers in the list, one with two notes."""
    await take_in_two()
    await put_entry(
        edit(0), MOSS, EntryEdit(status="reading", rating=3, tags=["to read", "rl/grpo", "2026"])
    )
    await put_entry(edit(0), FERN, EntryEdit())
    await put_note(edit(0), NOTE, NoteEdit(paper=MOSS, text="Compare with *Candle*.\n\n- why?"))
    await put_note(
        edit(0, minutes=1),
        QUOTING,
        NoteEdit(paper=MOSS, text="Ferns!", quote=Quote(exact="prune ferns")),
    )
    yield store


async def export(vault: Path, style: StyleName = "obsidian", **plan: Any) -> VaultReport:
    return await write_vault(vault, read_papers(1), Plan(layout=default_layout(style), **plan))


async def bring(vault: Path, *, preview: bool = False) -> list[FileReport]:
    return [await import_file(file, 1, preview=preview) for file in find_files([str(vault)])]


async def told(vault: Path, *, preview: bool = False) -> tuple[list[str], list[str]]:
    reports = await bring(vault, preview=preview)
    assert [report.error for report in reports if report.error] == []
    return [line for report in reports for line in report.changes], [
        line for r in reports for line in r.skipped
    ]


def change(vault: Path, *pairs: tuple[str, str], name: str = "Mossy Pruning.md") -> None:
    file = vault / name
    text = file.read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)


async def moss() -> PaperPage:
    return await read_paper(MOSS, 1)


async def state() -> tuple[Any, ...]:
    page = await moss()
    assert page.entry
    notes = {note.id: note.text for note in page.notes}
    return (
        page.entry.status,
        page.entry.rating,
        page.entry.tags,
        notes.get(NOTE),
        notes.get(QUOTING),
        len(notes),
    )


async def writes() -> int:
    return int((await fetch("SELECT writes FROM clock"))[0]["writes"])


UNTOUCHED = (
    "reading",
    3,
    ["2026", "rl/grpo", "to read"],
    "Compare with *Candle*.\n\n- why?",
    "Ferns!",
    2,
)
EDITS: dict[StyleName, list[tuple[str, str]]] = {
    "obsidian": [
        ("status: reading", "status: read"),
        ("rating: 3", "rating: 5"),
        ('  - "rl/grpo"\n', "  - mine\n"),
        ("> - why?\n", "> - because\n"),
        ("> Ferns!", "> Ferns?\n> # Moss!"),
    ],
    "logseq": [
        ("status:: reading", "status:: read"),
        ("rating:: 3", "rating:: 5"),
        ("[[rl/grpo]], ", "#mine, "),
        ("> - why?\n", "> - because\n"),
        ("> Ferns!", "> Ferns?\n\t  > # Moss!"),
    ],
    "plain": [
        ("status: reading", "status: read"),
        ("rating: 3", "rating: '5'"),
        ('  - "rl/grpo"\n', "  - mine\n"),
        ("> - why?\n", "> - because\n"),
        ("> Ferns!", "> Ferns?\n> # Moss!"),
    ],
}
EDITED = (
    "read",
    5,
    ["2026", "mine", "to read"],
    "Compare with *Candle*.\n\n- because",
    "Ferns?\n# Moss!",
    2,
)


@EACH
async def test_an_untouched_vault_changes_nothing(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    for per in ("paper", "day"):
        await export(tmp_path / per, style, per=per)
        before = await writes()
        assert await told(tmp_path / per) == ([], [])
        assert await writes() == before


@EACH
async def test_edits_are_imported_after_a_preview(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    await export(tmp_path, style)
    change(tmp_path, *EDITS[style])
    changes, kept = await told(tmp_path, preview=True)
    paper = f"{MOSS} “Mossy Pruning”"
    assert changes == [
        f"{paper}: status reading → read",
        f"{paper}: rating 3 → 5",
        f"{paper}: tags +mine −rl/grpo",
        f"{paper}: a note of 2026-03-05: "
        "“Compare with *Candle*. - why?” → “Compare with *Candle*. - because”",
        f"{paper}: a note of 2026-03-05: “Ferns!” → “Ferns? # Moss!”",
    ]
    assert (kept, await state()) == ([], UNTOUCHED)
    assert await told(tmp_path) == (changes, [])
    assert await state() == EDITED
    quoting = next(note for note in (await moss()).notes if note.id == QUOTING)
    assert quoting.quote == Quote(exact="prune ferns")


@EACH
async def test_a_second_import_and_the_next_export_change_nothing(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    await export(tmp_path, style)
    change(tmp_path, *EDITS[style])
    await told(tmp_path)
    before = await writes()
    assert await told(tmp_path) == ([], [])
    assert await writes() == before
    report = await export(tmp_path, style)
    assert (report.updated, report.unchanged, report.conflict) == (1, 1, 0)
    assert await export(tmp_path, style) == VaultReport(unchanged=2)
    assert await told(tmp_path) == ([], [])
    assert await state() == EDITED


async def test_newer_changes_in_the_store_are_kept_and_reported(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    change(tmp_path, *EDITS["obsidian"])
    await put_entry(
        edit(force=True),
        MOSS,
        EntryEdit(status="skipped", rating=None, tags=["2026", "to read", "here"]),
    )
    await put_note(edit(force=True, minutes=5), NOTE, NoteEdit(paper=MOSS, text="Written here."))
    changes, kept = await told(tmp_path)
    paper = f"{MOSS} “Mossy Pruning”"
    assert kept == [
        f"{paper}: the status stays skipped, as it was changed to here since; the file has read",
        f"{paper}: the rating stays none, as it was changed to here since; the file has 5",
    ]
    assert changes == [
        f"{paper}: tags +mine",
        f"{paper}: a note was changed here since; the file's is kept beside it: "
        "“Compare with *Candle*. - because”",
        f"{paper}: a note of 2026-03-05: “Ferns!” → “Ferns? # Moss!”",
    ]
    assert await state() == (
        "skipped",
        None,
        ["2026", "here", "mine", "to read"],
        "Written here.",
        "Ferns?\n# Moss!",
        3,
    )
    before = await writes()
    assert (await told(tmp_path))[0] == []
    assert await writes() == before
    text = (tmp_path / "Mossy Pruning.md").read_text()
    assert (
        await export(tmp_path)
    ).conflict == 0  # the file's text is a note now, and stands in our block
    assert "> - because" in text and "> - because" in (tmp_path / "Mossy Pruning.md").read_text()


async def test_an_edited_note_that_was_deleted_becomes_a_new_note(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    change(tmp_path, ("> Ferns!", "> Ferns?"))
    await delete_note(edit(force=True), QUOTING)
    assert [line.partition(": ")[2] for line in (await told(tmp_path))[0]] == [
        "a note was thrown away here since; the file's is kept beside it: “Ferns?”"
    ]
    assert sorted(note.text for note in (await moss()).notes) == [
        "Compare with *Candle*.\n\n- why?",
        "Ferns?",
    ]
    assert (await told(tmp_path))[0] == []


async def test_notes_in_the_file_of_a_day_are_imported(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path, per="day")
    change(tmp_path, ("> Ferns!", "> Ferns?"), name="Papers of 2026-03-05.md")
    assert len((await told(tmp_path))[0]) == 1
    assert (await state())[4] == "Ferns?"


async def test_edits_outside_of_the_notes_stay_in_the_file(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(
        tmp_path,
        ("# Mossy Pruning", "# My pruning"),
        ("title: ", "mine: 1\ntitle: "),
        ("> Ferns!", "> Ferns?"),
    )
    assert len((await told(tmp_path))[0]) == 1
    assert (await export(tmp_path)).conflict == 1
    assert "# My pruning" in (tmp_path / "Mossy Pruning.md").read_text()


async def test_an_edited_file_does_not_restore_a_deleted_entry(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    await delete_entry(edit(force=True), FERN)
    change(tmp_path, ("status: inbox", "status: read"), name="Fern Attention.md")
    _, [kept] = await told(tmp_path)
    assert "the status stays none, as it was changed to here since" in kept
    await export(tmp_path)
    assert (await read_paper(FERN, 1)).entry is None


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (
            "status: reading",
            "status: to-read",
            "the status “to-read” is none of none, inbox, reading, read, skipped",
        ),
        (
            "status: reading",
            "status: [a]",
            "the status “a” is none of none, inbox, reading, read, skipped",
        ),
        ("rating: 3", "rating: 11", "the rating “11” is none of 0 to 5"),
        ("rating: 3", "rating: [9]", "the rating “9” is none of 0 to 5"),
    ],
)
async def test_an_invalid_value_is_reported_and_ignored(
    filled: Config, tmp_path: Path, old: str, new: str, kept: str
) -> None:
    await export(tmp_path)
    change(tmp_path, (old, new))
    assert await told(tmp_path) == ([], [f"{MOSS} “Mossy Pruning”: {kept}"])
    assert await state() == UNTOUCHED


@pytest.mark.parametrize(
    ("old", "new", "tags"),
    [
        ('  - "to-read"\n', '  - "to-read"\n  - here\n', ["2026", "here", "rl/grpo", "to read"]),
        ('tags:\n  - "2026_"\n  - "rl/grpo"\n  - "to-read"\n', "tags: []\n", []),
        (
            'tags:\n  - "2026_"\n  - "rl/grpo"\n  - "to-read"\n',
            "tags: rl/grpo, fresh to-read\n",
            ["fresh", "rl/grpo", "to read"],
        ),
        ('tags:\n  - "2026_"\n  - "rl/grpo"\n  - "to-read"\n', "", ["2026", "rl/grpo", "to read"]),
        ('  - "to-read"\n', "  - to read\n", ["2026", "rl/grpo", "to read"]),
        ('  - "2026_"\n', "  - Wet-Bog\n", ["rl/grpo", "to read", "Wet Bog"]),
    ],
)
async def test_tags_are_imported_under_their_original_names(
    filled: Config, tmp_path: Path, old: str, new: str, tags: list[str]
) -> None:
    await put_entry(edit(force=True), FERN, EntryEdit(tags=["Wet Bog"]))
    await export(tmp_path)
    change(tmp_path, (old, new))
    await told(tmp_path)
    assert (await state())[2] == tags
    await export(tmp_path)
    assert await told(tmp_path) == ([], [])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text.replace("rating: 3", "rating: ["), "its front matter is not YAML"),
        (
            lambda text: re.sub("papermargin:begin.*", "x -->", text),
            "no marked block, or no key of a paper, any more",
        ),
        (
            lambda text: re.sub("<!-- papermargin:exported.*\n", "", text),
            "no longer says what was exported",
        ),
    ],
)
async def test_a_file_that_cannot_be_compared_is_a_one_line_error(
    filled: Config, tmp_path: Path, spoil: Callable[[str], str], reason: str
) -> None:
    await export(tmp_path)
    file = tmp_path / "Mossy Pruning.md"
    file.write_text(spoil(file.read_text()).replace("Ferns!", "Ferns?"))
    report = await import_file(file, 1)
    assert report.error and "\n" not in report.error
    assert reason in report.error
    assert await state() == UNTOUCHED


async def test_a_file_of_an_unknown_paper_is_reported(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(
        tmp_path,
        (f'paper_key: "{MOSS}"', 'paper_key: "2601.99999"'),
        ("status: reading", "status: read"),
    )
    assert await told(tmp_path) == ([], ["no paper '2601.99999' in the store"])


async def test_a_zipped_vault_is_imported(filled: Config) -> None:
    data = b"".join([piece async for piece in render_zip(read_papers(1))])
    with ZipFile(BytesIO(data)) as archive, ZipFile(sink := BytesIO(), "w") as edited:
        for name in archive.namelist():
            edited.writestr(name, archive.read(name).replace(b"status: reading", b"status: read"))
    report = await import_data(sink.getvalue(), "vault.zip", 1, datetime.now(UTC))
    assert (report.kind, report.papers, report.updated, report.error) == ("vault zip", 2, 1, None)
    assert (await state())[0] == "read"


@EACH
async def test_hostile_text_in_a_vault_is_imported_as_text(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    words = (
        "<script>alert(1)</script> [x](javascript:alert(1)) \u202eevil {{ 7*7 }} <% %> ../../etc %%"
    )
    await export(tmp_path, style)
    change(tmp_path, ("> Ferns!", f"> {words}"), ("rl/grpo", "=HYPERLINK-../../x"))
    await told(tmp_path)
    assert (await state())[4] == words
    assert (await export(tmp_path, style)).failed == 0
    assert {path.parent for path in find_files([str(tmp_path / "*"), str(tmp_path)])} == {tmp_path}
    assert await told(tmp_path) == ([], [])


async def test_a_change_during_the_import_is_an_error(
    filled: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def late(*arguments: Any) -> Any:
        plan = await planned(*arguments)
        await put_entry(edit(force=True), MOSS, EntryEdit(status="skipped"))
        return plan

    planned = plan_vault_changes
    monkeypatch.setattr("server.imports.files.plan_vault_changes", late)
    await export(tmp_path)
    change(tmp_path, ("status: reading", "status: read"))
    report = await import_file(tmp_path / "Mossy Pruning.md", 1)
    assert report.error == "it was changed in the meantime; `current` has its present state"
    assert (await state())[0] == "skipped"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE, HOSTILE, st.sampled_from([*STYLES]))
def test_any_edit_of_a_note_is_read_back(old: str, new: str, style: StyleName) -> None:
    page, layout = make_page(notes=[make_note(old)]), default_layout(style)
    exported, other = (render(make_page(notes=[make_note(text)]), layout) for text in (old, new))
    [ours], [theirs] = find_blocks(exported), find_blocks(other)
    edited = exported.replace(ours.content.rstrip("\n"), theirs.content.rstrip("\n"))
    [found] = read_edits(edited)
    plan = compare(found, page, ["to read"])
    same = plain_lines(old) == plain_lines(new)
    assert [wish.edit.text for wish in plan.notes] == ([] if same else [plain_lines(new)])
    assert (plan.entry, plan.kept, len(plan.changes)) == (EntryEdit(), [], 0 if same else 1)
    assert merge(edited, make_page(notes=[make_note(new)]), layout).text == other


async def test_an_unquoted_wikilink_is_a_tag(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, ("tags:\n", "tags:\n  - [[nested]]\n"))
    changes, kept = await told(tmp_path)
    assert (len(changes), kept) == (1, [])
    assert (await state())[2] == ["2026", "nested", "rl/grpo", "to read"]
    assert (await export(tmp_path)).conflict == 0
    assert await told(tmp_path) == ([], [])


@pytest.mark.parametrize("tags", ["  - proj: x\n", "  a: b\n"])
async def test_tags_that_are_not_a_list_are_reported_and_ignored(
    filled: Config, tmp_path: Path, tags: str
) -> None:
    await export(tmp_path)
    file = tmp_path / "Mossy Pruning.md"
    text = re.sub(r"tags:\n(?:  - .*\n)+", f"tags:\n{tags}", file.read_text())
    file.write_text(text)
    changes, [kept] = await told(tmp_path)
    assert changes == []
    assert "are no list of names" in kept
    assert (await state())[2] == ["2026", "rl/grpo", "to read"]
    await export(tmp_path)
    assert tags in file.read_text()


@pytest.mark.parametrize(
    ("status", "rating"),
    [("Read", "★★★★★"), ("[read]", "5/5"), ("[[read]]", '"5"'), ('"[[Read]]"', "★★★★★")],
)
async def test_common_spellings_of_status_and_rating_are_accepted(
    filled: Config, tmp_path: Path, status: str, rating: str
) -> None:
    await export(tmp_path)
    change(tmp_path, ("status: reading", f"status: {status}"), ("rating: 3", f"rating: {rating}"))
    assert (await told(tmp_path))[1] == []
    assert (await state())[:2] == ("read", 5)
    await export(tmp_path)
    assert await told(tmp_path) == ([], [])


async def test_a_due_date_is_written_edited_and_taken_out(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    file = tmp_path / "Mossy Pruning.md"
    assert "due:" not in file.read_text()
    await put_entry(edit(force=True), MOSS, EntryEdit(due=date(2026, 4, 1), queue=-2.0))
    await export(tmp_path)
    assert "queue: -2.0\ndue: 2026-04-01\n" in file.read_text()
    change(tmp_path, ("due: 2026-04-01", "due: 2026-04-09T10:00:00"))
    assert (await told(tmp_path))[1] == []
    assert (await read_entry(MOSS, 1)).due == date(2026, 4, 9)
    await export(tmp_path)
    assert await told(tmp_path) == ([], [])


async def test_a_due_date_reaches_a_head_that_was_edited(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, ("rating: 3\n", "rating: 3\nmood: good\n"))
    await export(tmp_path)
    await put_entry(edit(force=True), MOSS, EntryEdit(due=date(2026, 4, 1)))
    await export(tmp_path)
    text = (tmp_path / "Mossy Pruning.md").read_text()
    assert "mood: good\n" in text and "due: 2026-04-01\n" in text


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "[a, b]"])
async def test_a_due_date_that_is_none_is_told_and_stays(
    filled: Config, tmp_path: Path, day: str
) -> None:
    await put_entry(edit(force=True), MOSS, EntryEdit(due=date(2026, 4, 1)))
    await export(tmp_path)
    change(tmp_path, ("due: 2026-04-01", f"due: {day}"))
    changes, [kept] = await told(tmp_path)
    assert changes == [] and "is no day: write 2026-03-05" in kept
    assert (await read_entry(MOSS, 1)).due == date(2026, 4, 1)


async def test_a_file_with_a_blank_line_above_the_front_matter_is_found(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    file = tmp_path / "Mossy Pruning.md"
    file.write_text("\n" + file.read_text())
    assert (await export(tmp_path)).created == 0
    change(tmp_path, ("status: reading", "status: read"))
    await told(tmp_path)
    assert (await state())[0] == "read"


@pytest.mark.parametrize(("old", "new"), [("rl/grpo", "RL/GRPO"), ("to-read", "To-Read")])
async def test_a_tag_in_another_case_is_the_same_tag(
    filled: Config, tmp_path: Path, old: str, new: str
) -> None:
    await export(tmp_path)
    change(tmp_path, (f'- "{old}"', f'- "{new}"'))
    assert await told(tmp_path) == ([], [])
    assert (await state())[2] == ["2026", "rl/grpo", "to read"]


@pytest.mark.parametrize(
    "pairs",
    [
        [("> [!note] ", "> [!note]- ")],
        [("> [!note] ", "> [!tip] "), ("> [!quote] ", "> [!important]+ ")],
        [("\n## Abstract\n", "\n## Abstract\n\n\n")],
        [("\n## Notes\n", "\n## Notes \n")],
    ],
)
async def test_changed_callouts_and_spacing_are_not_edits(
    filled: Config, tmp_path: Path, pairs: list[tuple[str, str]]
) -> None:
    await export(tmp_path)
    change(tmp_path, *pairs)
    assert await told(tmp_path) == ([], [])
    assert (await export(tmp_path)).conflict == 0
    assert (tmp_path / "Mossy Pruning.md").read_text().count("papermargin:begin") == 1


async def test_an_edited_note_in_another_kind_of_callout_is_imported(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    change(tmp_path, ("> [!note] ", "> [!tip] "), ("> - why?", "> - because"))
    assert len((await told(tmp_path))[0]) == 1
    assert (await state())[3] == "Compare with *Candle*.\n\n- because"
    assert (await export(tmp_path)).conflict == 0


async def test_a_highlight_becomes_a_quote_once(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, ("ferns with LoRA", "==ferns with LoRA=="))
    changes, kept = await told(tmp_path)
    assert (len(changes), kept) == (1, [])
    quotes = [note.quote.exact for note in (await moss()).notes if note.quote]
    assert "ferns with LoRA" in quotes
    assert await told(tmp_path) == ([], [])
    assert (await export(tmp_path)).conflict == 0


async def test_edits_of_the_block_outside_of_notes_are_reported(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    change(tmp_path, ("\n## Notes\n", "\nMy own line.\n\n## Notes\n"))
    changes, [kept] = await told(tmp_path)
    assert changes == []
    assert "only the texts of its notes can be changed in the block" in kept
    await export(tmp_path)
    assert "My own line." in (tmp_path / "Mossy Pruning.md").read_text()


NEW_NOTES = {
    "obsidian": "> [!tip]- Idea\n> try *moss*\n> - again\n\n",
    "logseq": "\t- Idea\n\t  id:: 00000000-0000-0000-0000-00000000ffff\n\t  try *moss*\n",
    "plain": "### Idea\n\ntry *moss*\n\n",
}
HEADS = {"obsidian": "> [!note]", "logseq": "\t- Note, ", "plain": "### Note of"}


@EACH
async def test_a_note_that_was_written_into_the_block_is_a_new_note(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    await export(tmp_path, style)
    change(tmp_path, (HEADS[style], NEW_NOTES[style] + HEADS[style]))
    changes, kept = await told(tmp_path)
    assert [line.partition("”: ")[2][:14] for line in changes] == ["a new note: “I"], kept
    notes = (await read_paper(MOSS, 1)).notes
    [text] = [note.text for note in notes if note.id not in (NOTE, QUOTING)]
    assert text.split()[:2] == ["Idea", "try"] and "::" not in text
    assert (await export(tmp_path, style)).conflict == 0
    assert await told(tmp_path) == ([], [])
    assert (await export(tmp_path, style)).unchanged == 2


@EACH
async def test_a_note_that_was_taken_out_of_the_block_goes_to_the_trash(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    await export(tmp_path, style)
    file = tmp_path / "Mossy Pruning.md"
    text = file.read_text()
    [block] = find_blocks(text)
    note = next(note for note in find_notes(block.content) if note.id == NOTE)
    file.write_text(text.replace(block.content[note.begin : note.stop], ""))
    changes, kept = await told(tmp_path, preview=True)
    assert len(changes) == 1 and "goes to the trash: “Compare" in changes[0], kept
    assert len((await read_paper(MOSS, 1)).notes) == 2
    [report] = [report for report in await bring(tmp_path) if report.changes]
    assert [each.id for each in (await read_trash(1)).notes] == [NOTE]
    assert (await export(tmp_path, style)).conflict == 0
    assert report.import_id is not None
    await undo_import(1, report.import_id, datetime.now(UTC))
    assert len((await read_paper(MOSS, 1)).notes) == 2


async def test_a_callout_without_its_id_is_the_same_note(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, (f"\n^n-{NOTE}\n", ""))
    assert (await told(tmp_path))[0] == []
    assert len((await read_paper(MOSS, 1)).notes) == 2


@EACH
@pytest.mark.parametrize("spoil", ["no key", "no head"])
async def test_a_file_is_found_by_its_block_whatever_happens_to_its_head(
    filled: Config, tmp_path: Path, style: StyleName, spoil: str
) -> None:
    await export(tmp_path, style)
    file = tmp_path / "Mossy Pruning.md"
    text = file.read_text()
    start = re.search(r"^(?:- )?<!-- papermargin:begin", text, re.MULTILINE)
    assert start
    if spoil == "no head":
        text = "mine\n\n" + text[start.start() :]
    else:
        text = re.sub("paper[_-]key", "key", text)
    file.write_text(text.replace("Ferns!", "Ferns?"))
    assert len((await told(tmp_path))[0]) == 1
    assert (await read_paper(MOSS, 1)).notes[1].text == "Ferns?"
    report = await export(tmp_path, style)
    assert (report.created, report.conflict, report.kept) == (0, 0, 0)
    assert len([*find_files([str(tmp_path)])]) == 2
    assert ("mine\n\n" in file.read_text()) == (spoil == "no head")


@EACH
async def test_code_of_an_imported_note_reaches_no_vault_and_is_not_changed(
    filled: Config, tmp_path: Path, style: StyleName
) -> None:
    code = "```dataviewjs\nx\n```\n<% tp.x %>"
    annotation = {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "type": "Annotation",
        "body": [{"type": "TextualBody", "value": f"From a file.\n{code}"}],
        "target": {"source": f"https://arxiv.org/abs/{MOSS}"},
    }
    await import_data(json.dumps([annotation]).encode(), "notes.jsonld", 1, datetime.now(UTC))
    [note] = [note for note in (await moss()).notes if "From a file." in note.text]
    assert note.source == "import"
    await export(tmp_path, style)
    file = tmp_path / "Mossy Pruning.md"
    assert "```dataviewjs" not in file.read_text() and "<%" not in file.read_text()
    assert await told(tmp_path) == ([], [])
    change(tmp_path, ("From a file.", "Edited by hand."))
    await bring(tmp_path)
    [note] = [note for note in (await moss()).notes if "Edited by hand." in note.text]
    assert (note.text, note.source) == (f"Edited by hand.\n{code}", "import")
    await export(tmp_path, style)
    assert "<%" not in file.read_text()


async def test_a_note_that_was_added_in_a_vault_is_known_as_such(
    filled: Config, tmp_path: Path
) -> None:
    await export(tmp_path)
    change(tmp_path, ("# Notes\n", "# Notes\n\n> [!note] 2026-06-03\n> Written in the vault.\n"))
    await bring(tmp_path)
    [note] = [note for note in (await moss()).notes if "Written in the vault." in note.text]
    assert note.source == "vault"
