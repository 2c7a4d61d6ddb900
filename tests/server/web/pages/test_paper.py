"""The paper page in a real browser: abstract, mentions, notes, drafts and conflicts."""

from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.server.web.pages.material import ABSTRACT, LANTERN, key
from tests.server.web.pages.site import Site, Visitor, find_barriers, visiting

pytestmark = pytest.mark.browser

SELECT = """([text, words]) => {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(words);
    const node = walker.currentNode;
    if (at >= 0) getSelection().setBaseAndExtent(node, at, node, at + words.length);
  }
}"""


def open_paper(visitor: Visitor, number: int = 0, anchor: str = "") -> Page:
    return visitor.open(f"/papers/{key(number)}{anchor}")


def new_note(page: Page) -> Locator:
    return page.locator("#new-note")


def write(page: Page, text: str) -> None:
    """Type a note and save it."""
    new_note(page).get_by_label("Text of the note").press_sequentially(text)
    new_note(page).get_by_role("button", name="Save note").click()


def notes(site: Site, number: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = site.call("GET", f"/api/v1/papers/{key(number)}")["notes"]
    return found


def put_note(site: Site, number: int, text: str, **more: object) -> str:
    """Write a note from another device; return its id."""
    uuid = str(uuid4())
    site.call(
        "PUT", f"/api/v1/notes/{uuid}", {"paper": key(number), "text": text, **more}, If_Match="0"
    )
    return uuid


def test_the_page_shows_everything_about_a_paper(visitor: Visitor) -> None:
    page = open_paper(visitor)
    expect(page.get_by_role("heading", level=1)).to_contain_text("A lantern that reads")
    for name, address in [("Hugging Face", "huggingface.co/papers/"), ("PDF", "arxiv.org/pdf/")]:
        expect(page.get_by_role("link", name=name)).to_have_attribute(
            "href", f"https://{address}{LANTERN}"
        )
    expect(page.get_by_role("row", name="accuracy 91.2% MothSet LanternNet")).to_be_visible()
    expect(page.locator(".beside .chip", has_text="MothSet")).to_have_attribute(
        "href", "/terms/dataset/MothSet"
    )
    expect(page.locator(".note blockquote a")).to_have_text("contrastive flicker")
    expect(page.locator(".note .katex")).to_have_count(1)
    page.get_by_role("heading", name="History").click()
    expect(page.locator(".history")).to_contain_text("tagged night/moths, to compare")
    expect(page.locator(".history")).to_contain_text("No. 1 in Daily Papers")
    assert find_barriers(page) == []


def test_the_page_has_no_barriers_in_the_dark_and_on_a_phone(browser: Browser, site: Site) -> None:
    with visiting(browser, site, color_scheme="dark") as visitor:
        page = open_paper(visitor)
        page.set_viewport_size({"width": 390, "height": 844})
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_mentions_are_marked_and_labels_can_be_switched_off_without_scripts(plain: Visitor) -> None:
    page = open_paper(plain)
    mark = page.locator("#abstract mark", has_text="MothSet")
    assert page.locator("#abstract").inner_text() == ABSTRACT
    shade = mark.evaluate("mark => getComputedStyle(mark).backgroundColor")
    page.get_by_label("Datasets").uncheck()
    assert mark.evaluate("mark => getComputedStyle(mark).backgroundColor") != shade


def test_formulas_are_typeset_and_amounts_of_money_are_not(visitor: Visitor, site: Site) -> None:
    put_note(
        site,
        230,
        "It cost $5 and $6. But $x_1*y*x_2$ holds, and so does"
        "\n\n$$\\frac{1}{2}$$\n\n`$code$` $\\nonsense{$",
    )
    note = open_paper(visitor, 230).locator(".note")
    expect(note.locator(".katex")).to_have_count(2)
    expect(note).to_contain_text("It cost $5 and $6.")
    expect(note).to_contain_text("$\\nonsense{$")
    expect(note.locator("code")).to_have_text("$code$")
    expect(open_paper(visitor).locator("#abstract .katex")).to_have_count(1)


def test_related_papers_are_linked(visitor: Visitor) -> None:
    page = open_paper(visitor, 7)
    related = page.locator(".beside li a[href*='/papers/2601.']")
    for _ in range(30):  # the server compares texts in the background after its start
        if related.count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    title = related.first.inner_text()
    related.first.click()
    expect(page.locator("h1")).to_contain_text(title)


def test_bibtex_can_be_copied(visitor: Visitor) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_paper(visitor, 5)
    page.get_by_role("heading", name="BibTeX").click()
    expect(page.locator("#bibtex")).to_contain_text(f"eprint = {{{key(5)}}}")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#bibtex").inner_text()


def test_a_note_is_previewed_saved_edited_and_thrown_away(visitor: Visitor, site: Site) -> None:
    page = open_paper(visitor, 231)
    new_note(page).get_by_label("Text of the note").press_sequentially("Read **this** $x^2$")
    expect(new_note(page).locator(".preview strong")).to_have_text("this")
    expect(new_note(page).locator(".preview .katex")).to_have_count(1)
    assert find_barriers(page) == []
    new_note(page).get_by_role("button", name="Save note").click()
    note = page.locator(".note")
    expect(note.locator("strong")).to_have_text("this")
    expect(new_note(page).get_by_label("Text of the note")).to_have_value("")
    note.get_by_text("Edit").click()
    note.get_by_label("Text of the note").fill("Read that")
    note.get_by_role("button", name="Save note").click()
    expect(note.locator(".markdown").first).to_have_text("Read that")
    assert [one["text"] for one in notes(site, 231)] == ["Read that"]
    note.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".note .markdown").first).to_have_text("Read that")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The note is in the trash.")).to_be_visible()
    assert notes(site, 231) == []


