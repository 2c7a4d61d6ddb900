"""The popup and the options page: their texts, actions and accessibility."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.extension.browser import ROOT, Browser, Server, browsing, install, until
from tests.extension.doors import WORDS
from tests.extension.pages import Paper, list_page, paper_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
Papers = Callable[[int], list[Paper]]


def test_pairing_by_code_on_the_options_page(browser: Browser, server: Server) -> None:
    options = browser.extension_page("options/options.html")
    options.locator("#address").fill(f" 127.0.0.1:{server.port}/ ")
    options.locator("#code").fill("000000")
    options.get_by_role("button", name="Pair", exact=True).click()
    expect(options.locator("#answer")).to_contain_text("code is wrong")
    options.locator("#code").fill(server.code())
    options.get_by_role("button", name="Pair", exact=True).click()
    expect(options.locator("#answer")).to_contain_text("Paired as")
    options.get_by_role("button", name="Test connection").click()
    expect(options.locator("#answer")).to_contain_text("Papermargin 0.1.0")
    expect(options.locator("#ledger")).to_contain_text("POST /api/v1/pair")


def sign_in(page: Page, server: Server) -> None:
    command = [sys.executable, "-m", "server", "sign-in", "--db", str(server.db)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    token = said.partition("token=")[2].split()[0]
    page.goto(f"{server.address}/sign-in?token={token}")
    page.get_by_role("button").first.click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def test_pairing_by_one_click_on_the_signed_in_page(browser: Browser, server: Server) -> None:
    sign_in(browser.context.new_page(), server)
    options = browser.extension_page("options/options.html")
    options.locator("#address").fill(server.address)
    with browser.context.expect_page() as opened:
        options.get_by_role("button", name="Pair by the server").click()
    expect(options.locator("#answer")).to_contain_text("on the page that has opened")
    with opened.value.expect_event("close"):
        opened.value.get_by_role("button", name="Pair the extension").click()
    expect(options.locator("#answer")).to_contain_text("Paired as me")
    assert browser.ask("status")["paired"]


def test_a_page_elsewhere_cannot_pair(browser: Browser, server: Server) -> None:
    options = browser.extension_page("options/options.html")
    options.locator("#address").fill(server.address)
    with browser.context.expect_page() as opened:
        options.get_by_role("button", name="Pair by the server").click()
    expect(options.locator("#answer")).to_contain_text("on the page that has opened")
    code = f"<p data-pairing-code='{server.code()}'>"
    browser.pages[f"{HOST}/papers/x"] = code
    opened.value.goto(f"{HOST}/papers/x")
    browser.open(f"{HOST}/papers/y", code).wait_for_timeout(1_000)
    assert not browser.ask("status")["paired"]


@pytest.fixture
def options(paired: Browser) -> Page:
    return paired.extension_page("options/options.html")


def check_address(options: Page, address: str, words: str) -> None:
    options.locator("#address").fill(address)
    options.get_by_role("button", name="Test connection").click()
    expect(options.locator("#answer")).to_contain_text(words, timeout=15_000)


@pytest.mark.parametrize("cause", WORDS)
def test_the_connection_test_names_the_cause(options: Page, cause: str) -> None:
    door, words = WORDS[cause]
    with door() as address:
        check_address(options, address, words)
    assert (options.locator("#answer").inner_text()).removesuffix(words).count(".") >= 1, (
        "and what to do about it"
    )


def test_the_connection_test_names_a_wrong_path(options: Page, server: Server) -> None:
    check_address(
        options,
        f"{server.address}/papers",
        f"A Papermargin server answers at {server.address}, not at",
    )


def test_the_connection_test_names_a_revoked_or_missing_token(
    browser: Browser, server: Server
) -> None:
    options = browser.extension_page("options/options.html")
    check_address(options, server.address, "Not paired with a server")
    browser.pair(server)
    set_token = (
        "async () => { const {account} = await chrome.storage.local.get('account'); await "
        "chrome.storage.local.set("
        "{account: {...account, token: 'revoked'}}); }"
    )
    browser.worker.evaluate(set_token)
    check_address(options, server.address, "no longer knows this browser (401)")
    expect(options.locator("#answer")).to_contain_text("Pair again; nothing that waits is lost.")


def test_a_missing_permission_is_named(
    playwright: Playwright, tmp_path: Path, server: Server
) -> None:
    bare = install(tmp_path / "bare", granted=False)
    with browsing(playwright, bare, tmp_path / "profile") as browser:
        page = browser.extension_page("popup/popup.html")
        reply = page.evaluate(
            "body => chrome.runtime.sendMessage({kind: 'test', body})", {"address": server.address}
        )
        assert reply["error"]["cause"] == "permission"


def test_the_popup_saves_the_paper_of_the_tab(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    paper = some_papers(1)[0]
    page = paired.open(f"{HOST}/papers/{paper.key}", paper_page(paper))
    expect(page.locator("papermargin-panel .status")).to_be_attached()
    popup = paired.extension_page("popup/popup.html")
    page.bring_to_front()
    popup.reload()
    popup.evaluate("() => {}")
    expect(popup.locator("#page")).to_contain_text(paper.title)
    popup.get_by_role("button", name="Save this paper").click()
    until(lambda: (server.card(paper.key)["entry"] or {}).get("status") == "inbox")


def test_the_popup_saves_the_paper_of_a_pdf(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    paper = some_papers(1)[0]
    page = paired.open(f"https://arxiv.org/pdf/{paper.key}v2", "a viewer without a script of ours")
    popup = paired.extension_page("popup/popup.html")
    page.bring_to_front()
    popup.reload()
    expect(popup.locator("#page")).to_contain_text(f"Paper {paper.key}")
    popup.get_by_role("button", name="Save this paper").click()
    until(lambda: (server.card(paper.key)["entry"] or {}).get("status") == "inbox")


def test_the_popup_searches_the_list_and_reports_a_changed_page(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    listed[0].title = f"Unmistakable {listed[0].key}"
    server.call(
        "POST", "/api/v1/overlay", {"papers": [{"id": listed[0].key, "title": listed[0].title}]}
    )
    server.call("PUT", f"/api/v1/papers/{listed[0].key}/entry", {"status": "reading"}, If_Match="*")
    page = paired.open(f"{HOST}/papers", list_page(listed, shown=[]))
    popup = paired.extension_page("popup/popup.html")
    page.bring_to_front()
    page.wait_for_timeout(1_800)
    popup.reload()
    expect(popup.locator("#page")).to_contain_text(
        "Hugging Face changed its page; your data is safe."
    )
    report = unquote(popup.get_by_role("link", name="Report it").get_attribute("href") or "")
    assert report.startswith(
        "mailto:?subject=Papermargin: Hugging Face changed its page&body=page: papers\nlisted: 3\n"
    )
    assert not [paper for paper in listed if paper.title in report or paper.key in report]
    popup.get_by_role("button", name="Copy the report").click()
    expect(popup.get_by_role("button", name="Copied")).to_be_visible()
    popup.locator("#search input").fill("Unmistakable")
    expect(popup.locator("#found")).to_contain_text(listed[0].title)


def test_switching_the_margin_off_and_on_takes_effect_at_once(
    paired: Browser, some_papers: Papers
) -> None:
    page = paired.open(f"{HOST}/papers", list_page(some_papers(2)))
    expect(page.locator("papermargin-card")).to_have_count(2)
    options = paired.extension_page("options/options.html")
    options.locator("input[name=list]").uncheck()
    expect(page.locator("papermargin-card, papermargin-bar")).to_have_count(0)
    options.locator("input[name=list]").check()
    page.bring_to_front()
    expect(page.locator("papermargin-card")).to_have_count(2)


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody sees: native menus are drawn by a browser with a head alone."""
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no X server or no xdotool on this machine: apt-get install xvfb xdotool"
        )
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1500x1100x24"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as screen:
        assert screen.stdout
        yield f":{screen.stdout.readline().strip()}"
        screen.terminate()


