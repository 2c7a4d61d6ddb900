"""The import of an archive is undone as a whole, without what the user wrote since."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import msgspec
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.users import get_user
from server.archive.format import Archive
from server.archive.write import export_archive
from server.config import Config
from server.database.connection import open_store
from server.database.models.changes import Change
from server.database.models.papers import Alias, Listing, ListingPaper, Paper
from server.database.models.ranking import RankingPreference, RankingSettings
from server.database.models.reading_list import Revision, SavedSearch, Seen, Tag
from server.database.models.terms import Correction, OwnTerm
from server.imports.files import import_data
from server.imports.undo import list_imports, undo_import
from server.papers.page import read_paper
from server.ranking.preferences import put_preference, put_settings
from server.reading_list.corrections import put_correction
from server.reading_list.entries import put_entry, read_entry, set_seen
from server.reading_list.notes import put_note
from server.reading_list.tags import list_tags, put_tag, read_tag
from server.schema.api import FileReport
from server.schema.imports import ImportUndone
from server.schema.ranking import PreferenceEdit, RankingEdit
from server.schema.reading_list import EntryEdit, NoteEdit, SeenEdit, TagEdit
from server.schema.searches import SearchEdit
from server.schema.terms import CorrectionEdit, TermEdit
from server.search.saved import put_search
from server.terms.overrides import put_term
from tests.server.archive.everything import (
    CORRECTION,
    LICHEN,
    NOTE,
    export_of,
    take_out,
    write_all_kinds,
)
from tests.server.material import FERN, MOSS, NOW, edit, source, take_in
from tests.server.stores import elsewhere

pytestmark = pytest.mark.anyio


@pytest.fixture
def archive(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    """The archive of another store, which holds everything that an archive can."""
    exported = anyio.run(export_of, elsewhere(engine, request, tmp_path))
    return msgspec.json.encode(exported)


@pytest.fixture
async def empty(archive: bytes, config: Config) -> AsyncIterator[None]:
    """Open a store of nothing but a user."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await get_user("me", NOW, create=True)
        yield


async def bring(archive: bytes, *, preview: bool = False) -> FileReport:
    report = await import_data(archive, "papermargin.json", 1, NOW, preview=preview)
    assert report.error is None
    return report


async def undo(report: FileReport) -> ImportUndone:
    assert report.import_id is not None
    return await undo_import(1, report.import_id, datetime.now(UTC))


async def contents() -> Counter[str]:
    """Count the records of the user's archive, and the papers and keys of the store."""
    counts: Counter[str] = Counter()
    assert [piece async for piece in export_archive(1, NOW, counts)]
    for model in (Alias, Listing, ListingPaper, Paper, Revision):
        counts[model.Meta.table] = await model.all().count()
    return +counts


async def test_all_that_an_archive_brought_is_gone_after_its_undo(
    archive: bytes, empty: None
) -> None:
    report = await bring(archive)
    assert (await contents())["notes"] == 2
    [state] = await list_imports(1, datetime.now(UTC))
    assert (state.files, state.new, state.entries) == (["papermargin.json"], 3, 3)
    assert (state.notes, state.others) == (2, 3 + 1 + 2 + 2 + 2 + 2 + 1)
    undone = await undo(report)
    assert (undone.kept, await contents()) == ([], Counter())
    again = await bring(archive)
    assert (again.new, again.notes) == (3, 2)


async def test_every_record_that_is_undone_is_told_to_other_devices(
    archive: bytes, empty: None
) -> None:
    report = await bring(archive)
    last = max(await Change.all().values_list("id", flat=True))
    await undo(report)
    told = Counter(await Change.filter(id__gt=last, deleted=True).values_list("kind", flat=True))
    assert told == {
        "paper": 3, "entry": 3, "tag": 3, "note": 2, "correction": 1, "seen": 2, "search": 2,
        "term": 2, "ranking": 3,
    }  # fmt: skip


async def test_what_the_store_had_before_is_as_it_was(archive: bytes, empty: None) -> None:
    await take_in(source(MOSS, "Mossy Pruning", richness="ids"), source("2601.00005", "Other"))
    await put_tag(edit(0), "rl", TagEdit())
    await put_entry(edit(0), MOSS, EntryEdit(status="read", tags=["rl", "own"]))
    await put_search(edit(0), "Pruning", SearchEdit(query="mine"))
    await put_preference(edit(0), "word", "moss", PreferenceEdit(choice="muted"))
    before = await take_out()
    report = await bring(archive)
    assert (await read_tag("rl", 1)).colour == "#7c5cbf"
    undone = await undo(report)
    assert undone.kept == []
    after = await take_out()
    for part in ("papers", "tags", "entries", "notes", "searches", "preferences", "ranking"):
        assert _without_moments(after, part) == _without_moments(before, part), part


def _without_moments(archive: Archive, part: str) -> list[object]:
    """Return the records of an archive but for what tells of each change of theirs."""
    quiet = {"version", "updated"}
    return [
        {name: value for name, value in msgspec.to_builtins(each).items() if name not in quiet}
        for each in getattr(archive, part)
    ]