def test_an_earlier_text_can_be_restored(visitor: Visitor, site: Site) -> None:
    uuid = put_note(site, 232, "first")
    site.call("PUT", f"/api/v1/notes/{uuid}", {"paper": key(232), "text": "second"}, If_Match='"1"')
    page = open_paper(visitor, 232)
    page.get_by_role("link", name="Earlier texts").click()
    assert find_barriers(page) == []
    page.get_by_role("button", name="Restore this text").click()
    expect(page.locator(".note .markdown").first).to_have_text("first")
    assert [one["text"] for one in site.call("GET", f"/api/v1/notes/{uuid}/revisions")] == [
        "second",
        "first",
    ]


def test_a_selected_passage_with_formulas_becomes_a_quote(visitor: Visitor, site: Site) -> None:
    page = open_paper(visitor)
    expect(page.locator("#abstract .katex")).to_have_count(1)
    page.evaluate(SELECT, [page.locator("#abstract").element_handle(), " steps were needed"])
    page.evaluate("""() => {
        const selection = getSelection(), range = selection.getRangeAt(0);
        selection.setBaseAndExtent(document.querySelector('#abstract [data-tex] .katex-html'), 0,
                                   range.endContainer, range.endOffset);
    }""")
    page.get_by_role("button", name="Note beside this").click()
    write(page, "how many?")
    expect(page.locator(".note")).to_have_count(2)
    [note] = [one for one in notes(site, 0) if one["text"] == "how many?"]
    quote = note["quote"]
    assert isinstance(quote, dict)
    assert quote["exact"] == "$O(n \\log n)$ steps were needed"
    assert ABSTRACT[quote["start"] : quote["end"]] == quote["exact"]
    page.reload()
    expect(page.locator("#abstract .quoted .katex")).to_have_count(1)


def test_a_quote_that_is_no_longer_in_the_abstract_is_marked(visitor: Visitor, site: Site) -> None:
    put_note(site, 233, "where is it?", quote={"exact": "words of another version"})
    note = open_paper(visitor, 233).locator(".note")
    expect(note.locator(".orphan")).to_contain_text("words of another version")
    expect(note).to_contain_text("These words are no longer in the abstract.")


def test_a_draft_survives_a_reload_until_it_is_saved(visitor: Visitor, site: Site) -> None:
    page = open_paper(visitor, 234)
    new_note(page).get_by_label("Text of the note").press_sequentially("half a th")
    page.close()
    page = open_paper(visitor, 234)
    expect(new_note(page).get_by_label("Text of the note")).to_have_value("half a th")
    expect(new_note(page).get_by_role("status")).to_contain_text("your draft")
    write(page, "ought")
    expect(page.locator(".note .markdown").first).to_have_text("half a thought")
    page.reload()
    expect(new_note(page).get_by_label("Text of the note")).to_have_value("")
    assert [one["text"] for one in notes(site, 234)] == ["half a thought"]


