"""Triage in place: one paper of a list at a time, by single keys or buttons."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.extension.browser import Browser, Server, until
from tests.extension.pages import Paper, collection_page, list_page, trending_page
from tests.extension.test_bar import STICKING_OUT
from tests.extension.test_layout import WATCH
from tests.extension.test_lists import as_script
from tests.extension.test_own_pages import serious

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
LIST = f"{HOST}/papers/date/2026-06-03"
Papers = Callable[[int], list[Paper]]

OVERHEARD = """
window.overheard = [];
for (const type of ['keydown', 'keyup', 'input'])
    addEventListener(type, event => overheard.push(event.key ?? type), true);
"""


@pytest.fixture
def listed(some_papers: Papers) -> list[Paper]:
    return some_papers(5)


def show(paired: Browser, body: str, *, address: str = LIST, margins: int = 5) -> Page:
    page = paired.open(address, body)
    expect(page.locator("papermargin-card .status")).to_have_count(margins)
    return page


@pytest.fixture
def page(paired: Browser, listed: list[Paper]) -> Page:
    return show(paired, list_page(listed, script=OVERHEARD))


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


def test_the_page_hears_no_key_meanwhile(page: Page) -> None:
    begin(page)
    page.evaluate("() => { overheard.length = 0; }")
    press(page, "a", "Kept")
    page.mouse.click(5, 5)
    for key in ("j", "/", "Shift+h", "n"):
        page.keyboard.press(key)
    page.keyboard.type("secret")
    expect(dialog(page).get_by_role("textbox", name="Note")).to_have_value("secret")
    assert page.evaluate("() => overheard") == []


def test_the_focus_stays_inside_and_returns_to_the_card(page: Page, listed: list[Paper]) -> None:
    triage = begin(page)
    inside = "() => document.activeElement?.localName ?? 'browser'"
    expect(triage.get_by_role("article", name=listed[0].title)).to_be_focused()
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(inside) in ("papermargin-layer", "body", "browser")
    keep = triage.get_by_role("button", name="Keep")
    keep.focus()
    page.keyboard.press("Enter")
    expect_paper(page, listed[1], "2 of 5")
    expect(keep).to_be_focused()
    page.keyboard.press("Escape")
    expect(triage).to_have_count(0)
    focused = "() => document.activeElement.closest('article')?.querySelector('h3').textContent"
    until(lambda: page.evaluate(focused) == listed[1].title)


def test_the_page_behind_stays_still_until_the_end(
    paired: Browser, listed: list[Paper], server: Server
) -> None:
    body = list_page(listed).replace("<head>", f"<head>{WATCH}")
    page = show(paired, body)
    page.get_by_role("button", name="New to me").click()
    expect(page.locator("article:visible")).to_have_count(5)
    page.mouse.wheel(0, 60)
    page.get_by_role("button", name="One by one 5 new").click()
    place = page.evaluate("() => scrollY")
    before = page.evaluate("() => shift")
    for paper in listed[:2]:
        press(page, "a", f"Kept: {paper.title}")
    until(lambda: facts(server, listed[1]) == ("inbox", True))
    assert page.evaluate("() => scrollY") == place
    # the button of a status is as wide as its word
    assert page.evaluate("() => shift") - before < 0.001
    assert page.locator("#grid article:visible").count() == 5
    page.keyboard.press("Escape")
    expect(page.locator("article:visible")).to_have_count(3)
    page.get_by_role("button", name="New to me").click()


def test_a_node_reused_for_another_paper_changes_nothing(
    page: Page, server: Server, listed: list[Paper], some_papers: Papers
) -> None:
    begin(page)
    others = some_papers(5)
    page.evaluate(
        """others => document.querySelectorAll('article').forEach((card, i) => {
            for (const link of card.querySelectorAll('a[href^="/papers/"]'))
                link.setAttribute('href', '/papers/' + others[i]);
        })""",
        [paper.key for paper in others],
    )
    expect(page.locator("papermargin-card .status")).to_have_count(5)
    press(page, "a", f"Kept: {listed[0].title}")
    until(lambda: facts(server, listed[0]) == ("inbox", True))
    assert [facts(server, paper) for paper in others] == [("none", False)] * 5


def test_another_list_ends_it(
    paired: Browser, server: Server, listed: list[Paper], some_papers: Papers
) -> None:
    new = some_papers(5)
    script = f"""addEventListener('message', () => {{
        const next = new DOMParser().parseFromString({as_script(list_page(new))}, 'text/html');
        history.pushState({{}}, '', '/papers/week/2026-W23');
        document.querySelector('#grid').innerHTML = next.querySelector('#grid').innerHTML;
    }});"""
    page = show(paired, list_page(listed, script=script))
    begin(page)
    page.evaluate("() => postMessage('go')")
    expect(dialog(page)).to_have_count(0)
    expect(page.locator("papermargin-layer .words")).to_contain_text("has ended")
    page.keyboard.press("a")
    begin(page)
    expect_paper(page, new[0], "1 of 5 · 0 kept")
    assert [facts(server, paper) for paper in [*listed, *new]] == [("none", False)] * 10


def test_a_page_that_takes_the_dialog_away_ends_it(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    begin(page)
    page.evaluate("() => document.querySelector('papermargin-layer').remove()")
    expect(page.locator("papermargin-layer .words")).to_contain_text("has ended")
    page.keyboard.press("a")
    begin(page)
    expect_paper(page, listed[0], "1 of 5 · 0 kept")
    assert facts(server, listed[0]) == ("none", False)


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


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_at_any_step(
    paired: Browser, server: Server, listed: list[Paper], dark: bool
) -> None:
    page = show(paired, list_page(listed, dark=dark))
    triage = begin(page)
    expect(triage.locator(".chip").first).to_be_visible(timeout=180_000)
    assert serious(page) == []
    page.keyboard.press("n")
    assert serious(page) == []
    page.keyboard.press("Escape")
    press(page, "a", "Kept")
    page.keyboard.press("?")
    assert serious(page) == []
    page.keyboard.press("Escape")
    triage.get_by_role("button", name="Stop here").click()
    assert serious(page) == []


@pytest.mark.parametrize(
    ("width", "height"), [(390, 780), (640, 450), (768, 900), (1366, 700), (1920, 1000)]
)
def test_everything_fits_at_every_width(
    page: Page, listed: list[Paper], width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    triage = begin(page)
    until(lambda: page.evaluate(STICKING_OUT) == [])
    for name in ("Back", "Skip", "Keep", "Next", "Undo", "Stop here", "Close"):
        found = triage.get_by_role("button", name=re.compile(f"^{name}"))
        expect(found).to_be_in_viewport(ratio=1)
