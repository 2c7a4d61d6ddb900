"""The reading queue: its order, snoozed papers and due dates."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from server.database.change_feed import changes_since, newest_change
from server.database.models.reading_list import Entry
from server.days import today
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing
from server.papers.facets import list_facets
from server.papers.history import read_history
from server.papers.list import find_papers, find_rows, list_papers
from server.papers.triage import ALL, parse_days, read_pile
from server.reading_list.bulk import EntryChange, Undone, change_entries, undo
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.queue import move_paper
from server.reading_list.trash import restore
from server.schema.reading_list import EntryEdit, Plan, QueueMove, Status
from server.schema.sources import SourceListing
from server.schema.trash import Restore
from tests.server.material import NOW, edit, keys, second_user, source, take_in

pytestmark = pytest.mark.anyio

A, B, C, D = KEYS = [f"2601.0000{number}" for number in range(4)]
MOVE, UNDO = UUID(int=7), UUID(int=8)
TOMORROW, YESTERDAY = today() + timedelta(days=1), today() - timedelta(days=1)
LONG_AGO = date(2025, 1, 1)


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    """Four papers of a day, of which three are in the queue: A, B, C."""
    day = SourceListing(kind="daily", name=str(LONG_AGO), day=LONG_AGO)
    await take_in(*map(source, KEYS), listing=day)
    for key in (A, B, C):
        await move(key, to="bottom")


async def move(key: str, **place: str) -> None:
    await move_paper(edit(force=True), key, QueueMove(**place))  # type: ignore[arg-type]


async def order(query: str = "is:queued", user: int = 1) -> str:
    """Return the papers of a query in the order of the queue, as their letters."""
    found = await list_papers(user, query, sort="queue")
    return "".join("ABCD"[KEYS.index(key)] for key in keys(found.papers))


async def set_plan(key: str, **values: date | None) -> None:
    await put_entry(edit(force=True), key, EntryEdit(**values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "place", "expected"),
    [
        (C, {"to": "top"}, "CAB"),
        (A, {"to": "bottom"}, "BCA"),
        (C, {"to": "up"}, "ACB"),
        (A, {"to": "down"}, "BAC"),
        (A, {"after": B}, "BAC"),
        (C, {"before": B}, "ACB"),
        (D, {"to": "top"}, "DABC"),
        (D, {"after": A}, "ADBC"),
        (A, {"to": "up"}, "ABC"),
        (C, {"to": "down"}, "ABC"),
        (B, {"after": A}, "ABC"),
    ],
)
async def test_a_move_changes_one_entry(key: str, place: dict[str, str], expected: str) -> None:
    since = await newest_change(1)
    await move(key, **place)
    assert await order() == expected
    written = [change.ref for change in (await changes_since(1, since, 9)).changes]
    assert written == ([] if expected == "ABC" else [key])


async def test_a_paper_that_is_put_into_the_queue_joins_the_list() -> None:
    await move(D, to="top")
    assert (await read_entry(D, 1)).status == "inbox"
    assert await order("sort:queue") == "DABC"


async def test_a_repeated_move_is_done_once() -> None:
    version = (await read_entry(C, 1)).version
    for _ in range(2):
        await move_paper(edit(version, uuid=MOVE), C, QueueMove(to="up"))
    assert await order() == "ACB"


async def test_a_move_that_starts_from_an_old_version_is_refused() -> None:
    with pytest.raises(Conflict):
        await move_paper(edit(9), C, QueueMove(to="top"))
    with pytest.raises(PreconditionMissing):
        await move_paper(edit(), C, QueueMove(to="top"))
    assert await order() == "ABC"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({}, "say where it is to be"),
        ({"to": "top", "after": A}, "say where it is to be"),
        ({"before": C}, "before or after itself"),
        ({"after": D}, f"{D} is not in the queue"),
    ],
)
async def test_a_move_to_no_place_is_refused(place: dict[str, str], reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        await move(C, **place)


async def test_a_step_of_a_paper_outside_the_queue_is_refused() -> None:
    with pytest.raises(Invalid, match="not in the queue"):
        await move(D, to="up")
    with pytest.raises(NotFound):
        await move("2601.99999", to="top")


async def test_papers_of_one_rank_can_be_moved_apart() -> None:
    await Entry.all().update(queue=1.0)
    first = await order()
    middle = KEYS["ABCD".index(first[1])]
    await move(D, before=middle)
    assert await order() == f"{first[0]}D{first[1:]}"


async def test_where_no_rank_is_left_all_get_new_ones() -> None:
    for _ in range(60):  # a double has 52 bits to halve
        await move(C, before=B)
        await move(B, before=C)
        await move(C, after=A)
    assert await order() == "ACB"
    assert len({(await read_entry(key, 1)).queue for key in (A, B, C)}) == 3


async def test_new_ranks_are_undone_with_the_move_that_needed_them() -> None:
    ranks = {A: 0.0, B: 5e-324, C: 3.0}
    for key, rank in ranks.items():
        await Entry.filter(paper__key=key).update(queue=rank)
    await move_paper(edit(force=True, uuid=MOVE), C, QueueMove(before=B))
    assert await order() == "ACB"
    assert await undo(edit(uuid=UNDO), MOVE) == Undone(2, 0)
    assert {key: (await read_entry(key, 1)).queue for key in ranks} == ranks


async def test_a_snoozed_paper_is_away_until_its_day() -> None:
    await set_plan(B, snoozed_until=TOMORROW)
    assert await order() == "AC"
    assert await order("status:inbox") == "AC"
    assert await order("is:snoozed") == "B"
    assert await order("") == "ABC"
    await set_plan(B, snoozed_until=today())
    assert await order() == await order("status:inbox") == "ABC"


async def test_a_snoozed_paper_is_passed_over_by_a_step() -> None:
    await set_plan(B, snoozed_until=TOMORROW)
    await move(C, to="up")
    assert await order() == "CA"
    await set_plan(B, snoozed_until=None)
    assert await order() == "CAB"


async def test_a_snoozed_paper_is_no_part_of_a_triage_unless_it_was_decided_on() -> None:
    await set_plan(A, snoozed_until=TOMORROW)
    assert A not in keys(await read_pile(1, parse_days(ALL), NOW))
    await set_plan(A, snoozed_until=today())
    assert A in keys(await read_pile(1, parse_days(ALL), NOW))


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("query", ["", "on"])
async def test_facets_count_plans_and_snoozed_papers_apart(query: str, everything: bool) -> None:
    await set_plan(A, snoozed_until=TOMORROW, due=YESTERDAY)
    facets = await list_facets(1, query, everything=everything)
    assert {count.value: count.count for count in facets["is"]} == {
        "queued": 2,
        "snoozed": 1,
        "overdue": 1,
    }
    statuses = {count.value: count.count for count in facets["status"]}
    assert statuses == {"inbox": 2} | ({"none": 1} if everything else {})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("due:<7d", "AB"),
        ("due:7d", "AB"),
        ("due:>7d", "C"),
        ("due:tomorrow", "B"),
        ("due:yesterday", "A"),
        ("is:overdue", "A"),
        ("has:due", "ABC"),
        ("-has:due", ""),
        ("due:2025", ""),
        ("is:queued due:>=today", "BC"),
    ],
)
async def test_papers_are_found_by_their_due_date(query: str, expected: str) -> None:
    for key, due in ((A, YESTERDAY), (B, TOMORROW), (C, today() + timedelta(days=9))):
        await set_plan(key, due=due)
    assert await order(query) == expected


async def test_the_nearest_due_date_is_first_and_pages_follow_each_other() -> None:
    for key, due in ((C, YESTERDAY), (A, TOMORROW)):
        await set_plan(key, due=due)
    found, cursor = [], None
    for sort in ("due", "queue"):
        while page := await list_papers(1, "", sort=sort, cursor=cursor, limit=1):  # type: ignore[arg-type]
            found += keys(page.papers)
            if not (cursor := page.next):
                break
    assert found == [C, A, B, A, B, C]


@pytest.mark.parametrize("status", ["read", "skipped", "none"])
async def test_a_paper_that_is_done_has_no_plan_any_more(status: Status) -> None:
    await set_plan(A, snoozed_until=TOMORROW, due=TOMORROW)
    await put_entry(edit(force=True), A, EntryEdit(status=status))
    assert (await read_entry(A, 1)).plan == Plan()


async def test_a_paper_that_is_begun_keeps_its_plan() -> None:
    await set_plan(A, due=TOMORROW)
    await put_entry(edit(force=True), A, EntryEdit(status="reading"))
    assert (await read_entry(A, 1)).plan == Plan(0.0, None, TOMORROW)


async def test_a_paper_can_be_queued_to_be_read_again() -> None:
    await put_entry(edit(force=True), A, EntryEdit(status="read"))
    await move(A, to="bottom")
    assert await order() == "BCA"
    assert (await read_entry(A, 1)).status == "read"


async def test_many_papers_are_queued_snoozed_and_given_a_due_date_at_once() -> None:
    ids = await find_rows([D, B])
    await change_entries(edit(), ids, EntryChange(queue="bottom"))
    assert await order() == "ABCD"
    await change_entries(edit(), ids, EntryChange(queue="top"))
    assert await order() == "DBAC"
    await change_entries(edit(), ids, EntryChange(snoozed_until=TOMORROW, due=TOMORROW))
    assert await order() == "AC"
    await change_entries(edit(), ids, EntryChange(snoozed_until=None, due=None, queue=None))
    assert await order() == "AC"
    assert (await read_entry(D, 1)).plan == Plan()


async def test_what_takes_away_puts_no_paper_into_the_list() -> None:
    ids = await find_rows([D])
    change = EntryChange(queue=None, snoozed_until=None, due=None)
    assert await change_entries(edit(), ids, change) == 0


async def test_an_undo_brings_a_plan_back() -> None:
    await set_plan(A, due=TOMORROW)
    ids = await find_rows([A, B])
    await change_entries(edit(uuid=MOVE), ids, EntryChange(status="read"))
    assert await order() == "C"
    assert await undo(edit(uuid=UNDO), MOVE) == Undone(2, 0)
    assert await order() == "ABC"
    assert (await read_entry(A, 1)).due == TOMORROW


async def test_an_undone_move_is_where_it_was() -> None:
    await move_paper(edit(force=True, uuid=MOVE), C, QueueMove(to="top"))
    await undo(edit(uuid=UNDO), MOVE)
    assert await order() == "ABC"


async def test_all_papers_of_a_query_are_queued_in_the_order_of_the_list() -> None:
    await set_plan(D)
    await change_entries(edit(), await find_papers(1, ""), EntryChange(queue="top"))
    listed = keys((await list_papers(1)).papers)
    assert keys((await list_papers(1, "is:queued", sort="queue")).papers) == listed


async def test_a_paper_in_the_trash_comes_back_to_its_place() -> None:
    await delete_entry(edit(force=True), B)
    assert await order() == "AC"
    await restore(edit(), Restore(kind="entry", ref=B))
    assert await order() == "ABC"


async def test_everybody_has_a_queue_of_their_own() -> None:
    ada = await second_user()
    await move_paper(edit(0, user=ada), C, QueueMove(to="bottom"))
    await move_paper(edit(0, user=ada), A, QueueMove(to="bottom"))
    await put_entry(edit(force=True, user=ada), A, EntryEdit(snoozed_until=TOMORROW))
    assert await order() == "ABC"
    assert await order(user=ada) == "C"
    assert await find_papers(1, "is:snoozed") == []


async def test_the_history_tells_of_the_plan() -> None:
    await set_plan(A, due=TOMORROW, snoozed_until=TOMORROW)
    newest, first = (await read_history(A, 1))[:2]
    assert (newest.due, newest.snoozed_until) == ((None, TOMORROW), (None, TOMORROW))
    assert first.queue == (None, 0.0)