def test_a_draft_of_an_edit_comes_back_and_can_be_discarded(visitor: Visitor, site: Site) -> None:
    put_note(site, 235, "as saved")
    page = open_paper(visitor, 235)
    page.locator(".note").get_by_text("Edit").click()
    page.locator(".note").get_by_label("Text of the note").fill("as saved and more")
    page.reload()
    text = page.locator(".note").get_by_label("Text of the note")
    expect(text).to_have_value("as saved and more")
    page.get_by_role("button", name="Discard draft").first.click()
    expect(text).to_have_value("as saved")
    page.reload()
    expect(page.locator(".note details.editing")).not_to_have_attribute("open", "")


def test_a_conflict_shows_both_texts_and_loses_neither(visitor: Visitor, site: Site) -> None:
    uuid = put_note(site, 236, "the first")
    page = open_paper(visitor, 236)
    page.locator(".note").get_by_text("Edit").click()
    page.locator(".note").get_by_label("Text of the note").fill("mine")
    site.call("PUT", f"/api/v1/notes/{uuid}", {"paper": key(236), "text": "theirs"}, If_Match='"1"')
    page.locator(".note").get_by_role("button", name="Save note").click()
    conflict = page.locator(".conflict")
    expect(conflict.locator("pre")).to_have_text("theirs")
    expect(conflict.get_by_label("Your text")).to_have_value("mine")
    assert find_barriers(page) == []
    # who leaves now still has the draft
    page.reload()
    expect(page.locator(".note").get_by_label("Text of the note")).to_have_value("mine")
    page.locator(".note").get_by_role("button", name="Save note").click()
    conflict.get_by_role("button", name="Combine the two").click()
    conflict.get_by_role("button", name="Save this one").click()
    expect(page.locator(".note .markdown p")).to_have_text(["theirs", "mine"])
    assert [one["text"] for one in site.call("GET", f"/api/v1/notes/{uuid}/revisions")] == [
        "theirs",
        "the first",
    ]


def test_a_correction_is_made_and_withdrawn(visitor: Visitor, site: Site) -> None:
    page = open_paper(visitor, 4)
    page.get_by_label("Correct LanternNet").click()
    page.get_by_role("button", name="It is a dataset").click()
    expect(page.locator('.beside .chip[data-label="DATASET"]')).to_contain_text(["LanternNet"])
    page.get_by_role("button", name="Take back").click()
    expect(page.locator('.beside .chip[data-label="METHOD"]')).to_have_text(["LanternNet"])
    assert site.call("GET", f"/api/v1/papers/{key(4)}")["corrections"] == []


def test_shortcuts_work_on_the_paper_page(visitor: Visitor, site: Site) -> None:
    page = open_paper(visitor, 237)
    page.keyboard.press("s")
    expect(page.locator("select.status")).to_have_attribute("data-status", "reading")
    page.keyboard.press("n")
    expect(new_note(page).get_by_label("Text of the note")).to_be_focused()
    assert site.call("GET", f"/api/v1/papers/{key(237)}/entry")["status"] == "reading"


def test_an_old_id_with_a_slash_has_a_page(visitor: Visitor, site: Site) -> None:
    site.call(
        "POST",
        "/api/v1/overlay",
        {"papers": [{"id": "hep-th/9901001", "title": "Strings of moss"}]},
    )
    page = visitor.open("/papers/hep-th/9901001")
    page.locator("select.status").select_option("inbox")
    expect(page.locator("select.status")).to_have_attribute("data-status", "inbox")
    write(page, "a note there")
    expect(page.locator(".note .markdown").first).to_have_text("a note there")


def test_notes_and_conflicts_work_without_scripts(plain: Visitor, site: Site) -> None:
    page = open_paper(plain, 238)
    new_note(page).get_by_text("Quoted passage").click()
    new_note(page).get_by_label("Quoted passage of the note").fill("on evening 238")
    new_note(page).get_by_label("Text of the note").fill("plainly $x$")
    new_note(page).get_by_role("button", name="Save note").click()
    expect(page.locator(".note .markdown").first).to_have_text("plainly $x$")
    expect(page.locator("#abstract .quoted")).to_have_text("on evening 238")
    [note] = notes(site, 238)
    page.locator(".note").get_by_text("Edit").click()
    page.locator(".note").get_by_label("Text of the note").fill("mine")
    site.call(
        "PUT", f"/api/v1/notes/{note['id']}", {"paper": key(238), "text": "theirs"}, If_Match='"1"'
    )
    page.locator(".note").get_by_role("button", name="Save note").click()
    expect(page.locator(".conflict pre")).to_have_text("theirs")
    page.get_by_role("button", name="Save this one").click()
    expect(page.locator(".note .markdown").first).to_have_text("mine")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".note")).to_have_count(0)
