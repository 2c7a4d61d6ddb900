"""Triage in the page it is opened on: focus, keys and list stay apart, whatever the page does."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.extension.browser import Browser, Server, until
from tests.extension.pages import Paper, list_page
from tests.extension.test_bar import STICKING_OUT
from tests.extension.test_layout import WATCH
from tests.extension.test_lists import as_script
from tests.extension.test_own_pages import serious
from tests.extension.test_triage import begin, dialog, expect_paper, facts, press, show

pytestmark = pytest.mark.browser
Papers = Callable[[int], list[Paper]]

OVERHEARD = """
window.overheard = [];
for (const type of ['keydown', 'keyup', 'input'])
    addEventListener(type, event => overheard.push(event.key ?? type), true);
"""


@pytest.fixture
def listed(some_papers: Papers) -> list[Paper]:
    return some_papers(5)


@pytest.fixture
def page(paired: Browser, listed: list[Paper]) -> Page:
    return show(paired, list_page(listed, script=OVERHEARD))


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
