"""The sync with Zotero, against a local server that answers as Zotero does, and its failures."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from server.database.change_feed import newest_change
from server.database.connection import fetch
from server.database.models.imports import ZoteroItem as AgreedRow
from server.errors import PapermarginError, Refused, SourceError, Unreachable
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.notes import delete_note, put_note, read_note
from server.reading_list.tags import put_tag
from server.schema.reading_list import EntryEdit, NoteEdit, TagEdit
from server.zotero.local_api import open_zotero
from server.zotero.sync import SyncOptions, SyncReport, sync_zotero
from tests.server.material import FERN, MOSS, NOW, edit, second_user, take_in_two
from tests.server.zotero.fake_zotero import FakeZotero, fake_zotero

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

ITEM, NOTE = "AAAA2222", "BBBB3333"


@pytest.fixture
def zotero() -> Iterator[FakeZotero]:
    """A running Zotero that has the mossy paper with a tag and a note."""
    with fake_zotero() as running:
        running.put(
            ITEM,
            itemType="preprint",
            title="Mossy Pruning",
            archiveID=f"arXiv:{MOSS}",
            tags=[{"tag": "bryology"}, {"tag": "cs.LG", "type": 1}],
        )
        running.put(NOTE, itemType="note", parentItem=ITEM, note="<p>from <b>Zotero</b></p>")
        yield running


@pytest.fixture
async def keys(tmp_path: Path) -> Path:
    """Where Zotero's keys are kept, in a store with two papers, one of them in the list."""
    await take_in_two()
    await put_entry(edit(0), MOSS, EntryEdit(status="reading", rating=4, tags=["rl"]))
    await put_note(edit(0), uuid4(), NoteEdit(paper=MOSS, text="from *here*"))
    return tmp_path / "zotero-keys.json"


async def sync(
    zotero: FakeZotero,
    keys: Path,
    *,
    dry_run: bool = False,
    deletions: bool = False,
    collections: bool = False,
    user: int = 1,
) -> SyncReport:
    """Run one sync."""
    options = SyncOptions(dry_run=dry_run, deletions=deletions, collections=collections)
    async with open_zotero(keys, zotero.address) as api:
        return await sync_zotero(api, user, NOW, options)


async def texts(key: str = MOSS) -> list[str]:
    """Return the user's notes on a paper."""
    return sorted(note.text for note in (await read_paper(key, 1)).notes)


def is_there(file: Path) -> bool:
    """Return whether a file is there."""
    return file.exists()


def is_private(file: Path) -> bool:
    """Return whether nobody else can read a file."""
    return file.stat().st_mode & 0o077 == 0


def is_quiet(report: SyncReport) -> bool:
    """Return whether a sync had nothing to do."""
    return not (report.here or report.there or report.failed or report.conflicts)


async def test_both_sides_have_everything_after_the_first_sync(
    zotero: FakeZotero, keys: Path
) -> None:
    await put_entry(edit(0), FERN, EntryEdit(status="read"))
    await sync(zotero, keys)
    entry = await read_entry(MOSS, 1)
    assert (entry.status, entry.rating, entry.tags) == ("reading", 4, ["bryology", "rl"])
    assert await texts() == ["from *here*", "from Zotero"]
    assert zotero.tags(ITEM) == {
        "bryology", "rl", "cs.LG", "papermargin:status/reading", "papermargin:rating/4"
    }  # fmt: skip
    assert {"type": 1, "tag": "cs.LG"} in zotero.objects[ITEM]["tags"]
    assert sorted(zotero.notes(ITEM).values()) == [
        "<p>from <b>Zotero</b></p>",
        "<p>from <em>here</em></p>\n",
    ]
    [new] = [each for each in zotero.objects.values() if each.get("archiveID") == f"arXiv:{FERN}"]
    assert new["itemType"] == "preprint" and new["title"] == "Fern Attention"
    sources = await fetch("SELECT DISTINCT source FROM change WHERE source IS NOT NULL")
    assert [row["source"] for row in sources] == ["zotero"]


