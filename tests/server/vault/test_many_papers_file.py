from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.vault.block import find_blocks
from server.vault.many_papers_file import merge_many, render_many
from server.vault.note_styles import STYLES
from server.vault.sync import VaultReport
from server.vault.template import default_layout
from tests.server.exports.pages import MOMENT, hostile_pages, make_entry, make_note, make_page
from tests.server.vault.test_sync import export, names, snapshot

DAYS = [MOMENT.replace(day=day) for day in (3, 2, 2)]
PAGES = [
    make_page(
        key=f"2501.1000{n}",
        title=title,
        entry=make_entry(added=added),
        notes=[make_note("Bright.", number=n)],
    )
    for n, (title, added) in enumerate(zip(("Wick", "Candle", "Lamp"), DAYS, strict=True))
]
ONE, TWO = "Papers of 2026-06-02.md", "Papers of 2026-06-03.md"


def many(style: StyleName = "obsidian") -> str:
    return render_many("all", PAGES, default_layout(style))


def changed(**fields: Any) -> PaperPage:
    return make_page(**{"key": "2501.10001", "title": "Candle", "notes": PAGES[1].notes, **fields})


@pytest.mark.anyio
async def test_papers_stand_in_the_file_of_the_day_on_which_they_came_into_the_list(
    tmp_path: Path,
) -> None:
    assert await export(tmp_path, *PAGES, per="day") == VaultReport(created=3)
    assert names(tmp_path) == [ONE, TWO]
    assert [block.key for block in find_blocks((tmp_path / ONE).read_text())] == [
        "2501.10002",
        "2501.10001",
    ]
    before = snapshot(tmp_path)
    assert await export(tmp_path, *PAGES, per="day") == VaultReport(unchanged=3)
    assert snapshot(tmp_path) == before


@pytest.mark.anyio
async def test_all_papers_stand_in_one_file_the_first_to_come_first(tmp_path: Path) -> None:
    assert await export(tmp_path, *PAGES, per="all") == VaultReport(created=3)
    assert names(tmp_path) == ["Papers.md"]
    assert [block.key for block in find_blocks((tmp_path / "Papers.md").read_text())] == [
        "2501.10002", "2501.10001", "2501.10000",
    ]  # fmt: skip


@pytest.mark.anyio
async def test_a_file_of_several_papers_is_found_again_and_so_is_each_paper_in_it(
    tmp_path: Path,
) -> None:
    await export(tmp_path, *PAGES, per="day")
    (tmp_path / "2026").mkdir()
    moved = (tmp_path / ONE).rename(tmp_path / "2026" / "June 2.md")
    # the paper came into the list anew: it stays where it is, for there the person wrote on it
    again = changed(entry=make_entry(added=DAYS[0], status="read"))
    assert await export(tmp_path, PAGES[0], again, PAGES[2], per="day") == VaultReport(
        unchanged=2, updated=1
    )
    assert "\n\nread · ★★★★☆\n\n" in moved.read_text()
    assert names(tmp_path) == ["2026", TWO]


@pytest.mark.anyio
async def test_foreign_files_and_those_of_single_papers_are_left(tmp_path: Path) -> None:
    await export(tmp_path, *PAGES)
    (tmp_path / ONE).write_text("my own")
    before = snapshot(tmp_path)
    assert await export(tmp_path, *PAGES, per="day") == VaultReport(created=3)
    assert {name: before[name] for name in before} == {
        name: snapshot(tmp_path)[name] for name in before
    }
    assert "Papers of 2026-06-02 2.md" in names(tmp_path)


@pytest.mark.parametrize("style", STYLES)
def test_only_the_block_of_the_changed_paper_is_written(style: StyleName) -> None:
    text = "mine above\n" + many(style).replace(
        "\n\n<!-- papermargin:begin", "\n\nmine between\n\n<!-- papermargin:begin"
    )
    merged = merge_many(text + "mine below", [changed(title="Candles")], default_layout(style))
    assert merged.papers == ["updated"]
    before, after = find_blocks(text), find_blocks(merged.text)
    assert [a.text == b.text for a, b in zip(before, after, strict=True)] == [True, False, True]
    assert merged.text.count("mine") == text.count("mine") + 1


def test_a_new_paper_comes_below_the_others_and_above_what_the_person_wrote_there() -> None:
    new = make_page(key="2501.10009", title="Torch")
    merged = merge_many(many() + "\nmine\n", [new, *PAGES], default_layout())
    assert merged.papers == ["updated", "unchanged", "unchanged", "unchanged"]
    assert [block.key for block in find_blocks(merged.text)][-1] == "2501.10009"
    assert merged.text.endswith(" -->\n\nmine\n")


def test_an_edited_block_is_kept_and_ours_stands_beneath_it() -> None:
    edited = many().replace("## Candle\n", "## My candle\n")
    merged = merge_many(edited, PAGES, default_layout())
    assert merged.papers == ["unchanged", "conflict", "unchanged"]
    assert [block.key[-1] for block in find_blocks(merged.text) if block.key] == [
        "0",
        "1",
        "1",
        "2",
    ]
    assert "## My candle\n" in merged.text
    again = merge_many(merged.text, PAGES, default_layout())
    assert (again.text, again.papers) == (merged.text, merged.papers)


def test_a_paper_that_adopts_an_id_keeps_its_block() -> None:
    merged = merge_many(
        many(), [make_page(key="hep-th/9901001", aliases=["2501.10001"])], default_layout()
    )
    assert [block.key for block in find_blocks(merged.text)] == [
        "2501.10000",
        "hep-th/9901001",
        "2501.10002",
    ]


def test_a_file_keeps_the_line_ends_of_another_system() -> None:
    text = many().replace("\n", "\r\n")
    assert merge_many(text, PAGES, default_layout()).text == text
    merged = merge_many(
        text, [changed(title="Candles"), make_page(key="2501.10009")], default_layout()
    ).text
    assert "\n" not in merged.replace("\r\n", "")


@given(st.lists(hostile_pages(), min_size=1, max_size=3), st.sampled_from([*STYLES]))
def test_no_paper_spoils_the_file_of_several(pages: list[PaperPage], style: StyleName) -> None:
    for number, page in enumerate(pages):
        page.key = f"2501.{number:05}"
    text = render_many("2026-06-03", pages, default_layout(style))
    assert [block.key for block in find_blocks(text)] == [page.key for page in pages]
    merged = merge_many(text, pages, default_layout(style))
    assert (merged.text, set(merged.papers)) == (text, {"unchanged"})
