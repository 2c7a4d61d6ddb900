"""Panel, highlights and anchored notes on a paper's own page, at Hugging Face and arXiv."""

import html
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.extension.browser import Browser, Server, until
from tests.extension.pages import Paper, arxiv_page, arxiv_text, paper_page

pytestmark = pytest.mark.browser
Papers = Callable[[int], list[Paper]]
COLOURED = (
    "name => [...(CSS.highlights.get('papermargin-' + name) ?? [])].map(range => "
    "range.toString().replace(/\\s+/g, ' ').trim())"
)


def coloured(page: Page, name: str) -> list[str]:
    """Give the words that have the colour `name`."""
    found: list[str] = page.evaluate(COLOURED, name)
    return found


@pytest.fixture
def paper(some_papers: Papers) -> Paper:
    return some_papers(1)[0]


@pytest.fixture
def page(paired: Browser, paper: Paper) -> Page:
    page = paired.open(f"https://huggingface.co/papers/{paper.key}", paper_page(paper))
    expect(page.locator("papermargin-panel .legend .chip").first).to_be_visible(timeout=180_000)
    return page


def select(page: Page, words: str, holder: str = ".abstract") -> None:
    """Select words of the abstract, or of another element, with the mouse's own events."""
    page.evaluate(
        """([words, holder]) => { const walker =
            document.createTreeWalker(document.querySelector(holder), NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) { const at = walker.currentNode.nodeValue.indexOf(words);
                if (at < 0) continue;
                getSelection().setBaseAndExtent(walker.currentNode, at, walker.currentNode,
                    at + words.length);
                return; } }""",
        [words, holder],
    )
    page.locator(holder).scroll_into_view_if_needed()
    box = page.locator(holder).bounding_box()
    assert box
    page.evaluate(
        "() => { window.kept = getSelection().getRangeAt(0); "
        "document.addEventListener('pointerdown', () => "
        "setTimeout(() => { getSelection().removeAllRanges(); "
        "getSelection().addRange(window.kept); }), {once: "
        "true}); }"
    )
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.wait_for_timeout(30)
    page.mouse.up()


def test_mentions_are_highlighted_and_labels_can_be_switched_off(page: Page) -> None:
    until(lambda: "LoRA" in coloured(page, "method"))
    assert "ImageNet" in coloured(page, "dataset")
    page.get_by_role("button", name="Methods").click()
    until(lambda: not coloured(page, "method"))
    page.get_by_role("button", name="Methods").click()
    until(lambda: coloured(page, "method"))


def test_the_panel_lists_the_results(page: Page) -> None:
    expect(page.locator("papermargin-panel .results tbody tr").first).to_contain_text("92.4%")


def test_a_selection_can_become_a_note(page: Page, server: Server, paper: Paper) -> None:
    select(page, "needs no second pass")
    page.get_by_role("menuitem", name="Add note").click()
    page.keyboard.type("Really?")
    page.keyboard.press("Control+Enter")
    [note] = until(lambda: server.card(paper.key)["notes"])
    assert (note["quote"]["exact"], note["text"]) == ("needs no second pass", "Really?")
    until(lambda: coloured(page, "note") == ["needs no second pass"])


def test_a_selection_can_be_marked_as_a_term(page: Page, server: Server, paper: Paper) -> None:
    select(page, "second pass")
    page.locator(".popover .chip.task").click()
    [correction] = until(lambda: server.call("GET", f"/api/v1/papers/{paper.key}")["corrections"])
    assert (correction["verdict"], correction["surface"], correction["label"]) == (
        "missing",
        "second pass",
        "TASK",
    )
    text = f"{paper.title}\n{paper.abstract}"
    assert text[correction["start"] : correction["end"]] == "second pass"


