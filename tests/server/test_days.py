"""The user's day, on the clock of a server in Tokyo: in files, on pages and in statistics."""

from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from server import days
from server.reading_list.entries import put_entry
from server.reading_list.statistics import count_topics, count_weeks
from server.schema.reading_list import EntryEdit
from tests.server.exports.pages import make_entry, make_note, make_page
from tests.server.material import MOSS, edit, source, take_in
from tests.server.vault.test_sync import export, names

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("tokyo")]

LATE = datetime(2026, 11, 29, 23, 20, tzinfo=UTC)  # 08:20 on the next day in Tokyo


async def test_a_moment_has_the_day_of_the_local_clock() -> None:
    assert days.day_of(LATE) == date(2026, 11, 30)
    assert days.local(LATE).strftime("%H:%M") == "08:20"


async def test_a_day_begins_at_local_midnight() -> None:
    assert days.midnight(date(2026, 11, 30)) == datetime(2026, 11, 29, 15, tzinfo=UTC)


@pytest.mark.parametrize("day", [date.min, date.max])
async def test_the_first_and_the_last_day_begin_too(day: date) -> None:
    assert days.midnight(day).tzinfo == UTC


async def test_the_file_of_a_day_and_the_notes_in_it_have_the_local_day(tmp_path: Path) -> None:
    note = replace(make_note("Bright."), created=LATE)
    page = make_page(entry=make_entry(added=LATE), notes=[note])
    await export(tmp_path, page, per="day")
    assert names(tmp_path) == ["Papers of 2026-11-30.md"]
    text = (tmp_path / "Papers of 2026-11-30.md").read_text()
    assert "[!note] [[2026-11-30]]" in text


async def test_a_page_shows_the_local_day_of_an_entry(client: httpx.AsyncClient) -> None:
    await take_in(source(MOSS))
    await put_entry(edit(minutes=4 * 60), MOSS, EntryEdit(status="inbox"))
    page = (await client.get("/", headers={"Accept": "text/html"})).text
    assert "2026-03-06" in page
    assert "2026-03-05" not in page


async def test_weeks_and_months_begin_at_local_midnight(store: object) -> None:
    await take_in(source(MOSS))
    sunday = edit(minutes=3 * 24 * 60 + 4 * 60)  # March 8 in Greenwich, March 9 in Tokyo
    await put_entry(sunday, MOSS, EntryEdit(status="inbox"))
    [*_, week] = await count_weeks(1, date(2026, 3, 9))
    assert (week.monday, week.added) == (date(2026, 3, 9), 1)
    assert (await count_topics(1, "METHOD", date(2026, 3, 9))).months[-1] == "2026-03"


async def test_a_user_in_another_time_zone_has_days_of_their_own(client: httpx.AsyncClient) -> None:
    await take_in(source(MOSS))
    await put_entry(edit(minutes=4 * 60), MOSS, EntryEdit(status="inbox"))  # March 6 in Tokyo
    chosen = await client.post("/settings/looks", data={"zone": "America/Los_Angeles"})
    assert chosen.status_code == 303
    page = (await client.get("/", headers={"Accept": "text/html"})).text
    assert "2026-03-05" in page
    assert "2026-03-06" not in page
    for day, found in (("2026-03-05", 1), ("2026-03-06", 0)):
        listed = (await client.get("/api/v1/papers", params={"q": f"added:{day}"})).json()
        assert len(listed["papers"]) == found
    assert 'value="America/Los_Angeles"' in (await client.get("/settings")).text
    await client.post("/settings/looks", data={"zone": ""})
    assert "2026-03-06" in (await client.get("/", headers={"Accept": "text/html"})).text


async def test_an_unknown_time_zone_is_refused(client: httpx.AsyncClient) -> None:
    reply = await client.post("/settings/looks", data={"zone": "Mars/Olympus"})
    assert reply.status_code == 422
    assert "there is no time zone 'Mars/Olympus'" in reply.text
