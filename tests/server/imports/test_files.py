"""The import of notes and tags from other tools: it is repeatable and overwrites nothing."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest

from server.config import Config
from server.database.connection import fetch
from server.exports.formats import FORMATS, FormatName
from server.imports.files import find_files, import_data, import_file
from server.papers.list import read_papers
from server.papers.page import read_paper
from server.reading_list.entries import put_entry
from server.reading_list.notes import delete_note, put_note
from server.schema.api import FileReport
from server.schema.reading_list import EntryEdit, NoteEdit, NoteState
from tests.server.imports.formats.test_annotations import annotation, memory, row
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = pytest.mark.anyio

MOSSY, FERNY = f"https://arxiv.org/abs/{MOSS}", f"https://arxiv.org/abs/{FERN}"


def hypothesis(**fields: Any) -> list[dict[str, Any]]:
    return [row(uri=MOSSY, **fields)]


async def take(value: Any, user: int = 1, **options: Any) -> FileReport:
    return await import_data(json.dumps(value).encode(), "file.json", user, NOW, **options)


async def notes_on(key: str = MOSS, user: int = 1) -> list[NoteState]:
    notes = (await read_paper(key, user)).notes
    return sorted(notes, key=lambda note: (note.created, note.id))


async def texts_on(key: str = MOSS, user: int = 1) -> list[str]:
    return [note.text for note in await notes_on(key, user)]


async def writes() -> int:
    return int((await fetch("SELECT writes FROM clock"))[0]["writes"])


async def test_annotations_become_notes_and_tags_with_their_original_dates(
    store: Config,
) -> None:
    await take_in_two()
    report = await take(hypothesis())
    assert (report.kind, report.papers, report.new, report.notes, report.error) == (
        "Hypothesis",
        1,
        0,
        1,
        None,
    )
    [note] = await notes_on()
    assert (note.text, note.quote and note.quote.exact) == ("Do *all* of them?", "kettles sing")
    assert f"{note.created:%Y-%m-%d}" == "2026-05-02"
    entry = (await read_paper(MOSS, 1)).entry
    assert entry and (entry.status, entry.tags) == ("inbox", ["kettles"])


@pytest.mark.parametrize(
    "value",
    [hypothesis(), annotation(target=MOSSY), {"__dataVersion": 1, "a": memory(pdfLink=MOSSY)}],
    ids=["Hypothesis", "Web Annotations", "PaperMemory"],
)
async def test_a_second_import_changes_nothing(store: Config, value: Any) -> None:
    await take_in_two()
    assert (await take(value)).notes == 1
    changes = await fetch("SELECT COUNT(*) AS n FROM change")
    again = await take(value)
    assert (again.papers, again.new, again.updated, again.notes) == (1, 0, 0, 0)
    assert [*map(tuple, await fetch("SELECT COUNT(*) AS n FROM change"))] == [*map(tuple, changes)]


async def test_a_paper_of_papermemory_enters_the_list_with_its_original_date(store: Config) -> None:
    await take({"__dataVersion": 1, "a": memory(tags=[], note="", favorite=False)})
    entry = (await read_paper("2608.00001", 1)).entry
    assert entry and (entry.status, entry.added.isoformat()[:10]) == ("inbox", "2025-08-29")


async def test_a_preview_reports_the_import_and_writes_nothing(store: Config) -> None:
    await take_in_two()
    before = await writes()
    for value in (hypothesis(), annotation(target=MOSSY), {"__dataVersion": 1, "a": memory()}):
        report = await take(value, preview=True)
        assert (report.papers, report.notes) == (1, 1)
    assert await writes() == before


async def test_a_note_changed_only_at_its_source_is_updated(
    store: Config,
) -> None:
    await take_in_two()
    await take(hypothesis())
    newer = hypothesis(text="None of them.", updated="2026-06-01T08:30:00Z")
    assert (await take(newer)).notes == 1
    assert (await take(newer)).notes == (await take(hypothesis())).notes == 0
    assert await texts_on() == ["None of them."]
    [note] = await notes_on()
    earlier = await fetch("SELECT text FROM revision")
    assert (note.version, [row["text"] for row in earlier]) == (2, ["Do *all* of them?"])


async def test_a_note_changed_on_both_sides_is_kept_in_both_versions(store: Config) -> None:
    await take_in_two()
    await take(hypothesis())
    [note] = await notes_on()
    await put_note(edit(1), note.id, NoteEdit(paper=MOSS, text="Mine by now."))
    newer = hypothesis(text="None of them.", updated="2026-06-01T08:30:00Z")
    assert [(await take(newer)).notes for _ in range(2)] == [1, 0]
    assert sorted(await texts_on()) == ["Mine by now.", "None of them."]


async def test_a_deleted_note_is_not_imported_again(store: Config) -> None:
    await take_in_two()
    await take(hypothesis())
    [note] = await notes_on()
    await delete_note(edit(force=True), note.id)
    assert (await take(hypothesis(text="Newer.", updated="2026-06-01T08:30:00Z"))).notes == 0
    assert await texts_on() == []


LIST = "<ul><li>a</li><li>[ ] <b>b</b></li></ul>"
FORMERLY = "a\n[ ] b"  # as earlier versions read it, and as this one reads a note that is no HTML


def zotero(note: str) -> dict[str, Any]:
    child = {"itemType": "note", "note": note}
    return {"items": [{"itemType": "preprint", "title": "Moss", "url": MOSSY, "notes": [child]}]}


def body(value: str, media: str, **fields: Any) -> dict[str, Any]:
    return annotation(target=MOSSY, body={"value": value, "format": media}, **fields)


EARLIER = pytest.mark.parametrize(
    ("before", "now"),
    [
        (zotero(FORMERLY), zotero(LIST)),
        (body(FORMERLY, "text/plain"), body(LIST, "text/html")),
    ],
    ids=["without an id", "with an id"],
)


@EARLIER
async def test_a_note_that_came_in_when_lists_were_mere_lines_is_recognized(
    store: Config, before: Any, now: Any
) -> None:
    await take_in_two()
    assert (await take(before)).notes == 1
    assert (await take(now)).notes == 0
    [note] = await notes_on()
    assert (note.text, note.version) == (FORMERLY, 1)
    await put_note(edit(1), note.id, NoteEdit(paper=MOSS, text="Mine by now."))
    assert (await take(now)).notes == 0
    assert await texts_on() == ["Mine by now."]


@EARLIER
async def test_a_note_that_came_in_when_lists_were_mere_lines_stays_in_the_trash(
    store: Config, before: Any, now: Any
) -> None:
    await take_in_two()
    await take(before)
    [note] = await notes_on()
    await delete_note(edit(force=True), note.id)
    assert (await take(now)).notes == 0
    assert await texts_on() == []


async def test_a_second_version_that_came_in_when_lists_were_mere_lines_is_recognized(
    store: Config,
) -> None:
    await take_in_two()
    await take(body("First.", "text/plain"))
    [note] = await notes_on()
    await put_note(edit(1), note.id, NoteEdit(paper=MOSS, text="Mine by now."))
    assert (await take(body(FORMERLY, "text/plain"))).notes == 1
    assert (await take(body(LIST, "text/html"))).notes == 0
    assert sorted(await texts_on()) == ["Mine by now.", FORMERLY]


async def test_a_new_note_in_html_keeps_its_list_and_comes_in_once(store: Config) -> None:
    await take_in_two()
    assert [(await take(zotero(LIST))).notes for _ in range(2)] == [1, 0]
    assert await texts_on() == ["- a\n- [ ] b"]


async def test_each_user_of_a_store_gets_their_own_notes(store: Config) -> None:
    await take_in_two()
    ada = await second_user()
    assert [(await take(hypothesis(), user)).notes for user in (1, ada, ada)] == [1, 1, 0]
    assert await texts_on(user=1) == await texts_on(user=ada) == ["Do *all* of them?"]


async def test_a_note_whose_id_is_taken_on_another_paper_overwrites_nothing(store: Config) -> None:
    await take_in_two()
    await put_note(edit(0), UUID(int=5), NoteEdit(paper=FERN, text="moist"))
    value = annotation(id=UUID(int=5).urn, target=MOSSY)
    assert [(await take(value)).notes for _ in range(2)] == [1, 0]
    assert (await texts_on(FERN), await texts_on(MOSS)) == (["moist"], ["Whistles."])


async def test_values_that_no_store_accepts_are_reported_and_the_rest_is_imported(
    store: Config,
) -> None:
    rows = [*hypothesis(tags=["x" * 101, "good"]), row(id="b", uri=MOSSY, text="é" * 500_001)]
    report = await take(rows)
    assert report.skipped == [
        f"“{MOSS}”: “{'x' * 40}” cannot be a tag",
        f"“{MOSS}”: a note of more than 1,000,000 bytes",
    ]
    entry = (await read_paper(MOSS, 1)).entry
    assert (report.notes, entry and entry.tags) == (1, ["good", "kettles"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"rows": [{"uri": "x", "target": []', "the JSON is cut off"),
        (b'{"rows": [{"uri": "https://example.org", "target": []}]}', "is the address of no paper"),
        (b'{"__dataVersion": 1, "a": 7}', "expected an object, found int"),
        (b"PK\x03\x04 not a zip", "the zip cannot be read"),
        (
            f"<!-- papermargin:begin {0:032} -->".encode(),
            "no marked block, or no key of a paper, any more",
        ),
    ],
)
async def test_invalid_input_is_a_one_line_error_and_writes_nothing(
    store: Config, data: bytes, told: str
) -> None:
    before = await writes()
    report = await import_data(data, "file", 1, NOW)
    assert told in str(report.error)
    assert "\n" not in str(report.error)
    assert await writes() == before


async def test_only_exported_files_of_a_vault_folder_are_found(
    store: Config, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    (vault / ".obsidian").mkdir(parents=True)
    for name, text in (
        (".obsidian/app.json", "{}"),
        ("mine.md", "# mine"),
        ("refs.bib", "@misc{a, title={A}}"),
    ):
        (vault / name).write_text(text)
    assert [file.name for file in find_files([str(vault)])] == ["mine.md", "refs.bib"]
    (vault / "Moss.md").write_text(f"<!-- papermargin:begin {0:032} -->")
    assert [file.name for file in find_files([str(vault)])] == ["Moss.md"]
    assert (await import_file(tmp_path / "gone.md", 1)).error == "No such file or directory"


async def test_a_zip_without_a_vault_is_refused(store: Config) -> None:
    with ZipFile(sink := BytesIO(), "w") as archive:
        archive.writestr("mine.md", "# mine")
    assert (await import_data(sink.getvalue(), "x.zip", 1, NOW)).error == (
        "the zip has no file of a vault that Papermargin wrote"
    )


async def test_a_new_paper_is_created_and_filled_by_later_sources(store: Config) -> None:
    assert (await take(hypothesis())).new == 1
    await take_in(source(MOSS, "Mossy Pruning", observed=NOW + timedelta(days=1)))
    assert (await read_paper(MOSS, 1)).title == "Mossy Pruning"
    assert await texts_on() == ["Do *all* of them?"]


@pytest.mark.parametrize("form", ["bibtex", "ris", "csl", "webannotation"])
async def test_notes_and_tags_are_imported_from_the_formats_of_other_tools(
    store: Config, form: FormatName
) -> None:
    await take_in_two()
    await put_entry(edit(0), MOSS, EntryEdit(tags=["rl/grpo", "to read"]))
    await put_note(
        edit(0),
        UUID(int=5),
        NoteEdit(paper=MOSS, text="Loud & *clear*: 100 % {of} $x_1$\n\nTwice."),
    )
    data = b"".join([piece async for piece in FORMATS[form].render(read_papers(1))])
    ada = await second_user()
    reports = [await import_data(data, "file", ada, NOW) for _ in range(2)]
    assert [(report.papers, report.notes, report.error) for report in reports] == [
        (1, 1, None),
        (1, 0, None),
    ]
    page = await read_paper(MOSS, ada)
    assert page.entry and page.entry.tags == ["rl/grpo", "to read"]
    assert [" ".join(note.text.split()) for note in page.notes] == [
        "Loud & *clear*: 100 % {of} $x_1$ Twice."
    ]