async def test_a_second_sync_has_nothing_to_do(zotero: FakeZotero, keys: Path) -> None:
    await sync(zotero, keys)
    change, writes = await newest_change(1), len(zotero.writes)
    assert is_quiet(await sync(zotero, keys))
    assert (await newest_change(1), len(zotero.writes)) == (change, writes)
    assert zotero.consents == 1


async def test_an_unknown_item_comes_into_the_list_and_one_without_an_id_is_left_alone(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.put("CCCC4444", itemType="preprint", title="New", url="https://arxiv.org/abs/2601.00077")
    zotero.put("DDDD5555", itemType="book", title="A Book")
    report = await sync(zotero, keys)
    assert (await read_entry("2601.00077", 1)).status == "inbox"
    assert "“A Book” has no arXiv id and no DOI" in report.skipped
    assert zotero.tags("CCCC4444") == {"papermargin:status/inbox"}
    assert is_quiet(await sync(zotero, keys))


async def test_a_dry_run_says_the_same_and_writes_nothing(zotero: FakeZotero, keys: Path) -> None:
    zotero.put("CCCC4444", itemType="preprint", title="New", url="https://arxiv.org/abs/2601.00077")
    change = await newest_change(1)
    told = await sync(zotero, keys, dry_run=True)
    assert told.here and told.there
    assert (await newest_change(1), zotero.writes, zotero.consents) == (change, [], 0)
    assert (await list_papers(1, "", everything=True)).total == 2


async def test_changes_of_both_sides_are_merged(zotero: FakeZotero, keys: Path) -> None:
    await sync(zotero, keys)
    await put_entry(edit(force=True), MOSS, EntryEdit(tags=["rl", "new here"]))  # drops bryology
    kept = [tag for tag in zotero.objects[ITEM]["tags"] if tag["tag"] != "rl"]
    kept = [tag for tag in kept if not tag["tag"].startswith("papermargin:status")]
    added = [{"tag": "new there"}, {"tag": "papermargin:status/read"}]
    zotero.put(ITEM, tags=[*kept, *added])
    report = await sync(zotero, keys)
    entry = await read_entry(MOSS, 1)
    assert (entry.status, entry.rating) == ("read", 4)
    assert entry.tags == ["new here", "new there"]
    assert {"new here", "new there"} < zotero.tags(ITEM)
    assert not {"rl", "bryology"} & zotero.tags(ITEM)
    assert report.conflicts == [] and is_quiet(await sync(zotero, keys))


async def test_a_renamed_tag_is_renamed_there(zotero: FakeZotero, keys: Path) -> None:
    await sync(zotero, keys)
    await put_tag(edit(force=True), "bryology", TagEdit(name="mosses"))
    await sync(zotero, keys)
    assert "mosses" in zotero.tags(ITEM) and "bryology" not in zotero.tags(ITEM)


async def test_a_status_that_both_changed_stays_ours_and_is_told(
    zotero: FakeZotero, keys: Path
) -> None:
    await sync(zotero, keys)
    await put_entry(edit(force=True), MOSS, EntryEdit(status="skipped"))
    zotero.put(ITEM, tags=[{"tag": "papermargin:status/read"}])
    report = await sync(zotero, keys)
    assert report.conflicts == ["“Mossy Pruning”: the status skipped stays; in Zotero it was read"]
    assert (await read_entry(MOSS, 1)).status == "skipped"
    assert "papermargin:status/skipped" in zotero.tags(ITEM)


async def test_a_note_changed_on_one_side_changes_on_the_other(
    zotero: FakeZotero, keys: Path
) -> None:
    await sync(zotero, keys)
    [own] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "from *here*"]
    await put_note(edit(force=True), own.id, NoteEdit(paper=MOSS, text="changed *here*"))
    zotero.put(NOTE, note="<p>changed there</p>")
    await sync(zotero, keys)
    assert await texts() == ["changed *here*", "changed there"]
    assert "<p>changed <em>here</em></p>\n" in zotero.notes(ITEM).values()
    assert is_quiet(await sync(zotero, keys))


