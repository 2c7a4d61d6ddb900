"""The reading queue and the tasks in a browser: dragged, moved by keys, snoozed, ticked."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.web.pages.material import LANTERN, key
from tests.server.web.pages.site import Site, Visitor, find_barriers, visiting

pytestmark = pytest.mark.browser

A, B, C, D = QUEUE = [key(number) for number in (3, 4, 5, 6)]
NOTE = f"/api/v1/notes/{UUID(int=77)}"


@pytest.fixture(autouse=True)
def queued(site: Site) -> Iterator[None]:
    """Four papers are in the queue, and nothing is snoozed or due."""
    for rank, paper in enumerate(QUEUE):
        plan = {"queue": rank, "snoozed_until": None, "due": None, "status": "inbox"}
        write(site, paper, **plan)
    yield
    for paper in QUEUE:
        write(site, paper, queue=None, snoozed_until=None, due=None)


def write(site: Site, paper: str, **plan: object) -> None:
    site.call("PUT", f"/api/v1/papers/{paper}/entry", plan, If_Match="*")


def expect_order(page: Page, *papers: str) -> None:
    rows = page.locator(".places > li")
    expect(rows).to_have_count(len(papers))
    for place, paper in enumerate(papers):
        expect(rows.nth(place)).to_have_attribute("data-key", paper)


def order(site: Site) -> list[str]:
    found = site.call("GET", "/api/v1/papers?q=is:queued&sort=queue")
    return [paper["key"] for paper in found["papers"]]


def test_papers_are_dragged_and_moved_by_buttons_and_keys(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/queue")
    expect_order(page, A, B, C, D)
    rows = page.locator(".places > li")
    rows.nth(3).locator(".handle").drag_to(
        rows.nth(0), target_position={"x": 200, "y": 5}, source_position={"x": 5, "y": 5}
    )
    expect(page.locator("#toasts")).to_contain_text("1 paper was changed")
    expect_order(page, D, A, B, C)
    rows.nth(0).get_by_role("button", name="to the bottom").click()
    expect_order(page, A, B, C, D)
    rows.nth(1).locator("h3 a").focus()
    for _ in range(2):
        page.keyboard.press("Shift+J")
    expect_order(page, A, C, D, B)
    expect(rows.nth(3).locator("h3 a")).to_be_focused()
    page.keyboard.press("Shift+T")
    expect_order(page, B, A, C, D)
    page.keyboard.press("u")
    expect_order(page, A, C, D, B)
    assert order(site) == [A, C, D, B]


def test_a_paper_is_snoozed_and_comes_back_by_an_undo(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/queue")
    page.locator("h3 a").first.focus()
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="Snooze until tomorrow")).to_be_focused()
    page.keyboard.press("Enter")
    expect_order(page, B, C, D)
    expect(page.locator("#total")).to_contain_text("1 snoozed")
    page.locator("#toasts [data-undo]").click()
    expect_order(page, A, B, C, D)
    page.locator("h3 a").first.focus()
    page.keyboard.press("q")
    expect_order(page, B, C, D)
    assert order(site) == [B, C, D]


def test_the_first_pages_tell_what_is_next_and_what_is_overdue(
    visitor: Visitor, site: Site
) -> None:
    write(site, A, due=str(date.today() - timedelta(days=2)))
    write(site, B, snoozed_until=str(date.today() + timedelta(days=9)))
    for address in ("/", "/today"):
        page = visitor.open(address)
        expect(page.locator(".next-up")).to_contain_text("3 papers in the queue · 1 overdue")
    page = visitor.open("/?q=status:inbox")
    page.get_by_role("link", name="1 snoozed").click()
    expect(page.locator("article.paper")).to_have_count(1)
    expect(page.locator(".plan")).to_contain_text("snoozed until")


def test_many_papers_are_given_a_due_date_at_once(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/?q=key:{A} or key:{B}")
    for box in page.locator(".pick input").all():
        box.check()
    page.get_by_label("When to read the selected papers").select_option("due")
    page.locator("#bulk [name=on]").fill("2031-05-01")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator(".plan").first).to_contain_text("due 2031-05-01")
    expect(page.locator(".plan").last).to_contain_text("due 2031-05-01")
    assert site.call("GET", f"/api/v1/papers/{A}/entry")["due"] == "2031-05-01"


def test_a_day_that_is_missing_is_asked_for(visitor: Visitor) -> None:
    page = visitor.open(f"/papers/{A}")
    page.locator(".later summary").click()
    page.get_by_role("button", name="Due then").click()
    expect(page.locator("#toasts")).to_contain_text("choose a day first")
    visitor.troubles.clear()  # the browser logs that the request was refused


def test_the_queue_works_without_scripts(
    plain: Visitor,
) -> None:
    page = plain.open("/queue")
    page.locator(".places > li").nth(2).get_by_role("button", name="up", exact=True).click()
    expect_order(page, A, C, B, D)
    page.get_by_role("button", name="Undo").click()
    expect_order(page, A, B, C, D)


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_the_queue_has_no_barriers(browser: Browser, site: Site, width: int, scheme: str) -> None:
    with visiting(browser, site, color_scheme=scheme) as visitor:
        page = visitor.open("/queue")
        page.set_viewport_size({"width": width, "height": 800})
        page.locator(".later summary").first.click()
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_task_is_ticked_on_the_page_of_tasks_and_in_its_note(
    visitor: Visitor, site: Site
) -> None:
    text = "# Plan\n\n- [ ] run *it*\n- [ ] cite"
    site.call("PUT", NOTE, {"paper": LANTERN, "text": text}, If_Match="*")
    page = visitor.open("/tasks?q=lantern")
    assert find_barriers(page) == []
    expect(page.locator(".task")).to_have_count(2)
    page.get_by_label("run *it*").check()
    expect(page.locator(".task").first).to_have_class("task done")
    page.get_by_label("cite").check()
    expect(page.locator(".task.done")).to_have_count(2)
    assert site.call("GET", NOTE)["text"] == text.replace("[ ]", "[x]")
    page.get_by_role("link", name="done").click()
    page.wait_for_url("**show=done**")
    expect(page.locator(".task.done")).to_have_count(2)
    page.locator(".task a").first.click()
    page.wait_for_url("**/papers/**")  # and for its style sheet
    note = page.locator(f"#note-{UUID(int=77)}")
    sizes = [part.evaluate("part => getComputedStyle(part).fontSize") for part in (
        note.locator("h1"), page.locator("main h1").first,
    )]  # fmt: skip
    assert float(sizes[0][:-2]) < float(sizes[1][:-2])
    version = site.call("GET", NOTE)["version"]
    note.get_by_label("cite").uncheck()
    expect(note).to_have_attribute("data-version", str(version + 1))
    assert site.call("GET", NOTE)["text"].endswith("- [x] run *it*\n- [ ] cite")
    # a preview shows what is not saved yet, and ticks nothing
    note.locator(".editing summary").first.click()
    expect(note.locator(".preview input")).to_have_count(2)
    expect(note.locator(".preview input").first).to_be_disabled()


def test_tasks_are_ticked_without_scripts(plain: Visitor, site: Site) -> None:
    site.call("PUT", NOTE, {"paper": LANTERN, "text": "- [ ] alone"}, If_Match="*")
    page = plain.open("/tasks")
    page.get_by_label("alone").check()
    page.get_by_role("button", name="Set").click()
    expect(page.locator(".empty")).to_contain_text("No open tasks")
