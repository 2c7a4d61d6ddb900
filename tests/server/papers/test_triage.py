"""The pile of a triage: which papers it has, and that their places do not change."""

from datetime import date, timedelta

import pytest

from server.errors import Invalid
from server.papers.triage import MAX_SPANS, Span, parse_days, read_pile
from server.reading_list.entries import put_entry, set_seen
from server.schema.reading_list import EntryEdit, SeenEdit
from server.schema.sources import SourceListing
from tests.server.material import FERN, MOSS, NOW, edit, keys, second_user, source, take_in

pytestmark = pytest.mark.anyio

FIRST, SECOND = date(2026, 3, 4), date(2026, 3, 5)
LICHEN = "2601.00003"
BOTH = [Span(FIRST, SECOND)]


@pytest.fixture
async def days(store: object) -> None:
    """Two days: the fern was on both."""
    for day, papers in ((FIRST, (MOSS, FERN)), (SECOND, (LICHEN, FERN))):
        listing = SourceListing(kind="daily", name=str(day), day=day)
        await take_in(*map(source, papers), listing=listing)


@pytest.mark.usefixtures("days")
async def test_several_days_are_one_pile_with_the_newest_first_and_no_paper_twice() -> None:
    pile = await read_pile(1, parse_days("all"), NOW)
    assert keys(pile) == [LICHEN, FERN, MOSS]
    assert [paper.day for paper in pile] == [SECOND, SECOND, FIRST]
    assert keys(await read_pile(1, [Span(FIRST, FIRST)], NOW)) == [MOSS, FERN]
    assert await read_pile(1, [Span(date(2026, 3, 6), date.max)], NOW) == []


@pytest.mark.usefixtures("days")
async def test_what_was_seen_before_is_left_out_and_what_is_decided_on_keeps_its_place() -> None:
    await set_seen(edit(), SeenEdit(papers=[LICHEN]))
    await set_seen(edit(minutes=2), SeenEdit(papers=[FERN]))
    await put_entry(edit(minutes=2), FERN, EntryEdit(status="reading"))
    pile = await read_pile(1, BOTH, NOW + timedelta(minutes=1))
    assert keys(pile) == [FERN, MOSS]
    assert [(paper.is_decided, paper.is_kept) for paper in pile] == [(True, True), (False, False)]
    assert len(await read_pile(await second_user(), BOTH, NOW)) == 3


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("2026-03-04", [Span(FIRST, FIRST)]),
        ("2026-03-04..2026-03-05", BOTH),
        ("2026-03-04, 2026-03-05", [Span(FIRST, FIRST), Span(SECOND, SECOND)]),
        ("all", [Span(date.min, date.max)]),
    ],
)
def test_days_are_named_one_by_one_or_from_first_to_last(text: str, spans: list[Span]) -> None:
    assert parse_days(text) == spans


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("yesterday", "'yesterday' is no day"),
        ("2026-02-30", "no day"),
        ("", "no day"),
        ("2026-03-05..2026-03-04", "ends before it begins"),
        (",".join(["2026-03-05"] * (MAX_SPANS + 1)), "at most 40"),
    ],
)
def test_days_that_are_none_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        parse_days(text)
