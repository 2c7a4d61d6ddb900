"""A triage by single keys in a browser; `tests/server/web/test_triage.py` has what forms do."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.server.web.pages.material import key
from tests.server.web.pages.site import Site, Visitor, find_barriers

pytestmark = pytest.mark.browser

DAY = "2026-03-05"


@pytest.fixture(autouse=True)
def nothing_seen(site: Site) -> None:
    papers = [key(number) for number in range(270)]
    site.call("PUT", "/api/v1/seen", {"papers": papers, "seen": False})


def at(page: Page, place: int) -> None:
    """Wait until the triage is at a paper."""
    expect(page.get_by_role("status").first).to_contain_text(f"{place} of 270")
    page.wait_for_load_state()


def status(site: Site, number: int) -> str:
    return str(site.call("GET", f"/api/v1/papers/{key(number)}/entry")["status"])


def test_papers_are_decided_on_by_single_keys_and_back_and_forward_lead_through_them(
    visitor: Visitor, site: Site
) -> None:
    page = visitor.open(f"/days/{DAY}")
    page.get_by_role("link", name="Go through 270 new papers one by one").click()
    at(page, 1)
    assert find_barriers(page) == []
    page.keyboard.press("a")
    at(page, 2)
    page.keyboard.press("x")
    at(page, 3)
    assert (status(site, 0), status(site, 1)) == ("reading", "skipped")
    page.keyboard.press("u")
    at(page, 2)
    assert status(site, 1) == "inbox"
    page.keyboard.press("k")
    at(page, 1)
    expect(page.get_by_text("You kept it.")).to_be_visible()
    page.keyboard.press("j")
    at(page, 2)
    page.go_back()
    at(page, 1)
    page.go_forward()
    at(page, 2)
    page.get_by_role("link", name="Stop here").click()
    expect(page.get_by_role("heading", name="You looked through 1 paper")).to_be_visible()
    expect(page.locator("#papers .paper")).to_have_count(1)
    assert find_barriers(page) == []


def test_a_paper_is_rated_tagged_and_noted_by_keys(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/triage?days={DAY}")
    at(page, 1)
    page.goto(re.sub("$", f"&at={key(261)}", page.url))
    at(page, 262)
    page.keyboard.press("4")
    expect(page.locator("select.rating")).to_have_attribute("data-rating", "4")
    expect(page.locator("select.status")).to_have_value("inbox")
    page.keyboard.press("u")  # the rating, which no decision followed
    expect(page.locator("select.rating")).to_have_attribute("data-rating", "")
    expect(page.locator("select.status")).to_have_value("none")
    page.keyboard.press("t")
    page.keyboard.type("axj")
    page.keyboard.press("Enter")
    expect(page.locator(".tags .chip a")).to_have_text(["axj"])
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Burns *twice*.")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".note .markdown em")).to_have_text("twice")
    at(page, 262)
    assert site.call("GET", f"/api/v1/papers/{key(261)}/entry")["tags"] == ["axj"]


def test_a_note_that_was_not_saved_is_there_again(visitor: Visitor) -> None:
    page = visitor.open(f"/triage?days={DAY}")
    at(page, 1)
    page.keyboard.press("n")
    page.keyboard.type("half a thou")
    page.get_by_role("link", name="Next").click()
    at(page, 2)
    page.keyboard.press("k")
    at(page, 1)
    expect(page.locator("#new-note textarea").last).to_have_value("half a thou")


def test_the_keys_of_a_triage_are_listed_and_can_be_turned_off(visitor: Visitor) -> None:
    page = visitor.open(f"/triage?days={DAY}")
    at(page, 1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("keep it in the list")
    page.get_by_label("Listen to these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.get_by_role("link", name="Next").click()
    at(page, 2)
