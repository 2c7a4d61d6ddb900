import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.vault.block import Block, find_blocks, write_block
from server.vault.note_styles import STYLES, find_notes, plain_lines
from server.vault.paper_file import render
from server.vault.template import default_layout
from tests.server.exports.pages import HOSTILE, hostile_pages, make_entry, make_note, make_page

EACH = pytest.mark.parametrize("style", STYLES)
NAMES: tuple[StyleName, ...] = tuple(STYLES)


def only_block(page: PaperPage, style: StyleName) -> Block:
    [block] = find_blocks(render(page, default_layout(style)))
    return block


@example(make_page(notes=[make_note("")]), "plain", False)
@given(hostile_pages(), st.sampled_from(NAMES), st.booleans())
def test_every_note_is_found_again_in_every_style(
    page: PaperPage, style: StyleName, alone: bool
) -> None:
    content = default_layout(style).write(page, alone=alone)
    assert {note.id: note.text for note in find_notes(content)} == {
        note.id: plain_lines(note.text) for note in page.notes
    }


@given(hostile_pages(), st.sampled_from(NAMES))
def test_no_text_forges_an_end_of_the_block_or_another_block(
    page: PaperPage, style: StyleName
) -> None:
    block = only_block(page, style)
    assert block.intact
    assert (list(block.edited_notes()), block.is_settled([])) == ([], True)


@given(HOSTILE, HOSTILE, st.sampled_from(NAMES))
def test_an_edit_of_a_note_is_told_from_any_other(text: str, new: str, style: StyleName) -> None:
    page = make_page(notes=[make_note(text), make_note("Stays.", number=2, exact="at night")])
    written = {note.id: note for note in find_notes(default_layout(style).write(page))}
    assert set(written) == {UUID(int=1), UUID(int=2)}
    edited = render(make_page(notes=[make_note(new), page.notes[1]]), default_layout(style))
    [ours], [theirs] = find_blocks(render(page, default_layout(style))), find_blocks(edited)
    spoiled = render(page, default_layout(style)).replace(
        ours.content.rstrip("\n"), theirs.content.rstrip("\n")
    )
    [block] = find_blocks(spoiled)
    if block.intact:  # the two texts are the same in a block
        assert plain_lines(text) == plain_lines(new)
    else:
        assert [(note.id, note.text) for note in block.edited_notes()] == [
            (UUID(int=1), plain_lines(new))
        ]
        assert block.is_settled([make_note(new)])
        assert not block.is_settled([make_note(f"{new} and more")])


@EACH
def test_a_note_can_be_linked_to(style: StyleName) -> None:
    mark = {
        "obsidian": "\n\n^n-{}\n",
        "logseq": "\n\t  id:: {}\n\t  > Compare",
        "plain": '<a id="n-{}"></a>\n',
    }[style]
    assert mark.format(UUID(int=1)) in render(make_page(), default_layout(style))


@EACH
def test_an_edit_of_anything_but_a_note_is_no_edit_of_a_note(style: StyleName) -> None:
    text = render(make_page(), default_layout(style)).replace("We present", "They present")
    [block] = find_blocks(text)
    assert (
        block.intact,
        list(block.edited_notes()),
        block.is_settled([make_note("Compare with *Candle*.\n\n- why?")]),
    ) == (
        False,
        [],
        False,
    )


@pytest.mark.parametrize(
    ("style", "old", "new", "text"),
    [
        (
            "obsidian",
            "> - why?\n",
            "> - why?\nand lazily on\n",
            "Compare with *Candle*.\n\n- why?\nand lazily on",
        ),
        ("obsidian", "> - why?\n", "", "Compare with *Candle*.\n"),
        (
            "logseq",
            "  > - why?\n",
            "  > - why?\n\t  and on\n",
            "Compare with *Candle*.\n\n- why?\nand on",
        ),
        ("plain", "> - why?\n", "> - why?\n> # how\n", "Compare with *Candle*.\n\n- why?\n# how"),
    ],
)
def test_an_edit_is_read_as_the_person_meant_it(
    style: StyleName, old: str, new: str, text: str
) -> None:
    written = render(make_page(), default_layout(style))
    assert old in written
    [block] = find_blocks(written.replace(old, new))
    assert [note.text for note in block.edited_notes()] == [text]


@EACH
def test_a_block_says_what_was_exported_though_a_note_says_something_else(style: StyleName) -> None:
    forged = make_note("<!-- papermargin:exported title=0000000000 body=1 -->")
    block = only_block(make_page(notes=[forged]), style)
    assert len(block.exported["title"][0]) == 10 and block.exported["title"] != ["0000000000"]


def test_the_key_of_a_paper_stands_in_the_mark_of_a_shared_file() -> None:
    page = make_page(key="hep-th/9901001")
    [block] = find_blocks(write_block("text\n", {}, page, default_layout()))
    assert (block.key, block.content) == ("hep-th/9901001", "text\n\n")


@given(hostile_pages())
def test_an_outline_of_logseq_has_no_line_that_is_not_a_block_or_in_one(page: PaperPage) -> None:
    block = only_block(page, "logseq")
    for line in block.content.rstrip("\n").split("\n"):
        assert re.match(r"\t?- |\t  ", line), line
    assert not re.search(r"^\t?- [\w-]+:: ", block.content, re.MULTILINE)  # it would be a property


@given(hostile_pages())
def test_what_a_source_says_shows_as_text_in_plain_markdown(page: PaperPage) -> None:
    page.notes = []
    tokens = MarkdownIt("commonmark").enable(["table"]).parse(only_block(page, "plain").content)
    kinds: dict[str, Any] = {
        inner.type: inner.attrs.get("href", "")
        for token in tokens
        for inner in (token.children or [token])
    }
    assert kinds.keys().isdisjoint(
        {"image", "fence", "code_block", "code_inline", "html_block", "html_inline", "hr"}
    )
    assert str(kinds.get("link_open", "https://")).startswith("https://")


def test_a_shared_file_shows_what_has_no_place_in_its_head() -> None:
    page = make_page(entry=make_entry(status="read", rating=3, tags=["to read"]))
    assert "\n\nread · ★★★☆☆ · to read\n\n### Abstract" in default_layout("plain").write(
        page, alone=False
    )
    assert "★" not in default_layout("plain").write(page)
