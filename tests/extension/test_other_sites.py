"""The margin at sites where it has to be allowed: which paper a page shows, and adding others."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.extension.browser import Browser, Server, browsing, install, until
from tests.extension.other_pages import (
    ACL,
    ALPHAXIV,
    BLOG,
    OPENREVIEW,
    OTHER_ID,
    SEMANTIC_SCHOLAR,
    acl_page,
    alphaxiv_page,
    blog_page,
    openreview_page,
    semanticscholar_page,
)
from tests.extension.pages import Paper

pytestmark = pytest.mark.browser
Papers = Callable[[int], list[Paper]]
PANEL = "papermargin-panel:not([data-folded])"


@pytest.fixture(scope="module")
def allowed(
    playwright: Playwright, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A paired browser in which all sites are allowed, and a blog stands for a page where the
    person has just clicked the toolbar button.
    """
    folder = install(tmp_path_factory.mktemp("allowed") / "papermargin")
    manifest = json.loads((folder / "manifest.json").read_text())
    sites = [ACL, ALPHAXIV, OPENREVIEW, SEMANTIC_SCHOLAR, BLOG, "https://alphaxiv.org"]
    manifest["host_permissions"] += [f"{site}/*" for site in sites]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    profile = tmp_path_factory.mktemp("allowing") / "profile"
    with browsing(playwright, folder, profile) as running:
        running.pair(server)
        yield running


@pytest.fixture
def some_papers(some_papers: Papers) -> Papers:
    """Give papers with titles that no other test has: here papers are known by their titles."""

    def make(count: int) -> list[Paper]:
        made = some_papers(count)
        return [Paper(each.key, f"{each.title} of {each.key}", each.abstract) for each in made]

    return make


@pytest.fixture
def browser(allowed: Browser) -> Iterator[Browser]:
    yield allowed
    allowed.close_pages()


def know(server: Server, paper: Paper, **facts: str) -> str:
    """Let the server have a paper, and return its key."""
    told = {"id": paper.key, "title": paper.title} | facts
    told = {name: value for name, value in told.items() if value}
    cards = server.call("POST", "/api/v1/overlay", {"papers": [told]})["cards"]
    return str(cards[0]["key"])


def lookup(server: Server, **named: str) -> dict[str, object] | None:
    papers: list[dict[str, object] | None] = server.call(
        "POST", "/api/v1/lookup", {"papers": [named]}
    )["papers"]
    return papers[0]


def open_popup(browser: Browser, page: Page) -> Page:
    popup = browser.extension_page("popup/popup.html")
    page.bring_to_front()
    popup.reload()
    return popup


def set_status(page: Page) -> None:
    """Click the status of the panel, which is that of no list yet."""
    status = page.locator(f"{PANEL} .status")
    expect(status).to_have_attribute("data-status", "none")
    status.click()
    expect(status).to_have_attribute("data-status", "inbox")


