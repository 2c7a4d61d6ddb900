"""The page's own layout never moves, whether the margin is drawn or not."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.extension.browser import Browser
from tests.extension.pages import Paper, list_page, paper_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
LOADS = 4
WATCH = """<script>
window.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(each => { shift += each.value; }))
    .observe({type: 'layout-shift', buffered: true});
</script>"""
Papers = Callable[[int], list[Paper]]


def shifts(browser: Browser, address: str, body: str, *, drawn: str = "") -> list[float]:
    """Load a page several times, and return its layout shifts (as Chromium scores them)."""
    found = []
    for _ in range(LOADS):
        page = browser.open(address, body.replace("<head>", f"<head>{WATCH}"))
        if drawn:
            expect(page.locator(drawn).first).to_be_visible()
        page.wait_for_timeout(700)
        found.append(page.evaluate("() => shift"))
        page.close()
    return found


def bodies(listed: list[Paper]) -> dict[str, str]:
    return {
        f"{HOST}/papers": list_page(listed),
        f"{HOST}/papers/date/2026-06-03": list_page(listed, generation=4),
        f"{HOST}/papers/{listed[0].key}": paper_page(listed[0]),
    }


def test_a_browser_that_is_not_paired_shifts_nothing(browser: Browser, some_papers: Papers) -> None:
    for address, body in bodies(some_papers(6)).items():
        assert shifts(browser, address, body) == [0] * LOADS


def test_a_margin_that_is_switched_off_shifts_nothing(paired: Browser, some_papers: Papers) -> None:
    paired.ask("configure", {"where": {"list": False, "paper": False, "arxiv": False}})
    try:
        for address, body in bodies(some_papers(6)).items():
            assert shifts(paired, address, body) == [0] * LOADS
    finally:
        paired.ask("configure", {"where": {"list": True, "paper": True, "arxiv": True}})


def test_drawing_the_margin_shifts_nothing(paired: Browser, some_papers: Papers) -> None:
    margins = ["papermargin-card .status", "papermargin-card .status", "papermargin-panel .status"]
    for drawn, (address, body) in zip(margins, bodies(some_papers(6)).items(), strict=True):
        assert shifts(paired, address, body, drawn=drawn) == [0] * LOADS
