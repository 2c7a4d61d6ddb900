"""Two papers that turn out to be one, with all that readers wrote on either."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from nlp.spans import Extraction, Mention
from server import library
from server.cards import cards
from server.changes import changes_since
from server.identity import title_key
from server.margin import list_notes, read_entry, read_trash
from server.mentions import Reading, store_readings, unread
from server.models import Paper, Term
from server.overlay import overlay
from server.papers import list_papers, read_paper
from server.states import find_paper
from server.tags import delete_tag, restore_tag
from server.wire import CorrectionEdit, EntryEdit, NoteEdit, OverlayRequest, PagePaper, SeenEdit
from tests.server.material import MOSS, NOW, edit, keys, second_user, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

OLD = title_key("Moss")


async def write_on(key: str, user: int, *, status: str, rating: int | None, tag: str, minutes: int) -> UUID:
    """Write everything that a reader can write on a paper, and give the note's id."""
    uuid = uuid4()
    note = NoteEdit(paper=key, text=f"note of {user} on {key}")
    await library.put_note(edit(user=user, minutes=minutes), uuid, note)
    wish = EntryEdit(status=status, rating=rating, tags=[tag, "both"])
    await library.put_entry(edit(user=user, minutes=minutes, force=True), key, wish)
    verdict = CorrectionEdit(verdict="missing", surface="moss", label="METHOD")
    await library.put_correction(edit(user=user), key, uuid4(), verdict)
    await library.set_seen(edit(user=user), SeenEdit(papers=[key]))
    return uuid


async def captured(title: str = "Moss") -> None:
    await take_in(source(None, title, richness="capture"))


async def test_all_that_was_written_on_a_captured_paper_stays_when_it_adopts_its_id() -> None:
    await captured()
    note = await write_on(OLD, 1, status="reading", rating=4, tag="bog", minutes=0)
    await take_in(source(MOSS, "Moss"))
    page = await read_paper(MOSS, 1)
    assert page.entry and (page.entry.status, page.entry.rating, page.entry.tags) == ("reading", 4, ["bog", "both"])
    assert [n.id for n in page.notes] == [note]
    assert (len(page.corrections), page.seen) == (1, True)


async def test_a_queued_edit_of_the_old_key_still_reaches_the_paper() -> None:
    await captured()
    await library.put_entry(edit(), OLD, EntryEdit(status="inbox"))
    await take_in(source(MOSS, "Moss"))
    state = await library.put_entry(edit(1), OLD, EntryEdit(status="read"))
    assert (state.key, state.status, state.version) == (MOSS, "read", 2)
    assert keys((await list_papers(1, f"key:{OLD}")).papers) == [MOSS]


async def test_changes_of_the_old_key_are_told_under_the_new_one() -> None:
    await captured()
    await library.put_entry(edit(), OLD, EntryEdit(status="inbox"))
    await take_in(source(MOSS, "Moss"))
    assert {(change.kind, change.ref, change.paper) for change in (await changes_since(1, 0, 100)).changes} == {
        ("paper", MOSS, MOSS),
        ("entry", MOSS, MOSS),
    }


async def make_two() -> None:
    """Two papers that nobody knows to be one: a later title of `MOSS` is that of a captured paper."""
    await take_in(source(MOSS, "Peat"))
    await captured()


async def unite() -> None:
    await take_in(source(MOSS, "Moss", observed=NOW + timedelta(days=1)))


async def test_entries_of_one_reader_on_both_become_one() -> None:
    await make_two()
    await write_on(OLD, 1, status="reading", rating=2, tag="old", minutes=0)
    await write_on(MOSS, 1, status="inbox", rating=5, tag="new", minutes=9)
    await unite()
    page = await read_paper(OLD, 1)
    assert page.key == MOSS and await Paper.all().count() == 1
    assert page.entry and (page.entry.status, page.entry.rating) == ("reading", 5)
    assert page.entry.tags == ["both", "new", "old"]
    assert page.entry.version == 3, "it changed for whoever holds one of the two"
    assert (len(page.notes), len(page.corrections), page.seen) == (2, 2, True)
    assert page.entry.added == NOW


