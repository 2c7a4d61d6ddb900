"""The pages of a triage, the bulk edits of a day, and undo without a script."""

import re
from collections.abc import AsyncIterator
from datetime import date
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from server.config import Config
from server.papers.list import find_papers
from server.papers.page import read_paper
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.entries import read_entry
from server.schema.sources import SourceListing
from server.web.pages import queue
from tests.server.material import edit, source, take_in
from tests.server.sign_in import signed_in_browser

pytestmark = pytest.mark.anyio

DAY = date(2026, 3, 5)
KEYS = [f"2601.0000{number}" for number in range(3)]
EDIT = "00000000-0000-0000-0000-000000000007"


@pytest.fixture
async def browser(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in browser of `me`, whose store has a day of three papers."""
    async with signed_in_browser(config) as client:
        listing = SourceListing(kind="daily", name=str(DAY), day=DAY)
        papers = [source(key, f"Kettle {key[-1]}", abstract="It boils.") for key in KEYS]
        await take_in(*papers, listing=listing)
        yield client


async def begin(browser: httpx.AsyncClient, days: str = str(DAY)) -> str:
    """Begin a triage and return the address of its first paper."""
    reply = await browser.get("/triage", params={"days": days})
    assert reply.status_code == 303
    address: str = reply.headers["location"]
    return address


async def press(browser: httpx.AsyncClient, address: str, deed: str, key: str = "") -> str:
    """Press a button of a triage's page; return the address that it leads to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    form = {"days": asked["days"], "since": asked["since"], "do": deed, "key": key}
    reply = await browser.post("/triage", data=form)
    assert reply.status_code == 303, reply.text
    following: str = reply.headers["location"]
    return following


def link(page: httpx.Response, relation: str) -> str:
    found = re.search(rf'rel="{relation}" href="([^"]+)"', page.text)
    assert found
    return found[1].replace("&amp;", "&")


async def test_a_day_is_gone_through_paper_by_paper(browser: httpx.AsyncClient) -> None:
    first = await begin(browser)
    page = await browser.get(first)
    assert "1 of 3 · 0 kept" in page.text and "Kettle 0" in page.text
    second = await press(browser, first, "keep", KEYS[0])
    assert "2 of 3 · 1 kept" in (await browser.get(second)).text
    third = await press(browser, second, "skip", KEYS[1])
    end = await press(browser, third, "keep", KEYS[2])
    page = await browser.get(end)
    assert "You looked through 3 papers" in page.text and "2 papers were kept" in page.text
    [query] = re.findall(r'href="/\?q=([^"]+)"', page.text)[:1]
    listed = await browser.get(f"/?q={query}")
    assert "Kettle 0" in listed.text and "Kettle 2" in listed.text and "Kettle 1" not in listed.text
    assert "0 new" in (await browser.get(f"/days/{DAY}")).text


async def test_links_lead_back_and_forward_and_decide_nothing(browser: httpx.AsyncClient) -> None:
    second = link(await browser.get(await begin(browser)), "next")
    page = await browser.get(second)
    assert "2 of 3" in page.text
    assert "1 of 3" in (await browser.get(link(page, "prev"))).text
    end = await browser.get(link(await browser.get(link(page, "next")), "next"))
    assert "3 papers are still new" in end.text and "No paper was kept" in end.text


async def test_an_address_without_a_paper_goes_on_where_it_was_left(
    browser: httpx.AsyncClient,
) -> None:
    first = await begin(browser)
    await press(browser, first, "skip", KEYS[0])
    page = await browser.get(first)
    assert "2 of 3" in page.text and "Kettle 1" in page.text
    assert "You skipped it." in (await browser.get(link(page, "prev"))).text


async def test_undo_leads_back_to_the_paper_and_makes_it_new_again(
    browser: httpx.AsyncClient,
) -> None:
    first = await begin(browser)
    second = await press(browser, first, "keep", KEYS[0])
    back = await press(browser, second, "undo", KEYS[1])
    assert back.endswith(f"at={KEYS[0]}")
    page = await browser.get(back)
    assert "1 of 3 · 0 kept" in page.text and "You kept it." not in page.text
    assert (await read_entry(KEYS[0], 1)).status == "none"
    again = await press(browser, back, "undo", KEYS[0])
    assert again == back  # nothing is left to undo


async def test_a_note_is_written_in_a_triage_and_leads_back_there(
    browser: httpx.AsyncClient,
) -> None:
    first = await begin(browser)
    page = await browser.get(first)
    found = re.search(rf'action="(/papers/{KEYS[0]}/notes/[^"]+)"', page.text)
    assert found
    here = f"{first}&at={KEYS[0]}"
    reply = await browser.post(found[1], data={"text": "Whistles.", "version": "0", "here": here})
    assert (reply.status_code, reply.headers["location"]) == (303, here)
    assert "Whistles." in (await browser.get(here)).text
    assert [note.text for note in (await read_paper(KEYS[0], 1)).notes] == ["Whistles."]


async def test_a_triage_of_nothing_new_says_so(browser: httpx.AsyncClient) -> None:
    assert (
        "Nothing new in these days" in (await browser.get(await begin(browser, "2026-03-01"))).text
    )


async def test_a_triage_without_days_is_of_the_newest(browser: httpx.AsyncClient) -> None:
    assert f"days={DAY}&" in await begin(browser, "")


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("days=yesterday", 422, "is no day"),
        ("days=2026-03-05&since=noon", 400, "since"),
        ("days=2026-03-05&since=2026-03-05T00:00:00Z&at=2699.00001", 404, "2699.00001"),
        ("days=2026-03-04&since=2026-03-05T00:00:00Z&at=2601.00001", 404, "is not among"),
    ],
)
async def test_a_wrong_address_is_explained(
    browser: httpx.AsyncClient, query: str, status: int, reason: str
) -> None:
    reply = await browser.get(f"/triage?{query}")
    assert reply.status_code == status and reason in reply.text and "<h1>" in reply.text


