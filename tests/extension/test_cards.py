"""What stands on a card: as much as has room, big enough to be hit, within reach of few keys."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.extension.browser import Browser, Server, until
from tests.extension.pages import Paper, list_page, paper_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
TAGS = ["alpha", "beta", "a tag with a long name", "delta", "epsilon", "zeta"]
Papers = Callable[[int], list[Paper]]

# of each row of chips: the room that is left, what stands at its end, and whether it overflows
ROWS = """
() => [...document.querySelectorAll('papermargin-card')].flatMap(host => {
    return [...host.shadowRoot.querySelectorAll('.fit')].map(row => {
        const chips = [...row.querySelectorAll('.chip')];
        const next = chips.find(chip => chip.hidden);
        const last = [...row.children].filter(each => !each.hidden).at(-1);
        if (next) next.hidden = false;
        const needed = next ? next.getBoundingClientRect().width : Infinity;
        if (next) next.hidden = true;
        const free = row.getBoundingClientRect().right - last.getBoundingClientRect().right;
        return {free, needed, end: last.textContent, hidden: chips.filter(c => c.hidden).length,
            overflows: row.scrollWidth > row.clientWidth};
    });
})
"""
SMALL = """
selector => [...document.querySelectorAll(selector)].flatMap(host =>
    [...host.shadowRoot.querySelectorAll('button, select, input, summary')]
        .filter(each => each.offsetWidth && (each.offsetWidth < 24 || each.offsetHeight < 24))
        .filter(each => each.type !== 'checkbox')
        .map(each => `${each.className} ${each.offsetWidth}x${each.offsetHeight}`))
"""
FOCUSED = """() => {
    const host = document.activeElement;
    return [host.localName, host.shadowRoot?.activeElement?.className ?? ''];
}"""


@pytest.fixture
def listed(server: Server, some_papers: Papers) -> list[Paper]:
    """Papers with tags on the second, which the server has read."""
    listed = some_papers(6)
    known = [{"id": p.key, "title": p.title, "abstract": p.abstract} for p in listed]
    server.call("POST", "/api/v1/overlay", {"papers": known})
    until(lambda: all(server.card(p.key)["extraction"] == "done" for p in listed), seconds=180)
    path = f"/api/v1/papers/{listed[1].key}/entry"
    server.call("PUT", path, {"status": "reading", "tags": TAGS}, If_Match="*")
    return listed


@pytest.fixture
def page(paired: Browser, listed: list[Paper]) -> Page:
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .fit .chip").first).to_be_visible()
    return page


@pytest.mark.parametrize("width", [390, 768, 1000, 1400])
def test_chips_fill_their_row_and_no_more(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 4000})

    def misfits() -> list[dict[str, object]]:
        rows = page.evaluate(ROWS)
        assert len(rows) == 12
        return [
            row
            for row in rows
            if row["overflows"] or (row["hidden"] and row["free"] > row["needed"] + 12)
        ]

    until(lambda: not misfits())
    tags = page.evaluate(ROWS)[2]
    assert tags["end"] == f"+{tags['hidden']}"


def test_a_count_of_hidden_tags_opens_them_all(page: Page) -> None:
    page.locator("papermargin-card").nth(1).locator(".tagger").click()
    expect(page.locator("papermargin-layer .popover .chip.tag")).to_have_count(6)


def test_every_target_is_24_pixels_wide_and_high(
    paired: Browser, page: Page, listed: list[Paper]
) -> None:
    assert page.evaluate(SMALL, "papermargin-card, papermargin-bar") == []
    card = page.locator("papermargin-card").nth(1)
    for opener in (".more", ".rating", ".tagger", ".notes", ".all", ".fit .chip.dataset"):
        card.locator(opener).first.click()
        expect(page.locator("papermargin-layer .popover")).to_be_visible()
        assert page.evaluate(SMALL, "papermargin-layer") == [], opener
        page.keyboard.press("Escape")
    paper = paired.open(f"{HOST}/papers/{listed[1].key}", paper_page(listed[1]))
    expect(paper.locator("papermargin-panel .legend .toggle").first).to_be_visible()
    assert paper.evaluate(SMALL, "papermargin-panel") == []


def test_a_card_takes_one_tab_stop_and_arrows_move_inside(page: Page) -> None:
    page.evaluate("() => { for (const link of document.links) link.tabIndex = -1; }")
    page.locator("papermargin-bar").get_by_role("searchbox").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == ["papermargin-card", "status"]:
            break
    assert page.evaluate(FOCUSED) == ["papermargin-card", "status"]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == ["papermargin-card", "more"]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # around to the last
    assert page.evaluate(FOCUSED)[1] == "quiet all"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    third = "() => document.querySelectorAll('papermargin-card')[2] === document.activeElement"
    assert page.evaluate(third)


def test_a_redrawn_card_keeps_the_focus(page: Page, server: Server, listed: list[Paper]) -> None:
    page.locator("papermargin-card .fit .chip").first.focus()
    path = f"/api/v1/papers/{listed[0].key}/entry"
    server.call("PUT", path, {"status": "read"}, If_Match="*")
    expect(page.locator("papermargin-card .status").first).to_have_attribute("data-status", "read")
    assert page.evaluate(FOCUSED)[0] == "papermargin-card"
    assert "chip" in page.evaluate(FOCUSED)[1]


def undo(page: Page) -> None:
    page.locator("papermargin-layer .words").get_by_role("button", name="Undo").click()


def test_each_change_can_be_undone_where_it_is_announced(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    card, key = page.locator("papermargin-card").nth(1), listed[1].key

    def facts() -> tuple[object, ...]:
        entry = server.card(key)["entry"] or {}
        return entry.get("status"), entry.get("rating"), sorted(entry.get("tags") or [])

    before = ("reading", None, sorted(TAGS))
    card.locator(".status").click()
    until(lambda: facts()[0] == "read")
    undo(page)
    until(lambda: facts() == before)
    card.locator(".rating").click()
    page.get_by_role("menuitemradio", name="Rated 4 of 5").click()
    until(lambda: facts()[1] == 4)
    undo(page)
    until(lambda: facts() == before)
    card.locator(".more").click()
    page.get_by_role("menuitem", name="Remove from list").click()
    until(lambda: facts()[0] in (None, "none"))
    undo(page)
    until(lambda: facts() == before)


def test_a_first_save_a_note_and_a_correction_can_be_undone(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    card, key = page.locator("papermargin-card").first, listed[0].key

    def notes() -> list[str]:
        return [note["text"] for note in server.card(key)["notes"]]

    card.locator(".status").click()
    until(lambda: (server.card(key)["entry"] or {}).get("status") == "inbox")
    undo(page)
    expect(card.locator(".status")).to_have_attribute("data-status", "none")
    until(lambda: (server.card(key)["entry"] or {"deleted": True}).get("deleted"))

    card.locator(".notes").click()
    page.keyboard.type("kept *words*")
    page.get_by_role("button", name="Preview").click()
    page.keyboard.press("Control+Enter")  # in the preview, too
    until(lambda: notes() == ["kept *words*"])
    card.locator(".notes").click()
    page.get_by_role("button", name="Delete").click()
    until(lambda: notes() == [])
    undo(page)
    until(lambda: notes() == ["kept *words*"])

    names = [term["name"] for term in server.card(key)["terms"]]
    card.locator(".fit .chip").first.click()
    page.get_by_role("menuitem", name="wrong").click()
    until(lambda: [term["name"] for term in server.card(key)["terms"]] != names)
    undo(page)
    until(lambda: [term["name"] for term in server.card(key)["terms"]] == names)