def test_alphaxiv_shows_the_paper_of_its_address(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    page = browser.open(f"{ALPHAXIV}/abs/{paper.key}v2", alphaxiv_page(paper))
    set_status(page)
    until(lambda: (server.card(paper.key)["entry"] or {}).get("status") == "inbox")
    told = server.call("GET", f"/api/v1/papers/{paper.key}")
    assert (told["title"], told["abstract"]) == (paper.title, paper.abstract)
    assert (told["authors"], told["published"]) == (paper.authors, "2026-06-01")


def test_semantic_scholar_shows_the_paper_that_it_links_to_at_arxiv(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    address = f"{SEMANTIC_SCHOLAR}/paper/A-quiet-thing/{'0a' * 20}"
    set_status(browser.open(address, semanticscholar_page(paper)))
    until(lambda: (server.card(paper.key)["entry"] or {}).get("status") == "inbox")
    assert server.call("GET", f"/api/v1/papers/{paper.key}")["issued"] == "2026"
    assert lookup(server, id=OTHER_ID) is None


def test_the_anthology_shows_a_paper_that_is_known_by_its_doi(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    doi = f"10.18653/v1/2023.quiet-main.{paper.key[-5:]}"
    key = know(server, paper, id="", doi=doi.upper(), title=f"{paper.title}, as a preprint")
    page = browser.open(f"{ACL}/{doi.partition('/v1/')[2]}/", acl_page(paper, doi))
    set_status(page)
    until(lambda: (server.card(key)["entry"] or {}).get("status") == "inbox")
    expect(page.locator(f"{PANEL} .chip").first).to_be_attached()


def test_openreview_shows_the_paper_of_its_title_with_the_notes_from_arxiv(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    know(server, paper, abstract=paper.abstract)
    note = {"paper": paper.key, "text": "from arXiv", "quote": {"exact": "needs no second pass"}}
    server.call("PUT", "/api/v1/notes/6b0d3c52-0000-4000-8000-000000000001", note, If_Match='"0"')
    other = Paper(paper.key, paper.title.upper(), paper.abstract)
    page = browser.open(f"{OPENREVIEW}/forum?id=abc", openreview_page(other, "abc"))
    expect(page.locator(f"{PANEL} .note")).to_contain_text("from arXiv")
    marked = "() => [...(CSS.highlights.get('papermargin-note') ?? [])].map(String)"
    until(lambda: page.evaluate(marked) == ["needs no second pass"])


def test_an_unknown_paper_is_offered_and_added_with_what_the_page_tells(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    doi = f"10.18653/v1/2023.quiet-main.{paper.key[-5:]}"
    page = browser.open(f"{ACL}/2023.quiet-main.{paper.key[-5:]}/", acl_page(paper, doi))
    offer = page.locator("papermargin-panel .offer")
    expect(offer).to_contain_text("does not have this paper yet")
    assert lookup(server, doi=doi, title=paper.title) is None, "nothing is created unasked"
    offer.get_by_role("button", name="Add to my list").click()
    expect(page.locator(f"{PANEL} .status")).to_have_attribute("data-status", "inbox")
    known = until(lambda: lookup(server, doi=doi))
    until(lambda: (lookup(server, doi=doi) or {})["status"] == "inbox")
    told = server.call("GET", f"/api/v1/papers/{known['key']}")
    assert (told["title"], told["abstract"]) == (paper.title, paper.abstract)
    assert (told["doi"], told["issued"], told["authors"]) == (doi, "2023-07", paper.authors)


def test_the_popup_adds_an_unknown_paper(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    page = browser.open(f"{OPENREVIEW}/forum?id=xyz", openreview_page(paper, "xyz"))
    expect(page.locator("papermargin-panel .offer")).to_be_visible()
    popup = open_popup(browser, page)
    expect(popup.locator("#page")).to_contain_text(paper.title)
    popup.get_by_role("button", name="Add to my list").click()
    expect(popup.locator("#page")).to_contain_text("Inbox")
    assert lookup(server, title=paper.title)
    expect(page.locator(f"{PANEL} .status")).to_have_attribute("data-status", "inbox")


def test_the_tags_of_the_forum_that_was_left_name_no_paper(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    stale, paper = some_papers(2)
    page = browser.open(
        f"{OPENREVIEW}/forum?id=new", openreview_page(stale, "new", told_forum="old")
    )
    page.wait_for_timeout(500)
    expect(page.locator("papermargin-panel")).to_have_count(0)
    fresh = openreview_page(paper, "new")
    page.evaluate("body => { document.documentElement.innerHTML = body }", fresh)
    expect(page.locator("papermargin-panel .offer")).to_be_visible()
    assert open_popup(browser, page).locator("#page .title").inner_text() == paper.title


def test_without_the_server_a_paper_that_was_found_before_still_has_its_margin(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    know(server, paper, abstract=paper.abstract)
    address = f"{OPENREVIEW}/forum?id=away"
    page = browser.open(address, openreview_page(paper, "away"))
    expect(page.locator(f"{PANEL} .status")).to_be_visible()
    other = some_papers(1)[0]
    with browser.cut_off():
        page.reload()
        expect(page.locator(f"{PANEL} .status")).to_be_visible()
        new = browser.open(f"{OPENREVIEW}/forum?id=new2", openreview_page(other, "new2"))
        new.wait_for_timeout(500)
        expect(new.locator("papermargin-panel")).to_have_count(0)
    new.bring_to_front()
    expect(new.locator("papermargin-panel .offer")).to_be_visible()


def test_the_tab_is_loaded_again_once_its_site_is_allowed(
    browser: Browser, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    page = browser.open(f"{ALPHAXIV}/abs/{paper.key}", alphaxiv_page(paper))
    page.bring_to_front()
    allowed = "() => chrome.permissions.onAdded.dispatch({origins: ['https://www.alphaxiv.org/*']})"
    with page.expect_event("load"):
        browser.worker.evaluate(allowed)


def test_pages_of_these_sites_that_show_no_paper_are_left_alone(browser: Browser) -> None:
    for address in (
        f"{ACL}/volumes/2023.quiet-main/",
        f"{OPENREVIEW}/group?id=Quiet",
        ALPHAXIV + "/",
    ):
        page = browser.open(address, "<html><body><main><h1>Papers</h1></main></body></html>")
        page.wait_for_timeout(300)
        expect(page.locator("papermargin-panel")).to_have_count(0)


def test_they_keep_their_own_shortcuts(browser: Browser, some_papers: Papers) -> None:
    script = "<script>heard = ''; addEventListener('keydown', event => heard += event.key)</script>"
    page = browser.open(f"{OPENREVIEW}/group?id=Keys", f"<html><body>{script}</body></html>")
    # a page with a margin proves that the extension is awake
    [paper] = some_papers(1)
    known = browser.open(f"{ALPHAXIV}/abs/{paper.key}", alphaxiv_page(paper) + script)
    expect(known.locator(f"{PANEL} .status")).to_be_visible()
    known.keyboard.type("js")
    expect(known.locator(f"{PANEL} .status")).to_have_attribute("data-status", "inbox")
    assert known.evaluate("() => heard") == "j"
    page.bring_to_front()
    page.keyboard.type("jkfs?")
    assert page.evaluate("() => heard") == "jkfs?"


def test_where_the_margin_is_off_the_popup_offers_no_paper_that_nobody_asked_about(
    browser: Browser, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    take = """async () => { const {account} = await chrome.storage.local.get('account');
        await chrome.storage.local.remove('account'); return account; }"""
    account = browser.worker.evaluate(take)
    try:
        page = browser.open(f"{OPENREVIEW}/forum?id=off", openreview_page(paper, "off"))
        popup = open_popup(browser, page)
        expect(popup.locator("#connection")).to_contain_text("Not paired")
        report = "() => chrome.tabs.query({active: true, currentWindow: true}).then(([tab]) => "
        told = popup.evaluate(f"{report}chrome.tabs.sendMessage(tab.id, {{kind: 'page'}}))")
        assert told["kind"] == "other"
        expect(popup.locator("#page")).to_be_hidden()
    finally:
        browser.worker.evaluate("account => chrome.storage.local.set({account})", account)


MARKS = """() => [...document.querySelectorAll('papermargin-mark')].map(mark =>
    [mark.previousSibling.textContent.slice(0, 12), mark.shadowRoot])"""


def test_known_papers_of_any_page_are_marked_and_the_marks_taken_off(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(6)
    for paper in listed[:4]:
        know(server, paper)
    server.call("PUT", f"/api/v1/papers/{listed[0].key}/entry", {"status": "read"}, If_Match="*")
    doi = f"10.1000/quiet.{listed[0].key}"
    know(server, Paper("", f"Only a DOI {doi}"), doi=doi)
    know(server, listed[5])
    page = browser.open(f"{BLOG}/reading", blog_page(listed, doi=doi))
    assert page.evaluate(MARKS) == []
    popup = open_popup(browser, page)
    popup.get_by_role("button", name="Mark known papers").click()
    expect(popup.locator("#links")).to_contain_text("6 of the 8 papers")
    marks = page.evaluate(MARKS)
    titles = [paper.title[:12] for paper in listed]
    assert [words for words, _ in marks] == [*titles[:4], titles[5], "this one", "Compare arXi"]
    behind = "() => [...document.querySelectorAll('papermargin-mark')].at(-1).nextSibling.data"
    assert page.evaluate(behind).startswith(" with arXiv:"), "the mark is behind the id"
    assert not any(root for _, root in marks), "the page cannot look into a mark"
    sent = [row["path"] for row in browser.ask("ledger", {"most": 50})]
    assert "/api/v1/overlay" not in sent[: sent.index("/api/v1/lookup")]
    popup.get_by_role("button", name="Take the marks off").click()
    until(lambda: page.evaluate(MARKS) == [])
    texts = "() => [...document.querySelectorAll('p')].at(-1).childNodes.length"
    assert page.evaluate(texts) == 3, "the text is whole again"
    clear = popup.get_by_role("button", name="Take the marks off")
    expect(clear).to_be_hidden()
    popup.get_by_role("button", name="Mark known papers").click()
    expect(clear).to_be_visible()
    page.reload()
    assert page.evaluate(MARKS) == []
    page.bring_to_front()
    popup.reload()
    expect(popup.get_by_role("button", name="Mark known papers")).to_be_visible()
    expect(clear).to_be_hidden()


def test_a_mark_opens_the_papers_page_for_a_person_only(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    know(server, paper)
    page = browser.open(f"{BLOG}/one", blog_page([paper]))
    popup = open_popup(browser, page)
    popup.get_by_role("button", name="Mark known papers").click()
    expect(popup.locator("#links")).to_contain_text("1 of the 2 papers")
    popup.close()
    before = len(browser.context.pages)
    page.evaluate("() => document.querySelector('papermargin-mark').click()")
    box = page.locator("papermargin-mark").first.bounding_box()
    assert box
    with browser.context.expect_page() as opened:
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert opened.value.url.startswith(f"{server.address}/")
    assert len(browser.context.pages) == before + 1


def test_a_page_that_names_nothing_or_cannot_be_read_is_told(browser: Browser) -> None:
    page = browser.open(f"{BLOG}/empty", "<html><body>Nothing.</body></html>")
    popup = open_popup(browser, page)
    popup.get_by_role("button", name="Mark known papers").click()
    expect(popup.locator("#links")).to_contain_text("names no paper")
    page.goto("data:text/html,other")
    popup.get_by_role("button", name="Mark known papers").click()
    expect(popup.locator("#links")).to_contain_text("lets no extension read")


def test_a_huge_page_is_marked_within_seconds(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    know(server, paper)
    names = "".join(
        f'<p><a href="https://arxiv.org/abs/1901.{n:05}">one</a> and arXiv:1902.{n:05}.</p>'
        for n in range(30_000)
    )
    link = f'<a href="https://arxiv.org/abs/{paper.key}">known</a>'
    page = browser.open(f"{BLOG}/huge", f"<html><body>{link}{names}</body></html>")
    popup = open_popup(browser, page)
    popup.get_by_role("button", name="Mark known papers").click()
    expect(popup.locator("#links")).to_contain_text("1 of the 1000 papers")
    assert len(page.evaluate(MARKS)) == 1


def test_the_popup_offers_a_site_where_the_margin_is_not_allowed(
    paired: Browser,
) -> None:
    # a tab's address is known to the popup only after a click on the toolbar button
    popup = paired.extension_page("popup/popup.html")
    lines = popup.evaluate(
        "async () => { const {allowLines} = await import('/popup/sites.js'); "
        "return (await allowLines('https://www.alphaxiv.org/abs/2606.00001')).map("
        "line => line.textContent); }"
    )
    assert lines[0] == "Show the margin on alphaxiv.org"
    assert "take that back in the options" in lines[1]
    options = paired.extension_page("options/options.html")
    expect(options.locator("#sites input")).to_have_count(4)
    assert not options.locator("#sites input:checked").count()
