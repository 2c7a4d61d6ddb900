"""A vault that a person edited comes back: what they changed, and nothing over what was changed here since."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import intake
from server.config import Config
from server.export.layout import default_layout
from server.export.markdown import merge, render
from server.export.marks import find_blocks
from server.export.reading import read_edits
from server.export.styles import STYLES, plain_lines
from server.export.vault import Plan, VaultReport, write_vault
from server.export.zipping import render_zip
from server.homing import compare
from server.intake import find_files, import_data, import_file
from server.library import delete_entry, delete_note, put_entry, put_note
from server.papers import read_paper, read_papers
from server.quote import Quote
from server.store import fetch
from server.wire import EntryEdit, FileReport, NoteEdit, PaperPage, StyleName
from tests.server.export.pages import HOSTILE, make_note, make_page
from tests.server.material import FERN, MOSS, edit, take_in_two

pytestmark = pytest.mark.anyio

NOTE, QUOTING = UUID(int=1), UUID(int=2)
EACH = pytest.mark.parametrize("style", STYLES)


@pytest.fixture
async def filled(store: Config) -> AsyncIterator[Config]:
    """A store with two papers in the list, one with two notes."""
    await take_in_two()
    await put_entry(edit(0), MOSS, EntryEdit(status="reading", rating=3, tags=["to read", "rl/grpo", "2026"]))
    await put_entry(edit(0), FERN, EntryEdit())
    await put_note(edit(0), NOTE, NoteEdit(paper=MOSS, text="Compare with *Candle*.\n\n- why?"))
    await put_note(edit(0, minutes=1), QUOTING, NoteEdit(paper=MOSS, text="Ferns!", quote=Quote(exact="prune ferns")))
    yield store


async def export(vault: Path, style: StyleName = "obsidian", **plan: Any) -> VaultReport:
    return await write_vault(vault, read_papers(1), Plan(layout=default_layout(style), **plan))


async def bring(vault: Path, *, preview: bool = False) -> list[FileReport]:
    return [await import_file(file, 1, preview=preview) for file in find_files([str(vault)])]


async def told(vault: Path, *, preview: bool = False) -> tuple[list[str], list[str]]:
    reports = await bring(vault, preview=preview)
    assert [report.error for report in reports if report.error] == []
    return [line for report in reports for line in report.changes], [line for r in reports for line in r.skipped]


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
    return page.entry.status, page.entry.rating, page.entry.tags, notes.get(NOTE), notes.get(QUOTING), len(notes)


async def writes() -> int:
    return int((await fetch("SELECT writes FROM clock"))[0]["writes"])


UNTOUCHED = ("reading", 3, ["2026", "rl/grpo", "to read"], "Compare with *Candle*.\n\n- why?", "Ferns!", 2)
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
EDITED = ("read", 5, ["2026", "mine", "to read"], "Compare with *Candle*.\n\n- because", "Ferns?\n# Moss!", 2)


@EACH
async def test_an_untouched_vault_changes_nothing(filled: Config, tmp_path: Path, style: StyleName) -> None:
    for per in ("paper", "day"):
        await export(tmp_path / per, style, per=per)
        before = await writes()
        assert await told(tmp_path / per) == ([], [])
        assert await writes() == before


@EACH
async def test_what_the_person_changed_comes_back_after_a_preview(
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
        f"{paper}: a note of 2026-03-05: “Compare with *Candle*. - why?” → “Compare with *Candle*. - because”",
        f"{paper}: a note of 2026-03-05: “Ferns!” → “Ferns? # Moss!”",
    ]
    assert (kept, await state()) == ([], UNTOUCHED)
    assert await told(tmp_path) == (changes, [])
    assert await state() == EDITED
    quoting = next(note for note in (await moss()).notes if note.id == QUOTING)
    assert quoting.quote == Quote(exact="prune ferns")


@EACH
async def test_a_second_import_changes_nothing_and_the_next_export_agrees(
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


async def test_what_was_changed_here_since_stays_and_is_told(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, *EDITS["obsidian"])
    await put_entry(edit(force=True), MOSS, EntryEdit(status="skipped", rating=None, tags=["2026", "to read", "here"]))
    await put_note(edit(force=True, minutes=5), NOTE, NoteEdit(paper=MOSS, text="Written here."))
    changes, kept = await told(tmp_path)
    paper = f"{MOSS} “Mossy Pruning”"
    assert kept == [
        f"{paper}: the status stays skipped, as it was changed to here since; the file has read",
        f"{paper}: the rating stays none, as it was changed to here since; the file has 5",
    ]
    assert changes == [
        f"{paper}: tags +mine",
        f"{paper}: a note was changed here since; the file's is kept beside it: “Compare with *Candle*. - because”",
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
    assert (await export(tmp_path)).conflict == 0  # the file's text is a note now, and stands in our block
    assert "> - because" in text and "> - because" in (tmp_path / "Mossy Pruning.md").read_text()


async def test_a_note_that_was_thrown_away_since_comes_back_as_another(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, ("> Ferns!", "> Ferns?"))
    await delete_note(edit(force=True), QUOTING)
    assert [line.partition(": ")[2] for line in (await told(tmp_path))[0]] == [
        "a note was thrown away here since; the file's is kept beside it: “Ferns?”"
    ]
    assert sorted(note.text for note in (await moss()).notes) == ["Compare with *Candle*.\n\n- why?", "Ferns?"]
    assert (await told(tmp_path))[0] == []


async def test_notes_in_the_file_of_a_day_come_back_too(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path, per="day")
    change(tmp_path, ("> Ferns!", "> Ferns?"), name="Papers of 2026-03-05.md")
    assert len((await told(tmp_path))[0]) == 1
    assert (await state())[4] == "Ferns?"


async def test_an_edit_outside_the_notes_is_left_to_the_person(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, ("# Mossy Pruning", "# My pruning"), ("title: ", "mine: 1\ntitle: "), ("> Ferns!", "> Ferns?"))
    assert len((await told(tmp_path))[0]) == 1
    assert (await export(tmp_path)).conflict == 1
    assert "# My pruning" in (tmp_path / "Mossy Pruning.md").read_text()


async def test_a_paper_outside_the_list_comes_into_it_by_its_file(filled: Config, tmp_path: Path) -> None:
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
        ("status: reading", "status: to-read", "the status “to-read” is none of none, inbox, reading, read, skipped"),
        ("status: reading", "status: [a]", "the status “['a']” is none of none, inbox, reading, read, skipped"),
        ("rating: 3", "rating: 11", "the rating “11” is none of 0 to 5"),
        ("rating: 3", "rating: [1]", "the rating “['1']” is none of 0 to 5"),
    ],
)
async def test_a_value_that_is_none_is_told_and_left(
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
async def test_tags_come_back_under_their_own_names(
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
        (lambda text: re.sub("papermargin:begin.*", "x -->", text), "expected a kind of file that holds papers"),
        (lambda text: re.sub("<!-- papermargin:exported.*\n", "", text), "no longer says what was exported"),
        (lambda text: text.replace("paper_key", "key"), "no key of a paper"),
    ],
)
async def test_a_file_that_cannot_be_compared_is_one_clear_line(
    filled: Config, tmp_path: Path, spoil: Callable[[str], str], reason: str
) -> None:
    await export(tmp_path)
    file = tmp_path / "Mossy Pruning.md"
    file.write_text(spoil(file.read_text()).replace("Ferns!", "Ferns?"))
    report = await import_file(file, 1)
    assert report.error and "\n" not in report.error
    assert reason in report.error
    assert await state() == UNTOUCHED


async def test_a_file_of_a_paper_that_is_not_here_is_told(filled: Config, tmp_path: Path) -> None:
    await export(tmp_path)
    change(tmp_path, (f'paper_key: "{MOSS}"', 'paper_key: "2601.99999"'), ("status: reading", "status: read"))
    assert await told(tmp_path) == ([], ["no paper '2601.99999' in the store"])


async def test_a_zipped_vault_comes_back_as_well(filled: Config) -> None:
    data = b"".join([piece async for piece in render_zip(read_papers(1))])
    with ZipFile(BytesIO(data)) as archive, ZipFile(sink := BytesIO(), "w") as edited:
        for name in archive.namelist():
            edited.writestr(name, archive.read(name).replace(b"status: reading", b"status: read"))
    report = await import_data(sink.getvalue(), "vault.zip", 1, datetime.now(UTC))
    assert (report.kind, report.papers, report.updated, report.error) == ("vault zip", 2, 1, None)
    assert (await state())[0] == "read"


@EACH
async def test_hostile_words_in_a_vault_come_back_as_words(filled: Config, tmp_path: Path, style: StyleName) -> None:
    words = "<script>alert(1)</script> [x](javascript:alert(1)) \u202eevil {{ 7*7 }} <% %> ../../etc %%"
    await export(tmp_path, style)
    change(tmp_path, ("> Ferns!", f"> {words}"), ("rl/grpo", "=HYPERLINK-../../x"))
    await told(tmp_path)
    assert (await state())[4] == words
    assert (await export(tmp_path, style)).failed == 0
    assert {path.parent for path in find_files([str(tmp_path / "*"), str(tmp_path)])} == {tmp_path}
    assert await told(tmp_path) == ([], [])


async def test_of_two_who_write_at_once_the_second_is_told(
    filled: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def late(*arguments: Any) -> Any:
        plan = await planned(*arguments)
        await put_entry(edit(force=True), MOSS, EntryEdit(status="skipped"))
        return plan

    planned = intake.plan_homecoming
    monkeypatch.setattr(intake, "plan_homecoming", late)
    await export(tmp_path)
    change(tmp_path, ("status: reading", "status: read"))
    report = await import_file(tmp_path / "Mossy Pruning.md", 1)
    assert report.error == "it was changed in the meantime; `current` is how it stands"
    assert (await state())[0] == "skipped"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE, HOSTILE, st.sampled_from([*STYLES]))
def test_whatever_a_note_becomes_in_a_file_it_comes_back_as_that(old: str, new: str, style: StyleName) -> None:
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