async def test_the_entry_of_another_reader_moves_along() -> None:
    ada = await second_user()
    await make_two()
    await write_on(OLD, ada, status="read", rating=1, tag="hers", minutes=0)
    await write_on(MOSS, 1, status="skipped", rating=3, tag="mine", minutes=0)
    await unite()
    hers, mine = (await read_paper(MOSS, ada)), (await read_paper(MOSS, 1))
    assert hers.entry and (hers.entry.status, hers.entry.tags) == ("read", ["both", "hers"])
    assert mine.entry and (mine.entry.status, mine.entry.tags) == ("skipped", ["both", "mine"])
    assert ([n.text for n in hers.notes], len(mine.notes)) == ([f"note of {ada} on {OLD}"], 1)


@pytest.mark.parametrize("gone", [OLD, MOSS])
async def test_an_entry_in_the_trash_gives_way_to_one_that_is_not(gone: str) -> None:
    await make_two()
    kept = MOSS if gone == OLD else OLD
    await library.put_entry(edit(), gone, EntryEdit(status="read", rating=1))
    await library.delete_entry(edit(1), gone)
    await library.put_entry(edit(), kept, EntryEdit(status="inbox", rating=4))
    await unite()
    entry = await read_entry(MOSS, 1)
    assert (entry.status, entry.rating, entry.deleted) == ("inbox", 4, None)


async def test_two_entries_in_the_trash_stay_there() -> None:
    await make_two()
    for key in (OLD, MOSS):
        await library.put_entry(edit(), key, EntryEdit(status="read"))
        await library.delete_entry(edit(1), key)
    await unite()
    assert keys((await read_trash(1)).entries) == [MOSS]


async def test_a_deleted_tag_comes_back_on_the_merged_entry() -> None:
    await make_two()
    await library.put_entry(edit(), OLD, EntryEdit(tags=["bog"]))
    await library.put_entry(edit(), MOSS, EntryEdit(tags=[]))
    await delete_tag(edit(force=True), "bog")
    await unite()
    assert (await read_entry(MOSS, 1)).tags == []
    await restore_tag(edit(), "bog")
    assert (await read_entry(MOSS, 1)).tags == ["bog"]


async def test_terms_count_the_papers_that_are_left() -> None:
    await make_two()
    found = Extraction([Mention(0, 4, "METHOD", "Moss")], [])
    await store_readings([Reading(paper, found) for paper in await unread("1", limit=9)], "1", NOW)
    assert (await Term.get(name="Moss")).papers == 2
    await unite()
    again = await unread("1", limit=9)
    assert [paper.key for paper in again] == [MOSS], "its title changed"
    await store_readings([Reading(paper, found) for paper in again], "1", NOW)
    assert (await Term.get(name="Moss")).papers == 1


async def test_the_overlay_and_search_know_one_paper_under_either_key() -> None:
    await make_two()
    await write_on(OLD, 1, status="reading", rating=2, tag="old", minutes=0)
    await unite()
    request = OverlayRequest(papers=[PagePaper(title="Moss"), PagePaper(id=OLD), PagePaper(id=MOSS)])
    reply, _ = await overlay(request, 1, NOW)
    assert keys(card for card in reply.cards if card) == [MOSS] * 3
    found = await list_papers(1, "moss", everything=True)
    assert (keys(found.papers), found.total) == ([MOSS], 1)
    assert len((await list_notes(1, "note", None, 9)).notes) == 1


async def test_cards_of_a_paper_that_is_gone_are_none() -> None:
    await make_two()
    gone = (await find_paper(OLD)).id
    await unite()
    assert await cards([gone], 1) == {}
