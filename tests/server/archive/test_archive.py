"""Exporting an archive of all data of a user and importing it into another store."""

import gc
import shutil
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.users import get_user
from server.archive.format import Archive, ArchivedTag, decode
from server.archive.read import ArchiveReport, import_archive
from server.archive.write import export_archive
from server.config import Config
from server.database.connection import fetch, open_store
from server.database.models.changes import Change
from server.database.models.papers import Paper
from server.database.models.reading_list import SavedSearch
from server.database.models.terms import Correction, OwnTerm, Term
from server.errors import PapermarginError, SourceError
from server.ranking.preferences import put_preference
from server.reading_list.corrections import put_correction
from server.reading_list.entries import delete_entry, put_entry, read_entry, set_seen
from server.reading_list.notes import delete_note, put_note
from server.reading_list.queue import move_paper
from server.reading_list.tags import delete_tag, put_tag
from server.schema.imports import Step as ImportStep
from server.schema.ranking import PreferenceEdit
from server.schema.reading_list import EntryEdit, NoteEdit, Plan, QueueMove, SeenEdit, TagEdit
from server.schema.sources import SourceListing
from server.schema.terms import CorrectionEdit, MendedResult
from tests.server.archive.everything import (
    LICHEN,
    NOTE,
    export_of,
    take_out,
    write_all_kinds,
)
from tests.server.material import (
    FERN,
    MOSS,
    NOW,
    edit,
    second_user,
    source,
    take_in,
    take_in_two,
)
from tests.server.stores import elsewhere, rows_of

pytestmark = pytest.mark.anyio

UNTITLED = "2601.00009"


