"""What the pages' forms do where no browser is needed to see it: fetching, backups of shared stores, and refusals."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from msgspec.structs import replace

from server.app import create_app
from server.auth import COOKIE
from server.config import Config
from server.models import Paper
from server.store import open_store
from server.tokens import issue
from tests.server.material import second_user
from tests.server.sources.pages import item
from tests.server.sources.site import Answer, BadSite, as_json, bad_site

pytestmark = pytest.mark.anyio
HERE = "http://127.0.0.1:8620"


@pytest.fixture
async def site() -> AsyncIterator[BadSite]:
    async with bad_site() as site:
        yield site


@pytest.fixture
async def browser(config: Config, site: BadSite) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in browser of `me`, whose server asks `site` for papers."""
    config = replace(config, huggingface_url=site.address)
    app = create_app(config)
    async with open_store(config), app.lifespan():
        cookies = {COOKIE: await issue(1, "session", datetime.now(UTC))}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        headers = {"accept": "text/html", "origin": HERE}
        async with httpx.AsyncClient(transport=transport, base_url=HERE, cookies=cookies, headers=headers) as client:
            yield client


async def test_the_newest_days_are_fetched_on_demand(browser: httpx.AsyncClient, site: BadSite) -> None:
    answer = item("2605.00001", "Kettles at Dawn", submittedOnDailyAt="2026-05-01T08:00:00.000Z")
    site.answers = [as_json([answer])]
    reply = await browser.post("/settings/fetch")
    assert (reply.status_code, reply.headers["location"]) == (303, "/today")
    assert await Paper.filter(key="2605.00001").exists()
    assert "Kettles at Dawn" in (await browser.get("/today")).text


async def test_a_site_that_gives_nothing_is_told_of_in_words(browser: httpx.AsyncClient, site: BadSite) -> None:
    site.answers = [Answer(status=404)]
    reply = await browser.post("/settings/fetch")
    assert reply.status_code == 502 and "Hugging Face" in reply.text and "<h1>" in reply.text


async def test_nobody_takes_home_the_backup_of_a_store_that_others_share(browser: httpx.AsyncClient) -> None:
    await second_user()
    reply = await browser.post("/settings/backup")
    assert reply.status_code == 403 and "several readers" in reply.text
    assert "several readers" in (await browser.get("/settings")).text


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
async def test_a_form_that_cannot_be_done_says_why_on_a_page(
    browser: httpx.AsyncClient, path: str, form: dict[str, str], status: int
) -> None:
    reply = await browser.post(path, data=form)
    assert reply.status_code == status and "<h1>" in reply.text


async def test_a_form_of_another_site_is_refused(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/trash/empty", headers={"origin": "https://example.org"})
    assert reply.status_code == 403


@pytest.mark.parametrize("here", ["//example.org", "https://example.org/", "/\\example.org", "javascript:x", "/a\nb"])
async def test_a_form_leads_back_to_our_own_pages_alone(browser: httpx.AsyncClient, here: str) -> None:
    reply = await browser.post("/trash/restore", data={"here": here})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
