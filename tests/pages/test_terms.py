"""Terms: found, read about, compared, and made one's own."""

import pytest
from playwright.sync_api import Page, expect

from tests.pages.site import Visitor

pytestmark = pytest.mark.browser


def test_terms_are_found_by_label_and_name(plain: Visitor) -> None:
    page = plain.open("/terms")
    expect(page.locator("table.index tbody tr")).to_have_count(5)
    page.get_by_label("Find a name").fill("wick")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("table.index tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Datasets").click()
    row = page.get_by_role("row", name="MothSet")
    expect(row.locator("td.number")).to_have_text(["87", "90"])
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("MothSet")


def test_a_term_tells_when_it_came_and_shows_its_papers_page_by_page(plain: Visitor) -> None:
    page = plain.open("/terms/method/wick-tuning")
    expect(page.locator("h1")).to_have_text("Wick Tuning")
    expect(page.get_by_role("img", name="Papers over time")).to_be_visible()
    expect(page.locator(".numbers")).to_contain_text("2025-12-17")
    expect(page.locator(".paper")).to_have_count(25)
    first = page.locator(".paper h3").first.inner_text()
    page.get_by_role("link", name="More papers").click()
    assert page.locator(".paper h3").first.inner_text() != first
    page.get_by_role("link", name="my list", exact=True).click()
    expect(page.get_by_role("heading", name="65 papers")).to_be_visible()


def test_reported_results_are_sorted_by_links(plain: Visitor) -> None:
    page = plain.open("/terms/dataset/MothSet")
    board = page.locator("table.board")
    expect(board.locator("tbody tr")).to_have_count(1)
    expect(board.locator("tbody tr")).to_contain_text("LanternNet")
    expect(board.locator("td.number")).to_have_text("91.2")
    board.get_by_role("link", name="%").click()
    expect(board.locator("th[aria-sort=descending]")).to_have_text("% ↓")
    board.get_by_role("link", name="%").click()
    expect(board.locator("th[aria-sort=ascending]")).to_have_text("% ↑")


def fill_panel(page: Page, button: str, name: str) -> None:
    page.locator("summary", has_text=button).click()
    page.locator("details[open] input[name=name]").fill(name)
    page.locator("details[open] button").click()


def test_a_term_is_renamed_merged_hidden_and_given_back(plain: Visitor) -> None:
    page = plain.open("/terms/method/Dusk%20Attention")
    fill_panel(page, "Rename", "Evening Attention")
    expect(page.locator("h1")).to_have_text("Evening Attention")
    expect(page.locator(".paper .chip", has_text="Evening Attention").first).to_be_visible()

    page = plain.open("/terms/method/Wick%20Tuning")
    fill_panel(page, "Merge", "flicker lora")
    expect(page.locator("h1")).to_have_text("Flicker-LoRA")
    expect(page.locator(".numbers")).to_contain_text("135")
    expect(page.locator(".parts")).to_contain_text("Wick Tuning")

    page = plain.open("/terms/method/LanternNet")
    page.get_by_role("button", name="Hide").click()
    expect(page.locator(".notice")).to_contain_text("You have hidden this term")
    page.get_by_role("link", name="Terms").click()
    expect(page.locator("table.index")).not_to_contain_text("LanternNet")
    for name in ("LanternNet", "Wick Tuning", "Dusk Attention"):
        page.get_by_role("button", name=f"As it was: {name}").click()
    expect(page.locator("#changed")).to_have_count(0)
    expect(page.locator("table.index tbody tr")).to_have_count(5)


def test_a_merge_completes_names_of_its_label(visitor: Visitor) -> None:
    page = visitor.open("/terms/dataset/MothSet")
    page.locator("summary", has_text="Merge").click()
    page.get_by_label("Into").focus()
    expect(page.get_by_label("Into")).to_have_role("combobox")
    page.get_by_label("Into").press_sequentially("dusk")
    page.get_by_role("option", name="DuskBench").click()
    expect(page.get_by_label("Into")).to_have_value("DuskBench")


def test_what_cannot_be_done_is_said(plain: Visitor) -> None:
    page = plain.open("/terms/method/LanternNet")
    fill_panel(page, "Rename", "wick tuning")
    expect(page.locator("main")).to_contain_text("merge the two instead")
    page = plain.open("/terms/method/LanternNet")
    fill_panel(page, "Merge", "no such thing")
    expect(page.locator("main")).to_contain_text("no method 'no such thing' in the store")