@pytest.fixture
def other(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """An empty store on the other engine."""
    return elsewhere(engine, request, tmp_path)


async def put_in(
    config: Config, *archives: Archive, at: datetime = NOW
) -> tuple[list[ArchiveReport], Archive]:
    """Import archives into a store; return the reports and the archive of the result."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await get_user("me", NOW, create=True)
        return [await import_archive(archive, 1, at) for archive in archives], await take_out()


async def test_an_archive_contains_all_data_of_its_user_and_no_other(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    assert [paper.key for paper in archive.papers] == [MOSS, FERN, LICHEN]
    assert [entry.deleted is None for entry in archive.entries] == [True, False, True]
    assert [(tag.name, tag.papers, tag.trashed) for tag in archive.tags] == [
        ("rl", 1, []), ("gone", 1, [MOSS]), ("green/moss", 1, []),
    ]  # fmt: skip
    assert [revision.text for revision in archive.notes[0].revisions] == ["first thought"]


async def test_an_export_counts_its_records(store: Config) -> None:
    await write_all_kinds()
    counts: Counter[str] = Counter()
    assert [piece async for piece in export_archive(1, NOW, counts)]
    assert counts == {
        "papers": 3,
        "citations": 0,
        "entries": 3,
        "tags": 3,
        "notes": 2,
        "corrections": 1,
        "seen": 2,
        "searches": 2,
        "terms": 2,
        "preferences": 2,
        "ranking": 1,
    }


async def test_an_import_leaves_no_object_out_of_the_search_for_garbage(store: Config) -> None:
    await write_all_kinds()
    archive, frozen = await take_out(), list[int]()
    await import_archive(archive, 1, NOW, progress=lambda *_: frozen.append(gc.get_freeze_count()))
    assert (min(frozen) > 0, gc.get_freeze_count()) == (True, 0)


async def test_an_archive_contains_no_data_of_other_users(store: Config) -> None:
    await write_all_kinds()
    ada = await second_user()
    await put_note(edit(0, user=ada), uuid4(), NoteEdit(paper=FERN, text="ada's"))
    assert [note.text for note in (await take_out(ada)).notes] == ["ada's"]
    assert "ada's" not in [note.text for note in (await take_out()).notes]


async def test_an_export_is_a_snapshot_of_its_start(store: Config) -> None:
    await write_all_kinds()
    pieces = export_archive(1, NOW)
    begun = await anext(pieces)
    await put_note(edit(0), uuid4(), NoteEdit(paper="2601.00005", text="written meanwhile"))
    archive = decode(b"".join([begun, *[piece async for piece in pieces]]))
    assert "written meanwhile" not in [note.text for note in archive.notes]


async def test_an_archive_imports_without_loss_on_either_engine(
    config: Config, other: Config
) -> None:
    archive = await export_of(config)
    [report], again = await put_in(other, archive)
    assert again == archive
    assert (
        report.papers.created,
        report.notes.created,
        report.tags.created,
        report.entries.created,
    ) == (3, 2, 3, 3)
    assert (report.searches.created, report.terms.created) == (2, 2)
    assert (report.preferences.created, report.ranking.created) == (2, 1)


async def test_imported_papers_and_notes_keep_their_times(config: Config, other: Config) -> None:
    archive = await export_of(config)
    _, again = await put_in(other, archive, at=NOW + timedelta(days=1))
    assert again == archive


async def test_a_second_import_changes_nothing(config: Config, other: Config) -> None:
    archive = await export_of(config)
    await put_in(other, archive)
    before = await rows_of(other)
    [report], _ = await put_in(other, archive)
    assert await rows_of(other) == before
    assert {(t.created, t.merged, t.beside, t.kept) for t in msgspec.structs.astuple(report)} == {
        (0, 0, 0, 0)
    }


async def test_importing_its_own_archive_changes_nothing_in_a_store(store: Config) -> None:
    await write_all_kinds()
    changes = await Change.all().count()
    report = await import_archive(await take_out(), 1, NOW)
    assert {(t.created, t.merged, t.beside, t.kept) for t in msgspec.structs.astuple(report)} == {
        (0, 0, 0, 0)
    }
    assert await Change.all().count() == changes


async def test_an_interrupted_import_leaves_whole_papers_and_can_be_repeated(
    config: Config, other: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = await export_of(config)
    monkeypatch.setattr("server.archive.counts.CHUNK", 1)
    parts: list[list[ImportStep]] = []

    async def keep(steps: list[ImportStep]) -> None:
        parts.append(steps)
        if len(parts) == 4:  # what has no paper, and the third paper
            raise OSError("the disk is full")

    EXECUTOR_CACHE.clear()
    async with open_store(other):
        await get_user("me", NOW, create=True)
        with pytest.raises(OSError, match="full"):
            await import_archive(archive, 1, NOW, keep)
        assert [paper.key for paper in await Paper.all().order_by("id")] == [MOSS, FERN]
        await import_archive(archive, 1, NOW)
        assert await take_out() == archive


async def test_an_import_shows_how_many_records_are_done(store: Config) -> None:
    await write_all_kinds()
    shown: list[tuple[int, int]] = []
    archive = await take_out()
    await import_archive(archive, 1, NOW, progress=lambda done, all: shown.append((done, all)))
    assert shown == sorted(shown)
    assert shown[0][0] == len(archive.papers)
    assert shown[-1][0] == shown[-1][1]


async def test_extraction_results_are_imported_too(config: Config, other: Config) -> None:
    archive = await export_of(config)
    await put_in(other, archive)
    EXECUTOR_CACHE.clear()
    async with open_store(other):
        assert (await Paper.get(key=MOSS)).extraction_version == "toy-1"
        assert [(term.name, term.papers) for term in await Term.all()] == [
            ("Low-Rank", 0),
            ("LoRA", 3),
        ]


async def changed_note(text: str, *, undo: bool = False) -> Archive:
    """Return an archive, and then edit its note in the store."""
    await write_all_kinds()
    archive = await take_out()
    await put_note(edit(force=True, minutes=9), NOTE, NoteEdit(paper=MOSS, text=text))
    return archive


async def texts() -> list[str]:
    return sorted(note.text for note in (await take_out()).notes if not note.deleted)


async def test_an_earlier_text_of_a_note_is_not_restored(store: Config) -> None:
    archive = await changed_note("third thought")
    report = await import_archive(archive, 1, NOW)
    assert (report.notes.same, report.notes.beside) == (2, 0)
    assert await texts() == ["third thought"]


async def test_a_text_unknown_to_the_store_becomes_a_second_note(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    archive.notes[0].text = "written on another machine"
    for beside, same in ((1, 1), (0, 2)):
        report = await import_archive(archive, 1, NOW)
        assert (report.notes.beside, report.notes.same) == (beside, same)
    assert await texts() == ["second é 🌿", "written on another machine"]


async def test_an_earlier_text_unknown_to_the_store_becomes_a_second_note(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    archive.notes[0].revisions[0].text = "an earlier thought, had elsewhere"
    assert (await import_archive(archive, 1, NOW)).notes.beside == 1


async def test_an_entry_gets_missing_values_and_the_tags_of_both(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    await put_entry(edit(force=True), MOSS, EntryEdit(rating=None, status="read", tags=["mine"]))
    report = await import_archive(archive, 1, NOW)
    entry = next(entry for entry in (await take_out()).entries if entry.key == MOSS)
    assert (entry.status, entry.rating, entry.tags) == ("read", 4, ["green/moss", "mine", "rl"])
    assert (report.entries.merged, entry.version) == (1, 4)
    change = await Change.filter(kind="entry", ref=MOSS).order_by("-id").first()
    assert change and change.version == entry.version and '"tags":["mine"]' in (change.before or "")


async def test_an_entry_gets_the_missing_parts_of_a_plan(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    due = date(2027, 1, 1)
    await put_entry(edit(force=True), MOSS, EntryEdit(queue=None, snoozed_until=None, due=due))
    assert (await import_archive(archive, 1, NOW)).entries.merged == 1
    assert (await read_entry(MOSS, 1)).plan == Plan(-1.5, date(2026, 4, 1), due)


async def test_a_rank_beyond_those_that_an_edit_may_ask_for_comes_back(store: Config) -> None:
    await write_all_kinds()
    await put_entry(edit(force=True), MOSS, EntryEdit(queue=1e12))
    await move_paper(edit(force=True), FERN, QueueMove(to="bottom"))
    archive = await take_out()
    await put_entry(edit(force=True), FERN, EntryEdit(queue=None))
    await import_archive(archive, 1, NOW)
    assert (await read_entry(FERN, 1)).queue == 1e12 + 1


async def test_the_values_of_the_store_win_over_those_of_the_archive(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    await put_entry(edit(force=True), MOSS, EntryEdit(rating=1, status="skipped"))
    report = await import_archive(archive, 1, NOW)
    entry = next(entry for entry in (await take_out()).entries if entry.key == MOSS)
    assert (entry.status, entry.rating, report.entries.kept) == ("skipped", 1, 1)


async def test_what_was_deleted_after_the_export_stays_in_the_trash(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    await delete_entry(edit(force=True), MOSS)
    await delete_note(edit(force=True), NOTE)
    report = await import_archive(archive, 1, NOW)
    assert report.entries.kept == 1
    assert await texts() == []


async def test_a_search_changed_after_the_export_is_kept_next_to_the_archived_one(
    store: Config,
) -> None:
    await write_all_kinds()
    archive = await take_out()
    await SavedSearch.filter(name="Pruning").update(query="method:prune")
    for beside, same in ((1, 1), (0, 2)):
        report = await import_archive(archive, 1, NOW)
        assert (report.searches.beside, report.searches.same) == (beside, same)
    alive = await SavedSearch.filter(deleted=None).order_by("name").values_list("name", "query")
    assert [*alive] == [("Pruning", "method:prune"), ("Pruning (2)", "method:LoRA")]


async def test_a_term_override_changed_after_the_export_is_kept(store: Config) -> None:
    await write_all_kinds()
    archive = await take_out()
    await OwnTerm.filter(name="LoRA (low rank)").update(name="Adapter")
    assert (await import_archive(archive, 1, NOW)).terms.kept == 1
    assert [term.name for term in (await take_out()).terms] == [None, "Adapter"]


async def test_a_tag_takes_the_archive_s_colour_only_if_it_has_none(store: Config) -> None:
    names = ["bare", "blue", "red", "plain"]
    for name, colour in zip(names, ["#0000ff", "#0000ff", "#0000ff", None], strict=True):
        await put_tag(edit(0), name, TagEdit(colour=colour))
    archive = await read_raw()
    for name, colour in zip(names, [None, "#0000ff", "#ff0000", "#ff0000"], strict=True):
        await put_tag(edit(force=True, minutes=1), name, TagEdit(colour=colour))
    before = {tag.name: tag.version for tag in (await read_raw()).tags}
    report = (await import_archive(archive, 1, NOW)).tags
    assert (report.created, report.merged, report.same, report.kept) == (0, 1, 2, 1)
    tags = {tag.name: tag for tag in (await read_raw()).tags}
    assert [tags[name].colour for name in names] == ["#0000ff", "#0000ff", "#ff0000", "#ff0000"]
    raised = {name: tags[name].version - before[name] for name in names}
    assert raised == {"bare": 1, "blue": 0, "red": 0, "plain": 0}
    change = await Change.filter(kind="tag").order_by("-id").first()
    assert change and (change.ref, change.version) == ("bare", tags["bare"].version)


async def test_a_deleted_tag_that_the_store_knows_is_the_same(store: Config) -> None:
    await put_tag(edit(0), "rl", TagEdit())
    await delete_tag(edit(force=True), "rl")
    report = (await import_archive(await read_raw(), 1, NOW)).tags
    assert (report.created, report.same) == (0, 1)


async def test_an_entry_in_the_trash_of_the_store_brings_no_tags(store: Config) -> None:
    await take_in_two()
    await put_entry(edit(0), MOSS, EntryEdit(tags=["peat"]))
    archive, ada = await take_out(), await second_user()
    archive.tags.clear()
    await put_entry(edit(0, user=ada), MOSS, EntryEdit())
    await delete_entry(edit(force=True, user=ada), MOSS)
    report = await import_archive(archive, ada, NOW)
    assert (report.entries.kept, (await read_raw(ada)).tags) == (1, [])


async def test_a_preference_that_an_archive_has_twice_counts_once(store: Config) -> None:
    await put_preference(edit(0), "word", "Moss", PreferenceEdit(choice="pinned"))
    archive, ada = await take_out(), await second_user()
    [pinned] = archive.preferences
    archive.preferences += [
        msgspec.structs.replace(pinned, name="moss"),
        msgspec.structs.replace(pinned, name="MOSS", choice="muted"),
    ]
    report = (await import_archive(archive, ada, NOW)).preferences
    assert (report.created, report.same, report.kept) == (1, 1, 1)
    assert [(p.name, p.choice) for p in (await read_raw(ada)).preferences] == [("Moss", "pinned")]


async def test_whatever_an_archive_brings_is_reported_to_the_user_s_devices(store: Config) -> None:
    await write_all_kinds()
    archive, ada = await take_out(), await second_user()
    await import_archive(archive, ada, NOW)
    own = await Change.filter(user_id=1).values_list("kind", flat=True)
    brought = await Change.filter(user_id=ada).values_list("kind", flat=True)
    # saved searches and overridden terms were written without change records above
    assert {*brought} == {*own, "search", "term"}
    told = Change.filter(user_id=ada, kind="ranking", ref="settings")
    assert await told.count() == 1
    terms = await Change.filter(user_id=ada, kind="term").values_list("ref", flat=True)
    assert {*terms} == {"method:LoRA", "method:Low-Rank"}


async def test_two_deleted_tags_of_the_same_name_stay_separate(
    store: Config, tmp_path: Path
) -> None:
    for minutes in (0, 2):
        await put_tag(edit(0, minutes=minutes), "rl", TagEdit())
        await delete_tag(edit(force=True, minutes=minutes + 1), "rl")
    await put_tag(edit(0, minutes=5), "RL", TagEdit(colour="#000000"))
    tags = (await read_raw()).tags
    ada = await second_user()
    for _ in range(2):
        await import_archive(msgspec.structs.replace(await read_raw(), tags=tags), ada, NOW)
        assert [(t.name, t.created, t.deleted) for t in (await read_raw(ada)).tags] == [
            (t.name, t.created, t.deleted) for t in tags
        ]


async def read_raw(user: int = 1) -> Archive:
    return msgspec.json.decode(
        b"".join([piece async for piece in export_archive(user, NOW)]), type=Archive
    )


async def test_a_corrected_result_comes_back(store: Config) -> None:
    await write_all_kinds()
    mended = MendedResult("own", metric="accuracy", method="LoRA")
    data = CorrectionEdit(
        verdict="mended", surface="LoRA", label="RESULT", start=33, end=37, mended=mended
    )
    await put_correction(edit(0), MOSS, uuid4(), data)
    archive, ada = await take_out(), await second_user()
    assert (await import_archive(archive, ada, NOW)).corrections.created == 2
    copied = await Correction.filter(user_id=ada, verdict="mended")
    assert [correction.mended for correction in copied] == [mended]
    assert (await import_archive(archive, ada, NOW)).corrections.same == 2


async def test_another_user_of_the_same_store_gets_new_ids(store: Config) -> None:
    await write_all_kinds()
    archive, ada = await take_out(), await second_user()
    first = await import_archive(archive, ada, NOW)
    assert (first.notes.created, first.corrections.created) == (2, 1)
    second = await import_archive(archive, ada, NOW)
    assert (second.notes.same, second.corrections.same) == (2, 1)
    assert await take_out() == archive


async def test_a_paper_that_adopted_its_id_is_found_by_its_old_key(store: Config) -> None:
    await take_in(source(title="Lichen Fields"))
    await put_note(edit(0), NOTE, NoteEdit(paper=(await Paper.get()).key, text="grey"))
    archive = await take_out()
    await take_in(source(LICHEN, "Lichen Fields"))
    report = await import_archive(archive, 1, NOW)
    assert (report.papers.created, report.notes.same, await Paper.all().count()) == (0, 1, 1)


async def test_a_paper_whose_place_in_a_listing_is_taken_gets_the_next_one(store: Config) -> None:
    listing = SourceListing(kind="capture", name="may.txt")
    await take_in(source(MOSS), source(LICHEN, "Lichen Fields"), listing=listing)
    for key in (MOSS, LICHEN):
        await put_entry(edit(0), key, EntryEdit())
    archive = await take_out()
    archive.papers[0].key = archive.entries[0].key = FERN
    archive.papers[0].title = "On another one"
    await import_archive(archive, 1, NOW)
    places = {paper.key: paper.places[0].position for paper in (await take_out()).papers}
    assert places == {MOSS: 0, LICHEN: 1, FERN: 2}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda archive: setattr(archive.notes[0], "text", "a\x00b"),
        lambda archive: setattr(archive.corrections[0], "surface", "\x00"),
        lambda archive: archive.entries[0].tags.append("bell\x07"),
        lambda archive: archive.tags.append(
            ArchivedTag(name=" ", colour=None, papers=0, version=1, created=NOW, updated=NOW)
        ),
    ],
)
async def test_an_archive_with_values_that_no_store_accepts_is_refused_before_any_write(
    store: Config, spoil: Any
) -> None:
    await write_all_kinds()
    archive = await take_out()
    spoil(archive)
    writes = await fetch("SELECT writes FROM clock")
    with pytest.raises(SourceError, match="cannot be used"):
        await import_archive(archive, 1, NOW)
    assert [*map(tuple, await fetch("SELECT writes FROM clock"))] == [*map(tuple, writes)]


Step = tuple[str, int, str]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["entry", "note", "throw note", "throw entry", "tag", "throw tag", "seen", "correct"]
        ),
        st.integers(0, 3),
        st.sampled_from(["a", "B", "b", "é/ü", "long words"]),
    ),
    max_size=25,
)


async def take_step(number: int, step: Step) -> None:
    """Apply one random edit; ignore it if the store refuses it at this moment."""
    kind, which, word = step
    frame = edit(force=True, minutes=number)
    key, uuid = f"2601.0000{which}", UUID(int=which)
    verdict = CorrectionEdit(verdict="wrong", surface=word, label="METHOD")
    actions = {
        "entry": lambda: put_entry(
            frame, key, EntryEdit(status="read", rating=which, tags=[word, "every"])
        ),
        "note": lambda: put_note(frame, uuid, NoteEdit(paper=key, text=f"{word} {number}")),
        "throw note": lambda: delete_note(frame, uuid),
        "throw entry": lambda: delete_entry(frame, key),
        "tag": lambda: put_tag(frame, word, TagEdit(colour=f"#00000{which}")),
        "throw tag": lambda: delete_tag(frame, word),
        "seen": lambda: set_seen(frame, SeenEdit(papers=[key])),
        "correct": lambda: put_correction(frame, key, uuid, verdict),
    }
    with suppress(PapermarginError):
        await actions[kind]()


async def there_and_back(folder: Path, migrated: Path, steps: list[Step]) -> None:
    """Take steps in one store, import its export into another, and compare the two exports."""
    EXECUTOR_CACHE.clear()
    async with open_store(Config(db=Path(shutil.copy(migrated, folder / "one.sqlite")))):
        await get_user("me", NOW, create=True)
        listing = SourceListing(kind="daily", name="2026-03-05")
        await take_in(
            *(source(f"2601.0000{which}", f"Paper {which}") for which in range(4)), listing=listing
        )
        for number, step in enumerate(steps):
            await take_step(number, step)
        archive = await read_raw()
    EXECUTOR_CACHE.clear()
    async with open_store(Config(db=Path(shutil.copy(migrated, folder / "two.sqlite")))):
        await get_user("me", NOW, create=True)
        await import_archive(archive, 1, NOW)
        assert await read_raw() == archive
        report = await import_archive(archive, 1, NOW)
        assert {
            (t.created, t.merged, t.beside, t.kept) for t in msgspec.structs.astuple(report)
        } == {(0, 0, 0, 0)}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_any_history_of_a_user_survives_export_and_import(
    migrated_file: Path, steps: list[Step]
) -> None:
    with TemporaryDirectory() as folder:
        anyio.run(there_and_back, Path(folder), migrated_file, steps)
