"""A hostile page, hostile texts: nothing runs, nothing is read, nothing is driven, nothing goes
elsewhere.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.extension.browser import EXTENSION, Browser, Server, browsing, install, until
from tests.extension.pages import Paper, list_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
HOSTILE = '<img src=x onerror="window.hurt = 1"><script>window.hurt = 1</script> & "quotes"'
Papers = Callable[[int], list[Paper]]


@pytest.fixture
def sealed(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Browser]:
    """The extension with its shadow roots closed, as it ships."""
    with browsing(
        playwright, install(tmp_path / "sealed", sealed=True), tmp_path / "profile"
    ) as browser:
        browser.pair(server)
        yield browser


def test_hostile_texts_are_shown_as_text(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    listed[0].title = listed[0].abstract = HOSTILE
    server.call(
        "POST",
        "/api/v1/overlay",
        {"papers": [{"id": paper.key, "title": paper.title} for paper in listed]},
    )
    server.call(
        "PUT", f"/api/v1/papers/{listed[0].key}/entry", {"tags": [HOSTILE[:90]]}, If_Match="*"
    )
    server.call(
        "PUT",
        f"/api/v1/notes/{uuid4()}",
        {"paper": listed[0].key, "text": f"{HOSTILE} [x](javascript:alert(1))"},
        If_Match='"0"',
    )
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .notes").first).to_have_text("1 note")
    page.locator("papermargin-card .notes").first.click()
    expect(page.locator(".popover .text")).to_contain_text("<script>window.hurt = 1</script>")
    assert page.evaluate(
        "() => [window.hurt, "
        "document.querySelector('papermargin-layer').shadowRoot.querySelectorAll('img, script, "
        "a').length]"
    ) == [None, 0]


def test_a_page_can_neither_read_a_margin_nor_reach_the_token(
    sealed: Browser, some_papers: Papers
) -> None:
    page = sealed.open(f"{HOST}/papers", list_page(some_papers(3)))
    expect(page.locator("papermargin-card")).to_have_count(3)
    assert page.evaluate(
        "() => [...document.querySelectorAll('papermargin-card, papermargin-bar, "
        "papermargin-layer')].every(host => "
        "host.shadowRoot === null)"
    )
    seen = page.evaluate(
        "() => [typeof chrome === 'object' && !!chrome.storage, typeof browser, "
        "document.documentElement.outerHTML.includes('Bearer')]"
    )
    assert seen == [False, "undefined", False]


def test_a_page_cannot_press_our_buttons(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .status")).to_have_count(2)
    page.evaluate(
        """() => { for (const host of document.querySelectorAll('papermargin-card'))
            for (const button of host.shadowRoot.querySelectorAll('button')) {
            button.click(); button.dispatchEvent(new MouseEvent('click', {bubbles: true,
                composed: true})); }
            for (const key of 'jsn') document.dispatchEvent(new KeyboardEvent('keydown', {key,
                bubbles: true}));
            window.postMessage({kind: 'edit', body: {kind: 'entry'}}, '*');
                window.postMessage({kind: 'status'},
            '*'); }"""
    )
    page.wait_for_timeout(400)
    assert server.card(listed[0].key)["entry"] is None
    assert not paired.ask("status")["edits"]
    reply = page.evaluate(
        "id => new Promise(done => { try { chrome.runtime.sendMessage(id, {kind: 'status'}, "
        "done); } catch (error) "
        "{ done('refused'); } })",
        paired.id,
    )
    assert reply == "refused"


EAVESDROPPER = """
window.overheard = [];
const types = ['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'textInput', 'change',
    'paste', 'copy', 'cut',
    'drop', 'compositionstart', 'compositionupdate', 'compositionend', 'selectionchange'];
const listen = () => { for (const place of [window, document, document.documentElement])
    for (const type of types)
    place.addEventListener(type, event => overheard.push([type, event.target.localName ?? '',
        event.key ?? '',
        event.data ?? '', event.clipboardData?.getData('text') ?? '',
            event.composedPath()[0].value ?? '']), true); };
