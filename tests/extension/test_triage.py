"""Triage in place: one paper of a list at a time, by single keys or buttons."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.extension.browser import Browser, Server, until
from tests.extension.pages import Paper, collection_page, list_page, trending_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
LIST = f"{HOST}/papers/date/2026-06-03"
Papers = Callable[[int], list[Paper]]


@pytest.fixture
def listed(some_papers: Papers) -> list[Paper]:
    return some_papers(5)


def show(paired: Browser, body: str, *, address: str = LIST, margins: int = 5) -> Page:
    page = paired.open(address, body)
    expect(page.locator("papermargin-card .status")).to_have_count(margins)
    return page


@pytest.fixture
def page(paired: Browser, listed: list[Paper]) -> Page:
    return show(paired, list_page(listed))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Go through the papers")


def begin(page: Page) -> Locator:
    page.keyboard.press("g")
    expect(dialog(page)).to_be_visible()
    return dialog(page)


def expect_paper(page: Page, paper: Paper, place: str) -> None:
    expect(dialog(page).locator(".state")).to_contain_text(place)
    expect(dialog(page).get_by_role("heading", level=2).first).to_have_text(paper.title)


def press(page: Page, key: str, said: str) -> None:
    """Press a key, and wait for what the dialog says of it."""
    page.keyboard.press(key)
    expect(dialog(page).locator(".said")).to_contain_text(said)


def facts(server: Server, paper: Paper) -> tuple[str, bool]:
    """Return a paper's status on the server, and whether it was seen."""
    card: dict[str, Any] = server.card(paper.key)
    return (card["entry"] or {}).get("status", "none"), card["seen"]


