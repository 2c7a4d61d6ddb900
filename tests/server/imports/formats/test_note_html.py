"""Notes in HTML become Markdown with the lists and tasks that they have."""

import pytest

from server.exports.html import render_note
from server.exports.note_tasks import find_tasks
from server.imports.formats.note_html import read_note


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "first\nsecond",
        "Intro:\n- a\n- b\n- c\n\nEnd",
        "- [ ] open\n- [x] done\n  - [ ] within\n    1. first\n    2. second\n- after",
        "3. third\n4. fourth\n   - inner\n     goes on\n\n   outer again",
    ],
)
def test_what_we_wrote_for_another_program_comes_back(text: str) -> None:
    assert read_note(str(render_note(text))) == text


def test_a_list_as_zotero_s_editor_writes_it_keeps_its_tasks() -> None:
    note = read_note(
        '<div data-schema-version="9"><p>To do<br>soon</p>\n<ul>\n<li>\n[ ] read <b>it</b>\n</li>\n'
        "<li><p>[x] find</p><p>the code</p><ol><li>run</li><li>it</li></ol></li>\n</ul>\n"
        "<p>That is all.</p></div>"
    )
    assert note.split("\n") == [
        *("To do", "soon", "- [ ] read it", "- [x] find", "  the code", "  1. run", "  2. it"),
        *("", "That is all."),
    ]
    assert [task.is_done for task in find_tasks(note)] == [False, True]


def test_what_is_bold_or_a_link_keeps_its_words() -> None:
    markup = (
        '<ul><li>a <b>bold <i>word</i></b> and <a href="https://x.org/?a>b">a <u>link</u></a></li>'
        "<li><strong>all</strong></li></ul>"
    )
    assert read_note(markup) == "- a bold word and a link\n- all"


def test_a_checkbox_becomes_the_mark_of_a_task() -> None:
    boxes = '<ul><li><input type="checkbox" checked> a</li><li><input type="checkbox">b</li></ul>'
    assert read_note(boxes) == "- [x] a\n- [ ] b"


@pytest.mark.parametrize(
    ("markup", "note"),
    [
        ("<p>a</p><p> </p><p>b<br/>c</p>", "a\nb\nc"),
        ("<h1>Title</h1><blockquote>said</blockquote>tail", "Title\nsaid\ntail"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<ul><li></li><li>x</li></ul>", "- x"),
        ("<li>alone</li>", "- alone"),
        ('<ol start="0"><li>x</ol>', "0. x"),
        ('<ol start="-3"><li>x</ol>', "1. x"),
        ("<ol start><li>x</ol>", "1. x"),
        ("<p>x</p><script>alert(1)</script>", "x\nalert(1)"),
        ("", ""),
    ],
)
def test_other_markup_leaves_its_text(markup: str, note: str) -> None:
    assert read_note(markup) == note


@pytest.mark.parametrize(
    "markup", ["<ul><li>x" * 20_000, "<ol>" + "<li>x" * 50_000, "<div>x" * 20_000, "<b>" * 50_000]
)
def test_markup_that_is_deep_or_long_is_read_in_a_line_s_time_each(markup: str) -> None:
    assert len(read_note(markup)) <= 100 * len(markup)
