"""A margin on every card of every kind of list, whatever the page does to its cards."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.extension.browser import Browser, until
from tests.extension.pages import Paper, collection_page, list_page, papers, trending_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
Papers = Callable[[int], list[Paper]]

MARGINS = """() => [...document.querySelectorAll('papermargin-card')].map(host => {
    const card = host.closest('article, .tile');
    const link = card.querySelector('h2 a, h3 a');
    return [link.getAttribute('href').split('/').pop(),
    host.shadowRoot?.querySelector('.margin').getAttribute('aria-label') ?? '', link.textContent];
})"""


def as_script(text: str) -> str:
    """Write a text into a script, where its own closing tags must not end it."""
    return json.dumps(text).replace("</", "<\\/")


def margins_are_right(page: Page, keys: list[str]) -> bool:
    """Say whether each paper has one margin, in its own card, in the page's order."""
    drawn = page.evaluate(MARGINS)
    return [key for key, *_ in drawn] == keys and all(
        said == f"Margin of {' '.join(title.split())}" for _, said, title in drawn
    )


@pytest.mark.parametrize("generation", [4, 5, 0])
def test_every_card_gets_a_margin_in_both_svelte_versions_and_restyled(
    paired: Browser, some_papers: Papers, generation: int
) -> None:
    listed = some_papers(9)
    page = paired.open(f"{HOST}/papers/date/2026-06-03", list_page(listed, generation=generation))
    expect(page.locator("papermargin-bar .state")).to_have_text("9 of 9 cards")
    assert margins_are_right(page, [paper.key for paper in listed])


@pytest.mark.parametrize(
    ("path", "props"),
    [
        ("papers", {}),
        ("papers?date=2026-06-03", {}),
        ("papers/week/2026-W23", {"periodType": "week"}),
        ("papers/month/2026-06", {"periodType": "month"}),
    ],
)
def test_every_period_gets_margins(
    paired: Browser, some_papers: Papers, path: str, props: dict[str, str]
) -> None:
    listed = some_papers(5)
    page = paired.open(f"{HOST}/{path}", list_page(listed, props=props))
    until(lambda: margins_are_right(page, [paper.key for paper in listed]))


def test_a_week_of_105_cards_is_complete(paired: Browser, some_papers: Papers) -> None:
    listed = [Paper(paper.key, paper.title) for paper in some_papers(105)]
    page = paired.open(
        f"{HOST}/papers/week/2026-W23", list_page(listed, props={"periodType": "week"})
    )
    expect(page.locator("papermargin-bar .state")).to_have_text("105 of 105 cards")
    assert margins_are_right(page, [paper.key for paper in listed])


def test_papers_cited_in_trending_abstracts_get_no_margin(
    paired: Browser, some_papers: Papers
) -> None:
    listed = some_papers(6)
    page = paired.open(f"{HOST}/papers/trending", trending_page(listed))
    until(lambda: margins_are_right(page, [paper.key for paper in listed]))


def test_a_search_with_highlighted_titles_shows_only_its_results(
    paired: Browser, some_papers: Papers
) -> None:
    listed = some_papers(6)
    found = listed[2:5]
    props = {"query": {"q": "that"}, "searchResults": [paper.item() for paper in found]}
    page = paired.open(
        f"{HOST}/papers/month/2026-06?q=that",
        list_page(listed, shown=found, props=props, search="that"),
    )
    expect(page.locator("papermargin-bar .state")).to_have_text("3 of 3 cards")
    assert margins_are_right(page, [paper.key for paper in found])


def test_cards_replaced_by_hydration_get_their_margins_back(
    paired: Browser, some_papers: Papers
) -> None:
    listed = some_papers(6)
    page = paired.open(f"{HOST}/papers", list_page(listed))
    until(lambda: margins_are_right(page, [paper.key for paper in listed]))
    page.evaluate(
        "() => { const grid = document.querySelector('#grid'); const bare = grid.cloneNode(true); "
        "grid.replaceWith(bare); }"
    )
    until(lambda: margins_are_right(page, [paper.key for paper in listed]))
    expect(page.locator("papermargin-bar")).to_have_count(1)