def test_a_day_is_gone_through_by_keys_alone(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    triage = begin(page)
    expect_paper(page, listed[0], "1 of 5 · 0 kept")
    expect(triage).to_contain_text("Ada Quill, Ben Marginalia")
    expect(triage.locator(".abstract")).to_have_text(listed[0].abstract)
    press(page, "a", f"Kept: {listed[0].title}")
    expect_paper(page, listed[1], "2 of 5 · 1 kept")
    press(page, "x", f"Skipped: {listed[1].title}")
    expect_paper(page, listed[2], "3 of 5")
    press(page, "4", "Rated 4 of 5")
    press(page, "s", "Status: Reading")
    page.keyboard.press("j")
    expect_paper(page, listed[3], "4 of 5 · 2 kept")
    page.keyboard.press("ArrowLeft")
    expect_paper(page, listed[2], "3 of 5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(triage.get_by_role("heading", name="You looked through 3 papers")).to_be_visible()
    expect(triage.locator(".kept a")).to_have_text([listed[0].title, listed[2].title])
    expect(triage).to_contain_text("2 papers are still new")
    until(lambda: [facts(server, paper) for paper in listed] == [
        ("inbox", True), ("none", True), ("reading", False), ("none", False), ("none", False),
    ])  # fmt: skip
    assert server.card(listed[2].key)["entry"]["rating"] == 4


def test_what_was_kept_is_listed_at_the_end_with_a_way_back(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    triage = begin(page)
    press(page, "a", "Kept")
    press(page, "2", "Rated 2 of 5")
    page.get_by_role("button", name="Stop here").click()
    link = triage.get_by_role("link", name=listed[0].title)
    expect(link).to_have_attribute("href", f"{HOST}/papers/{listed[0].key}")
    until(lambda: facts(server, listed[1])[0] == "inbox")
    triage.get_by_role("button", name=f"Undo: {listed[1].title}").click()
    expect(triage.locator(".kept a")).to_have_text([listed[0].title])
    until(lambda: facts(server, listed[1]) == ("none", False))
    triage.get_by_role("button", name=f"Undo: {listed[0].title}").click()
    expect(triage).to_contain_text("No paper was kept")
    until(lambda: facts(server, listed[0]) == ("none", False))
    triage.get_by_role("button", name="Go on with the new papers").click()
    expect_paper(page, listed[0], "1 of 5 · 0 kept")


def test_undo_takes_back_one_change_after_the_other(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    begin(page)
    press(page, "u", "nothing to undo")
    press(page, "a", "Kept")
    press(page, "3", "Rated 3 of 5")
    press(page, "x", "Skipped")
    expect_paper(page, listed[2], "3 of 5")
    until(lambda: facts(server, listed[1]) == ("skipped", True))
    for paper, place in ((listed[1], "2 of 5"), (listed[1], "2 of 5"), (listed[0], "1 of 5")):
        press(page, "u", "Taken back")
        expect_paper(page, paper, place)
        page.locator("papermargin-layer .said").evaluate("said => said.replaceChildren()")
    until(lambda: [facts(server, paper) for paper in listed[:2]] == [("none", False)] * 2)


def test_without_the_server_everything_waits_and_arrives(
    page: Page, paired: Browser, server: Server, listed: list[Paper]
) -> None:
    begin(page)
    with paired.cut_off():
        press(page, "a", "Kept")
        press(page, "x", "Skipped")
        page.keyboard.press("n")
        page.keyboard.type("written offline")
        press(page, "Control+Enter", "Note saved")
        page.keyboard.press("t")
        page.keyboard.type("later")
        press(page, "Enter", "Tagged later")
        expect(dialog(page).locator(".state")).to_contain_text("offline")
    until(lambda: facts(server, listed[0]) == ("inbox", True))
    until(lambda: facts(server, listed[1]) == ("none", True))
    until(lambda: server.card(listed[2].key)["entry"]["tags"] == ["later"])
    assert server.card(listed[2].key)["notes"][0]["text"] == "written offline"


def test_only_what_matches_the_filter_and_is_new_is_gone_through_or_all_of_it(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    server.call("PUT", "/api/v1/seen", {"papers": [listed[0].key], "seen": True})
    page.locator("papermargin-card .status").nth(3).click()
    expect(page.get_by_role("button", name="One by one 3 new")).to_be_visible()
    page.get_by_role("searchbox", name="Filter").fill("part")
    page.get_by_role("searchbox", name="Filter").fill(listed[4].title.split(",")[0])
    page.get_by_role("button", name="One by one 1 new").click()
    expect_paper(page, listed[4], "1 of 1")
    page.keyboard.press("Escape")
    # it gives the focus back, which a field that is filled at that moment would lose
    expect(dialog(page)).to_have_count(0)
    page.get_by_role("searchbox", name="Filter").fill("")
    page.get_by_role("button", name="One by one 3 new").click()
    expect_paper(page, listed[1], "1 of 3")
    dialog(page).get_by_role("button", name="New to me").click()
    expect_paper(page, listed[1], "2 of 5")


def test_a_list_with_nothing_new_offers_all(page: Page, listed: list[Paper]) -> None:
    page.get_by_role("button", name="Mark all as seen").click()
    page.get_by_role("button", name="One by one").click()
    expect(dialog(page)).to_contain_text("Nothing new among these papers")
    dialog(page).get_by_role("button", name="Go through all 5").click()
    expect_paper(page, listed[0], "1 of 5")


def test_keys_rest_while_typing_and_escape_leaves_only_the_field(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    triage = begin(page)
    page.keyboard.press("n")
    page.keyboard.type("ax u jk 5 sn ?")
    expect(triage.get_by_role("textbox", name="Note")).to_have_value("ax u jk 5 sn ?")
    expect(triage).to_contain_text("Draft kept")
    page.keyboard.press("Escape")
    expect_paper(page, listed[0], "1 of 5 · 0 kept")
    page.keyboard.press("j")
    expect_paper(page, listed[1], "2 of 5")
    page.keyboard.press("t")
    page.keyboard.type("a")
    page.keyboard.press("Escape")
    expect(page.locator("papermargin-layer .popover")).not_to_be_visible()
    page.keyboard.press("k")
    expect(triage.locator(".flag.draft")).to_be_visible()
    page.keyboard.press("n")
    expect(triage.get_by_role("textbox", name="Note")).to_have_value("ax u jk 5 sn ?")
    assert [facts(server, paper)[0] for paper in listed] == ["none"] * 5


def test_no_key_acts_behind_an_open_menu_and_the_help_tells_all_keys(
    page: Page, listed: list[Paper]
) -> None:
    begin(page)
    page.keyboard.press("?")
    menu = page.locator("papermargin-layer .popover")
    expect(menu).to_contain_text("keep it in the list")
    page.keyboard.press("a")
    expect_paper(page, listed[0], "1 of 5 · 0 kept")
    page.keyboard.press("Escape")
    expect(menu).not_to_be_visible()
    press(page, "a", "Kept")


def test_a_key_that_is_held_down_decides_once(page: Page, listed: list[Paper]) -> None:
    begin(page)
    for _ in range(4):
        page.keyboard.down("a")
    page.keyboard.up("a")
    expect_paper(page, listed[1], "2 of 5 · 1 kept")


def test_switched_off_keys_leave_the_buttons(
    page: Page, paired: Browser, listed: list[Paper]
) -> None:
    paired.ask("configure", {"keys": False})
    try:
        page.keyboard.press("g")
        page.get_by_role("button", name="One by one 5 new").click()
        page.keyboard.press("a")
        dialog(page).get_by_role("button", name="Skip").click()
        expect_paper(page, listed[1], "2 of 5 · 0 kept")
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)
    finally:
        paired.ask("configure", {"keys": True})


@pytest.mark.parametrize("kind", ["trending", "collections/quiet/lab-68a5e981"])
def test_lists_of_all_kinds_are_gone_through(
    paired: Browser, some_papers: Papers, kind: str
) -> None:
    listed = some_papers(3)
    body = trending_page(listed) if kind == "trending" else collection_page(listed)
    address = f"{HOST}/papers/{kind}" if kind == "trending" else f"{HOST}/{kind}"
    page = show(paired, body, address=address, margins=3)
    begin(page)
    expect_paper(page, listed[0], "1 of 3")
    press(page, "a", "Kept")
    expect_paper(page, listed[1], "2 of 3 · 1 kept")