async def test_a_day_has_the_bulk_edits_of_the_list(browser: httpx.AsyncClient) -> None:
    form = {"do": "rating", "rating": "4", "bulk_edit": EDIT, "here": f"/days/{DAY}"}
    reply = await browser.post("/entries", data=form | {"key": KEYS[:2]})
    page = await browser.get(reply.headers["location"])
    assert "2 papers were changed." in page.text
    assert [(await read_entry(key, 1)).rating for key in KEYS[:2]] == [4, 4]
    reply = await browser.post("/entries/undo", data={"done": EDIT, "here": f"/days/{DAY}"})
    assert (await read_entry(KEYS[0], 1)).status == "none"
    page = await browser.get(reply.headers["location"])
    assert "2 papers were changed." in page.text


async def test_all_papers_of_a_day_are_changed_at_once(browser: httpx.AsyncClient) -> None:
    await take_in(source("2601.00009"))
    form = {"do": "status", "status": "inbox", "every": "true", "day": str(DAY), "bulk_edit": EDIT}
    await browser.post("/entries", data=form)
    assert "3 papers" in (await browser.get("/?q=status:inbox")).text


async def test_a_change_of_one_paper_is_undone_without_a_script(
    browser: httpx.AsyncClient,
) -> None:
    form = {"status": "read", "was_status": "none", "here": f"/days/{DAY}?sort=upvotes"}
    reply = await browser.post(f"/papers/{KEYS[0]}/entry", data=form)
    page = await browser.get(reply.headers["location"])
    assert "1 paper was changed." in page.text
    # the forms lead back without what was just done
    assert "done=" not in page.text
    [done] = parse_qs(urlsplit(reply.headers["location"]).query)["done"]
    await browser.post("/entries/undo", data={"done": done, "here": "/"})
    assert (await read_entry(KEYS[0], 1)).status == "none"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/?q=status:inbox", "reading"),
        ("/?q=kettle+status:reading", "read"),
        ("/?all=true", "inbox"),
        ("/?q=status:none&all=true", "inbox"),
        ("/?q=kettle", "read"),
        (f"/days/{DAY}", "inbox"),
    ],
)
async def test_the_first_choice_of_a_bulk_edit_fits_the_view(
    browser: httpx.AsyncClient, address: str, status: str
) -> None:
    page = (await browser.get(address)).text
    bulk = page[page.index('id="bulk"') :]
    assert re.findall(r'<option value="(\w+)" selected>', bulk)[0] == status


async def test_a_page_that_was_scrolled_shows_as_many_papers_again(
    browser: httpx.AsyncClient,
) -> None:
    await take_in(*(source(f"2602.{number:05}") for number in range(120)))
    for shown, papers in ((100, 100), (60, 60), (1, 50)):
        page = await browser.get(f"/?all=true&shown={shown}")
        assert page.text.count('<article class="sheet paper"') == papers
    assert (await browser.get("/?all=true&shown=1001")).status_code == 400


async def test_the_rest_of_a_long_queue_is_in_the_list(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_in(*(source(f"2602.{number:05}") for number in range(101)))
    papers = await find_papers(1, "", everything=True)
    await change_entries(edit(), papers, EntryChange(queue="bottom"))
    assert 'href="/queue?shown=200"' in (await browser.get("/queue")).text
    monkeypatch.setattr(queue, "MAX_SHOWN", 100)
    assert 'href="/?q=is:queued&amp;sort=queue"' in (await browser.get("/queue")).text


async def test_counts_beside_the_list_follow_a_change(browser: httpx.AsyncClient) -> None:
    form = {"status": "read", "was_status": "none"}
    headers = {"HX-Request": "true"}
    reply = await browser.post(f"/papers/{KEYS[0]}/entry", data=form, headers=headers)
    assert reply.headers["HX-Trigger"] == "entries-changed" and "Undo" in reply.text
    counts = (await browser.get("/filters", headers=headers)).text
    assert 'hx-swap-oob="innerHTML">1 paper</span>' in counts
