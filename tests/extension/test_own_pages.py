"""The popup and the options: what they say, what they do, and that everybody can use them."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.extension.browser import Browser, Server, browsing, free_port, until
from tests.extension.pages import Paper, list_page, paper_page
from tests.extension.test_offline import Answering

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
Papers = Callable[[int], list[Paper]]


def test_pairing_by_code_on_the_options_page(browser: Browser, server: Server) -> None:
    options = browser.extension_page("options.html")
    options.locator("#address").fill(f" 127.0.0.1:{server.port}/ ")
    options.locator("#code").fill("000000")
    options.get_by_role("button", name="Pair").click()
    expect(options.locator("#answer")).to_contain_text("code is wrong")
    options.locator("#code").fill(server.code())
    options.get_by_role("button", name="Pair").click()
    expect(options.locator("#answer")).to_contain_text("Paired as")
    options.get_by_role("button", name="Test connection").click()
    expect(options.locator("#answer")).to_contain_text("Papermargin 0.1.0")
    expect(options.locator("#ledger")).to_contain_text("POST /api/v1/pair")


@pytest.fixture
def options(paired: Browser) -> Page:
    return paired.extension_page("options.html")


def check_address(options: Page, address: str, words: str) -> None:
    options.locator("#address").fill(address)
    options.get_by_role("button", name="Test connection").click()
    expect(options.locator("#answer")).to_contain_text(words, timeout=15_000)


def test_the_connection_test_names_a_closed_port_and_a_wrong_path(options: Page, server: Server) -> None:
    check_address(options, f"http://127.0.0.1:{free_port()}", "refused")
    check_address(options, f"{server.address}/papers", "not at this path")


def test_the_connection_test_names_a_stranger_and_an_old_server(options: Page) -> None:
    with Answering({"hello": "world"}) as address:
        check_address(options, address, "not a Papermargin server")
    with Answering({"name": "papermargin", "version": "0.0.1", "api": 0, "status": "ok"}) as address:
        check_address(options, address, "too old")


def test_the_connection_test_names_a_silent_server_and_a_broken_tls(options: Page) -> None:
    with silence() as port:
        check_address(options, f"http://127.0.0.1:{port}", "takes too long")
    with plain() as port:
        check_address(options, f"https://127.0.0.1:{port}", "TLS")


def test_the_connection_test_names_an_address_that_is_none(options: Page) -> None:
    check_address(options, "http://", "no address")


def test_a_name_that_is_not_found_is_named(options: Page) -> None:
    cause = options.evaluate("async () => (await import('./probe.js')).nameCause('http://no-such-host.invalid:8620')")
    assert cause == "dns"


def test_a_missing_permission_is_named(playwright: Playwright, extension: Path, tmp_path: Path, server: Server) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in extension.rglob("*"):
        target = bare / path.relative_to(extension)
        target.mkdir(parents=True, exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
    manifest = json.loads((bare / "manifest.json").read_text())
    del manifest["host_permissions"]
    (bare / "manifest.json").write_text(json.dumps(manifest))
    with browsing(playwright, bare, tmp_path / "profile") as browser:
        page = browser.extension_page("popup.html")
        reply = page.evaluate("body => chrome.runtime.sendMessage({kind: 'test', body})", {"address": server.address})
        assert reply["error"]["cause"] == "permission"


@contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def plain() -> Iterator[int]:
    """A port that answers a TLS greeting with plain words."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_the_popup_saves_the_paper_of_the_tab(paired: Browser, server: Server, some_papers: Papers) -> None:
    paper = some_papers(1)[0]
    page = paired.open(f"{HOST}/papers/{paper.key}", paper_page(paper))
    expect(page.locator("papermargin-panel .status")).to_be_attached()
    popup = paired.extension_page("popup.html")
    page.bring_to_front()
    popup.reload()
    popup.evaluate("() => {}")
    expect(popup.locator("#page")).to_contain_text(paper.title)
    popup.get_by_role("button", name="Save this paper").click()
    until(lambda: (server.card(paper.key)["entry"] or {}).get("status") == "inbox")