def test_navigation_within_the_site_is_followed(paired: Browser, some_papers: Papers) -> None:
    old, new = some_papers(5), some_papers(7)
    script = f"""document.querySelector('#weekly').onclick = () => {{
        const next = new DOMParser().parseFromString({as_script(list_page(new))}, 'text/html');
        history.pushState({{}}, '', '/papers/week/2026-W23');
        document.querySelector('#grid').innerHTML = next.querySelector('#grid').innerHTML;
    }}"""
    page = paired.open(f"{HOST}/papers", list_page(old, script=script))
    until(lambda: margins_are_right(page, [paper.key for paper in old]))
    page.click("#weekly")
    until(lambda: margins_are_right(page, [paper.key for paper in new]))
    expect(page.locator("papermargin-bar .state")).to_have_text("7 of 7 cards")


def test_a_node_reused_for_another_paper_gets_that_papers_margin(
    paired: Browser, some_papers: Papers
) -> None:
    old, new = some_papers(3), some_papers(3)
    page = paired.open(f"{HOST}/papers", list_page(old))
    until(lambda: margins_are_right(page, [paper.key for paper in old]))
    page.evaluate(
        """news => document.querySelectorAll('article').forEach((card, i) => {
            for (const link of card.querySelectorAll('a[href^="/papers/"]'))
                link.setAttribute('href', '/papers/' +
            news[i][0]);
            card.querySelector('h3 a').firstChild.nodeValue = news[i][1];
        })""",
        [[paper.key, paper.title] for paper in new],
    )
    until(lambda: margins_are_right(page, [paper.key for paper in new]))


def test_cards_that_come_late_or_move_keep_their_own_margins(
    paired: Browser, some_papers: Papers
) -> None:
    listed = some_papers(8)
    page = paired.open(f"{HOST}/papers", list_page(listed, shown=listed[:4]))
    until(lambda: margins_are_right(page, [paper.key for paper in listed[:4]]))
    late = list_page(listed[4:])
    page.evaluate(
        """late => { const next = new DOMParser().parseFromString(late, 'text/html'); const grid =
            document.querySelector('#grid');
            grid.querySelector('.nav').before(...next.querySelectorAll('#grid article'));
            grid.prepend(grid.querySelectorAll('article')[6]); }""",
        late,
    )
    order = [listed[6], *listed[:6], listed[7]]
    until(lambda: margins_are_right(page, [paper.key for paper in order]))


def test_a_page_without_a_card_says_so_and_draws_nothing(
    paired: Browser, some_papers: Papers
) -> None:
    listed = some_papers(4)
    page = paired.open(f"{HOST}/papers", list_page(listed, shown=[]))
    told = until(lambda: _told(paired, page, broken=True))
    assert told["drawn"] == 0
    expect(page.locator("papermargin-card, papermargin-bar")).to_have_count(0)


def test_fewer_cards_than_the_page_lists_are_reported(paired: Browser, some_papers: Papers) -> None:
    listed = some_papers(4)
    page = paired.open(f"{HOST}/papers", list_page(listed, shown=listed[:3]))
    expect(page.locator("papermargin-bar .state")).to_have_text("3 of 4 cards")
    assert until(lambda: _told(paired, page, broken=True))["listed"] == 4


def _told(browser: Browser, page: Page, *, broken: bool) -> dict[str, int] | None:
    told: dict[str, int] = browser.worker.evaluate(
        "async () => { for (const tab of await chrome.tabs.query({})) { const told = "
        "await chrome.tabs.sendMessage(tab.id, {kind: 'page'}).catch(() => null); if (told) "
        "return told; } "
        "return {}; }"
    )
    return told if told.get("broken") is broken else None


def test_series_of_made_up_papers_share_no_id() -> None:
    assert not {paper.key for paper in papers(1, 105)} & {paper.key for paper in papers(2, 105)}


@pytest.mark.parametrize(
    "path", ["collections/quiet/lab-68a5e980", "quiet-lab/papers", "somebody/activity/papers"]
)
def test_collections_and_the_papers_of_an_organization_get_margins(
    paired: Browser, some_papers: Papers, path: str
) -> None:
    listed = some_papers(3)
    page = paired.open(f"{HOST}/{path}", collection_page(listed))
    expect(page.locator("papermargin-card .status")).to_have_count(3)
    expect(page.locator("article:has(papermargin-card) h4")).to_have_text(
        [paper.title for paper in listed]
    )