async def test_tasks_of_a_note_stay_tasks_when_it_is_edited_in_zotero(
    zotero: FakeZotero, keys: Path
) -> None:
    task = uuid4()
    await put_note(edit(0), task, NoteEdit(paper=MOSS, text="- [ ] read\n- [x] *find*"))
    await sync(zotero, keys)
    [(child, html)] = [each for each in zotero.notes(ITEM).items() if "find" in each[1]]
    zotero.put(child, note=html.replace("[ ] read", "[x] read"))
    await sync(zotero, keys)
    assert (await read_note(task, 1)).text == "- [x] read\n- [x] find"


@pytest.mark.parametrize("is_trashed", [False, True])
async def test_a_note_that_came_when_lists_were_mere_lines_is_recognized(
    zotero: FakeZotero, keys: Path, *, is_trashed: bool
) -> None:
    zotero.put(NOTE, note="<p>a</p><p>[ ] b</p>")
    await sync(zotero, keys)
    [own] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "a\n[ ] b"]
    if is_trashed:
        await delete_note(edit(force=True), own.id)
    await AgreedRow.all().delete()  # as if the answer to the first sync had been lost
    listed = "<ul><li>a</li><li>[ ] <b>b</b></li></ul>"
    zotero.put(NOTE, note=listed)
    report = await sync(zotero, keys)
    assert report.conflicts == []
    assert await texts() == ([] if is_trashed else ["a\n[ ] b"]) + ["from *here*"]
    assert zotero.notes(ITEM)[NOTE] == listed and len(zotero.notes(ITEM)) == 2
    assert is_quiet(await sync(zotero, keys))


async def test_a_note_changed_on_both_sides_is_kept_twice_on_both(
    zotero: FakeZotero, keys: Path
) -> None:
    await sync(zotero, keys)
    [own] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "from *here*"]
    [child] = [key for key, html in zotero.notes(ITEM).items() if "here" in html]
    await put_note(edit(force=True), own.id, NoteEdit(paper=MOSS, text="ours"))
    zotero.put(child, note="<p>theirs</p>")
    report = await sync(zotero, keys)
    assert len(report.conflicts) == 1
    assert await texts() == ["from Zotero", "ours", "theirs"]
    there = sorted(zotero.notes(ITEM).values())
    assert there == ["<p>from <b>Zotero</b></p>", "<p>ours</p>\n", "<p>theirs</p>"]
    assert is_quiet(await sync(zotero, keys))
    assert (await read_paper(MOSS, 1)).notes and len(await texts()) == 3


async def test_no_deletion_crosses_unless_it_is_asked_for(zotero: FakeZotero, keys: Path) -> None:
    await put_entry(edit(0), FERN, EntryEdit(status="read"))
    await sync(zotero, keys)
    [new] = [key for key, each in zotero.objects.items() if each.get("title") == "Fern Attention"]
    zotero.put(new, deleted=1)
    zotero.put(NOTE, deleted=1)
    [own] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "from *here*"]
    await delete_note(edit(force=True), own.id)
    report = await sync(zotero, keys)
    assert "“Fern Attention” is gone from Zotero and stays here" in report.skipped
    assert await texts() == ["from Zotero"] and len(zotero.notes(ITEM)) == 1
    await sync(zotero, keys, deletions=True)
    assert await texts() == [] and zotero.notes(ITEM) == {}
    assert (await read_entry(FERN, 1)).deleted is not None
    await delete_entry(edit(force=True), MOSS)
    await sync(zotero, keys, deletions=True)
    assert zotero.objects[ITEM]["deleted"] == 1
    assert is_quiet(await sync(zotero, keys))


async def test_a_changed_note_is_not_deleted(zotero: FakeZotero, keys: Path) -> None:
    await sync(zotero, keys)
    [own] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "from *here*"]
    await put_note(edit(force=True), own.id, NoteEdit(paper=MOSS, text="worth more"))
    [child] = [key for key, html in zotero.notes(ITEM).items() if "here" in html]
    zotero.put(child, deleted=1)
    await sync(zotero, keys, deletions=True)
    assert "worth more" in await texts()


