"""The pages of days: order, seen papers, and the calendar."""

import pytest
from playwright.sync_api import Page, expect

from tests.server.web.pages.site import Visitor

pytestmark = pytest.mark.browser


def titles(page: Page) -> list[str]:
    return page.locator(".paper h3").all_inner_texts()


def test_a_day_is_read_and_marked_as_seen_without_a_script(plain: Visitor) -> None:
    page = plain.open("/today")
    expect(page.locator("h1")).to_have_text("Thursday, 5 March 2026")
    expect(page.locator("main")).to_contain_text("270 papers")
    expect(page.locator(".done button")).to_have_text("Mark all 270 as seen")
    page.locator(".done button").click()
    expect(page.locator(".seen h2")).to_have_text("Already looked through")
    expect(page.locator("main")).to_contain_text("0 new")
    assert plain.site.call("GET", "/api/v1/papers/2601.00003")["seen"]
    page.locator(".seen form button", has_text="Show them as new again").click()
    expect(page.locator(".seen")).to_have_count(0)


def test_a_status_is_set_on_a_day_s_card_and_stays(visitor: Visitor) -> None:
    page = visitor.open("/days/2026-03-05")
    with page.expect_response("**/entry"):
        page.get_by_label("Status of Wick Tuning for the 267th lantern").select_option("reading")
    assert visitor.site.call("GET", "/api/v1/papers/2601.00267/entry")["status"] == "reading"
    page.reload()
    expect(page.get_by_label("Status of Wick Tuning for the 267th lantern")).to_have_value(
        "reading"
    )


def test_a_day_is_sorted_by_votes_and_by_similarity(plain: Visitor) -> None:
    page = plain.open("/today")
    assert titles(page)[0] == "A lantern that reads $x^2$"
    page.get_by_role("link", name="upvotes", exact=True).click()
    assert "49th" in titles(page)[0]
    page.get_by_role("link", name="for you").click()
    expect(page.locator(".paper")).to_have_count(270)


def test_the_calendar_leads_to_days_and_other_months(plain: Visitor) -> None:
    page = plain.open("/days/2026-03-06")
    expect(page.locator("main")).to_contain_text("There is no listing of this day.")
    page.get_by_role("link", name="Month before").click()
    expect(page.locator("#month")).to_have_text("February 2026")
    expect(page.locator(".calendar td a")).to_have_count(0)
    page.get_by_role("link", name="Month after").click()
    page.locator(".calendar").get_by_role("link", name="5", exact=True).click()
    expect(page.locator("h1")).to_have_text("Thursday, 5 March 2026")


@pytest.mark.parametrize(
    "path", ["/today?month=2026-13", "/days/2026-02-30", "/days/yesterday", "/today?sort=luck"]
)
def test_a_wrong_address_says_so(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    expect(page.locator("main .quiet")).to_have_text("400" if "?" in path else "404")