async def test_what_the_user_changed_since_stays(archive: bytes, empty: None) -> None:
    report = await bring(archive)
    await put_search(edit(1), "Pruning", SearchEdit(query="method:prune"))
    await put_preference(edit(1), "word", "Moss", PreferenceEdit(choice="muted"))
    await put_settings(edit(force=True), RankingEdit(least=3.0))
    await put_term(edit(2), "METHOD", "LoRA", TermEdit(name="LORA"))
    verdict = CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD", start=33, end=37)
    await put_correction(edit(1), MOSS, CORRECTION, verdict)
    await put_note(edit(2), NOTE, NoteEdit(paper=MOSS, text="third thought"))
    await put_tag(edit(force=True), "green/moss", TagEdit(colour="#112233"))
    undone = await undo(report)
    changed = "it was changed since, and stays"
    assert {reason for reason in undone.kept if changed in reason} == {
        f"{name}: {changed}"
        for name in ("Pruning", "word:Moss", "settings", "method:LoRA", MOSS, "green/moss")
    }
    kept = await take_out()
    assert [search.query for search in kept.searches] == ["method:prune"]
    assert [choice.choice for choice in kept.preferences] == ["muted"]
    assert [row.least for row in kept.ranking] == [3.0]
    assert [term.name for term in kept.terms] == ["LORA"]
    assert [row.verdict for row in kept.corrections] == ["wrong"]
    assert [note.text for note in kept.notes] == ["third thought"]
    assert [tag.colour for tag in kept.tags] == ["#112233"]
    assert [paper.key for paper in kept.papers] == [MOSS]


async def test_a_tag_on_papers_that_the_user_tagged_since_stays(
    archive: bytes, empty: None
) -> None:
    report = await bring(archive)
    await take_in(source("2601.00005", "Other"))
    await put_entry(edit(0), "2601.00005", EntryEdit(tags=["rl"]))
    undone = await undo(report)
    assert undone.kept == ["rl: the tag is on papers, and stays"]
    assert [(tag.name, tag.papers) for tag in await list_tags(1)] == [("rl", 1)]
    assert (await read_entry("2601.00005", 1)).tags == ["rl"]


async def test_what_went_to_the_trash_since_stays_there(archive: bytes, empty: None) -> None:
    report = await bring(archive)
    await SavedSearch.filter(name="Pruning").update(version=9, deleted=NOW)
    await undo(report)
    assert await SavedSearch.filter(name="Pruning").count() == 1


async def test_a_paper_that_was_marked_anew_stays_marked(archive: bytes, empty: None) -> None:
    report = await bring(archive)
    for seen in (False, True):
        await set_seen(edit(minutes=60), SeenEdit(papers=[FERN], seen=seen))
    await undo(report)
    assert await Seen.all().count() == 1
    assert await Paper.filter(key=FERN).exists()


async def test_papers_that_an_archive_merged_are_two_again(archive: bytes, empty: None) -> None:
    await take_in(source(LICHEN, "Lichen, Elsewhere"), source(None, "Lichen Fields"))
    before = await contents()
    [titled] = await Paper.filter(title="Lichen Fields")
    report = await bring(archive)
    assert (await read_paper(titled.key, 1)).key == LICHEN
    assert (await undo(report)).kept == []
    assert await contents() == before
    assert (await read_paper(titled.key, 1)).key == titled.key


async def test_a_paper_that_the_archive_had_read_waits_for_our_model_again(
    archive: bytes, empty: None
) -> None:
    paper = source(MOSS, "Mossy Pruning", abstract="We prune ferns with LoRA on CIFAR-10.")
    await take_in(paper)
    report = await bring(archive)
    assert (await Paper.get(key=MOSS)).extraction_version == "toy-1"
    await undo(report)
    assert (await Paper.get(key=MOSS)).extraction_version is None


async def test_a_preview_says_what_would_change_and_writes_nothing(
    archive: bytes, empty: None
) -> None:
    await take_in(source(MOSS, "Moss", richness="ids"), source(None, "Lichen Fields"))
    await put_entry(edit(0), MOSS, EntryEdit(status="read"))
    before = await contents()
    report = await bring(archive, preview=True)
    assert (
        f"“Lichen Fields” gets the arXiv id {LICHEN}; it was known by its title" in report.changes
    )
    assert f"{MOSS}: rating none → 4" in report.changes
    assert f"{MOSS} “Mossy Pruning”: title “Moss” → “Mossy Pruning”" in report.changes
    assert (await contents(), report.import_id) == (before, None)


async def test_an_archive_of_the_store_itself_leaves_nothing_to_undo(store: Config) -> None:
    await write_all_kinds()
    report = await bring(msgspec.json.encode(await take_out()))
    assert report.import_id is None
    assert await list_imports(1, datetime.now(UTC)) == []
    assert await Correction.all().count() == await RankingSettings.all().count() == 1
    assert await RankingPreference.all().count() == await OwnTerm.all().count() == 2
    assert await Tag.all().count() == 3