async def test_without_zotero_nothing_changes_and_a_sentence_says_so(keys: Path) -> None:
    change = await newest_change(1)
    closed = FakeZotero()
    closed.address = "http://127.0.0.1:1"
    with pytest.raises(Unreachable, match=r"Zotero does not answer at http://127\.0\.0\.1:1"):
        await sync(closed, keys)
    assert await newest_change(1) == change


async def test_an_answer_that_is_lost_is_made_good_by_the_next_sync(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.cut_after_write = 1
    with pytest.raises(Unreachable):
        await sync(zotero, keys)
    objects = {key: each["version"] for key, each in zotero.objects.items()}
    assert is_quiet(await sync(zotero, keys))
    assert {key: each["version"] for key, each in zotero.objects.items()} == objects
    assert await texts() == ["from *here*", "from Zotero"]


async def test_an_item_that_changes_while_we_sync_is_refused_and_merged_next_time(
    zotero: FakeZotero, keys: Path
) -> None:
    def tag() -> None:
        zotero.put(ITEM, tags=[{"tag": "bryology"}, {"tag": "meanwhile"}])

    zotero.between_reading_and_writing = tag
    report = await sync(zotero, keys)
    assert any("changed in Zotero meanwhile" in sentence for sentence in report.failed)
    await sync(zotero, keys)
    assert {"bryology", "meanwhile", "rl"} < zotero.tags(ITEM)
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "meanwhile", "rl"]
    assert len(zotero.notes(ITEM)) == 2 and is_quiet(await sync(zotero, keys))


async def test_a_half_written_batch_is_completed_next_time(zotero: FakeZotero, keys: Path) -> None:
    zotero.refused = {ITEM}
    report = await sync(zotero, keys)
    assert report.failed == ["“Mossy Pruning” in Zotero: 400: it cannot be saved"]
    assert len(zotero.notes(ITEM)) == 2
    zotero.refused = set()
    await sync(zotero, keys)
    assert "rl" in zotero.tags(ITEM) and len(zotero.notes(ITEM)) == 2
    assert is_quiet(await sync(zotero, keys))


async def test_many_papers_go_in_batches_and_ask_once(zotero: FakeZotero, keys: Path) -> None:
    for number in range(60):
        text = f"note {number}"
        await put_note(edit(0), uuid4(), NoteEdit(paper=MOSS, text=text))
    await sync(zotero, keys)
    assert [len(write) for write in zotero.writes] == [50, 12]
    assert zotero.consents == 1 and is_private(keys)
    assert is_quiet(await sync(zotero, keys))


async def test_a_key_for_one_write_is_asked_for_again(zotero: FakeZotero, keys: Path) -> None:
    zotero.consent = "once"
    await sync(zotero, keys)
    await put_entry(edit(force=True), MOSS, EntryEdit(rating=1))
    await sync(zotero, keys)
    assert "papermargin:rating/1" in zotero.tags(ITEM) and zotero.consents == 2
    assert not is_there(keys)


@pytest.mark.parametrize(
    ("setting", "value", "error", "words"),
    [
        ("consent", "deny", Refused, "not allowed"),
        ("is_enabled", False, SourceError, "Allow other applications"),
    ],
)
async def test_a_refusal_is_told_in_a_sentence_and_changes_nothing_in_zotero(
    zotero: FakeZotero, keys: Path, setting: str, value: object, error: type[PapermarginError],
    words: str,
) -> None:  # fmt: skip
    setattr(zotero, setting, value)
    with pytest.raises(error, match=words):
        await sync(zotero, keys)
    assert zotero.writes == [] and zotero.tags(ITEM) == {"bryology", "cs.LG"}


async def test_another_library_is_another_library(zotero: FakeZotero, keys: Path) -> None:
    await sync(zotero, keys)
    zotero.server_id = "AnotherOne22"
    zotero.put(ITEM, tags=[])  # in that library it never had these tags
    await sync(zotero, keys)
    assert {"bryology", "rl"} < zotero.tags(ITEM)
    assert zotero.consents == 2