def test_the_context_menu_saves_the_paper_of_a_link(
    playwright: Playwright,
    extension: Path,
    tmp_path: Path,
    display: str,
    server: Server,
    some_papers: Papers,
) -> None:
    listed = some_papers(2)
    with browsing(playwright, extension, tmp_path / "profile", display=display) as browser:
        browser.pair(server)
        page = browser.open(f"{HOST}/papers", list_page(listed))
        page.bring_to_front()
        page.locator("article h3 a").first.click(button="right")
        page.wait_for_timeout(1_500)
        # from below: what inspects the page, then what the extension offers
        subprocess.run(
            ["xdotool", "key", "--delay", "300", "Up", "Up", "Return"],
            env={"DISPLAY": display},
            check=True,
        )
        until(
            lambda: (server.card(listed[0].key)["entry"] or {}).get("status") == "inbox", seconds=20
        )


def test_the_context_menu_is_limited_to_links_to_papers(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    key = some_papers(1)[0].key
    click = (
        "address => chrome.contextMenus.onClicked.dispatch("
        "{menuItemId: 'save', linkUrl: address}, {})"
    )
    paired.worker.evaluate(click, f"https://arxiv.org/pdf/{key}v3")
    until(lambda: (server.card(key)["entry"] or {}).get("status") == "inbox")
    paired.worker.evaluate(click, "https://huggingface.co/papers/trending")
    assert not paired.ask("status")["edits"]


def test_everything_can_be_exported_and_erased(browser: Browser, server: Server) -> None:
    browser.pair(server)
    options = browser.extension_page("options/options.html")
    with options.expect_download() as download:
        options.get_by_role("button", name="Export").click()
    exported = json.loads(download.value.path().read_text())
    assert exported["format"] == "papermargin-extension"
    assert exported["ledger"]
    assert "token" not in json.dumps(exported)
    options.get_by_role("button", name="Erase").click()
    options.locator("dialog").get_by_role("button", name="Erase").click()
    expect(options.locator("#answer")).to_have_text("Erased.")
    assert not browser.ask("status")["paired"]


SERIOUS = (
    "() => axe.run(document, {resultTypes: ['violations']}).then(found => "
    "found.violations.filter(each => "
    "['serious', 'critical'].includes(each.impact)).flatMap(each => each.nodes.map(node => "
    "[each.id, "
    "node.target.flat(), node.any.map(any => any.message)])))"
)


def serious(page: Page) -> list[Any]:
    """Give what axe finds serious in a page of the extension, or in what is the extension's in a
    page of the sites.
    """
    if page.url.startswith("chrome-extension:"):
        page.evaluate(AXE.read_text())
        return list(page.evaluate(SERIOUS))
    if not page.evaluate("() => typeof axe === 'object'"):
        page.add_script_tag(content=AXE.read_text())
    return [
        found for found in page.evaluate(SERIOUS) if any("papermargin" in part for part in found[1])
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(
    paired: Browser, server: Server, some_papers: Papers, dark: bool
) -> None:
    listed = some_papers(4)
    told = [{"id": paper.key, "title": paper.title, "abstract": paper.abstract} for paper in listed]
    server.call("POST", "/api/v1/overlay", {"papers": told})
    entry = {"status": "reading", "tags": ["a", "b"], "rating": 3}
    server.call("PUT", f"/api/v1/papers/{listed[0].key}/entry", entry, If_Match="*")
    note = {"paper": listed[0].key, "text": "a *note*", "quote": {"exact": "Our model"}}
    server.call("PUT", f"/api/v1/notes/{uuid4()}", note, If_Match='"0"')
    page = paired.open(f"{HOST}/papers", list_page(listed, dark=dark))
    expect(page.locator("papermargin-card .result").first).to_be_visible(timeout=180_000)
    for opener in (
        ".more",
        ".rating",
        ".notes",
        ".tagger",
        ".chip.method, .chip.task",
        ".all",
        ".result",
    ):
        page.locator("papermargin-card").first.locator(opener).first.click()
        assert serious(page) == [], opener
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Tags and terms").click()
    assert serious(page) == []
    own = paired.open(f"{HOST}/papers/{listed[0].key}", paper_page(listed[0], dark=dark))
    expect(own.locator("papermargin-panel .legend .chip").first).to_be_visible(timeout=180_000)
    own.get_by_role("button", name="New note").click()
    assert serious(own) == []
    for name in ("popup/popup.html", "options/options.html"):
        own = paired.extension_page(name)
        own.emulate_media(color_scheme="dark" if dark else "light")
        own.wait_for_timeout(300)
        assert serious(own) == []


LOOSE_WORDS = """data => {
    const roots = [document,
        ...[...document.querySelectorAll('*')].flatMap(each => each.shadowRoot ?? [])];
    const ours = root => root !== document || location.protocol === 'chrome-extension:';
    const loose = text => /\\p{L}{2}/u.test(data.reduce((rest, known) => rest.replaceAll(known, ''),
        text.replace(/⟦[^⟦⟧]*⟧/g, '').replace(/⟦[^⟦⟧]*⟧/g, '')));
    const found = [];
    for (const root of roots.filter(ours)) {
        for (const element of root.querySelectorAll(`:not(style, script, title, option, pre, a,
            code, td)`)) {
            for (const node of element.childNodes) if (node.nodeType === 3) found.push(node.data);
            for (const name of ['aria-label', 'title', 'placeholder'])
                found.push(element.getAttribute(name) ?? '');
        }
    }
    return found.filter(loose);
}"""


SITES = ["aclanthology.org", "alphaxiv.org", "openreview.net", "semanticscholar.org"]


def done(server: Server, listed: list[Paper]) -> list[dict[str, Any]] | None:
    """Return the papers' cards, or None while the extraction of one is not done."""
    cards = [server.card(paper.key) for paper in listed]
    return cards if all(card["extraction"] == "done" for card in cards) else None


def mark_messages(extension: Path) -> None:
    """Put every English message of an extension in brackets that no other text has."""
    words = extension / "_locales" / "en" / "messages.json"
    marked = {
        name: {"message": f"⟦{each['message']}⟧"}
        for name, each in json.loads(words.read_text()).items()
    }
    words.write_text(json.dumps(marked))


def words_of(server: Server, listed: list[Paper], cards: list[dict[str, Any]]) -> list[str]:
    """Return the texts that the extension shows but did not write, the longest first."""
    results = [result for card in cards for result in card["results"]]
    parts = ("value", "metric", "dataset", "method")
    data = [
        *(paper.title for paper in listed),
        *(term["name"] for card in cards for term in card["terms"]),
        *(result[name] for result in results for name in parts if result[name]),
        *(tag["name"] for tag in server.call("GET", "/api/v1/tags")),
    ]
    return sorted(data, key=len, reverse=True)


def test_no_text_is_hard_coded(
    playwright: Playwright, tmp_path: Path, server: Server, some_papers: Papers
) -> None:
    copy = install(tmp_path / "marked")
    mark_messages(copy)
    listed = some_papers(2)
    with browsing(playwright, copy, tmp_path / "profile") as browser:
        browser.pair(server)
        page = browser.open(f"{HOST}/papers", list_page(listed))
        expect(page.locator("papermargin-card .result").first).to_be_visible(timeout=180_000)
        cards = until(lambda: done(server, listed), seconds=180)
        data = words_of(server, listed, cards)
        page.reload()
        expect(page.locator("papermargin-card .result").first).to_be_visible()
        for opener in (".more", ".rating", ".notes", ".tagger", ".all"):
            page.locator("papermargin-card").first.locator(opener).click()
            assert page.evaluate(LOOSE_WORDS, data) == [], opener
            page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("a")
        expect(page.locator("papermargin-layer .said")).not_to_be_empty()
        shown = [paper.abstract for paper in listed] + listed[0].authors
        assert page.evaluate(LOOSE_WORDS, [*shown, *data]) == []
        own = browser.open(f"{HOST}/papers/{listed[0].key}", paper_page(listed[0]))
        expect(own.locator("papermargin-panel .legend .chip").first).to_be_visible(timeout=180_000)
        assert own.evaluate(LOOSE_WORDS, data) == []
        # the longest first: a short tag of another test may be a part of a site's name
        known = sorted([*data, "http://127.0.0.1:8620", *SITES], key=len, reverse=True)
        for name in ("popup/popup.html", "options/options.html"):
            assert browser.extension_page(name).evaluate(LOOSE_WORDS, known) == []


def test_every_control_can_be_reached_by_key(paired: Browser, some_papers: Papers) -> None:
    page = paired.open(f"{HOST}/papers", list_page(some_papers(1)))
    expect(page.locator("papermargin-card .status")).to_be_visible()
    reached = set()
    # one Tab for each group of buttons, and arrows inside it
    for key in ["Tab", *["ArrowRight"] * 11] * 18:
        page.keyboard.press(key)
        reached.add(
            page.evaluate(
                "() => { const inner = document.activeElement.shadowRoot?.activeElement; return "
                "inner ? "
                "inner.className.split(' ')[0] + getComputedStyle(inner).outlineStyle : ''; }"
            )
        )
    assert {
        "statussolid",
        "moresolid",
        "quietsolid",
        "countsolid",
        "fieldsolid",
        "plainsolid",
    } <= reached


def test_a_german_browser_gets_german_texts(
    playwright: Playwright, extension: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    with browsing(playwright, extension, tmp_path / "profile", language="de") as browser:
        options = browser.extension_page("options/options.html")
        expect(options.get_by_role("button", name="Koppeln", exact=True)).to_be_visible()
