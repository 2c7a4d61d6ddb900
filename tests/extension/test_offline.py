"""Offline edits: they are queued, sent once and in order, and overwrite no other edit."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.extension.browser import Browser, Server, browsing, until
from tests.extension.doors import answering, sending_elsewhere
from tests.extension.pages import Paper, list_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
Papers = Callable[[int], list[Paper]]


@pytest.fixture
def user(browser: Browser, away: Server) -> Browser:
    browser.pair(away)
    return browser


def show(browser: Browser, listed: list[Paper]) -> Page:
    page = browser.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .status")).to_have_count(len(listed))
    return page


def write_note(page: Page, text: str, nth: int = 0) -> None:
    page.locator("papermargin-card .notes").nth(nth).click()
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".popover")).not_to_be_visible()


def nothing_waits(browser: Browser) -> bool:
    return not browser.ask("status")["edits"]


def texts(server: Server, paper: Paper) -> list[str]:
    return [note["text"] for note in server.card(paper.key)["notes"]]


def revisions(server: Server, paper: Paper) -> list[str]:
    note = server.card(paper.key)["notes"][0]
    return [
        revision["text"] for revision in server.call("GET", f"/api/v1/notes/{note['id']}/revisions")
    ]


def test_edits_made_offline_are_sent_later_in_order(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(4)
    page = show(user, listed)
    until(lambda: away.card(listed[0].key)["title"])
    away.stop()
    card = page.locator("papermargin-card").first
    for status in ("inbox", "reading", "read"):
        card.locator(".status").click()
        expect(card.locator(".status")).to_have_attribute("data-status", status)
    write_note(page, "written in a tunnel")
    expect(card.locator(".flag")).to_have_text("waiting")
    expect(page.locator("papermargin-bar .state")).to_contain_text("4 edits wait")
    assert user.worker.evaluate("() => chrome.action.getBadgeText({})") == "4"
    page.close()
    again = user.open(f"{HOST}/papers")
    expect(again.locator("papermargin-card .status").first).to_have_attribute("data-status", "read")
    away.start()
    until(lambda: nothing_waits(user), seconds=40)
    assert (away.card(listed[0].key)["entry"]["status"], texts(away, listed[0])) == (
        "read",
        ["written in a tunnel"],
    )
    assert away.card(listed[0].key)["entry"]["version"] == 3


def test_the_cached_margin_is_drawn_without_the_server(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(4)
    page = show(user, listed)
    page.locator("papermargin-card .status").first.click()
    until(lambda: (away.card(listed[0].key)["entry"] or {}).get("status") == "inbox")
    expect(page.get_by_text("reading the abstract")).to_have_count(0, timeout=180_000)
    expect(page.locator("papermargin-card .chip.method").first).to_be_visible()
    away.stop()
    again = user.open(f"{HOST}/papers")
    expect(again.locator("papermargin-card .status").first).to_have_attribute(
        "data-status", "inbox", timeout=2_000
    )
    expect(again.locator("papermargin-card .chip.method").first).to_be_visible()
    expect(again.locator("papermargin-bar .state")).to_contain_text("offline")


def test_a_worker_stopped_between_keystroke_and_answer_sends_once(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    until(lambda: away.card(listed[0].key)["title"])
    away.stop()
    write_note(page, "exactly once")
    page.locator("papermargin-card .notes").nth(1).click()
    page.keyboard.type("never saved")
    user.stop_worker()
    page.keyboard.type(", still kept")
    until(
        lambda: [
            draft
            for draft in user.ask("status")["drafts"]
            if draft["text"] == "never saved, still kept"
        ]
    )
    away.start()
    user.stop_worker()
    user.ask("flush")
    until(lambda: nothing_waits(user), seconds=40)
    assert texts(away, listed[0]) == ["exactly once"]
    assert away.card(listed[0].key)["notes"][0]["version"] == 1


def test_an_edit_whose_reply_was_lost_is_not_applied_twice(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    until(lambda: away.card(listed[0].key)["title"])
    with user.cut_off():
        write_note(page, "sent but not heard")
        [edit] = user.ask("status")["edits"]
        # the server gets the request that the worker would send, and the worker gets no reply
        away.call(
            "PUT",
            f"/api/v1/notes/{edit['ref']}",
            {"paper": listed[0].key, "text": "sent but not heard"},
            If_Match='"0"',
            Idempotency_Key=edit["id"],
        )
    until(lambda: nothing_waits(user))
    assert away.card(listed[0].key)["notes"][0]["version"] == 1


def test_a_conflict_shows_both_texts_and_loses_neither(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    write_note(page, "first")
    until(lambda: texts(away, listed[0]) == ["first"])
    _edit_while_away(user, page, away, listed[0], mine="mine", theirs="theirs")
    flag = page.locator("papermargin-card").first.get_by_role("button", name="two versions")
    expect(flag).to_be_visible()
    flag.click()
    expect(page.get_by_role("textbox", name="Yours")).to_have_value("mine")
    expect(page.get_by_role("textbox", name="On the server")).to_have_value("theirs")
    page.get_by_role("button", name="Keep the server's").click()
    until(lambda: nothing_waits(user))
    assert texts(away, listed[0]) == ["theirs"]
    assert "mine" in revisions(away, listed[0])


def test_a_conflict_can_be_merged(user: Browser, away: Server, some_papers: Papers) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    write_note(page, "first")
    until(lambda: texts(away, listed[0]) == ["first"])
    _edit_while_away(user, page, away, listed[0], mine="mine", theirs="theirs")
    flag = page.locator("papermargin-card").first.get_by_role("button", name="two versions")
    expect(flag).to_be_visible()
    flag.click()
    page.get_by_role("textbox", name="Both, merged").fill("theirs and mine")
    page.get_by_role("button", name="Keep merged").click()
    until(lambda: texts(away, listed[0]) == ["theirs and mine"])
    assert nothing_waits(user)


def _edit_while_away(
    user: Browser, page: Page, server: Server, paper: Paper, *, mine: str, theirs: str
) -> None:
    """Change a note here while the server is out of reach, and there before this browser comes
    back.
    """
    note = server.card(paper.key)["notes"][0]
    page.locator("papermargin-card .notes").first.click()
    page.get_by_role("button", name="Edit").click()
    with user.cut_off():
        page.get_by_role("textbox", name="Note in Markdown").fill(mine)
        page.keyboard.press("Control+Enter")
        expect(page.locator("papermargin-card .flag").first).to_have_text("waiting")
        server.call(
            "PUT",
            f"/api/v1/notes/{note['id']}",
            {"paper": paper.key, "text": theirs},
            If_Match=f'"{note["version"]}"',
        )


def test_changes_to_different_fields_merge_silently(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    page.locator("papermargin-card .status").first.click()
    until(lambda: away.card(listed[0].key)["entry"])
    with user.cut_off():
        page.locator("papermargin-card .rating").first.click()
        page.get_by_role("menuitemradio", name="Rated 5 of 5").click()
        away.call(
            "PUT",
            f"/api/v1/papers/{listed[0].key}/entry",
            {"status": "reading", "tags": ["elsewhere"]},
            If_Match="*",
        )
    until(lambda: nothing_waits(user))
    entry = away.card(listed[0].key)["entry"]
    assert (entry["status"], entry["rating"], entry["tags"]) == ("reading", 5, ["elsewhere"])


def test_edits_from_two_tabs_are_all_kept(user: Browser, away: Server, some_papers: Papers) -> None:
    listed = some_papers(3)
    one, two = show(user, listed), show(user, listed)
    write_note(one, "from the first tab")
    expect(two.locator("papermargin-card .notes").first).to_have_text("1 note")
    two.bring_to_front()
    two.locator("papermargin-card .notes").first.click()
    two.get_by_role("button", name="New note").click()
    two.keyboard.type("from the second")
    two.keyboard.press("Control+Enter")
    until(lambda: sorted(texts(away, listed[0])) == ["from the first tab", "from the second"])
    expect(one.locator("papermargin-card .notes").first).to_have_text("2 notes")


def test_two_browsers_see_each_other(
    user: Browser,
    away: Server,
    playwright: Playwright,
    extension: Path,
    tmp_path: Path,
    some_papers: Papers,
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    with browsing(playwright, extension, tmp_path / "other") as other:
        other.pair(away)
        theirs = show(other, listed)
        theirs.wait_for_timeout(500)
        page.locator("papermargin-card .status").first.click()
        expect(theirs.locator("papermargin-card .status").first).to_have_attribute(
            "data-status", "inbox", timeout=3_000
        )


def test_a_revoked_browser_keeps_its_edits_and_says_so(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    for device in away.call("GET", "/api/v1/devices"):
        if not device["current"]:
            away.call("DELETE", f"/api/v1/devices/{device['id']}")
    page.locator("papermargin-card .status").first.click()
    expect(page.locator("papermargin-bar .state")).to_contain_text("pair again")
    popup = user.extension_page("popup/popup.html")
    expect(popup.locator("#connection")).to_contain_text("no longer knows this browser")
    user.pair(away)
    until(lambda: nothing_waits(user))
    assert away.card(listed[0].key)["entry"]["status"] == "inbox"


def move_to(browser: Browser, address: str) -> None:
    browser.worker.evaluate(
        "async address => { const {account} = await chrome.storage.local.get('account'); "
        "await chrome.storage.session.clear(); await chrome.storage.local.set({account: "
        "{...account, address}}); }",
        address,
    )


@pytest.mark.parametrize(("api", "word"), [(0, "too old"), (2, "newer")])
def test_a_server_of_another_version_is_reported_and_nothing_is_sent(
    user: Browser, away: Server, some_papers: Papers, api: int, word: str
) -> None:
    [paper] = some_papers(1)
    with answering(
        {"user": "me", "device": "x", "server": "9.9", "api": api, "change": 0}
    ) as address:
        move_to(user, address)
        named = {"id": paper.key, "title": paper.title}
        user.ask(
            "edit",
            {"kind": "entry", "ref": paper.key, "paper": named, "change": {"status": "inbox"}},
        )
        popup = user.extension_page("popup/popup.html")
        expect(popup.locator("#connection")).to_contain_text(word)
        expect(popup.locator("#waiting")).to_contain_text("1 edit waits")
        popup.close()
        assert not [row for row in user.ask("ledger", {"most": 9}) if row["method"] == "PUT"]
    move_to(user, away.address)
    user.ask("tryAgain")
    until(lambda: nothing_waits(user), seconds=40)
    assert away.card(paper.key)["entry"]["status"] == "inbox"


def test_a_server_that_moved_gets_its_edits_at_the_new_address(
    user: Browser, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    with sending_elsewhere() as old:
        move_to(user, old)
        page.locator("papermargin-card .status").first.click()
        popup = user.extension_page("popup/popup.html")
        expect(popup.locator("#connection")).to_contain_text("The server sends elsewhere")
        expect(popup.locator("#connection")).to_contain_text("enter its new address in the options")
        expect(popup.locator("#waiting")).to_contain_text("1 edit waits")
        popup.close()
    options = user.extension_page("options/options.html")
    options.locator("#address").fill(f"{away.address}/")
    options.get_by_role("button", name="Test connection").click()
    expect(options.locator("#answer")).to_contain_text("Papermargin 0.1.0")
    until(lambda: nothing_waits(user), seconds=40)
    assert away.card(listed[0].key)["entry"]["status"] == "inbox"


BACKLOG = """async papers => {
    const ask = (kind, body) => chrome.runtime.sendMessage({kind, body}).then(reply => reply.value);
    const [first, ...rest] = papers;
    const note = {kind: 'note', ref: '01a1fe0a-d845-74c1-811f-b38a25a7a2ab', paper: first};
    for (let nth = 1; nth <= 100; nth += 1) {
        await ask('edit', {...note, change: {text: `text ${nth}`, quote: null}});
        const paper = rest[nth % rest.length];
        await ask('edit', {kind: 'entry', ref: paper.id, paper,
            change: {rating: 1 + Math.floor(nth / 25)}});
    }
}"""
BADGE = "() => chrome.action.getBadgeText({})"


def test_two_hundred_edits_survive_worker_and_browser_and_arrive_once_in_order(
    playwright: Playwright, extension: Path, tmp_path: Path, away: Server, some_papers: Papers
) -> None:
    listed = some_papers(26)
    with browsing(playwright, extension, tmp_path / "long") as user:
        user.pair(away)
        show(user, listed)
        until(lambda: away.card(listed[-1].key)["title"])
        away.stop()
        own = user.extension_page("popup/popup.html")
        own.evaluate(BACKLOG, [{"id": paper.key, "title": paper.title} for paper in listed])
        user.stop_worker()
        assert len(user.ask("status")["edits"]) == 200
    with browsing(playwright, extension, tmp_path / "long") as user:
        until(lambda: user.worker.evaluate(BADGE) == "200")
        page = show(user, listed)
        away.start()
        counts = count_down(user, page)
        assert counts[0] > 190
        assert len(set(counts)) > 5, "it counts down"
        assert all(later <= earlier + 1 for earlier, later in pairwise(counts))
    check_note(away, listed[0])
    check_entries(away, listed[1:])


def count_down(user: Browser, page: Page) -> list[int]:
    """Return the counts on the badge until no edit waits; skip the last paper meanwhile."""
    counts: list[int] = []
    while (left := user.worker.evaluate(BADGE)) or not counts:
        counts.append(int(left or 0))
        if len(counts) == 3:
            card = page.locator("papermargin-card").last
            card.locator(".more").click()
            page.get_by_role("menuitemradio", name="Skipped").click()
            expect(card.locator(".status")).to_have_attribute(
                "data-status", "skipped", timeout=2_000
            )
        page.wait_for_timeout(100)
        assert len(counts) < 900, counts[-5:]
    return counts


def check_note(server: Server, paper: Paper) -> None:
    """Check that the note of the backlog has each of its texts once and in order."""
    assert texts(server, paper) == ["text 100"]
    assert [*reversed(revisions(server, paper))] == [f"text {nth}" for nth in range(1, 100)]
    assert server.card(paper.key)["notes"][0]["version"] == 100


def check_entries(server: Server, listed: list[Paper]) -> None:
    """Check the ratings of the backlog, and the status that was set while it was sent."""
    entries = [server.card(paper.key)["entry"] for paper in listed]
    assert [entry["rating"] for entry in entries] == [5, *[4] * 24]
    assert [entry["version"] for entry in entries[:-1]] == [4] * 24
    assert entries[-1]["status"] == "skipped"


def test_a_full_storage_is_reported_and_the_text_stays(user: Browser, some_papers: Papers) -> None:
    listed = some_papers(3)
    page = show(user, listed)
    user.worker.evaluate(
        "async () => { const block = 'x'.repeat(1_000_000); let n = 0; try { for (;; n++) "
        "await chrome.storage.local.set({['fill' + n]: block}); } catch {} try { for (;; n++) "
        "await chrome.storage.local.set({['fill' + n]: block.slice(0, 5000)}); } catch {} }"
    )
    page.locator("papermargin-card .notes").first.click()
    page.keyboard.insert_text("a long thought " * 600)
    expect(page.locator(".words")).to_contain_text("storage for Papermargin is full")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("textbox", name="Note in Markdown")).to_have_value(
        "a long thought " * 600
    )
    user.worker.evaluate(
        "async () => chrome.storage.local.remove(Object.keys(await "
        "chrome.storage.local.get(null)).filter(key => "
        "key.startsWith('fill')))"
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator("papermargin-card .notes").first).to_have_text("1 note")
