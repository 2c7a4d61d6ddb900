"""Actions on a card reach the server, and typed text is saved from the first keystroke."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.extension.browser import Browser, Server, until
from tests.extension.pages import Paper, list_page

pytestmark = pytest.mark.browser
HOST = "https://huggingface.co"
Papers = Callable[[int], list[Paper]]


def entry(server: Server, paper: Paper) -> dict[str, Any]:
    """Give the entry as the server has it, empty where there is none."""
    found: dict[str, Any] | None = server.card(paper.key)["entry"]
    return found or {}


def expect_status(server: Server, paper: Paper, status: str) -> None:
    until(lambda: entry(server, paper).get("status") == status)


@pytest.fixture
def listed(some_papers: Papers) -> list[Paper]:
    return some_papers(6)


@pytest.fixture
def page(paired: Browser, listed: list[Paper]) -> Page:
    page = paired.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-bar .state")).to_contain_text("6 of 6 cards")
    return page


@pytest.fixture
def card(page: Page) -> Locator:
    return page.locator("papermargin-card").first


def test_one_click_leads_from_inbox_to_reading_to_read(
    card: Locator, server: Server, listed: list[Paper]
) -> None:
    for status in ("inbox", "reading", "read"):
        card.locator(".status").click()
        expect(card.locator(".status")).to_have_attribute("data-status", status, timeout=15_000)
        expect_status(server, listed[0], status)


def test_the_menu_skips_a_paper_and_removes_it_from_the_list(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    card.locator(".more").click()
    page.get_by_role("menuitemradio", name="Skipped").click()
    until(lambda: entry(server, listed[0]).get("status") == "skipped")
    expect(page.locator("article[data-papermargin-dim]")).to_have_count(1)
    card.locator(".more").click()
    page.get_by_role("menuitem", name="Remove from list").click()
    until(lambda: not (left := entry(server, listed[0])) or left.get("deleted"))


def test_a_rating_puts_a_paper_in_the_inbox(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    card.locator(".rating").click()
    page.get_by_role("menuitemradio", name="Rated 4 of 5").click()
    expect(card.locator(".rating")).to_have_text("★ 4")
    found = until(lambda: entry(server, listed[0]))
    assert (found["rating"], found["status"]) == (4, "inbox")


def test_a_tag_is_created_coloured_completed_and_removed(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    name = f"quiet {listed[0].key}"
    card.locator(".tagger").click()
    page.keyboard.type(name)
    page.get_by_role("menuitem", name="Create").click()
    expect(card.locator(".chip.tag")).to_have_text(name)
    page.locator(".swatch").nth(2).click()
    until(lambda: server.call("GET", f"/api/v1/tags/{name}")["colour"] == "#a9792f")
    page.keyboard.press("Escape")
    other = page.locator("papermargin-card").nth(1)
    other.locator(".tagger").click()
    page.keyboard.type(name[:12])
    page.get_by_role("menuitem", name=name).click()
    until(lambda: entry(server, listed[1]).get("tags") == [name])
    page.locator(".popover").get_by_role("button", name=f"Tag {name}").click()
    until(lambda: entry(server, listed[1])["tags"] == [])


def test_a_note_is_written_shown_changed_and_deleted(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    card.locator(".notes").click()
    page.keyboard.type("The **second** table is the one.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview strong")).to_have_text("second")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Save").last.click()
    expect(card.locator(".notes")).to_have_text("1 note")
    until(
        lambda: (
            [note["text"] for note in server.card(listed[0].key)["notes"]]
            == ["The **second** table is the one."]
        )
    )
    card.locator(".notes").click()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Note in Markdown").fill("Rather the third.")
    page.keyboard.press("Control+Enter")
    until(lambda: server.card(listed[0].key)["notes"][0]["text"] == "Rather the third.")
    card.locator(".notes").click()
    page.get_by_role("button", name="Delete").click()
    until(lambda: not server.card(listed[0].key)["notes"])


def test_a_draft_survives_its_tab(
    paired: Browser, page: Page, card: Locator, listed: list[Paper], server: Server
) -> None:
    card.locator(".notes").click()
    page.keyboard.type("half a thou")
    until(
        lambda: [
            draft for draft in paired.ask("status")["drafts"] if draft["text"] == "half a thou"
        ]
    )
    page.close(run_before_unload=False)
    again = paired.open(f"{HOST}/papers")
    expect(again.locator("papermargin-card").first.locator(".flag")).to_have_text("draft")
    again.locator("papermargin-card .notes").first.click()
    expect(again.get_by_role("textbox", name="Note in Markdown")).to_have_value("half a thou")
    again.keyboard.press("End")
    again.keyboard.type("ght")
    again.keyboard.press("Control+Enter")
    until(
        lambda: [note["text"] for note in server.card(listed[0].key)["notes"]] == ["half a thought"]
    )
    assert not [
        draft for draft in paired.ask("status")["drafts"] if draft["paper"]["id"] == listed[0].key
    ]


def test_terms_and_a_result_are_on_the_card_and_can_be_corrected(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    expect(card.locator(".result")).to_have_text("92.4% accuracy · ImageNet", timeout=180_000)
    card.get_by_role("button", name="All").click()
    page.locator(".popover .chip.dataset").get_by_text("ImageNet").click()
    page.get_by_role("menuitem", name="Wrong").click()
    corrections = until(
        lambda: server.call("GET", f"/api/v1/papers/{listed[0].key}")["corrections"]
    )
    assert (corrections[0]["verdict"], corrections[0]["surface"], corrections[0]["label"]) == (
        "wrong",
        "ImageNet",
        "DATASET",
    )
    card.get_by_role("button", name="All").click()
    expect(page.locator(".popover .chip.dataset")).to_have_count(0)


def test_a_term_gets_another_label_everywhere(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    expect(card.locator(".result")).to_be_visible(timeout=180_000)
    card.get_by_role("button", name="All").click()
    page.locator(".popover .chip.task").click()
    page.locator(".popover input[type=checkbox]").check()
    page.get_by_role("menuitem", name="It is a method").click()
    [correction] = until(
        lambda: server.call("GET", f"/api/v1/papers/{listed[0].key}")["corrections"]
    )
    told = [correction[name] for name in ("verdict", "label", "to_label", "everywhere")]
    server.call(
        "DELETE", f"/api/v1/papers/{listed[0].key}/corrections/{correction['id']}", If_Match="*"
    )
    assert told == ["relabelled", "TASK", "METHOD", True]


def test_drawing_the_margin_shifts_no_layout(paired: Browser, listed: list[Paper]) -> None:
    watch = (
        "<script>window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(each "
        "=> { shift += "
        "each.value; })).observe({type: 'layout-shift', buffered: true});</script>"
    )
    page = paired.open(f"{HOST}/papers", list_page(listed).replace("<head>", f"<head>{watch}"))
    expect(page.locator("papermargin-bar .state")).to_contain_text("6 of 6 cards")
    expect(page.locator("papermargin-card .result")).to_have_count(6, timeout=180_000)
    assert page.evaluate("() => shift") == 0


def test_a_popover_is_not_clipped(page: Page) -> None:
    page.locator("papermargin-card .more").last.click()
    box = page.locator(".popover").bounding_box()
    assert box
    hit = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).localName", [box["x"] + 10, box["y"] + 10]
    )
    assert hit == "papermargin-layer"


def test_another_devices_change_appears_within_two_seconds(
    page: Page, card: Locator, server: Server, listed: list[Paper]
) -> None:
    page.wait_for_timeout(500)
    server.call("PUT", f"/api/v1/papers/{listed[0].key}/entry", {"status": "reading"}, If_Match="*")
    expect(card.locator(".status")).to_have_attribute("data-status", "reading", timeout=2_000)


def test_the_bar_counts_and_filters_and_is_restored_on_reload(
    page: Page, paired: Browser, listed: list[Paper]
) -> None:
    page.locator("papermargin-card .status").nth(2).click()
    inbox = page.locator("papermargin-bar .count[data-status=inbox]")
    expect(inbox).to_contain_text("1")
    inbox.click()
    expect(page.locator("article:visible")).to_have_count(1)
    expect(page.locator("papermargin-bar .state")).to_have_text("1 shown of 6")
    paired.pages[f"{HOST}/papers/away"] = "<p>elsewhere"
    page.goto(f"{HOST}/papers/away")
    page.go_back()
    expect(page.locator("article:visible")).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("searchbox", name="Filter").fill("diffusion stop")
    expect(page.locator("article:visible")).to_have_count(1)


def test_cards_can_be_sorted_by_results_and_by_closeness(
    browser: Browser, moving_server: Server, some_papers: Papers
) -> None:
    listed, [*_, similar] = some_papers(6), some_papers(5)
    browser.pair(moving_server)
    known = [{"id": similar.key, "title": similar.title, "abstract": similar.abstract}]
    moving_server.call("POST", "/api/v1/overlay", {"papers": known})
    moving_server.call(
        "PUT", f"/api/v1/papers/{similar.key}/entry", {"status": "reading"}, If_Match="*"
    )
    page = browser.open(f"{HOST}/papers", list_page(listed))
    expect(page.locator("papermargin-card .result")).to_have_count(6, timeout=180_000)
    until(lambda: moving_server.card(listed[4].key)["for_you"], seconds=120)
    page.reload()
    expect(page.locator("papermargin-card .result")).to_have_count(6)
    first = (
        "() => [...document.querySelectorAll('article')].sort((a, b) => a.style.order - "
        "b.style.order)[0].querySelector('h3').textContent"
    )
    order = page.locator("papermargin-bar .sort")
    order.click()
    page.get_by_role("menuitemradio", name="Results").click()
    # accuracy is the metric that most of them report
    until(lambda: "adapters" in page.evaluate(first))
    order.click()
    page.get_by_role("menuitemradio", name="Closest").click()
    # the paper whose text is most like that of the one in the list
    until(lambda: "doubt" in page.evaluate(first))


def test_papers_are_marked_as_seen_only_on_request(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    assert not server.card(listed[5].key)["seen"]
    page.get_by_role("button", name="Mark all as seen").click()
    until(lambda: all(server.card(paper.key)["seen"] for paper in listed))
    expect(page.locator("papermargin-card .flag")).to_have_text(["seen"] * 6)


def test_shortcuts_move_between_cards_and_are_off_while_typing(
    page: Page, server: Server, listed: list[Paper]
) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("s")
    until(lambda: entry(server, listed[1]).get("status") == "inbox")
    page.keyboard.press("f")
    page.keyboard.type("sjn")
    expect(page.get_by_role("searchbox", name="Filter")).to_have_value("sjn")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Filter").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Note in Markdown")).to_be_focused()
    page.keyboard.type("jk")
    page.keyboard.press("Escape")
    expect(page.locator(".popover")).not_to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("textbox", name="Add a tag")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator(".popover kbd")).to_have_count(8)


def test_keys_can_be_turned_off(page: Page, paired: Browser) -> None:
    paired.ask("configure", {"keys": False})
    page.wait_for_timeout(200)
    page.keyboard.press("?")
    expect(page.locator(".popover")).not_to_be_visible()
    paired.ask("configure", {"keys": True})
