"""Merging two papers that turn out to be the same, with all that users wrote on either."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from nlp.spans import Extraction, Mention
from server.database.change_feed import changes_since
from server.database.models.imports import Citation as CitationRow
from server.database.models.papers import Paper
from server.database.models.terms import Term
from server.database.serializers import find_paper
from server.extraction.save import PaperExtraction, store_readings, unread
from server.identifiers import title_key
from server.papers.cards import cards
from server.papers.list import list_papers
from server.papers.overlay import overlay
from server.papers.page import read_paper
from server.reading_list.corrections import put_correction
from server.reading_list.entries import delete_entry, put_entry, read_entry, set_seen
from server.reading_list.notes import list_notes, put_note
from server.reading_list.tags import delete_tag, restore_tag
from server.reading_list.trash import read_trash
from server.schema.citations import Citation
from server.schema.papers import OverlayRequest, PagePaper
from server.schema.reading_list import EntryEdit, NoteEdit, Plan, SeenEdit, Status
from server.schema.terms import CorrectionEdit
from tests.server.material import MOSS, NOW, edit, keys, second_user, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

OLD = title_key("Moss")


async def write_on(
    key: str, user: int, *, status: str, rating: int | None, tag: str, minutes: int
) -> UUID:
    """Write everything that a user can write on a paper, and return the note's id."""
    uuid = uuid4()
    note = NoteEdit(paper=key, text=f"note of {user} on {key}")
    await put_note(edit(user=user, minutes=minutes), uuid, note)
    wish = EntryEdit(status=status, rating=rating, tags=[tag, "both"])
    await put_entry(edit(user=user, minutes=minutes, force=True), key, wish)
    verdict = CorrectionEdit(verdict="missing", surface="moss", label="METHOD")
    await put_correction(edit(user=user), key, uuid4(), verdict)
    await set_seen(edit(user=user), SeenEdit(papers=[key]))
    return uuid


async def captured(title: str = "Moss") -> None:
    await take_in(source(None, title, richness="capture"))


async def test_user_data_of_a_captured_paper_is_kept_when_it_adopts_its_id() -> None:
    await captured()
    note = await write_on(OLD, 1, status="reading", rating=4, tag="bog", minutes=0)
    await take_in(source(MOSS, "Moss"))
    page = await read_paper(MOSS, 1)
    assert page.entry and (page.entry.status, page.entry.rating, page.entry.tags) == (
        "reading",
        4,
        ["bog", "both"],
    )
    assert [n.id for n in page.notes] == [note]
    assert (len(page.corrections), page.seen) == (1, True)


async def test_an_edit_of_the_old_key_reaches_the_paper() -> None:
    await captured()
    await put_entry(edit(), OLD, EntryEdit(status="inbox"))
    await take_in(source(MOSS, "Moss"))
    state = await put_entry(edit(1), OLD, EntryEdit(status="read"))
    assert (state.key, state.status, state.version) == (MOSS, "read", 2)
    assert keys((await list_papers(1, f"key:{OLD}")).papers) == [MOSS]


async def test_changes_of_the_old_key_are_reported_under_the_new_one() -> None:
    await captured()
    await put_entry(edit(), OLD, EntryEdit(status="inbox"))
    await take_in(source(MOSS, "Moss"))
    assert {
        (change.kind, change.ref, change.paper)
        for change in (await changes_since(1, 0, 100)).changes
    } == {
        ("paper", MOSS, MOSS),
        ("entry", MOSS, MOSS),
    }


async def make_two() -> None:
    """Store one paper twice, as `MOSS` and as a captured paper, before their titles agree."""
    await take_in(source(MOSS, "Peat"))
    await captured()


async def unite() -> None:
    await take_in(source(MOSS, "Moss", observed=NOW + timedelta(days=1)))


async def test_two_entries_of_one_user_are_merged() -> None:
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


async def test_the_entry_of_another_user_moves_to_the_merged_paper() -> None:
    ada = await second_user()
    await make_two()
    await write_on(OLD, ada, status="read", rating=1, tag="hers", minutes=0)
    await write_on(MOSS, 1, status="skipped", rating=3, tag="mine", minutes=0)
    await unite()
    hers, mine = (await read_paper(MOSS, ada)), (await read_paper(MOSS, 1))
    assert hers.entry and (hers.entry.status, hers.entry.tags) == ("read", ["both", "hers"])
    assert mine.entry and (mine.entry.status, mine.entry.tags) == ("skipped", ["both", "mine"])
    assert ([n.text for n in hers.notes], len(mine.notes)) == ([f"note of {ada} on {OLD}"], 1)
    assert (hers.entry.version, mine.entry.version) == (3, 2), "only hers has another paper now"


async def test_the_devices_of_both_users_are_told_of_their_merged_entries() -> None:
    ada = await second_user()
    await make_two()
    await write_on(OLD, ada, status="read", rating=1, tag="hers", minutes=0)
    await write_on(OLD, 1, status="read", rating=3, tag="old", minutes=0)
    await write_on(MOSS, 1, status="inbox", rating=3, tag="new", minutes=0)
    before = {user: (await changes_since(user, 0, 100)).last for user in (1, ada)}
    await unite()
    for user in (1, ada):
        told = (await changes_since(user, before[user], 100)).changes
        assert [(c.ref, c.version) for c in told if c.kind == "entry"] == [(MOSS, 3)]


