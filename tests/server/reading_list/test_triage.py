"""Decisions of a triage: what they write, and that each can be undone."""

from uuid import UUID

import pytest

from server.database.change_feed import changes_since
from server.database.models.reading_list import Seen
from server.errors import NotFound
from server.papers.list import find_rows
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.entries import put_entry, read_entry
from server.reading_list.triage import Decision, decide, take_back
from server.schema.reading_list import EntryEdit, Status
from tests.server.material import FERN, MOSS, NOW, edit, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def papers(store: object) -> list[int]:
    await take_in_two()
    return await find_rows([MOSS, FERN])


async def status_of(key: str) -> Status | None:
    try:
        return (await read_entry(key, 1)).status
    except NotFound:
        return None


async def do(key: str, decision: Decision, minutes: int) -> None:
    await decide(edit(uuid=UUID(int=minutes), minutes=minutes), key, decision)


@pytest.mark.parametrize(
    ("before", "decision", "after"),
    [
        (None, "keep", "inbox"),
        (None, "skip", None),
        ("none", "keep", "inbox"),
        ("skipped", "keep", "inbox"),
        ("reading", "keep", "reading"),
        ("reading", "skip", "skipped"),
        ("none", "skip", "none"),
    ],
)
async def test_a_decision_sets_the_status_and_marks_as_seen_and_is_undone(
    before: Status | None, decision: Decision, after: Status | None, papers: list[int]
) -> None:
    if before:
        await put_entry(edit(), MOSS, EntryEdit(status=before, rating=3, tags=["wet"]))
    await do(MOSS, decision, 1)
    assert await status_of(MOSS) == after
    assert await Seen.filter(paper_id=papers[0]).count() == 1
    assert await take_back(edit(minutes=2), papers, NOW) == MOSS
    assert await status_of(MOSS) == (before or ("none" if after else None))
    assert await Seen.all().count() == 0
    if before:
        entry = await read_entry(MOSS, 1)
        assert (entry.rating, entry.tags) == (3, ["wet"])


async def test_decisions_are_undone_one_after_the_other(papers: list[int]) -> None:
    await do(MOSS, "keep", 1)
    await do(FERN, "keep", 2)
    assert await take_back(edit(minutes=3), papers, NOW) == FERN
    assert await take_back(edit(minutes=4), papers, NOW) == MOSS
    assert await take_back(edit(minutes=5), papers, NOW) is None
    assert (await status_of(MOSS), await status_of(FERN)) == ("none", "none")


async def test_a_paper_that_was_decided_on_twice_is_as_before_the_first(papers: list[int]) -> None:
    await do(MOSS, "keep", 1)
    await do(MOSS, "skip", 2)
    assert await status_of(MOSS) == "skipped"
    assert await take_back(edit(minutes=3), papers, NOW) == MOSS
    assert await status_of(MOSS) == "none"
    await do(MOSS, "keep", 4)
    assert await status_of(MOSS) == "inbox"


async def test_what_was_written_since_a_decision_stays(papers: list[int]) -> None:
    await do(MOSS, "keep", 1)
    await change_entries(edit(minutes=2, force=True), papers[:1], EntryChange(rating=5))
    await take_back(edit(minutes=3), papers, NOW)
    entry = await read_entry(MOSS, 1)
    assert (entry.status, entry.rating) == ("inbox", 5)


async def test_a_decision_before_the_triage_is_not_undone(papers: list[int]) -> None:
    await do(MOSS, "keep", 1)
    assert await take_back(edit(minutes=3), papers, edit(minutes=2).at) is None
    assert await status_of(MOSS) == "inbox"


async def test_other_devices_hear_of_a_decision() -> None:
    start = (await changes_since(1, 0, 100)).last
    await do(MOSS, "keep", 1)
    changes = (await changes_since(1, start, 100)).changes
    assert [change.kind for change in changes] == ["entry", "seen"]
