"""Every page that was saved from Hugging Face, where they are there: each card carries the margin
of its own paper.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.extension.browser import Browser, until
from tests.extension.test_lists import HOST, margins_are_right

pytestmark = pytest.mark.browser
REAL_PAGES = Path(__file__).parents[3] / "shared" / "hf" / "pages"


@pytest.mark.parametrize(
    "name", sorted(path.name for path in REAL_PAGES.glob("20*.html")) or ["none"]
)
def test_a_real_page_has_every_card_on_its_paper(paired: Browser, name: str) -> None:
    if name == "none":
        pytest.skip("no saved pages beside this checkout")
    body = (REAL_PAGES / name).read_text()
    page = paired.open(f"{HOST}/papers/date/{name.removesuffix('.html')}", body)
    keys = page.evaluate(
        "() => JSON.parse(document.querySelector('[data-target=DailyPapers]').dataset.props)"
        ".dailyPapers.map(item => item.paper.id)"
    )
    until(lambda: margins_are_right(page, keys), seconds=20)
    expect(page.locator("papermargin-bar .state")).to_have_text(f"{len(keys)} of {len(keys)} cards")


def test_a_real_papers_page_gets_its_panel_and_highlights(paired: Browser) -> None:
    path = REAL_PAGES / "paper_2509.24002.html"
    if not path.exists():
        pytest.skip("no saved pages beside this checkout")
    page = paired.open(f"{HOST}/papers/2509.24002", path.read_text())
    expect(page.locator("papermargin-panel .legend .chip").first).to_be_visible(timeout=180_000)
    assert until(lambda: page.evaluate("() => [...CSS.highlights.keys()]"), seconds=180)
    expect(page.locator("papermargin-card")).to_have_count(0)
