"""The bar above a list: nothing urgent is hidden at any width, and filters say what they do."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.extension.browser import Browser, Server, browsing, until
from tests.extension.pages import Paper, list_page, papers

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
WIDTHS = [390, 640, 768, 1280, 1366, 1536, 1920]  # 640 is 1280 at 200 % zoom
Papers = Callable[[int], list[Paper]]

# an edit of each kind that the bar warns of, as the outbox stores them
STUCK = """
([key, title]) => {
    const edit = {kind: 'entry', paper: {id: key, title}, change: {rating: 3}, base: null, at: 0};
    return chrome.storage.local.set({
        'edit/000000000001/a': {...edit, id: 'a', seq: 1, ref: key, state: 'conflict',
            current: {key, status: 'read', rating: 1, tags: [], version: 4}},
        'edit/000000000002/b': {...edit, id: 'b', seq: 2, ref: key, state: 'waiting'},
    });
}
"""

# the parts of the bar that a person cannot see whole
CUT_OFF = """
() => {
    const root = document.querySelector('papermargin-bar').shadowRoot;
    const bar = root.querySelector('.bar').getBoundingClientRect();
    const shown = [...root.querySelectorAll('.bar > *')].filter(each => each.offsetWidth);
    return shown.filter(each => {
        const box = each.getBoundingClientRect();
        const isInside = box.left >= bar.left - 1 && box.right <= bar.right + 1
            && box.top >= bar.top - 1 && box.bottom <= bar.bottom + 1;
        return !isInside || each.scrollWidth > each.clientWidth + 1
            || each.scrollHeight > each.clientHeight + 1;
    }).map(each => each.className);
}
"""


# the parts of the dialog that stick out of it or of the window
STICKING_OUT = """
() => {
    const root = document.querySelector('papermargin-layer').shadowRoot;
    const dialog = root.querySelector('dialog');
    const wide = [...dialog.querySelectorAll('*')].filter(each => each.offsetWidth
        && !each.closest('.said, .popover')
        && (each.getBoundingClientRect().right > dialog.getBoundingClientRect().right + 1
            || each.getBoundingClientRect().left < dialog.getBoundingClientRect().left - 1));
    const box = dialog.getBoundingClientRect();
    const isOutside = box.left < 0 || box.top < 0 || box.right > innerWidth
        || box.bottom > innerHeight;
    const room = dialog.querySelector('.place');
    return [...wide.map(each => each.className), ...(isOutside ? ['dialog'] : []),
        ...(room.clientHeight < innerHeight * 0.4 ? ['room'] : [])];
}
"""


@pytest.fixture(scope="module", params=["en", "de"])
def language(request: pytest.FixtureRequest) -> str:
    """The language of the browser."""
    return str(request.param)


@pytest.fixture(scope="module")
def worst(
    language: str,
    playwright: Playwright,
    extension,
    server: Server,
    tmp_path_factory,
) -> Iterator[Page]:
    """A filtered list with a conflict, a waiting edit and a server that is away."""
    listed = papers(97 if language == "en" else 98, 6)
    profile = tmp_path_factory.mktemp("bar") / "profile"
    with browsing(playwright, extension, profile, language=language) as browser:
        browser.pair(server)
        page = browser.open(f"{HOST}/papers", list_page(listed))
        expect(page.locator("papermargin-card .status")).to_have_count(6)
        with browser.cut_off():
            browser.worker.evaluate(STUCK, [listed[0].key, listed[0].title])
            page.reload()
            expect(page.locator("papermargin-card .status")).to_have_count(6)
            page.locator("papermargin-bar .count[data-status=inbox]").click()
            yield page


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_urgent_is_hidden(worst: Page, language: str, width: int) -> None:
    worst.set_viewport_size({"width": width, "height": 700})
    words = (
        ["1 von 6", "1 Konflikt", "1 Änderung wartet", "offline"]
        if language == "de"
        else ["1 shown of 6", "1 conflict", "1 edit waits", "offline"]
    )
    warnings = worst.locator("papermargin-bar .state")
    for each in words:
        expect(warnings).to_contain_text(each)
    expect(warnings).to_be_in_viewport(ratio=1)
    expect(worst.locator("papermargin-bar .help")).to_be_in_viewport(ratio=1)
    until(lambda: worst.evaluate(CUT_OFF) == [], seconds=5)


def test_what_has_no_room_is_in_a_menu(worst: Page) -> None:
    worst.set_viewport_size({"width": 390, "height": 700})
    worst.locator("papermargin-bar .overflow").click()
    dialog = worst.locator("papermargin-layer .popover")
    for part in (".count[data-status=read]", ".stack input", ".sorts", ".seen"):
        expect(dialog.locator(part)).to_be_visible()
    worst.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


@pytest.mark.parametrize("width", [390, 640, 1920])
def test_a_triage_fits_too(worst: Page, width: int) -> None:
    worst.set_viewport_size({"width": width, "height": 450 if width == 640 else 780})
    worst.keyboard.press("g")
    until(lambda: worst.evaluate(STICKING_OUT) == [])
    worst.keyboard.press("Escape")
    expect(worst.locator("papermargin-layer dialog")).to_have_count(0)


@pytest.fixture
def listed(some_papers: Papers) -> list[Paper]:
    return some_papers(6)


@pytest.fixture
def page(paired: Browser, listed: list[Paper]) -> Page:
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .status")).to_have_count(6)
    return page


def test_escape_empties_the_filter_and_then_leaves_the_field(page: Page) -> None:
    field = page.get_by_role("searchbox", name="Filter")
    field.fill("diffusion stop")
    expect(page.locator("article:visible")).to_have_count(1)
    field.press("Escape")
    expect(field).to_have_value("")
    expect(page.locator("article:visible")).to_have_count(6)
    field.press("Escape")
    assert page.evaluate("() => document.activeElement.localName") == "body"
    page.reload()
    expect(page.locator("papermargin-card .status")).to_have_count(6)
    expect(page.locator("article:visible")).to_have_count(6)


def test_a_filter_that_matches_nothing_says_so_and_can_be_cleared(page: Page) -> None:
    page.get_by_role("searchbox", name="Filter").fill("no such words")
    expect(page.locator("article:visible")).to_have_count(0)
    empty = page.locator("papermargin-bar .empty")
    expect(empty).to_contain_text("No paper on this page matches")
    expect(empty).to_be_in_viewport(ratio=1)
    empty.get_by_role("button", name="Clear").click()
    expect(page.locator("article:visible")).to_have_count(6)
    expect(empty).not_to_be_visible()


def test_an_edit_that_is_sent_at_once_moves_nothing_in_the_bar(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    page.evaluate(
        """() => {
            const bar = document.querySelector('papermargin-bar').shadowRoot.querySelector('.bar');
            window.warned = [];
            addEventListener('click', () => { window.clicked = performance.now(); }, true);
            new MutationObserver(() => {
                if (bar.classList.contains('warned')) warned.push(performance.now() - clicked);
            }).observe(bar, {attributes: true});
        }"""
    )
    page.locator("papermargin-card .status").first.click()
    inbox = page.locator("papermargin-bar .count[data-status=inbox] b")
    expect(inbox).to_have_text("1")
    until(lambda: server.card(listed[0].key)["entry"])
    # a slow server may take longer, and then it is worth a warning
    assert all(after > 1_900 for after in page.evaluate("() => warned"))


def test_only_shown_papers_are_marked_as_seen_and_undo_takes_it_back(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    def seen() -> list[bool]:
        return [server.card(paper.key)["seen"] for paper in listed]

    page.get_by_role("searchbox", name="Filter").fill("diffusion stop")
    expect(page.locator("article:visible")).to_have_count(1)
    page.get_by_role("button", name="Mark 1 as seen").click()
    until(lambda: sum(seen()) == 1)
    page.locator("papermargin-layer").get_by_role("button", name="Undo").click()
    until(lambda: sum(seen()) == 0)


def test_the_filter_for_new_papers_follows_to_other_lists(
    page: Page, paired: Browser, server: Server, listed: list[Paper], some_papers: Papers
) -> None:
    page.locator("papermargin-card .status").nth(1).click()
    server.call("PUT", "/api/v1/seen", {"papers": [listed[0].key], "seen": True})
    page.get_by_role("button", name="New to me").click()
    expect(page.locator("article:visible")).to_have_count(4)
    other = [*some_papers(2), listed[1]]
    week = list_page(other, props={"periodType": "week"})
    elsewhere = paired.open(f"{HOST}/papers/week/2026-W23", week)
    expect(elsewhere.locator("article:visible")).to_have_count(2)
    elsewhere.get_by_role("button", name="Mark 2 as seen").click()
    expect(elsewhere.locator("papermargin-bar .empty")).to_contain_text("Nothing new here")
    elsewhere.get_by_role("button", name="New to me").click()
    expect(elsewhere.locator("article:visible")).to_have_count(3)


def test_the_filter_finds_what_a_card_prints_beside_its_title(
    paired: Browser, listed: list[Paper]
) -> None:
    body = list_page(listed)
    place = body.index("Submitted by somebody")
    body = body[:place] + "<a href='/quiet-lab'>Quiet Lab</a> " + body[place:]
    page = paired.open(f"{HOST}/papers", body)
    expect(page.locator("papermargin-card .status")).to_have_count(6)
    page.get_by_role("searchbox", name="Filter").fill("quiet lab")
    expect(page.locator("article:visible")).to_have_count(1)


def test_the_term_picker_finds_all_terms_of_the_page(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(6)
    for number, paper in enumerate(listed):
        tags = [f"tag {number} {letter}" for letter in "abcd"]
        server.call("POST", "/api/v1/overlay", {"papers": [{"id": paper.key, "title": "x"}]})
        server.call("PUT", f"/api/v1/papers/{paper.key}/entry", {"tags": tags}, If_Match="*")
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .status[data-status=inbox]")).to_have_count(6)
    page.get_by_role("button", name="Tags and terms").click()
    picker = page.locator("papermargin-layer .popover")
    expect(picker.locator(".chip.tag")).to_have_count(14)
    picker.get_by_role("searchbox").fill("5 D")
    picker.get_by_role("button", name="tag 5 d").click()
    expect(page.locator("article:visible")).to_have_count(1)


def test_papers_that_the_filter_hides_are_shown_again_without_the_margin(
    paired: Browser, some_papers: Papers
) -> None:
    page = paired.open(f"{HOST}/papers/date/2026-06-03", list_page(some_papers(4)))
    page.get_by_role("searchbox", name="Filter").fill("no such word")
    expect(page.locator("article:visible")).to_have_count(0)
    where = {"list": True, "paper": True, "arxiv": True}
    paired.ask("configure", {"where": {**where, "list": False}})
    try:
        expect(page.locator("papermargin-bar")).to_have_count(0)
        expect(page.locator("article:visible")).to_have_count(4)
    finally:
        paired.ask("configure", {"where": where})


def test_typing_in_a_part_of_the_page_that_nobody_sees_into_presses_no_shortcut(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    script = """customElements.define('x-field', class extends HTMLElement {
        constructor() {
            super();
            this.field = document.createElement('input');
            this.attachShadow({mode: 'closed'}).append(this.field);
        }
    });
    document.body.append(document.createElement('x-field'));"""
    [paper] = some_papers(1)
    page = paired.open(f"{HOST}/papers/date/2026-06-03", list_page([paper], script=script))
    expect(page.locator("papermargin-card .status")).to_have_count(1)
    page.evaluate("() => document.querySelector('x-field').field.focus()")
    page.keyboard.type("jsg")
    typed = "() => document.querySelector('x-field').field.value"
    assert page.evaluate(typed) == "jsg"
    assert server.card(paper.key)["entry"] is None
