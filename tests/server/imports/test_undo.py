"""An import is undone as a whole, without what the user wrote since."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from server.config import Config
from server.database.models.imports import Citation, Import
from server.database.models.papers import Alias, Paper
from server.database.models.reading_list import Note, Tag
from server.errors import Invalid, NotFound
from server.identifiers import title_key
from server.imports.files import import_data
from server.imports.steps import describe_changes
from server.imports.undo import list_imports, undo_import
from server.papers.page import read_paper
from server.reading_list.entries import put_entry, read_entry
from server.reading_list.notes import list_notes, put_note, read_note
from server.reading_list.tags import list_tags
from server.schema.api import FileReport
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.imports import EntrySaved, ImportUndone
from server.schema.papers import PaperPage
from server.schema.reading_list import EntryEdit, EntryState, NoteEdit, Plan
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

BIB = r"""@article{tea2024, title={Tea}, author={Doe, Jane}, year={2024}, eprint={2401.00001},
  keywords={hot}, annote={mine}}
@article{pot2024, title={Pots}, year={2024}, keywords={hot, clay}}
"""


async def bring(text: str, name: str = "refs.bib") -> FileReport:
    report = await import_data(text.encode(), name, 1, NOW)
    assert report.error is None
    return report


async def undo(number: int | None, user: int = 1) -> ImportUndone:
    assert number is not None
    return await undo_import(user, number, datetime.now(UTC))


async def page_of(key: str) -> PaperPage:
    return await read_paper(key, 1)


async def test_what_an_import_made_is_gone_after_its_undo() -> None:
    report = await bring(BIB)
    [state] = await list_imports(1, datetime.now(UTC))
    assert (state.files, state.new, state.entries, state.notes) == (["refs.bib"], 2, 2, 1)
    undone = await undo(report.import_id)
    assert undone.kept == []
    assert await Paper.all().count() == await Note.all().count() == 0
    assert await Citation.all().count() == await Tag.all().count() == 0
    assert (await bring(BIB)).notes == 1


async def test_fields_that_an_import_filled_are_as_they_were() -> None:
    await take_in(source(MOSS, "Moss", richness="bibliography", observed=NOW - timedelta(days=9)))
    before = await page_of(MOSS)
    report = await bring(f"@misc{{k, title={{Mossy}}, abstract={{On moss.}}, eprint={{{MOSS}}}}}")
    filled = await page_of(MOSS)
    assert (filled.title, filled.sources["abstract"]) == ("Mossy", "BibTeX")
    assert (await undo(report.import_id)).kept == []
    assert await page_of(MOSS) == before


async def test_what_hugging_face_told_before_an_import_is_back() -> None:
    await take_in(source(MOSS, "Moss", hugging_face=HuggingFaceFacts(stars=1, observed=NOW)))
    before = await page_of(MOSS)
    paper = {"id": MOSS, "title": "Moss", "ai_summary": "It is damp.", "githubStars": 5}
    report = await bring(json.dumps([{"paper": paper}]), "day.json")
    filled = (await page_of(MOSS)).hugging_face
    assert filled and (filled.summary, filled.stars) == ("It is damp.", 5)
    assert (await undo(report.import_id)).kept == []
    assert await page_of(MOSS) == before


async def test_a_value_that_another_source_changed_since_stays() -> None:
    await take_in(source(MOSS, "Moss", richness="ids"))
    report = await bring(f"@misc{{k, title={{Mossy}}, abstract={{On moss.}}, eprint={{{MOSS}}}}}")
    await take_in(source(MOSS, "Mossy Pruning", richness="huggingface"))
    undone = await undo(report.import_id)
    assert undone.kept == [f"{MOSS}: title changed since"]
    assert ((await page_of(MOSS)).title, (await page_of(MOSS)).abstract) == ("Mossy Pruning", "")


async def test_notes_tags_and_status_that_the_user_wrote_since_stay() -> None:
    report = await bring(BIB)
    entry = await read_entry("2401.00001", 1)
    wanted = EntryEdit(status="read", tags=["hot", "own"])
    await put_entry(edit(entry.version), "2401.00001", wanted)
    pots = title_key("Pots")
    own = uuid4()
    await put_note(edit(0), own, NoteEdit(paper=pots, text="mine"))
    await undo(report.import_id)
    kept = await read_entry("2401.00001", 1)
    assert (kept.status, kept.tags) == ("read", ["own"])
    assert (await read_note(own, 1)).text == "mine"
    assert (await read_entry(pots, 1)).tags == []
    assert [tag.name for tag in await list_tags(1)] == ["own"]


async def test_an_edited_note_stays_and_another_goes() -> None:
    report = await bring(BIB)
    [note] = (await list_notes(1, "", None, 10)).notes
    await put_note(edit(note.version), note.id, NoteEdit(paper=note.key, text="mine, and more"))
    undone = await undo(report.import_id)
    assert undone.kept[0] == "2401.00001: a note was edited since, and stays"
    assert (await read_note(note.id, 1)).text == "mine, and more"
    assert (await page_of("2401.00001")).title == "Tea"


async def test_an_entry_that_was_there_loses_only_what_the_import_added() -> None:
    await take_in_two()
    before = await put_entry(edit(0), MOSS, EntryEdit(status="reading", tags=["own"]))
    report = await bring(
        f"@misc{{k, title={{x}}, eprint={{{MOSS}}}, keywords={{new}}, ranking={{4}}}}"
    )
    taken = await read_entry(MOSS, 1)
    assert (taken.tags, taken.rating) == (["new", "own"], 4)
    await undo(report.import_id)
    after = await read_entry(MOSS, 1)
    assert (after.status, after.rating, after.tags) == (before.status, None, ["own"])


async def test_an_id_that_an_import_brought_is_taken_back() -> None:
    await take_in(source(None, "Moss", richness="capture"))
    key = title_key("Moss")
    await put_note(edit(0), uuid4(), NoteEdit(paper=key, text="mine"))
    report = await bring(f"@misc{{k, title={{Moss}}, eprint={{{MOSS}}}}}")
    assert report.changes == [f"“Moss” gets the arXiv id {MOSS}; it was known by its title"]
    await undo(report.import_id)
    assert await Alias.all().count() == 0
    assert [note.text for note in (await page_of(key)).notes] == ["mine"]


async def test_papers_that_an_import_merged_are_two_again_with_what_was_on_each() -> None:
    await take_in(source(None, "Moss", richness="capture"), source(MOSS, "On moss"))
    key = title_key("Moss")
    for place, text, tag in ((key, "on the title", "a"), (MOSS, "on the id", "b")):
        await put_note(edit(0), uuid4(), NoteEdit(paper=place, text=text))
        version = (await read_entry(place, 1)).version
        await put_entry(edit(version), place, EntryEdit(status="read", tags=[tag]))
    before = [await page_of(place) for place in (key, MOSS)]
    report = await bring(f"@misc{{k, title={{Moss}}, eprint={{{MOSS}}}}}")
    assert report.changes == [f"“Moss” ({key}) becomes one with {MOSS} “On moss”"]
    assert len((await page_of(MOSS)).notes) == 2
    assert (await undo(report.import_id)).kept == []
    for old, new in zip(before, [await page_of(place) for place in (key, MOSS)], strict=True):
        assert (new.title, new.aliases, new.notes) == (old.title, old.aliases, old.notes)
        assert old.entry and new.entry
        assert (new.entry.status, new.entry.tags) == (old.entry.status, old.entry.tags)


async def test_what_hugging_face_tells_of_a_paper_made_anew_is_found_again() -> None:
    await take_in(source(None, "Moss", richness="capture"), source(MOSS, "On moss"))
    facts = HuggingFaceFacts(summary="Pruned.", stars=7, observed=NOW)
    await Paper.filter(key=title_key("Moss")).update(hugging_face=facts, summarized=True, stars=7)
    report = await bring(f"@misc{{k, title={{Moss}}, eprint={{{MOSS}}}}}")
    await undo(report.import_id)
    paper = await Paper.get(key=title_key("Moss"))
    assert (paper.hugging_face, paper.summarized, paper.stars) == (facts, True, 7)


async def test_json_lines_fill_in_what_a_plan_lacks() -> None:
    await take_in(source(MOSS, "Moss"))
    due = date(2026, 3, 5)
    await put_entry(edit(0), MOSS, EntryEdit(queue=1.5, due=due))
    line = msgspec.json.encode(await page_of(MOSS)).decode()
    await put_entry(edit(1), MOSS, EntryEdit(queue=None, due=date(2026, 3, 9)))
    report = await bring(line, "export.jsonl")
    assert (await read_entry(MOSS, 1)).plan == Plan(1.5, None, date(2026, 3, 9))
    await undo(report.import_id)
    assert (await read_entry(MOSS, 1)).queue is None
    far = line.replace('"queue":1.5', '"queue":1e300')
    assert "“queue” was left out" in (await bring(far, "far.jsonl")).skipped[0]


async def test_a_preview_shows_before_and_after_and_changes_nothing() -> None:
    await take_in(source(MOSS, "Moss", richness="ids"), source(None, "Fern", richness="capture"))
    await put_entry(edit(0), MOSS, EntryEdit(status="inbox"))
    text = (
        f"@misc{{k, title={{Mossy}}, eprint={{{MOSS}}}, keywords={{new}}}}"
        f"@misc{{f, title={{Fern}}, eprint={{{FERN}}}}}@misc{{n, title={{New}}}}"
    )
    report = await import_data(text.encode(), "refs.bib", 1, NOW, preview=True)
    assert report.changes == [
        f"“Fern” gets the arXiv id {FERN}; it was known by its title",
        f"{MOSS} “Mossy”: title “Moss” → “Mossy”",
        f"{MOSS}: tags +new",
    ]
    assert (report.papers, report.new, report.import_id) == (3, 1, None)
    assert {paper.title for paper in await Paper.all()} == {"Moss", "Fern"}
    assert await Import.all().count() == 0
    assert (await read_entry(MOSS, 1)).tags == []


async def test_only_the_user_can_undo_an_import_once_within_30_days(store: Config) -> None:
    report = await bring(BIB)
    assert report.import_id
    with pytest.raises(NotFound):
        await undo(report.import_id, await second_user())
    later = datetime.now(UTC) + timedelta(days=31)
    with pytest.raises(Invalid, match="older than 30 days"):
        await undo_import(1, report.import_id, later)
    await undo(report.import_id)
    with pytest.raises(Invalid, match="was undone"):
        await undo(report.import_id)
    assert await list_imports(1, later) == []


async def test_a_preview_tells_a_rating_of_zero_from_none() -> None:
    before = EntryState(
        key=MOSS, status="read", rating=None, tags=[], version=1, added=NOW, updated=NOW
    )
    step = EntrySaved(key=MOSS, tags=[], before=before, after=replace(before, rating=0))
    assert [*describe_changes([step])] == [f"{MOSS}: rating none → 0"]
