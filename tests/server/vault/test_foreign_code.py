"""Code in texts that the user did not type, in vaults of every style."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.exports.foreign_code import neutralize
from server.schema.api import StyleName
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.papers import PaperPage
from server.schema.terms import TermChip
from server.vault.apply_edits import compare
from server.vault.block import find_blocks
from server.vault.note_styles import STYLES, plain_lines
from server.vault.paper_file import merge, render
from server.vault.read_edits import read_edits
from server.vault.template import Layout, default_layout, make_layout
from tests.server.exports.code import CODE, EXAMPLES, LIVE
from tests.server.exports.pages import MOMENT, make_entry, make_note, make_page

EACH = pytest.mark.parametrize("style", STYLES)
NAMES: tuple[StyleName, ...] = tuple(STYLES)
QUERY = "```dataviewjs\ndv.list([1])\n```\n`$= 1 + 1` {{query}}"

PROPERTIES = {
    *("paper-key", "title", "alias", "citekey", "authors", "url", "published", "status", "rating"),
    *("tags", "introduces", "methods", "datasets", "metrics", "tasks", "added", "updated"),
    *("summary", "keywords"),
    "\t  id",
}


def make_foreign(texts: Sequence[str]) -> PaperPage:
    """Return a paper with a text in each place, and a note with it that came from elsewhere."""
    one_line = [" ".join(text.split()) or "x" for text in texts]
    return make_page(
        title=one_line[0],
        abstract=texts[1],
        authors=[one_line[2]],
        url=f"https://example.org/{one_line[0]}",
        entry=make_entry(tags=one_line),
        terms=[TermChip(label="METHOD", name=one_line[1], papers=1, first=0, role="introduced")],
        notes=[make_note(texts[2], exact=texts[0] or None, source="import")],
        hugging_face=HuggingFaceFacts(summary=one_line[0], keywords=one_line[1:], observed=MOMENT),
    )


def find_code(text: str, style: StyleName) -> list[str]:
    """Return what could start code in a file, apart from the properties that we write."""
    lines = text.split("\n")
    if style == "logseq":
        parts = [line.partition(":: ") for line in lines]
        lines = [part[2] if part[0] in PROPERTIES else "".join(part) for part in parts]
    return [line for line in lines if LIVE.search(line)]


@given(st.lists(CODE, min_size=3, max_size=3), st.sampled_from(NAMES))
def test_a_file_starts_no_code_that_the_user_did_not_type(
    texts: list[str], style: StyleName
) -> None:
    page = make_foreign(texts)
    text = render(page, default_layout(style))
    assert find_code(text, style) == []
    [edits] = read_edits(text)
    assert not edits.changed
    assert merge(text, page, default_layout(style)).outcome == "unchanged"


@given(CODE, st.sampled_from(NAMES))
def test_an_edit_by_hand_keeps_the_rest_of_a_note_exactly(text: str, style: StyleName) -> None:
    page = make_page(notes=[make_note(f"Before.\n{text}\nA word.", source="zotero")])
    written = render(page, default_layout(style))
    [edits] = read_edits(written.replace("Before.", "Afterwards."))
    plan = compare(edits, cast(Any, page), [])
    assert [note.edit.text for note in plan.notes] == [plain_lines(f"Afterwards.\n{text}\nA word.")]
    assert plan.kept == []


@EACH
def test_a_note_that_the_user_typed_stays_live(style: StyleName) -> None:
    text = render(make_page(notes=[make_note(QUERY)]), default_layout(style))
    assert "```dataviewjs" in text and "`$= 1 + 1` {{query}}" in text


@EACH
def test_a_foreign_note_that_is_taken_out_or_settled_is_known(style: StyleName) -> None:
    note = make_note(QUERY, source="import")
    page = make_page(notes=[note, make_note("Stays.", number=2)])
    text = render(page, default_layout(style))
    [block] = find_blocks(text.replace("dv.list([1])", "dv.list([2])"))
    edited = make_note(QUERY.replace("[1]", "[2]"), source="import")
    assert not block.is_settled([note]) and block.is_settled([edited])
    whole = default_layout(style).write(make_page(notes=[page.notes[1]]))
    [fresh] = find_blocks(text)
    [lacking] = find_blocks(text.replace(fresh.content.rstrip("\n"), whole.rstrip("\n")))
    assert lacking.removed_notes(page.notes) == [note]


@EACH
def test_three_tags_that_look_like_code_stay_three(style: StyleName) -> None:
    tags = ["../../x", "<% x %>", "[[x]]", "x"]
    page = make_page(entry=make_entry(tags=tags))
    text = render(page, default_layout(style))
    [edits] = read_edits(text)
    assert not edits.changed
    assert len({*edits.tags()}) == len(tags)
    links = [line for line in text.split("\n") if line.lstrip("- ").startswith("Tags: ")]
    assert all(len({*line.split(", ")}) == len(tags) for line in links)


@EACH
def test_a_tag_with_code_can_be_taken_away_in_a_file(style: StyleName) -> None:
    page = make_page(entry=make_entry(tags=["a::b", "stays"]))
    text = render(page, default_layout(style))
    written = "a--b" if style == "obsidian" else neutralize("a::b")
    line = {"logseq": f"[[{written}]], "}.get(
        style, f'  - "{written.replace(chr(92), chr(92) * 2)}"\n'
    )
    assert line in text
    [edits] = read_edits(text.replace(line, "", 1))
    assert compare(edits, cast(Any, page), []).entry.tags == ["stays"]


def write(template: str, page: PaperPage) -> str:
    layout: Layout = make_layout("plain", template, "own.md")
    return layout.write(page)


def test_a_template_that_writes_raw_text_gets_no_foreign_code() -> None:
    template = "{{ paper.abstract | raw }}{% for note in notes %}{{ note.text | raw }}{% endfor %}"
    foreign = make_page(abstract="<% a %>", notes=[make_note("<% n %>", source="import")])
    assert write(template, foreign) == "<\\% a %><\\% n %>\n"
    own = make_page(abstract="a", notes=[make_note("<% n %>")])
    assert write(template, own) == "a<% n %>\n"
    quoted = "{% for note in notes %}{{ note.text | blockquote }}{% endfor %}"
    assert write(quoted, foreign) == "> <\\% n %>\n"


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_title_is_shown_as_it_is_and_starts_nothing(text: str) -> None:
    for style in NAMES:
        assert find_code(render(make_foreign([text] * 3), default_layout(style)), style) == []