def test_the_popup_searches_the_list_and_says_when_a_page_changed(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    listed[0].title = f"Unmistakable {listed[0].key}"
    server.call("POST", "/api/v1/overlay", {"papers": [{"id": listed[0].key, "title": listed[0].title}]})
    server.call("PUT", f"/api/v1/papers/{listed[0].key}/entry", {"status": "reading"}, If_Match="*")
    page = paired.open(f"{HOST}/papers", list_page(listed, shown=[]))
    popup = paired.extension_page("popup.html")
    page.bring_to_front()
    page.wait_for_timeout(1_800)
    popup.reload()
    expect(popup.locator("#page")).to_contain_text("Hugging Face changed its page; your data is safe.")
    popup.locator("#search input").fill("Unmistakable")
    expect(popup.locator("#found")).to_contain_text(listed[0].title)


def test_where_to_show_is_obeyed_at_once(paired: Browser, some_papers: Papers) -> None:
    page = paired.open(f"{HOST}/papers", list_page(some_papers(2)))
    expect(page.locator("papermargin-card")).to_have_count(2)
    options = paired.extension_page("options.html")
    options.locator("input[name=list]").uncheck()
    expect(page.locator("papermargin-card, papermargin-bar")).to_have_count(0)
    options.locator("input[name=list]").check()
    page.bring_to_front()
    expect(page.locator("papermargin-card")).to_have_count(2)


def test_the_context_menus_save_asks_for_papers_only(paired: Browser, server: Server, some_papers: Papers) -> None:
    key = some_papers(1)[0].key
    click = "address => chrome.contextMenus.onClicked.dispatch({menuItemId: 'save', linkUrl: address}, {})"
    paired.worker.evaluate(click, f"https://arxiv.org/pdf/{key}v3")
    until(lambda: (server.card(key)["entry"] or {}).get("status") == "inbox")
    paired.worker.evaluate(click, "https://huggingface.co/papers/trending")
    assert not paired.ask("status")["edits"]


def test_everything_can_be_exported_and_erased(browser: Browser, server: Server) -> None:
    browser.pair(server)
    options = browser.extension_page("options.html")
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
    "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.filter(each => "
    "['serious', 'critical'].includes(each.impact)).flatMap(each => each.nodes.map(node => [each.id, "
    "node.target.flat(), node.any.map(any => any.message)])))"
)


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(paired: Browser, server: Server, some_papers: Papers, dark: bool) -> None:
    listed = some_papers(4)
    server.call(
        "POST",
        "/api/v1/overlay",
        {"papers": [{"id": paper.key, "title": paper.title, "abstract": paper.abstract} for paper in listed]},
    )
    server.call(
        "PUT",
        f"/api/v1/papers/{listed[0].key}/entry",
        {"status": "reading", "tags": ["a", "b"], "rating": 3},
        If_Match="*",
    )
    page = paired.open(f"{HOST}/papers", list_page(listed, dark=dark))
    expect(page.locator("papermargin-card .result").first).to_be_visible(timeout=20_000)
    page.locator("papermargin-card .notes").first.click()
    page.add_script_tag(content=AXE.read_text())
    ours = [found for found in page.evaluate(SERIOUS) if any("papermargin" in part for part in found[1])]
    assert ours == []
    for name in ("popup.html", "options.html"):
        own = paired.extension_page(name)
        own.emulate_media(color_scheme="dark" if dark else "light")
        own.wait_for_timeout(300)
        own.evaluate(AXE.read_text())
        assert own.evaluate(SERIOUS) == []


def test_every_control_is_reached_by_tab(paired: Browser, some_papers: Papers) -> None:
    page = paired.open(f"{HOST}/papers", list_page(some_papers(1)))
    expect(page.locator("papermargin-card .status")).to_be_visible()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const inner = document.activeElement.shadowRoot?.activeElement; return inner ? "
                "inner.className.split(' ')[0] + getComputedStyle(inner).outlineStyle : ''; }"
            )
        )
    assert {"statussolid", "moresolid", "quietsolid", "countsolid", "fieldsolid", "plainsolid"} <= reached


def test_german_is_spoken_where_the_browser_does(
    playwright: Playwright, extension: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    with browsing(playwright, extension, tmp_path / "profile", language="de") as browser:
        options = browser.extension_page("options.html")
        expect(options.get_by_role("button", name="Koppeln")).to_be_visible()
