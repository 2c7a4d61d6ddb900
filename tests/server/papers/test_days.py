"""The days of the Daily Papers, their order, and what of them was looked through."""

from datetime import date

import pytest

from server.papers.days import count_days, neighbours, newest_day, read_day
from server.reading_list.entries import set_seen
from server.schema.reading_list import SeenEdit
from server.schema.sources import SourceListing
from tests.server.material import FERN, MOSS, edit, keys, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]


def page(day: date, kind: str = "daily") -> SourceListing:
    return SourceListing(kind=kind, name=str(day), day=day)  # type: ignore[arg-type]


async def test_a_day_has_its_papers_in_the_page_s_order_once_each() -> None:
    day = date(2026, 3, 5)
    await take_in(source(FERN), source(MOSS), listing=page(day))
    await take_in(source(MOSS), source("2601.00009"), listing=page(day, "capture"))
    assert keys(await read_day(day, 1)) == [FERN, MOSS, "2601.00009"]
    assert await read_day(date(2026, 3, 6), 1) == []


async def test_a_month_tells_its_days_and_what_is_left_of_them() -> None:
    first, second = date(2026, 2, 28), date(2026, 3, 5)
    await take_in(source(MOSS), listing=page(first))
    await take_in(source(FERN), source(MOSS), listing=page(second))
    await take_in(
        source(FERN), listing=SourceListing(kind="weekly", name="2026-W12", day=date(2026, 3, 16))
    )
    await set_seen(edit(), SeenEdit(papers=[MOSS]))
    march = await count_days(2026, 3, 1)
    assert {of: (count.papers, count.unseen) for of, count in march.items()} == {second: (2, 1)}
    assert (await count_days(2026, 2, 1))[first].unseen == 0 and (await count_days(2026, 3, 2))[
        second
    ].unseen == 2
    assert await newest_day() == second
    around = await neighbours(second)
    assert (around.before, around.after) == (first, None)


async def test_an_empty_store_has_no_newest_day() -> None:
    assert await newest_day() is None
