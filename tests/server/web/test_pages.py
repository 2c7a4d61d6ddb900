"""The pages' forms without a browser: fetching, backups of shared stores, and refusals."""

import html
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from server.config import Config
from server.database.models.papers import Paper
from tests.server.imports.pages import item
from tests.server.imports.site import Answer, BadSite, as_json, bad_site
from tests.server.material import second_user, source, take_in
from tests.server.sign_in import signed_in_browser

pytestmark = pytest.mark.anyio

LINK = re.compile(r'\shref="(/[^"#]*)')


@pytest.fixture
async def site() -> AsyncIterator[BadSite]:
    async with bad_site() as site:
        yield site


@pytest.fixture
async def browser(config: Config, site: BadSite) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in browser of `me`, whose server asks `site` for papers."""
    async with signed_in_browser(replace(config, huggingface_url=site.address)) as client:
        yield client


async def test_the_newest_days_are_fetched_on_request(
    browser: httpx.AsyncClient, site: BadSite
) -> None:
    answer = item("2605.00001", "Kettles at Dawn", submittedOnDailyAt="2026-05-01T08:00:00.000Z")
    site.answers = [as_json([answer])]
    reply = await browser.post("/settings/fetch")
    assert (reply.status_code, reply.headers["location"]) == (303, "/today")
    assert await Paper.filter(key="2605.00001").exists()
    assert "Kettles at Dawn" in (await browser.get("/today")).text


async def test_a_failed_fetch_is_explained_on_a_page(
    browser: httpx.AsyncClient, site: BadSite
) -> None:
    site.answers = [Answer(status=404)]
    reply = await browser.post("/settings/fetch")
    assert reply.status_code == 502 and "Hugging Face" in reply.text and "<h1>" in reply.text


async def test_a_store_of_several_users_cannot_be_downloaded_as_a_backup(
    browser: httpx.AsyncClient,
) -> None:
    await second_user()
    reply = await browser.post("/settings/backup")
    assert reply.status_code == 403 and "several users" in reply.text
    assert "several users" in (await browser.get("/settings")).text


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/settings/import", {}, 422),
        ("/trash/restore", {"item": "person:x"}, 422),
        ("/trash/restore", {"item": "note:no-id"}, 422),
        ("/tags", {"do": "save", "was": "x", "name": "y", "colour": "red"}, 422),
        ("/tags", {"do": "delete", "was": "none such"}, 404),
        ("/terms/method/none", {"do": "hide"}, 404),
        ("/settings/devices/99", {}, 404),
        ("/seen", {"key": "2699.00001"}, 404),
    ],
)
async def test_an_invalid_form_is_explained_on_a_page(
    browser: httpx.AsyncClient, path: str, form: dict[str, str], status: int
) -> None:
    reply = await browser.post(path, data=form)
    assert reply.status_code == status and "<h1>" in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/days/9999-12-31",
        "/days/0001-01-01",
        "/days/2026-02-28?month=9999-12",
        "/today?month=0001-01",
    ],
)
async def test_the_first_and_the_last_day_of_the_calendar_are_shown(
    browser: httpx.AsyncClient, path: str
) -> None:
    assert (await browser.get(path, headers={"Accept": "text/html"})).status_code == 200


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/?sort=foo", "query sort: Invalid enum value"),
        ("/today?month=0000-05", "query month: "),
        ("/terms?after=-1", "query after: Expected"),
    ],
)
async def test_a_wrong_parameter_is_named_on_the_page(
    browser: httpx.AsyncClient, path: str, reason: str
) -> None:
    reply = await browser.get(path, headers={"Accept": "text/html"})
    assert reply.status_code == 400
    assert reason in reply.text and "Validation failed" not in reply.text


async def test_a_form_posted_by_another_site_is_refused(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/trash/empty", headers={"origin": "https://example.org"})
    assert reply.status_code == 403


@pytest.mark.parametrize(
    "here", ["//example.org", "https://example.org/", "/\\example.org", "javascript:x", "/a\nb"]
)
async def test_a_form_redirects_only_to_our_own_pages(
    browser: httpx.AsyncClient, here: str
) -> None:
    reply = await browser.post("/trash/restore", data={"here": here})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


async def test_a_misspelled_search_shows_what_was_searched_instead(
    browser: httpx.AsyncClient,
) -> None:
    await take_in(source("2601.00001", "Lantern Distillation"))
    page = await browser.get("/", params={"q": "lanterm", "all": "true"})
    assert "Nothing matches “lanterm”. These are papers for “lantern”." in page.text
    assert "Lantern Distillation" in page.text


@pytest.mark.parametrize(("everything", "offers"), [("", True), ("&all=true", False)])
async def test_an_empty_search_offers_the_whole_store_unless_that_was_searched(
    browser: httpx.AsyncClient, everything: str, offers: bool
) -> None:
    await take_in(source("2605.00001", "Lantern"))
    page = (await browser.get(f"/?q=zzzz{everything}")).text
    assert "Nothing matches." in page
    assert ("Search all papers" in page) is offers


async def test_a_page_names_an_unknown_field(browser: httpx.AsyncClient) -> None:
    await take_in(source("2605.00001", "Auther:he lantern"))
    page = (await browser.get("/?q=auther:he&all=true")).text
    assert "There is no field auther:, so it was searched as text." in page
    assert "Did you mean author:?" in page


async def test_a_token_for_a_program_is_made_in_the_settings_and_shown_once(
    browser: httpx.AsyncClient,
) -> None:
    form = {"name": "script", "scopes": ["read", "export"], "days": "30"}
    made = await browser.post("/settings/tokens", data=form)
    assert made.status_code == 200 and "Copy it now" in made.text
    listed = (await browser.get("/settings")).text
    assert "read, export, until" in listed and "Copy it now" not in listed
    nothing = await browser.post("/settings/tokens", data={"name": "script", "days": ""})
    assert nothing.status_code == 422


@pytest.mark.parametrize("papers", [0, 2])
async def test_every_page_that_a_link_leads_to_can_be_read(
    browser: httpx.AsyncClient, papers: int
) -> None:
    for number in range(papers):
        await take_in(source(f"2605.0000{number}"))
    seen, ahead = set[str](), ["/"]
    while ahead:
        address = ahead.pop()
        # one page of each kind, since days lead to earlier days without an end
        if (kind := re.sub(r"\d+|=[^&]*", "", address)) in seen:
            continue
        seen.add(kind)
        page = await browser.get(address)
        # a file for another program is no page; 400: a form's address without its fields
        assert page.status_code in (200, 400), address
        if page.headers["content-type"].startswith("text/html"):
            ahead += [html.unescape(link) for link in LINK.findall(page.text)]
    assert {"/settings/imports", "/ranking", "/trash", "/docs/queries"} <= seen


async def test_links_in_notes_lead_to_papers_which_list_the_notes(
    browser: httpx.AsyncClient,
) -> None:
    await take_in(source("2605.00001", "Kettles at Dawn"), source("2605.00002", "Pots & Pans"))
    note = {"text": "Like [[2605.00002]] on [[2026-05-01]]."}
    await browser.post(f"/papers/2605.00001/notes/{uuid4()}", data=note)
    link = '<a href="/papers/2605.00002" title="Pots &amp; Pans"'
    for path in ("/papers/2605.00001", "/notes"):
        page = (await browser.get(path)).text
        assert link in page and '<a href="/days/2026-05-01"' in page
    assert link in (await browser.post("/notes/preview", data=note)).text
    target = (await browser.get("/papers/2605.00002")).text
    assert "Mentioned in notes on" in target
    assert '<a href="/papers/2605.00001#notes" data-math>Kettles at Dawn</a>' in target
    assert "Mentioned in notes on" not in (await browser.get("/papers/2605.00001")).text


async def test_a_paper_can_be_cited_under_a_key_of_ones_own(browser: httpx.AsyncClient) -> None:
    await take_in(source("2605.00001", "Kettles at Dawn"), source("2605.00002", "Pots & Pans"))
    reply = await browser.post("/papers/2605.00001/citation-key", data={"key": "kettles"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/papers/2605.00001#citation")
    page = (await browser.get("/papers/2605.00001")).text
    assert 'name="key" value="kettles"' in page and "@misc{kettles," in page
    taken = await browser.post("/papers/2605.00002/citation-key", data={"key": "Kettles"})
    assert taken.status_code == 422 and "2605.00001 “Kettles at Dawn” already" in taken.text


async def test_a_table_whose_columns_have_other_names_is_imported_on_the_page(
    browser: httpx.AsyncClient,
) -> None:
    table = {"file": ("papers.csv", "Kennung,Titel\n2601.00042,Mosses at Sea\n")}
    form = {"add": "true", "columns": "arxiv=Kennung\r\n\r\ntitle=Titel\r\n"}
    assert "papers.csv" in (await browser.post("/settings/import", data=form, files=table)).text
    assert "Mosses at Sea" in (await browser.get("/")).text
    wrong = await browser.post("/settings/import", data={"columns": "titel"}, files=table)
    assert wrong.status_code == 422 and "write NAME=COLUMN" in wrong.text