listen();
"""


def test_a_page_that_listens_first_receives_no_keystroke(
    sealed: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    body = list_page(listed).replace("<head>", f"<head><script>{EAVESDROPPER}</script>")
    page = sealed.open(f"{HOST}/papers", body)
    sealed.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=HOST)
    expect(page.locator("papermargin-card")).to_have_count(2)
    until(lambda: server.card(listed[0].key)["title"])
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.keyboard.type("a secret")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.keyboard.press("End")
    page.keyboard.press("Control+v")
    page.keyboard.insert_text(" thought")
    page.keyboard.press("Control+Enter")
    until(
        lambda: (
            [note["text"] for note in server.card(listed[0].key)["notes"]]
            == ["a secreta secret thought"]
        )
    )
    page.keyboard.press("t")
    page.keyboard.type("hidden")
    page.keyboard.press("Enter")
    until(lambda: server.card(listed[0].key)["entry"]["tags"] == ["hidden"])
    heard = page.evaluate("() => overheard")
    assert [each for each in heard if each[0] != "selectionchange"] == []


def test_a_page_that_removes_all_listeners_gets_no_field_to_type_into(
    sealed: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    page = sealed.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card")).to_have_count(2)
    until(lambda: server.card(listed[0].key)["title"])
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.evaluate(
        """listed => {
            const kept = [...document.querySelectorAll('papermargin-card, papermargin-bar')];
            document.open(); document.write(listed); document.close();
                document.body.prepend(...kept); }""",
        list_page(some_papers(2)).replace("<head>", f"<head><script>{EAVESDROPPER}</script>"),
    )
    for _ in range(12):
        page.keyboard.press("Tab")
        page.keyboard.type("x")
    page.wait_for_timeout(400)
    expect(page.locator("papermargin-card, papermargin-bar")).to_have_count(0)
    assert not [each for each in page.evaluate("() => overheard") if each[0] == "input"]


def test_synthetic_keyboard_events_are_ignored(
    sealed: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    page = sealed.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card")).to_have_count(2)
    until(lambda: server.card(listed[0].key)["title"])
    page.evaluate(
        """() => {
            const all = document.querySelectorAll('*');
            for (const target of [window, document, document.body, ...all])
            for (const key of 'jstn') target.dispatchEvent(new KeyboardEvent('keydown', {key,
                bubbles: true,
                composed: true, cancelable: true})); }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.activeElement.localName") == "body"
    assert server.card(listed[0].key)["entry"] is None


