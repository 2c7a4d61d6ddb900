"""The pages of notes, tags, the trash and insights."""

import pytest
from playwright.sync_api import expect

from tests.server.web.pages.material import LANTERN, TAGS
from tests.server.web.pages.site import Visitor

pytestmark = pytest.mark.browser


def write_note(visitor: Visitor, number: int, paper: str, text: str) -> None:
    address = f"/api/v1/notes/00000000-0000-7000-8000-{number:012}"
    visitor.site.call("PUT", address, {"paper": paper, "text": text}, If_Match="*")


def test_notes_are_shown_by_date_and_by_paper_and_searched(visitor: Visitor) -> None:
    write_note(visitor, 1, "2601.00007", "A **second** thought.")
    write_note(visitor, 2, LANTERN, "A third thought.")
    page = visitor.open("/notes")
    expect(page.locator("article")).to_have_count(3)
    expect(page.locator("article").first).to_contain_text("A third thought.")
    expect(page.locator("blockquote")).to_have_text("contrastive flicker")
    expect(page.locator(".markdown .katex")).to_have_count(1)
    page.get_by_role("link", name="paper", exact=True).click()
    expect(page.locator("article")).to_have_count(2)
    expect(page.locator("article").first.locator(".note")).to_have_count(2)
    page.get_by_label("Words of a note").fill("second thought")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator(".markdown strong")).to_have_text("second")


def test_notes_come_page_by_page(plain: Visitor) -> None:
    for number in range(10, 60):
        write_note(plain, number, f"2601.{number:05}", f"note {number}")
    for address in ("/notes", "/notes?by=paper"):
        page = plain.open(address)
        seen = page.locator("article h2").all_inner_texts()
        page.get_by_role("link", name="More notes").click()
        seen += page.locator("article h2").all_inner_texts()
        assert len(seen) > 50 and (len({*seen}) == len(seen) or "by=paper" not in address)


def test_a_tag_is_renamed_coloured_merged_deleted_and_restored(plain: Visitor) -> None:
    page = plain.open("/tags")
    row = page.locator("li", has=page.get_by_role("link", name=TAGS[1], exact=True))
    row.locator("summary").click()
    row.get_by_label("Name").fill("deep rl")
    row.get_by_label("coloured").check()
    row.get_by_role("button", name="Save").click()
    row = page.locator("li", has=page.get_by_role("link", name="deep rl"))
    expect(row.locator("circle")).to_have_attribute("fill", "#2f5d8c")
    expect(row).to_contain_text("60 papers")

    row.locator("summary").click()
    row.get_by_label("Merge into").select_option(TAGS[0])
    row.get_by_role("button", name="Merge").click()
    expect(
        page.locator("li", has=page.get_by_role("link", name=TAGS[0], exact=True))
    ).to_contain_text("81 papers")
    expect(page.get_by_role("link", name="deep rl")).to_have_count(0)

    row = page.locator("li", has=page.get_by_role("link", name=TAGS[0], exact=True))
    row.locator("summary").click()
    row.get_by_role("button", name="Delete").click()
    expect(page.locator(".notice")).to_contain_text(f"The tag {TAGS[0]} was moved to the trash")
    page.get_by_role("button", name="Undo").click()
    expect(
        page.locator("li", has=page.get_by_role("link", name=TAGS[0], exact=True))
    ).to_contain_text("81 papers")


def test_the_trash_restores_things_and_is_emptied_after_a_confirmation(plain: Visitor) -> None:
    for number in (101, 102, 103):
        write_note(plain, number, "2601.00009", f"gone {number}")
        plain.site.call(
            "DELETE", f"/api/v1/notes/00000000-0000-7000-8000-{number:012}", If_Match="*"
        )
    plain.site.call("DELETE", "/api/v1/papers/2601.00019/entry", If_Match="*")
    page = plain.open("/trash")
    page.get_by_label("gone 101").check()
    page.get_by_label("Wick Tuning for the 19th lantern").check()
    page.get_by_role("button", name="Restore selected").click()
    expect(page.get_by_label("gone 101")).to_have_count(0)
    assert plain.site.call("GET", "/api/v1/papers/2601.00019/entry")["deleted"] is None
    page.get_by_role("link", name="Empty the trash").click()
    expect(page.get_by_role("alert")).to_contain_text("permanently?")
    page.get_by_role("link", name="Keep").click()
    expect(page.get_by_label("gone 102")).to_be_visible()
    page.get_by_role("link", name="Empty the trash").click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.locator("main")).to_contain_text("The trash is empty.")


def test_charts_and_tables_show_the_same_numbers(plain: Visitor) -> None:
    page = plain.open("/insights")
    expect(page.get_by_role("img", name="Papers read, by week")).to_be_visible()
    expect(page.locator(".numbers dd").last).to_have_text("179")
    page.get_by_role("link", name="Datasets").click()
    expect(page.locator("figure .chip")).to_contain_text(["DuskBench", "MothSet", "Gloaming-1M"])
    page.locator(".apart summary").click()
    expect(page.locator(".apart tbody tr")).to_have_count(3)