async def test_a_zotero_that_cannot_be_written_is_read_again_and_again(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.server_id = None
    report = await sync(zotero, keys)
    assert report.is_read_only and zotero.writes == []
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "rl"]
    assert await texts() == ["from *here*", "from Zotero"]
    change = await newest_change(1)
    await sync(zotero, keys)
    assert await newest_change(1) == change
    [note] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "from Zotero"]
    await delete_note(edit(force=True), note.id)
    assert is_quiet(await sync(zotero, keys))
    assert await texts() == ["from *here*"]


async def test_what_is_dropped_here_does_not_come_back_from_a_zotero_that_is_only_read(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.server_id = None
    await sync(zotero, keys)
    [note] = [note for note in (await read_paper(MOSS, 1)).notes if note.text == "from Zotero"]
    await put_note(edit(force=True), note.id, NoteEdit(paper=MOSS, text="rewritten here"))
    await put_entry(edit(force=True), MOSS, EntryEdit(tags=["rl"]))
    for _ in range(2):
        assert is_quiet(await sync(zotero, keys))
        assert (await read_entry(MOSS, 1)).tags == ["rl"]
        assert await texts() == ["from *here*", "rewritten here"]
    zotero.put(ITEM, tags=[{"tag": "bryology"}, {"tag": "later"}])
    zotero.put(NOTE, note="<p>rewritten there</p>")
    assert (await sync(zotero, keys)).conflicts
    assert (await read_entry(MOSS, 1)).tags == ["later", "rl"]
    assert await texts() == ["from *here*", "rewritten here", "rewritten there"]
    change = await newest_change(1)
    await sync(zotero, keys)
    assert await newest_change(1) == change
    assert zotero.writes == []


async def test_another_zotero_that_is_only_read_deletes_nothing(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.server_id = None
    await sync(zotero, keys)
    zotero.objects.clear()
    await sync(zotero, keys, deletions=True)
    assert (await read_entry(MOSS, 1)).status == "reading"


async def test_a_hostile_item_breaks_nothing(zotero: FakeZotero, keys: Path) -> None:
    zotero.put(NOTE, note="<script>alert(1)</script><p>text</p>" + "\x00" * 3)
    zotero.put("EEEE6666", itemType="note", parentItem=ITEM, note="<p>" + "x" * 2_000_000 + "</p>")
    zotero.put("FFFF7777", itemType="preprint", title="Odd", DOI=["10.1/x"], tags="no list")
    tags = [{"tag": "x" * 300}, {"tag": "\x01"}, {"no": 1}, "?", {"tag": "papermargin:status/own"}]
    zotero.put(ITEM, tags=tags)
    report = await sync(zotero, keys)
    assert any("bytes" in sentence for sentence in report.failed)
    assert "alert(1)" not in "".join(
        html for key, html in zotero.notes(ITEM).items() if key not in (NOTE, "EEEE6666")
    )
    assert (await read_entry(MOSS, 1)).status == "reading"


async def test_another_user_s_words_stay_theirs(zotero: FakeZotero, keys: Path) -> None:
    ada = await second_user()
    await put_entry(edit(0, user=ada), FERN, EntryEdit(status="read", tags=["secret"]))
    await sync(zotero, keys)
    assert "secret" not in str(zotero.objects) and len(zotero.objects) == 3


async def test_zotero_that_ends_after_our_side_was_written_is_made_good_next_time(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.cut_before_write = 1
    with pytest.raises(Unreachable):
        await sync(zotero, keys)
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "rl"]
    assert zotero.tags(ITEM) == {"bryology", "cs.LG"}
    zotero.cut_before_write = None
    report = await sync(zotero, keys)
    assert report.conflicts == [] and "rl" in zotero.tags(ITEM)
    assert await texts() == ["from *here*", "from Zotero"] and len(zotero.notes(ITEM)) == 2
    assert is_quiet(await sync(zotero, keys))


async def test_what_the_user_writes_here_while_we_sync_is_kept(
    zotero: FakeZotero, keys: Path
) -> None:
    await sync(zotero, keys)
    zotero.put(ITEM, tags=[{"tag": "papermargin:status/read"}, {"tag": "bryology"}])

    def write() -> None:
        asyncio.run_coroutine_threadsafe(
            put_entry(edit(force=True), MOSS, EntryEdit(rating=2)), loop
        ).result()

    loop = asyncio.get_running_loop()
    zotero.after_reading = write
    await sync(zotero, keys)
    await sync(zotero, keys)
    entry = await read_entry(MOSS, 1)
    assert (entry.status, entry.rating) == ("read", 2)
    assert {"papermargin:status/read", "papermargin:rating/2"} < zotero.tags(ITEM)
    assert is_quiet(await sync(zotero, keys))


async def test_a_tag_renamed_in_zotero_is_renamed_here(zotero: FakeZotero, keys: Path) -> None:
    await sync(zotero, keys)
    renamed = [tag | {"tag": tag["tag"].replace("bry", "my")} for tag in zotero.raw_tags(ITEM)]
    zotero.put(ITEM, tags=renamed)
    await sync(zotero, keys)
    assert (await read_entry(MOSS, 1)).tags == ["myology", "rl"]
    assert is_quiet(await sync(zotero, keys))


async def test_another_library_that_opens_while_we_sync_is_not_written(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.after_reading = lambda: setattr(zotero, "server_id", "AnotherOne22")
    with pytest.raises(SourceError, match="another Zotero library"):
        await sync(zotero, keys)
    assert zotero.writes == []


async def test_an_answer_that_is_no_json_is_told_in_a_sentence(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.answer = "<html>a proxy</html>"
    with pytest.raises(SourceError, match="is no Zotero"):
        await sync(zotero, keys)


async def test_collections_are_left_alone_unless_they_are_asked_for(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.put_collection("CCOL2222", "mosses")
    zotero.put(ITEM, collections=["CCOL2222"])
    await sync(zotero, keys)
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "rl"]
    assert zotero.objects[ITEM]["collections"] == ["CCOL2222"]


async def test_a_collection_is_the_tag_of_its_name_on_both_sides(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.put_collection("CCOL2222", "mosses")
    zotero.put_collection("CCOL3333", "wet", "CCOL2222")
    zotero.put_collection("CCOL4444", "RL")
    zotero.put_collection("CCOL5555", "\n")
    zotero.put(ITEM, collections=["CCOL3333", "CCOL5555"])
    await put_entry(edit(0), FERN, EntryEdit(status="read", tags=["mosses"]))
    await sync(zotero, keys, collections=True)
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "mosses/wet", "rl"]
    assert zotero.objects[ITEM]["collections"] == ["CCOL3333", "CCOL5555", "CCOL4444"]
    [new] = [each for each in zotero.objects.values() if each.get("archiveID") == f"arXiv:{FERN}"]
    assert new["collections"] == ["CCOL2222"]
    assert is_quiet(await sync(zotero, keys, collections=True))

    # taken out of one collection there, and a tag dropped here
    zotero.put(ITEM, collections=["CCOL4444", "CCOL5555"])
    await put_entry(edit(force=True), FERN, EntryEdit(status="read", tags=[]))
    await sync(zotero, keys, collections=True)
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "rl"]
    assert "mosses/wet" not in zotero.tags(ITEM)
    assert zotero.objects[new["key"]]["collections"] == []
    assert is_quiet(await sync(zotero, keys, collections=True))


async def test_a_collection_that_is_deleted_takes_no_tag_with_it(
    zotero: FakeZotero, keys: Path
) -> None:
    zotero.put_collection("CCOL2222", "mosses")
    zotero.put(ITEM, collections=["CCOL2222"])
    await sync(zotero, keys, collections=True)
    del zotero.collections["CCOL2222"]
    zotero.put(ITEM, collections=[])
    await sync(zotero, keys, collections=True)
    assert (await read_entry(MOSS, 1)).tags == ["bryology", "mosses", "rl"]


async def test_collections_in_a_circle_are_no_endless_tag(zotero: FakeZotero, keys: Path) -> None:
    zotero.put_collection("CCOL2222", "hen", "CCOL3333")
    zotero.put_collection("CCOL3333", "egg", "CCOL2222")
    zotero.put(ITEM, collections=["CCOL2222"])
    await sync(zotero, keys, collections=True)
    assert "egg/hen" in (await read_entry(MOSS, 1)).tags