def test_a_margin_that_the_page_moves_or_copies_is_replaced(
    paired: Browser, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .status")).to_have_count(3)
    page.evaluate(
        """() => { const [one, two] = document.querySelectorAll('article');
            two.append(one.querySelector('papermargin-card'));
            const copy = document.createElement('papermargin-card');
                copy.attachShadow({mode: 'open'}).innerHTML =
            '<button class=status>Pay</button>'; two.append(copy); }"""
    )
    where = (
        "() => [...document.querySelectorAll('papermargin-card')].map(host => "
        "[host.closest('article').querySelector('h3').textContent, "
        "host.shadowRoot.querySelector('.margin')?.getAttribute('aria-label')])"
    )
    until(
        lambda: (
            page.evaluate(where) == [[paper.title, f"Margin of {paper.title}"] for paper in listed]
        )
    )


def test_a_content_script_cannot_read_the_account(paired: Browser, some_papers: Papers) -> None:
    page = paired.open(f"{HOST}/papers", list_page(some_papers(2)))
    expect(page.locator("papermargin-card .status")).to_have_count(2)
    session = paired.context.new_cdp_session(page)
    worlds: list[int] = []
    session.on(
        "Runtime.executionContextCreated",
        lambda event: (
            worlds.append(event["context"]["id"])
            if paired.id in event["context"]["origin"]
            else None
        ),
    )
    session.send("Runtime.enable")
    until(lambda: page.evaluate("() => 1") and worlds)
    ask = (
        "Promise.all(['status', 'export', 'erase', 'pair', 'ledger'].map(kind => "
        "Promise.race([chrome.runtime.sendMessage({kind, body: {}}).then(reply => reply === "
        "undefined ? 'refused' : "
        "reply, () => 'refused'), new Promise(done => setTimeout(done, 500, "
        "'refused'))])).concat(chrome.storage.local.get('account').then(found => found, () => "
        "'refused'))).then(JSON.stringify)"
    )
    told = session.send(
        "Runtime.evaluate", {"contextId": worlds[0], "expression": ask, "awaitPromise": True}
    )
    assert json.loads(told["result"]["value"]) == ["refused"] * 6


def test_a_visit_sends_papers_to_the_paired_server_and_nothing_else(
    browser: Browser, server: Server, some_papers: Papers
) -> None:
    browser.pair(server)
    listed = some_papers(3)
    asked: list[str] = []
    browser.context.on("request", lambda request: asked.append(request.url))
    page = browser.open(
        f"{HOST}/papers?q=secret",
        list_page(
            listed,
            props={"query": {"q": "secret"}, "searchResults": [paper.item() for paper in listed]},
        ),
    )
    expect(page.locator("papermargin-card .status")).to_have_count(3)
    until(lambda: any("/overlay" in row["path"] for row in browser.ask("ledger", {"most": 50})))
    ledger = browser.ask("ledger", {"most": 50})
    address = browser.ask("status")["address"]
    assert {row["path"].split("?")[0] for row in ledger} <= {
        "/health",
        "/api/v1/pair",
        "/api/v1/tags",
        "/api/v1/events",
        "/api/v1/overlay",
        "/api/v1/me",
    }
    assert "secret" not in json.dumps(ledger)
    assert all(
        url.startswith((f"{HOST}/", "chrome-extension://", "about:", address)) for url in asked
    )


def test_no_source_writes_html_or_evaluates_text() -> None:
    for path in EXTENSION.glob("*/*.js"):
        text = path.read_text()
        assert not [
            word
            for word in (
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
            )
            if word in text.replace("never as HTML", "")
        ], path.name


def test_the_manifest_asks_for_no_more_permissions_than_needed() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    needed = ["storage", "alarms", "contextMenus", "scripting", "activeTab"]
    assert manifest["permissions"] == needed
    assert manifest["host_permissions"] == [
        "https://huggingface.co/*",
        "https://arxiv.org/*",
        "https://www.arxiv.org/*",
        "https://export.arxiv.org/*",
    ]
    lists = ["papers*", "collections/*", "*/papers", "*/papers?*"]
    arxiv = ["arxiv.org", "www.arxiv.org", "export.arxiv.org"]
    assert {pattern for script in manifest["content_scripts"] for pattern in script["matches"]} == {
        *(f"https://huggingface.co/{path}" for path in lists),
        *(f"https://{host}/{form}/*" for host in arxiv for form in ("abs", "html")),
    }
    allowed = re.findall(
        r'"(https?://[^"]+)"', (EXTENSION / "shared/optional_sites.js").read_text()
    )
    assert all(re.fullmatch(r"https://[a-z.]+/\*", pattern) for pattern in allowed)
    [resources] = manifest["web_accessible_resources"]
    assert {*resources["matches"]} == {*manifest["host_permissions"], *allowed}


def test_a_page_cannot_load_the_background_or_the_popup(
    sealed: Browser, some_papers: Papers
) -> None:
    page: Page = sealed.open(f"{HOST}/papers", list_page(some_papers(2)))
    expect(page.locator("papermargin-card")).to_have_count(2)
    loaded = page.evaluate(
        "([id, names]) => Promise.all(names.map(name => "
        "fetch(`chrome-extension://${id}/${name}`).then(() => 'read', () => 'refused')))",
        [
            sealed.id,
            [
                "background/store.js",
                "background/http.js",
                "background/background.js",
                "popup/popup.html",
            ],
        ],
    )
    assert loaded == ["refused"] * 4