async def test_of_two_citations_of_a_user_the_remaining_paper_s_stays() -> None:
    ada = await second_user()
    await make_two()
    old, kept = await find_paper(OLD), await find_paper(MOSS)
    for user, paper in ((1, old), (1, kept), (ada, old)):
        data = Citation(key=f"{user} {paper.key}")
        await CitationRow.create(user_id=user, paper_id=paper.id, data=data, updated=NOW)
    await unite()
    cited = {row.user_id: row.data.key for row in await CitationRow.filter(paper_id=kept.id)}
    assert cited == {1: f"1 {MOSS}", ada: f"{ada} {OLD}"}
    assert await CitationRow.all().count() == 2


@pytest.mark.parametrize("gone", [OLD, MOSS])
async def test_an_entry_in_the_list_wins_over_one_in_the_trash(gone: str) -> None:
    await make_two()
    kept = MOSS if gone == OLD else OLD
    await put_entry(edit(), gone, EntryEdit(status="read", rating=1))
    await delete_entry(edit(1), gone)
    await put_entry(edit(), kept, EntryEdit(status="inbox", rating=4))
    await unite()
    entry = await read_entry(MOSS, 1)
    assert (entry.status, entry.rating, entry.deleted) == ("inbox", 4, None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("inbox", Plan(2.0, date(2026, 5, 1), date(2026, 4, 1))),
        # one that was read is to be read again
        ("read", Plan(5.0, date(2026, 5, 1), date(2026, 4, 1))),
    ],
)
async def test_the_earlier_plan_of_two_entries_holds_unless_the_paper_is_done(
    status: Status, expected: Plan
) -> None:
    await make_two()
    early, late = date(2026, 4, 1), date(2026, 5, 1)
    await put_entry(edit(), OLD, EntryEdit(queue=2.0, due=late))
    await put_entry(edit(), MOSS, EntryEdit(status=status))
    await put_entry(edit(1), MOSS, EntryEdit(queue=5.0, due=early, snoozed_until=late))
    await unite()
    assert (await read_entry(MOSS, 1)).plan == expected


async def test_two_entries_in_the_trash_stay_there() -> None:
    await make_two()
    for key in (OLD, MOSS):
        await put_entry(edit(), key, EntryEdit(status="read"))
        await delete_entry(edit(1), key)
    await unite()
    assert keys((await read_trash(1)).entries) == [MOSS]


async def test_a_deleted_tag_comes_back_on_the_merged_entry() -> None:
    await make_two()
    await put_entry(edit(), OLD, EntryEdit(tags=["bog"]))
    await put_entry(edit(), MOSS, EntryEdit(tags=[]))
    await delete_tag(edit(force=True), "bog")
    await unite()
    assert (await read_entry(MOSS, 1)).tags == []
    await restore_tag(edit(), "bog")
    assert (await read_entry(MOSS, 1)).tags == ["bog"]


async def test_terms_count_the_remaining_papers() -> None:
    await make_two()
    found = Extraction([Mention(0, 4, "METHOD", "Moss")], [])
    await store_readings(
        [PaperExtraction(paper, found) for paper in await unread("1", limit=9)], "1", NOW
    )
    assert (await Term.get(name="Moss")).papers == 2
    await unite()
    again = await unread("1", limit=9)
    assert [paper.key for paper in again] == [MOSS], "its title changed"
    await store_readings([PaperExtraction(paper, found) for paper in again], "1", NOW)
    assert (await Term.get(name="Moss")).papers == 1


async def test_the_overlay_and_search_find_one_paper_by_either_key() -> None:
    await make_two()
    await write_on(OLD, 1, status="reading", rating=2, tag="old", minutes=0)
    await unite()
    request = OverlayRequest(
        papers=[PagePaper(title="Moss"), PagePaper(id=OLD), PagePaper(id=MOSS)]
    )
    reply = await overlay(request, 1, NOW)
    assert keys(card for card in reply.cards if card) == [MOSS] * 3
    found = await list_papers(1, "moss", everything=True)
    assert (keys(found.papers), found.total) == ([MOSS], 1)
    assert len((await list_notes(1, "note", None, 9)).notes) == 1


async def test_a_merged_paper_has_no_card() -> None:
    await make_two()
    gone = (await find_paper(OLD)).id
    await unite()
    assert await cards([gone], 1) == {}


@pytest.mark.parametrize("minutes", [0, 2])
async def test_a_rating_of_0_is_kept_whichever_entry_is_newer(minutes: int) -> None:
    await make_two()
    await put_entry(edit(minutes=1), MOSS, EntryEdit(status="read"))
    await put_entry(edit(minutes=minutes), OLD, EntryEdit(status="read", rating=0))
    await unite()
    assert (await read_entry(MOSS, 1)).rating == 0


async def test_the_rating_that_was_given_last_is_kept() -> None:
    await make_two()
    await put_entry(edit(minutes=0), MOSS, EntryEdit(status="read", rating=1))
    await put_entry(edit(minutes=5), OLD, EntryEdit(status="read", rating=2))
    await put_entry(edit(minutes=9, force=True), MOSS, EntryEdit(rating=4))
    await unite()
    assert (await read_entry(MOSS, 1)).rating == 4
