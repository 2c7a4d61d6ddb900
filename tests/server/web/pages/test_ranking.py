"""What the ranking has learnt, and papers that might belong to a tag."""

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.web.pages.site import Site, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True, scope="module")
def learnt(site: Site) -> None:
    """Wait until the server has learnt from the list, which it does in the background."""
    read_ranking(site, papers=True)


def read_ranking(site: Site, *, papers: bool) -> Any:
    for _ in range(240):
        ranking = site.call("GET", "/api/v1/ranking")
        if bool(ranking["papers"]) == papers:
            return ranking
        time.sleep(0.5)
    raise AssertionError("the ranking was not learnt in two minutes")


def test_a_word_is_muted_and_comes_back(plain: Visitor) -> None:
    page = plain.open("/ranking")
    pros = page.get_by_role("region", name="Speaks for a paper")
    word = pros.locator("td").first.inner_text()
    page.get_by_role("button", name=f"Mute {word}", exact=True).click()
    chosen = page.get_by_role("region", name="Muted and pinned")
    expect(chosen.locator("tbody tr")).to_contain_text([word])
    expect(pros.get_by_role("cell", name=word, exact=True)).to_have_count(0)
    page.get_by_role("button", name=f"As it was: {word}").click()
    expect(chosen.locator("tbody tr")).to_have_count(0)


def test_an_author_is_pinned_by_name(plain: Visitor) -> None:
    page = plain.open("/ranking")
    page.get_by_label("Kind").select_option("author")
    page.get_by_label("Name", exact=True).fill("Ada Birch")
    page.get_by_role("button", name="Pin", exact=True).click()
    row = page.get_by_role("region", name="Muted and pinned").locator("tbody tr")
    expect(row.locator("td")).to_contain_text(["Ada Birch", "author", "pinned", "As it was"])


def test_the_ranking_is_switched_off_and_on(site: Site, plain: Visitor) -> None:
    page = plain.open("/ranking")
    page.get_by_label("Papers stand out").select_option("1.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Papers stand out")).to_have_value("1.5")
    page.get_by_role("button", name="Switch the ranking off").click()
    expect(page.locator(".notice")).to_contain_text("The ranking is off")
    page.goto(f"{site.url}/?sort=for_you")
    expect(page.locator(".notice")).to_contain_text("in their usual order")
    page.locator(".notice").get_by_role("link").click()
    page.get_by_role("button", name="Switch the ranking on").click()
    read_ranking(site, papers=True)


def test_a_paper_is_added_to_a_tag_that_it_might_belong_to_and_taken_out(
    site: Site, plain: Visitor
) -> None:
    tag = next(tag for tag in site.call("GET", "/api/v1/tags") if tag["papers"] >= 5)
    page = plain.open("/tags")
    page.get_by_role("link", name="suggestions").first.click()
    add = page.locator(".suggested > form button")
    before = add.count()
    assert before
    add.first.click()
    expect(page.locator("#done")).to_contain_text("1 paper was changed.")
    page.get_by_role("button", name="Undo").click()
    expect(add).to_have_count(before)
    counts = {each["name"]: each["papers"] for each in site.call("GET", "/api/v1/tags")}
    assert counts[tag["name"]] == tag["papers"]


def test_a_paper_leads_to_more_like_it(site: Site, plain: Visitor) -> None:
    key = site.call("GET", "/api/v1/papers")["papers"][0]["key"]
    page = plain.open(f"/papers/{key}")
    page.get_by_role("link", name="More like this").click()
    expect(page.get_by_role("searchbox")).to_have_value(f"like:{key}")
    expect(page.locator(".paper").first).to_be_visible()
