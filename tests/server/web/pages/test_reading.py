"""The reading list in a real browser: search, facets, paging, edits and bulk edits."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.web.pages.material import DATASETS, LANTERN, LISTED, METHODS, PAPERS, key
from tests.server.web.pages.site import Site, Visitor, find_barriers, visiting

pytestmark = pytest.mark.browser


def row(page: Page, number: int) -> str:
    return f'.paper[data-key="{key(number)}"]'


def entry(site: Site, number: int) -> dict[str, object]:
    state: dict[str, object] = site.call("GET", f"/api/v1/papers/{key(number)}/entry")
    return state


def test_the_list_shows_papers_with_status_rating_tags_and_terms(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page.locator(".paper")).to_have_count(50)
    expect(page.locator(".over .count")).to_contain_text(f"{LISTED} papers")
    paper = page.locator(row(page, 0))
    expect(paper.locator("select.status")).to_have_value("reading")
    expect(paper.locator("select.rating")).to_have_value("4")
    expect(paper.locator(".tags .chip a")).to_have_text(["night/moths", "to compare"])
    expect(paper.locator(".terms .chip").first).to_have_attribute(
        "href", "/terms/method/LanternNet"
    )
    expect(paper.locator("h3 .katex")).to_have_count(1)
    assert find_barriers(page) == []


def test_the_list_has_no_barriers_in_the_dark_and_on_a_phone(browser: Browser, site: Site) -> None:
    with visiting(browser, site, color_scheme="dark") as visitor:
        page = visitor.open()
        page.set_viewport_size({"width": 390, "height": 844})
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_search_finds_words_and_fields_and_marks_them(visitor: Visitor) -> None:
    page = visitor.open()
    page.locator("#q").fill("evening has:code status:reading")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".paper")).to_have_count(4)
    expect(page.locator(".passage mark").first).to_have_text("evening")


def test_a_query_error_shows_its_position(visitor: Visitor) -> None:
    page = visitor.open("/?q=moth+status:red")
    expect(page.get_by_role("alert")).to_contain_text("status: is one of")
    expect(page.locator(".place mark")).to_have_text("r")
    field = page.locator("#q")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert field.evaluate("field => field.selectionStart") == 12
    assert find_barriers(page) == []


def test_a_facet_narrows_the_list_and_widens_it_again(visitor: Visitor) -> None:
    page = visitor.open()
    facets = page.get_by_role("navigation", name="Narrow the list")
    link = facets.get_by_role("link", name=DATASETS[1])
    count = int(link.locator("xpath=following-sibling::span").inner_text())
    link.click()
    expect(page.locator(".over .count")).to_contain_text(f"{count} papers")
    expect(page.locator("#q")).to_have_value(f"dataset:{DATASETS[1]}")
    chosen = facets.get_by_role("link", name=DATASETS[1])
    expect(chosen).to_have_attribute("aria-current", "true")
    facets.get_by_role("link", name="2025").click()
    expect(page.locator("#q")).to_have_value(f"dataset:{DATASETS[1]} published:2025")
    chosen.click()
    expect(page.locator("#q")).to_have_value("published:2025")


def test_scrolling_brings_page_after_page(visitor: Visitor) -> None:
    page = visitor.open()
    for shown in (100, 150, 200, 250, LISTED):
        page.mouse.wheel(0, 100_000)
        expect(page.locator(".paper")).to_have_count(shown)
    keys = page.locator(".paper").evaluate_all("papers => papers.map(paper => paper.dataset.key)")
    assert len(set(keys)) == LISTED
    expect(page.locator(".more")).to_have_count(0)


def test_back_leads_to_the_place_in_the_list_that_was_left(visitor: Visitor) -> None:
    page = visitor.open()
    for shown in (100, 150):
        page.mouse.wheel(0, 100_000)
        expect(page.locator(".paper")).to_have_count(shown)
    paper = page.locator(".paper").nth(120)
    paper.scroll_into_view_if_needed()
    key = str(paper.get_attribute("data-key"))
    paper.locator("h3 a").click()
    expect(page.locator(".whole h1")).to_be_visible()
    page.go_back()
    paper = page.locator(f'.paper[data-key="{key}"]')
    expect(paper).to_be_in_viewport()
    expect(paper.locator("h3 a")).to_be_focused()
    # and it goes on from there
    page.mouse.wheel(0, 100_000)
    expect(page.locator(".paper")).to_have_count(200)


def test_select_all_ticks_what_it_selects_and_says_how_many(visitor: Visitor) -> None:
    page = visitor.open()
    every = page.get_by_role("checkbox", name=f"select all {LISTED}")
    every.check()
    expect(page.locator(".pick input:checked")).to_have_count(50)
    expect(page.locator("#chosen")).to_have_text(f"{LISTED} selected")
    page.mouse.wheel(0, 100_000)
    expect(page.locator(".pick input:checked")).to_have_count(100)
    page.locator(".pick input").first.uncheck()
    expect(every).not_to_be_checked()
    expect(page.locator("#chosen")).to_have_text("99 selected")


def test_a_change_can_be_undone_and_the_counts_follow(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/?q=status:inbox")
    status = page.get_by_role("navigation", name="Narrow the list")
    count = status.locator("li", has_text="Inbox").locator(".count")
    before = int(count.inner_text())
    status.locator("summary", has_text="Year").click()
    paper = page.locator(".paper").first
    paper.locator("select.status").select_option("read")
    expect(count).to_have_text(str(before - 1))
    expect(page.locator("#total")).to_have_text(f"{before - 1} papers")
    # what was folded up stays so
    expect(status.locator("details", has_text="Year")).not_to_have_attribute("open", "")
    page.keyboard.press("Escape")
    page.locator("h3 a").first.focus()
    page.keyboard.press("u")
    expect(paper.locator("select.status")).to_have_value("inbox")
    expect(count).to_have_text(str(before))


def test_the_whole_store_can_be_shown_and_sorted(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("checkbox", name="all papers").check()
    expect(page.locator(".over .count")).to_contain_text(f"{PAPERS} papers")
    page.wait_for_load_state()  # what is chosen before the scripts are there waits for the button
    page.get_by_role("combobox", name="by").select_option("published")
    expect(page.locator(".paper").first).to_have_attribute("data-key", LANTERN)
    expect(page.get_by_role("checkbox", name="all papers")).to_be_checked()


def test_density_is_kept(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("button", name="Compact").click()
    expect(page.locator(".reading.compact")).to_be_visible()
    page.reload()
    expect(page.locator(".passage").first).to_be_hidden()


def test_status_rating_and_tags_change_in_place(visitor: Visitor, site: Site) -> None:
    page = visitor.open()
    paper = page.locator(row(page, 255))
    page.goto(f"{site.url}/?q=key:{key(255)}")
    paper.locator("select.status").select_option("read")
    expect(paper.locator("select.status")).to_have_attribute("data-status", "read")
    paper.locator("select.rating").select_option("5")
    expect(paper.locator("select.rating")).to_have_attribute("data-rating", "5")
    paper.get_by_text("+ tag").click()
    expect(paper.locator('input[name="tag"]')).to_be_focused()
    page.keyboard.type("nig")
    page.get_by_role("option", name="night/moths").click()
    paper.get_by_role("button", name="Add").click()
    expect(paper.locator(".tags .chip a")).to_have_text(["night/moths"])
    state = entry(site, 255)
    assert (state["status"], state["rating"], state["tags"]) == ("read", 5, ["night/moths"])
    paper.get_by_role("button", name="Remove the tag night/moths").click()
    expect(paper.locator(".tags .chip")).to_have_count(0)
    assert entry(site, 255)["tags"] == []


def test_a_change_of_another_field_from_elsewhere_is_kept(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/?q=key:{key(254)}")
    paper = page.locator(row(page, 254))
    site.call(
        "PUT",
        f"/api/v1/papers/{key(254)}/entry",
        {"rating": 2, "tags": ["elsewhere"]},
        If_Match="*",
    )
    paper.locator("select.status").select_option("skipped")
    expect(paper.locator("select.rating")).to_have_value("2")
    assert entry(site, 254) | {"status": "skipped", "rating": 2, "tags": ["elsewhere"]} == entry(
        site, 254
    )


def test_a_conflicting_change_of_a_field_is_reported_and_kept(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/?q=key:{key(253)}")
    paper = page.locator(row(page, 253))
    site.call("PUT", f"/api/v1/papers/{key(253)}/entry", {"status": "read"}, If_Match="*")
    paper.locator("select.status").select_option("skipped")
    expect(page.locator(".toast.warning")).to_contain_text("You asked for: Skipped")
    expect(paper.locator("select.status")).to_have_value("read")
    assert entry(site, 253)["status"] == "read"


def test_ticked_papers_are_changed_together_and_undone(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/?q=status:inbox")
    expect(page.locator("#bulk")).to_be_hidden()
    for paper in page.locator(".paper").all()[:3]:
        paper.locator(".pick input").check()
    keys = page.locator(".paper").evaluate_all(
        "papers => papers.slice(0, 3).map(paper => paper.dataset.key)"
    )
    bar = page.locator("#bulk")
    bar.get_by_label("Tag for the selected papers").fill("batch")
    bar.get_by_role("button", name="Tag", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("3 papers were changed")
    expect(page.locator(".tags .chip a", has_text="batch")).to_have_count(3)
    expect(bar).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("3 papers are as they were")
    expect(page.locator(".tags .chip a", has_text="batch")).to_have_count(0)
    assert [site.call("GET", f"/api/v1/papers/{one}/entry")["tags"] for one in keys] == [[], [], []]


def test_all_matching_papers_are_changed_and_undone(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/?q=tag:rl")
    page.get_by_role("checkbox", name="select all 60").check()
    page.get_by_label("Status for the selected papers").select_option("skipped")
    page.get_by_role("button", name="Set status").click()
    expect(page.locator("#done")).to_contain_text("60 papers were changed")
    assert site.call("GET", "/api/v1/papers?q=tag:rl status:skipped")["total"] == 60
    # what somebody changes in between is not undone
    site.call("PUT", f"/api/v1/papers/{key(50)}/entry", {"rating": 1}, If_Match="*")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#done")).to_contain_text(
        "59 papers were changed. 1 was changed since and stays."
    )
    assert site.call("GET", "/api/v1/papers?q=tag:rl status:read")["total"] == 59


def test_removed_papers_go_to_the_trash_and_come_back(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/?q=key:{key(252)}")
    page.locator(".pick input").check()
    page.get_by_role("button", name="Remove from the list").click()
    expect(page.locator("select.status")).to_have_value("none")
    assert [one["key"] for one in site.call("GET", "/api/v1/trash")["entries"]] == [key(252)]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("select.status")).to_have_value("inbox")
    assert site.call("GET", "/api/v1/trash")["entries"] == []


def test_a_search_is_saved_opened_renamed_and_deleted(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/?q=method:LanternNet+-status:read&sort=published")
    page.get_by_text("Save search").click()
    page.get_by_label("Name").fill("Lanterns")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(site.url)
    page.get_by_role("link", name="Lanterns").click()
    expect(page.locator("#q")).to_have_value("method:LanternNet -status:read")
    expect(page.get_by_role("combobox", name="by")).to_have_value("published")
    page.get_by_text("Saved as Lanterns").click()
    page.get_by_label("Name").fill("Lamps")
    page.get_by_role("button", name="Rename").click()
    page.get_by_text("Saved as Lamps").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Save search")).to_be_visible()
    assert site.call("GET", "/api/v1/searches") == []


def test_queries_are_completed_by_keyboard(visitor: Visitor) -> None:
    page = visitor.open()
    search = page.locator("#q")
    search.press_sequentially("stat")
    expect(page.get_by_role("option", name="status:")).to_be_visible()
    search.press("ArrowDown")
    search.press("Enter")
    expect(search).to_have_value("status:")
    page.get_by_role("option", name="status:reading").click()
    search.press_sequentially("Lantern")
    option = page.get_by_role("option", name=METHODS[0])
    expect(option).to_be_visible()
    search.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert search.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert find_barriers(page) == []
    search.press("Enter")
    expect(search).to_have_value(f"status:reading method:{METHODS[0]} ")
    search.press("Enter")
    expect(page.locator("#papers select.status").first).to_have_value("reading")


def test_shortcuts_move_through_the_list_and_change_papers(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/?q=key:{key(251)} or key:{key(250)}")
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.locator(".paper:focus-within")
    second = str(page.locator(".paper").nth(1).get_attribute("data-key"))
    expect(focused).to_have_attribute("data-key", second)
    page.keyboard.press("s")
    expect(focused.locator("select.status")).to_have_attribute("data-status", "reading")
    page.keyboard.press("x")
    expect(focused.locator(".pick input")).to_be_checked()
    page.keyboard.press("t")
    page.keyboard.type("jsx")
    page.keyboard.press("Enter")
    expect(focused.locator(".tags .chip a")).to_have_text(["jsx"])
    assert site.call("GET", f"/api/v1/papers/{second}/entry")["status"] == "reading"
    page.keyboard.press("Escape")
    page.locator("h3 a").first.focus()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_shortcuts_can_be_turned_off(visitor: Visitor) -> None:
    page = visitor.open()
    page.keyboard.press("?")
    page.get_by_label("Listen to these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator(".paper:focus-within")).to_have_count(0)
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("#q")).not_to_be_focused()


def test_the_list_works_without_scripts(plain: Visitor, site: Site) -> None:
    page = plain.open()
    page.get_by_role("link", name="More papers").click()
    expect(page.locator(".paper")).to_have_count(50)
    page.get_by_role("link", name="back to the first").click()
    page.get_by_role("link", name="Show filters and saved searches").click()
    page.get_by_role("navigation", name="Narrow the list").get_by_role(
        "link", name="to compare"
    ).click()
    expect(page.locator(".paper")).to_have_count(1)
    page.locator("#q").fill(f"key:{key(249)}")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("select.status").first.select_option("read")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#papers select.status")).to_have_value("read")
    expect(page).to_have_url(re.compile(rf"{site.url}/\?q=key%3A{key(249)}&done="))
    expect(page.locator("#done")).to_contain_text("1 paper was changed")
    page.get_by_text("+ tag").click()
    page.get_by_label("New tag for").fill("by hand")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".tags .chip a")).to_have_text(["by hand"])
    page.locator(".pick input").check()
    page.get_by_label("Tag for the selected papers").fill("by hand")
    page.get_by_role("button", name="Untag").click()
    expect(page.locator("#done")).to_contain_text("1 paper was changed")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tags .chip a")).to_have_text(["by hand"])
