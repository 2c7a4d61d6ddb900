"""The same margin in Firefox, driven over WebDriver BiDi: paired, drawn, offline, in conflict, in
two tabs.
"""

import json
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.extension import firefox
from tests.extension.browser import Server, install, until
from tests.extension.doors import WORDS
from tests.extension.firefox import ALLOW, ID, UUID, Firefox, Tab
from tests.extension.other_pages import ALPHAXIV, BLOG, alphaxiv_page, blog_page
from tests.extension.pages import Paper, arxiv_page, list_page, paper_page
from tests.extension.test_safety import EAVESDROPPER

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
Papers = Callable[[int], list[Paper]]
MARGINS = """[...document.querySelectorAll('papermargin-card')].map(host => [
    host.closest('article').querySelector('h3').textContent,
    host.shadowRoot?.querySelector('.margin')?.getAttribute('aria-label')])"""
CARD = "document.querySelector('papermargin-card')?.shadowRoot"
LAYER = "document.querySelector('papermargin-layer')?.shadowRoot"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension with the manifest as it ships: what Firefox asks the person can be answered
    here.
    """
    return install(tmp_path_factory.mktemp("bare") / "papermargin", granted=False)


@pytest.fixture
def server(away: Server) -> Server:
    return away


@pytest.fixture(scope="module")
def shared_user(
    bare: Path, moving_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Firefox]:
    with firefox.browsing(bare, tmp_path_factory.mktemp("firefox") / "profile") as running:
        assert running.pair(moving_server) == f"Paired as me with {moving_server.address}."
        yield running


@pytest.fixture
def user(shared_user: Firefox) -> Iterator[Firefox]:
    """The paired Firefox that these tests share; its pages are closed after each."""
    yield shared_user
    shared_user.close_pages()


def show(user: Firefox, listed: list[Paper]) -> Tab:
    tab = user.open(f"{HOST}/papers", list_page(listed))
    tab.until(f"document.querySelectorAll('papermargin-card').length === {len(listed)}")
    tab.until(f"{CARD}.querySelector('.margin:not([hidden])')")
    return tab


def write_note(tab: Tab, text: str) -> None:
    tab.click(".notes")
    tab.until(f"{LAYER}.querySelector('textarea')")
    tab.type(text)
    tab.press("Control", "Enter")
    tab.until(f"!{LAYER}.querySelector('textarea')")


def notes(server: Server, paper: Paper) -> list[str]:
    return [note["text"] for note in server.card(paper.key)["notes"]]


def nothing_waits(user: Firefox) -> bool:
    return not user.ask("status")["edits"]


def test_every_card_has_a_margin_even_after_the_page_redraws_it(
    user: Firefox, some_papers: Papers
) -> None:
    listed = some_papers(7)
    right = [[paper.title, f"Margin of {paper.title}"] for paper in listed]
    tab = show(user, listed)
    until(lambda: tab.evaluate(MARGINS) == right)
    assert (
        tab.evaluate("document.querySelector('papermargin-card').getBoundingClientRect().height")
        == 66
    )
    assert tab.evaluate(f"getComputedStyle({CARD}.querySelector('.row')).display") == "flex"
    tab.evaluate(
        "void (grid => grid.replaceWith(grid.cloneNode(true)))(document.querySelector('#grid'))"
    )
    until(lambda: tab.evaluate(MARGINS) == right)


def test_a_click_and_a_note_reach_the_server(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    tab = show(user, listed)
    tab.click(".status")
    tab.until(f"{CARD}.querySelector('.status').dataset.status === 'inbox'")
    write_note(tab, "from Firefox")
    tab.until(f"{CARD}.querySelector('.notes').textContent === '1 note'")
    until(lambda: notes(server, listed[0]) == ["from Firefox"])
    assert server.card(listed[0].key)["entry"]["status"] == "inbox"


# Firefox keeps to itself why a name or a certificate fails
FIREFOX_WORDS = {cause: words for cause, (_, words) in WORDS.items()} | {
    "name not found": "Nothing answers at this address",
    "certificate": "Nothing answers at this address",
}


def test_a_list_is_gone_through_by_keys(user: Firefox, server: Server, some_papers: Papers) -> None:
    listed = some_papers(3)
    tab = show(user, listed)
    tab.evaluate(
        "window.heard = []; addEventListener('keydown', event => heard.push(event.key), true)"
    )
    tab.press("g")
    at = f"{LAYER}.querySelector('dialog:modal .state')?.textContent.startsWith"
    tab.until(f"{at}('1 of 3')")
    tab.press("a")
    tab.until(f"{at}('2 of 3 · 1 kept')")
    tab.press("n")
    tab.until(f"{LAYER}.activeElement?.localName === 'textarea'")
    tab.type("ax from triage")
    tab.press("Control", "Enter")
    until(lambda: notes(server, listed[1]) == ["ax from triage"])
    tab.press("n")
    tab.until(f"{LAYER}.activeElement?.localName === 'textarea'")
    tab.press("Escape")
    tab.until(f"{LAYER}.activeElement?.localName === 'article'")
    tab.press("x")
    tab.until(f"{at}('3 of 3')")
    tab.press("u")
    tab.until(f"{at}('2 of 3')")
    tab.press("Escape")
    tab.until(f"!{LAYER}.querySelector('dialog')")
    focused = "document.activeElement.closest('article')?.querySelector('h3').textContent"
    tab.until(f"{focused} === {json.dumps(listed[1].title)}")
    assert tab.evaluate("heard") == []
    until(lambda: (server.card(listed[0].key)["entry"] or {}).get("status") == "inbox")
    until(lambda: (server.card(listed[1].key)["entry"] or {}).get("status") == "inbox")


def test_the_connection_test_names_the_cause_if_firefox_reports_it(
    user: Firefox, server: Server
) -> None:
    options = user.extension_page("options/options.html")
    answer = "document.querySelector('#answer').textContent"
    asked = {"http://127.0.0.1"}
    for cause, (door, _) in WORDS.items():
        with door() as address:
            origin = re.sub(r":\d+$", "", address)
            options.evaluate(f"document.querySelector('#address').value = '{address}'")
            options.evaluate("document.querySelector('#answer').textContent = ''")
            options.click("#test")
            if origin not in asked and cause != "no address":
                assert user.do("chrome", script=ALLOW), cause
            asked.add(origin)
            said = options.until(f"!{answer}.startsWith('Asking') && {answer}", seconds=20)
            assert FIREFOX_WORDS[cause] in said, cause


def test_a_server_in_a_home_network_is_reached_by_plain_http(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, some_papers: Papers
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(
            ("192.0.2.1", 9)
        )  # nothing is sent: it only asks which of our addresses faces others
        home = str(probe.getsockname()[0])
    monkeypatch.setenv("PAPERMARGIN_HOST", "0.0.0.0")
    monkeypatch.setenv("PAPERMARGIN_HOSTS", home)
    server = Server(tmp_path / "home.db")
    server.start()
    try:
        with firefox.browsing(bare, tmp_path / "profile") as user:
            assert user.pair(server, host=home) == f"Paired as me with http://{home}:{server.port}."
            listed = some_papers(2)
            show(user, listed).click(".status")
            until(lambda: (server.card(listed[0].key)["entry"] or {}).get("status") == "inbox")
    finally:
        server.stop()


def test_a_denied_permission_is_reported(user: Firefox, server: Server) -> None:
    options = user.extension_page("options/options.html")
    options.evaluate("document.querySelector('#address').value = 'nas.local:8620'")
    options.click("#test")
    assert user.do("chrome", script=ALLOW.replace("prompt.button", "prompt.secondaryButton"))
    said = options.until(
        "/permission/.test(document.querySelector('#answer').textContent) && "
        "document.querySelector('#answer').textContent"
    )
    assert said.startswith("The browser's permission for http://nas.local:8620 is missing")


def test_the_context_menu_saves_links_to_papers_only(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    tab = show(user, listed)
    tab.click("article h3 a", button="right")
    assert user.do("chrome", script=CHOOSE_SAVE) == "Save paper to the reading list"
    until(lambda: (server.card(listed[0].key)["entry"] or {}).get("status") == "inbox")
    tab.click('a[href="/papers/trending"]', button="right")
    assert user.do("chrome", script=CHOOSE_SAVE) is None


# the extension's item of the menu that stands open, chosen as by a click; null where it has none
# how Firefox names an extension's items in its own windows
WIDGET_ID = re.sub(r"[^a-z0-9_-]", "_", ID.lower())
CHOOSE_SAVE = f"""(async () => {{
    const menu = document.getElementById('contentAreaContextMenu');
    for (let tries = 0; menu.state !== 'open'; tries += 1) {{
        if (tries === 100) return 'no menu';
        await new Promise(done => setTimeout(done, 100));
    }}
    const item = menu.querySelector("[id^='{WIDGET_ID}']");
    const label = item?.getAttribute('label') ?? null;
    item?.doCommand();
    menu.hidePopup();
    return label;
}})()"""


def test_edits_wait_for_the_server_and_are_sent_in_order(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    tab = show(user, listed)
    until(lambda: server.card(listed[0].key)["title"])
    server.stop()
    for status in ("inbox", "reading", "read"):
        tab.click(".status")
        tab.until(f"{CARD}.querySelector('.status').dataset.status === '{status}'")
    write_note(tab, "written in a tunnel")
    tab.until(f"{CARD}.querySelector('.flag').textContent === 'waiting'")
    assert len(user.ask("status")["edits"]) == 4
    user.restart_background()
    tab.reload()
    tab.until(f"{CARD}.querySelector('.status').dataset.status === 'read'")
    server.start()
    until(lambda: nothing_waits(user), seconds=45)
    card = server.card(listed[0].key)
    assert (card["entry"]["status"], card["entry"]["version"], notes(server, listed[0])) == (
        "read",
        3,
        ["written in a tunnel"],
    )


@pytest.mark.parametrize(
    ("choice", "left"),
    [("Keep the server's", "theirs"), ("Keep yours", "mine"), ("Keep merged", "theirs\n\nmine")],
)
def test_a_conflict_shows_both_texts_and_keeps_the_chosen_one(
    user: Firefox, server: Server, some_papers: Papers, choice: str, left: str
) -> None:
    listed = some_papers(2)
    tab = show(user, listed)
    write_note(tab, "first")
    [note] = until(lambda: server.card(listed[0].key)["notes"])
    with user.cut_off():
        change_note(tab, "mine")
        tab.until(f"{CARD}.querySelector('.flag')?.textContent === 'waiting'")
        body = {"paper": listed[0].key, "text": "theirs"}
        server.call("PUT", f"/api/v1/notes/{note['id']}", body, If_Match=f'"{note["version"]}"')
    tab.show()
    tab.until(f"{CARD}.querySelector('.flag.conflict')")
    tab.click(".flag.conflict")
    sides = tab.until(f"[...{LAYER}.querySelectorAll('textarea')].map(area => area.value)")
    assert sides == ["mine", "theirs", "theirs\n\nmine"]
    buttons = f"[...{LAYER}.querySelectorAll('button')]"
    tab.evaluate(
        f"void ({buttons}.find(each => each.textContent === {json.dumps(choice)}).id = 'chosen')"
    )
    tab.click("#chosen")
    until(lambda: notes(server, listed[0]) == [left])
    until(lambda: nothing_waits(user))


def change_note(tab: Tab, text: str) -> None:
    tab.show()
    tab.click(".notes")
    tab.click(".note .plain")
    tab.until(f"{LAYER}.querySelector('textarea')")
    tab.press("Control", "a")
    tab.type(text)
    tab.press("Control", "Enter")


def test_edits_from_two_tabs_are_all_kept(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    one, two = show(user, listed), show(user, listed)
    one.show()
    write_note(one, "from the first tab")
    two.show()
    two.until(f"{CARD}.querySelector('.notes').textContent === '1 note'")
    two.click(".notes")
    two.click(".popover > .plain")
    two.until(f"{LAYER}.querySelector('textarea')")
    two.type("from the second")
    two.press("Control", "Enter")
    until(lambda: sorted(notes(server, listed[0])) == ["from the first tab", "from the second"])
    one.show()
    one.until(f"{CARD}.querySelector('.notes').textContent === '2 notes'")


def test_another_devices_change_appears_within_two_seconds(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    tab = show(user, listed)
    until(
        lambda: (
            "/api/v1/events"
            in [row["path"].partition("?")[0] for row in user.ask("ledger", {"most": 9})]
        )
    )
    tab.show()
    tab.evaluate(
        f"void (async () => "
        f"{{ while ({CARD}.querySelector('.status').dataset.status !== 'reading') "
        "await new Promise(done => setTimeout(done, 50)); window.seenAt = Date.now(); })()"
    )
    server.call("PUT", f"/api/v1/papers/{listed[0].key}/entry", {"status": "reading"}, If_Match="*")
    written = time.time()
    assert tab.until("window.seenAt") / 1_000 - written < 2


def test_a_draft_survives_the_background_and_the_tab(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    tab = show(user, listed)
    tab.click(".notes")
    tab.until(f"{LAYER}.querySelector('textarea')")
    tab.type("half a ")
    user.restart_background()
    tab.type("thought")
    until(lambda: [draft["text"] for draft in user.ask("status")["drafts"]] == ["half a thought"])
    tab.close()
    again = show(user, listed)
    again.until(f"{CARD}.querySelector('.flag').textContent === 'draft'")
    again.click(".notes")
    again.until(f"{LAYER}.querySelector('textarea').value === 'half a thought'")
    again.press("Control", "Enter")
    until(lambda: notes(server, listed[0]) == ["half a thought"])


@pytest.mark.parametrize("site", ["huggingface", "arxiv"])
def test_a_papers_page_has_its_panel_and_highlights(
    user: Firefox, some_papers: Papers, site: str
) -> None:
    [paper] = some_papers(1)
    address = {
        "huggingface": f"{HOST}/papers/{paper.key}",
        "arxiv": f"https://arxiv.org/abs/{paper.key}",
    }[site]
    tab = user.open(address, paper_page(paper) if site == "huggingface" else arxiv_page(paper))
    tab.until(
        "document.querySelector('papermargin-panel')?.shadowRoot.querySelector('.legend .chip')",
        seconds=180,
    )
    tab.until(
        "[...(CSS.highlights.get('papermargin-dataset') ?? [])].map(String).includes('ImageNet')"
    )


def test_without_the_highlight_api_boxes_cover_the_mentions(
    bare: Path, server: Server, tmp_path: Path, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    older = shutil.copytree(bare, tmp_path / "older")
    text = (older / "page" / "highlight.js").read_text()
    (older / "page" / "highlight.js").write_text(text.replace("CSS.highlights", "null"))
    with firefox.browsing(older, tmp_path / "profile") as old:
        old.pair(server)
        tab = old.open(f"{HOST}/papers/{paper.key}", paper_page(paper))
        tab.until(
            "document.querySelector('papermargin-panel')?.shadowRoot.querySelector('.legend "
            ".chip')",
            seconds=180,
        )
        assert tab.evaluate("CSS.highlights.size") == 0
        marks = (
            "[...document.querySelector('papermargin-marks')"
            ".shadowRoot.querySelectorAll('.dataset')]"
        )
        box = "(({x, y, width, height}) => [x, y, width, height].map(Math.round))"
        words = (
            "(() => { const text = document.querySelector('.abstract').firstChild; const range = "
            "new Range(); "
            "const at = text.data.indexOf('ImageNet'); range.setStart(text, at); "
            "range.setEnd(text, at + 8); "
            "return range; })()"
        )
        tab.until(f"{marks}.length === 2")
        # the boxes follow a change of the layout in the next frame
        tab.until(
            f"String({box}({marks}[0].getBoundingClientRect())) === "
            f"String({box}({words}.getBoundingClientRect()))"
        )
        # it starts folded in a window of this width
        tab.click(".fold")
        tab.click(".toggle.dataset")
        tab.until(f"{marks}.length === 0")


def test_a_page_that_listens_first_receives_no_keystroke(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    listed = some_papers(2)
    body = list_page(listed).replace("<head>", f"<head><script>{EAVESDROPPER}</script>")
    tab = user.open(f"{HOST}/papers", body)
    tab.until(f"{CARD}.querySelector('.margin:not([hidden])')")
    write_note(tab, "a secret")
    until(lambda: notes(server, listed[0]) == ["a secret"])
    assert tab.evaluate("overheard.filter(([type]) => type !== 'selectionchange')") == []


def test_a_page_opened_before_the_extension_was_installed_gets_no_margin(
    bare: Path, server: Server, tmp_path: Path, some_papers: Papers
) -> None:
    listed = some_papers(2)
    with firefox.browsing(bare, tmp_path / "profile") as fresh:
        fresh.pair(server)
        tab = show(fresh, listed)
        fresh.reload_extension()
        tab.show()
        tab.evaluate(
            "document.querySelectorAll('papermargin-card, papermargin-bar').forEach(host => "
            "host.remove())"
        )
        tab.evaluate("void document.querySelector('#grid').append(document.createElement('p'))")
        popup = fresh.extension_page("popup/popup.html")
        popup.until("document.body.textContent.includes('Connected')")
        popup.close()
        tab.show()
        assert tab.evaluate("document.querySelectorAll('papermargin-card').length") == 0
        tab.reload()
        tab.until("document.querySelectorAll('papermargin-card').length === 2")


FORGET_ALPHAXIV = """(async () => {
    const {origins} = await browser.permissions.getAll();
    const ours = origins.filter(origin => origin.includes('alphaxiv'));
    if (ours.length) await browser.permissions.remove({origins: ours});
})()"""
SCRIPTS = "(await browser.scripting.getRegisteredContentScripts()).map(({id}) => id)"


def test_a_site_is_allowed_in_the_options_and_taken_back_at_once(
    user: Firefox, some_papers: Papers
) -> None:
    [paper] = some_papers(1)
    options = user.extension_page("options/options.html")
    options.until("document.querySelectorAll('#sites input').length === 4")
    has_script = f"(async () => {SCRIPTS}.includes('site-alphaxiv'))()"
    options.evaluate(FORGET_ALPHAXIV)  # which a first try of this test may have allowed
    until(lambda: not options.evaluate(has_script))
    page = user.open(f"{ALPHAXIV}/abs/{paper.key}", alphaxiv_page(paper))
    assert not page.evaluate("!!document.querySelector('papermargin-panel')")
    options.show()
    options.click("input[name=site-alphaxiv]")
    assert user.do("chrome", script=ALLOW)
    until(lambda: options.evaluate(has_script))
    assert options.evaluate("document.querySelector('input[name=site-alphaxiv]').checked")
    page.show()
    page.reload()
    page.until("document.querySelector('papermargin-panel')")
    options.show()
    options.click("input[name=site-alphaxiv]")
    until(lambda: not options.evaluate(has_script))
    assert not options.evaluate("document.querySelector('input[name=site-alphaxiv]').checked")
    page.show()
    page.until("!document.querySelector('papermargin-panel')")


# what a click on the toolbar button does; the popup that it opens is closed again
PRESS_BUTTON = f"""(async () => {{
    const {{ExtensionParent}} =
        ChromeUtils.importESModule('resource://gre/modules/ExtensionParent.sys.mjs');
    const {{extension}} = WebExtensionPolicy.getByID('{ID}');
    const action = ExtensionParent.apiManager.global.browserActionFor(extension);
    await action.triggerAction(window);
}})()"""


def test_known_papers_are_marked_in_the_page_where_the_button_was_pressed(
    user: Firefox, server: Server, some_papers: Papers
) -> None:
    known, other = some_papers(2)
    told = {"papers": [{"id": known.key, "title": known.title}]}
    server.call("POST", "/api/v1/overlay", told)
    address = f"{BLOG}/firefox"
    page = user.open(address, blog_page([known, other]))
    ids = "browser.tabs.query({active: true, currentWindow: true}).then(([tab]) => tab.id)"
    popup = user.open(f"moz-extension://{UUID}/popup/popup.html")
    popup.until("document.readyState === 'complete'")
    page.show()
    tab = popup.evaluate(ids)
    ask = (
        f"browser.runtime.sendMessage({{kind: 'markLinks', body: {{tab: {tab}}}}})"
        ".then(reply => reply.error?.cause ?? reply.value.marks)"
    )
    assert popup.evaluate(ask) == "unreadable", "nobody has pressed the button there"
    user.do("chrome", script=PRESS_BUTTON)
    assert until(lambda: popup.evaluate(ask) == 1)
    assert page.evaluate("document.querySelectorAll('papermargin-mark').length") == 1