def test_a_notes_quote_is_found_in_other_markup_and_orphaned_without_its_words(
    paired: Browser, server: Server, paper: Paper
) -> None:
    server.call(
        "POST",
        "/api/v1/overlay",
        {"papers": [{"id": paper.key, "title": paper.title, "abstract": paper.abstract}]},
    )
    for exact in ("builds on LoRA and is trained", "words of an older version"):
        server.call(
            "PUT",
            f"/api/v1/notes/{uuid4()}",
            {"paper": paper.key, "text": "here", "quote": {"exact": exact}},
            If_Match='"0"',
        )
    broken = html.escape(paper.abstract).replace(
        "builds on LoRA and", "builds\n\n   on <a href='/papers?q=LoRA'>Lo<b>RA</b></a>&nbsp;and"
    )
    page = paired.open(
        f"https://huggingface.co/papers/{paper.key}", paper_page(paper, markup=broken)
    )
    until(lambda: coloured(page, "note") == ["builds on LoRA and is trained"])
    expect(page.locator("papermargin-panel .note .warn")).to_have_count(1)
    expect(page.locator("papermargin-panel .note").nth(1)).to_contain_text("Orphaned")


def test_the_panel_lists_the_papers_most_like_this_one(
    paired: Browser, server: Server, some_papers: Papers
) -> None:
    one, other, *unlike = some_papers(6)
    # the papers of other tests on this server have the usual text
    one = replace(one, abstract="Glow-worms hum in caves, and MothNet counts them by their hum.")
    like = {"id": other.key, "title": "Lanterns, again", "abstract": one.abstract}
    sent = [{"id": p.key, "title": p.title, "abstract": p.abstract} for p in (one, *unlike)]
    server.call("POST", "/api/v1/overlay", {"papers": [like, *sent]})
    server.call("PUT", f"/api/v1/papers/{other.key}/entry", {"status": "read"}, If_Match="*")

    def most_like() -> list[str]:
        return [p["title"] for p in server.call("GET", f"/api/v1/papers/{one.key}/related")]

    until(lambda: most_like()[:1] == ["Lanterns, again"], seconds=180)
    page = paired.open(f"https://huggingface.co/papers/{one.key}", paper_page(one))
    section = page.locator("papermargin-panel section", has_text="Related papers")
    expect(section.locator("li").first).to_contain_text("Lanterns, again")
    expect(section.locator("li").first).to_contain_text("Read")


def test_arxiv_has_the_same_panel(paired: Browser, server: Server, paper: Paper) -> None:
    told = {"id": paper.key, "title": paper.title, "hugging_face": {"summary": "It looks."}}
    server.call("POST", "/api/v1/overlay", {"papers": [told]})
    page = paired.open(f"https://arxiv.org/abs/{paper.key}v2", arxiv_page(paper, version=2))
    expect(page.locator("papermargin-panel .legend .chip").first).to_be_visible(timeout=180_000)
    until(lambda: "ImageNet" in coloured(page, "dataset"))
    summary = page.locator("papermargin-panel section.summary")
    expect(summary).to_have_text("Hugging Face's summaryIt looks.")
    page.locator("papermargin-panel .status").click()
    until(lambda: (server.card(paper.key)["entry"] or {}).get("status") == "inbox")
    assert server.call("GET", f"/api/v1/papers/{paper.key}")["authors"] == [
        "Ada Quill",
        "Ben Marginalia",
    ]
    texts = server.call("GET", f"/api/v1/papers/{paper.key}/versions")["texts"]
    assert texts[-1]["arxiv_version"] == 2


def test_a_narrow_window_starts_with_the_panel_folded(paired: Browser, paper: Paper) -> None:
    page = paired.context.new_page()
    page.set_viewport_size({"width": 400, "height": 800})
    paired.pages[f"https://huggingface.co/papers/{paper.key}"] = paper_page(paper)
    page.goto(f"https://huggingface.co/papers/{paper.key}")
    expect(page.locator("papermargin-panel .fold")).to_have_attribute("aria-expanded", "false")
    page.locator("papermargin-panel .fold").click()
    expect(page.locator("papermargin-panel .status")).to_be_visible()


def is_open(page: Page) -> bool:
    return page.locator("papermargin-panel .fold").get_attribute("aria-expanded") == "true"


COVERED = """() => {
    const covered = selector => {
        const { left, width, top, height } = document.querySelector(selector)
            .getBoundingClientRect();
        const hit = document.elementFromPoint(left + width - 1, top + height / 2);
        return !hit?.closest(selector);
    };
    return ['.account', 'h1'].filter(covered);
}"""


