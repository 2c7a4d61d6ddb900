"""Terms: index, page, results, and changes by the user."""

import pytest
from playwright.sync_api import Page, expect

from tests.server.web.pages.site import Visitor

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


def test_a_term_shows_its_history_and_papers_by_page(plain: Visitor) -> None:
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


def test_a_leaderboard_shows_the_sentence_behind_a_result(plain: Visitor) -> None:
    page = plain.open("/terms/dataset/MothSet")
    board = page.locator("table.board")
    expect(board.locator("th[aria-sort=descending]")).to_contain_text("accuracy (%)")
    expect(board.locator("tbody tr")).to_have_count(1)
    expect(board.locator("tbody tr")).to_contain_text("LanternNet")
    value = board.locator("td.number summary")
    expect(value).to_have_text("91.2")
    expect(board.locator(".evidence")).to_be_hidden()
    value.click()
    expect(board.locator(".evidence")).to_contain_text("reaches 91.2% accuracy")


def test_a_wrong_result_is_removed_by_one_click_and_can_be_taken_back(plain: Visitor) -> None:
    page = plain.open("/terms/dataset/MothSet")
    page.get_by_role("button", name="Remove 91.2%").click()
    expect(page.locator("table.board")).to_have_count(0)
    page.locator("summary", has_text="1 result corrected by you").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("table.board tbody tr")).to_have_count(1)


def test_a_result_is_mended_on_its_board(plain: Visitor) -> None:
    page = plain.open("/terms/dataset/MothSet")
    page.locator(".verdict summary").click()
    page.locator(".verdict select[name=method]").select_option("")
    page.get_by_role("button", name="It is the paper's own").click()
    expect(page.locator("table.board tbody td").first).to_have_text("")
    page.locator("summary", has_text="1 result corrected by you").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("table.board tbody td").first).to_have_text("LanternNet")


def test_papers_are_narrowed_by_what_they_do_with_a_term(plain: Visitor) -> None:
    page = plain.open("/terms/method/LanternNet")
    page.get_by_role("link", name="papers that introduce it 1").click()
    expect(page.get_by_role("heading", name="1 paper", exact=True)).to_be_visible()
    chip = page.locator(".paper .chip.own")
    expect(chip).to_have_attribute("title", "method, introduced here")


def fill_panel(page: Page, button: str, name: str) -> None:
    page.locator("summary", has_text=button).click()
    page.locator("details[open] input[name=name]").fill(name)
    page.locator("details[open] button").click()


def test_a_term_is_renamed_merged_hidden_and_reset(plain: Visitor) -> None:
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


def test_an_invalid_change_is_explained(plain: Visitor) -> None:
    page = plain.open("/terms/method/LanternNet")
    fill_panel(page, "Rename", "wick tuning")
    expect(page.locator("main")).to_contain_text("merge the two instead")
    page = plain.open("/terms/method/LanternNet")
    fill_panel(page, "Merge", "no such thing")
    expect(page.locator("main")).to_contain_text("no method 'no such thing' in the store")