@pytest.mark.parametrize("width", [390, 640, 1280, 1366, 1400, 1920])
def test_the_panel_covers_neither_the_account_area_nor_the_text(
    paired: Browser, page: Page, paper: Paper, width: int
) -> None:
    other = paired.context.new_page()
    other.set_viewport_size({"width": width, "height": 800})
    for address, body in {
        f"https://huggingface.co/papers/{paper.key}": paper_page(paper),
        f"https://arxiv.org/abs/{paper.key}": arxiv_page(paper),
    }.items():
        paired.pages[address] = body
        other.goto(address)
        expect(other.locator("papermargin-panel .fold")).to_be_visible()
        assert is_open(other) == (width >= 1360)
        assert other.evaluate(COVERED) == []
        if not is_open(other):
            other.locator("papermargin-panel .fold").click()
            assert other.evaluate(COVERED) in ([], ["h1"])


def test_the_panel_begins_under_the_header_and_follows_it(page: Page) -> None:
    panel = page.locator("papermargin-panel")
    page.evaluate("() => { document.body.style.minHeight = '3000px'; }")
    top = "() => document.querySelector('papermargin-panel').getBoundingClientRect().top"
    edge = page.locator("header").evaluate("header => header.getBoundingClientRect().bottom")
    assert page.evaluate(top) == edge > 0
    page.mouse.wheel(0, 1000)
    until(lambda: page.evaluate(top) == 0)
    page.mouse.wheel(0, -1000)
    until(lambda: page.evaluate(top) == edge)
    expect(panel.locator(".fold")).to_be_in_viewport(ratio=1)


def test_the_panel_folds_as_its_room_goes_but_not_under_a_note(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    until(lambda: not is_open(page))
    page.set_viewport_size({"width": 1536, "height": 800})
    until(lambda: is_open(page))
    page.locator("papermargin-panel").get_by_role("button", name="New note").click()
    editor = page.locator("papermargin-panel textarea")
    editor.fill("half a sentence")
    page.set_viewport_size({"width": 700, "height": 800})
    page.wait_for_timeout(300)
    expect(editor).to_be_visible()
    expect(editor).to_have_value("half a sentence")


@pytest.mark.parametrize("host", ["www.arxiv.org", "export.arxiv.org"])
def test_the_other_hosts_of_arxiv_have_the_panel_too(
    paired: Browser, paper: Paper, host: str
) -> None:
    page = paired.open(f"https://{host}/abs/{paper.key}", arxiv_page(paper))
    expect(page.locator("papermargin-panel .legend .chip").first).to_be_visible(timeout=180_000)


def test_the_whole_paper_can_be_quoted_where_arxiv_shows_it_as_html(
    paired: Browser, page: Page, server: Server, paper: Paper
) -> None:
    text = paired.open(f"https://arxiv.org/html/{paper.key}v1", arxiv_text(paper))
    expect(text.locator("papermargin-panel .legend .toggle").first).to_be_visible()
    until(lambda: "ImageNet" in coloured(text, "dataset"))
    select(text, "Moths count in the dark", ".ltx_section p")
    popover = text.locator("papermargin-layer .popover")
    popover.get_by_role("menuitem").wait_for()
    # words outside of the abstract are no mention that was missed
    expect(popover.locator(".chip")).to_have_count(0)
    popover.get_by_role("menuitem").click()
    text.locator("papermargin-panel textarea").fill("so do I")
    text.keyboard.press("Control+Enter")
    until(lambda: coloured(text, "note") == ["Moths count in the dark"])
    [note] = until(lambda: server.card(paper.key)["notes"])
    assert note["quote"]["exact"] == "Moths count in the dark"
    # the title is the one without the footnote, and the abstract that of the abstract's page
    known = server.call("GET", f"/api/v1/papers/{paper.key}")
    assert (known["title"], known["abstract"]) == (paper.title, paper.abstract)
    text.reload()
    until(lambda: coloured(text, "note") == ["Moths count in the dark"])
    # not lost where only the abstract is shown
    page.reload()
    for each in (text, page):
        expect(each.locator("papermargin-panel .note")).to_have_count(1)
        expect(each.locator("papermargin-panel .note .warn")).to_have_count(0)
