"""HTML is parsed however deeply it is nested, and no word of it is lost."""

import pytest

from server.imports.formats.nesting import DEEPEST, limit_nesting, parse_html
from server.imports.formats.note_html import read_note
from server.imports.formats.references import former_text


def depth(markup: str) -> int:
    """Return how many nodes stand in each other at most, which decides how long a parser works."""
    depths: dict[int, int] = {}
    body = parse_html(markup).body
    for node in body.traverse(include_text=True) if body else ():
        depths[node.mem_id] = depths.get(node.parent.mem_id if node.parent else 0, 0) + 1
    return max(depths.values(), default=0)


@pytest.mark.parametrize(
    "markup",
    [
        *("<ul><li>x", "<div>x", "<b>x", "<table><tr><td>x", "<li><dd>x", "<ruby><rt>x"),
        *("<ul><b></ul>x</b>", "<ul><object></ul>x</object>", "<ul><!--</ul>-->x"),
        *("<ul><!x</ul>>x", "<ul></ x</ul>>x", "<svg><td>x", "<svg/><input>x"),
        *('<ul><b x=y="></ul>">x', "<ul><textarea></ul></textarea>x", "<p><li>x"),
        *("<option><li>x", "<b><p></b>x", "<marquee><li>x"),
        '<textarea><br b="</textarea><ul>"></textarea>x',
    ],
)
def test_no_tree_is_deep(markup: str) -> None:
    assert depth(markup * 100_000) <= 5 * DEEPEST


@pytest.mark.parametrize("tag", ["<ul><li>", "<div>", "<b>", "<ol><li><b>", "<a href=x><div>"])
def test_every_word_of_a_deep_note_is_read(tag: str) -> None:
    markup = f"{tag}word " * 100_000
    assert read_note(markup).count("word") == former_text(markup).count("word") == 100_000


def test_lists_that_are_too_deep_are_read_as_items_of_the_deepest() -> None:
    lines = read_note("<ul><li>x" * 1000 + "</li></ul>" * 1000 + "<ul><li>after</ul>").split("\n")
    assert lines[:3] == ["- x", "  - x", "    - x"]
    assert set(lines[DEEPEST:-2]) == {" " * 60 + "- x"}
    assert lines[-1] == "- after"


@pytest.mark.parametrize(
    "markup",
    [
        "<div><p>a <b>bold</b> <a href='x>y' title=\"b>c\">link</a><br>1 < 2</p></div>" * 500,
        "<ul><li><p>a<li>b</ul><!-- <ul> --><hr/><script>if (a<b) {}</script>",
        "<p>it's <i>a's</i> <B>b</B> <unclosed",
    ],
)
def test_what_is_not_deep_is_parsed_as_it_stands(markup: str) -> None:
    assert limit_nesting(markup) == markup


@pytest.mark.parametrize("markup", ["<a", "<!--", "<a b='", "<a b= = ", "</", '<a b="x" "', "<!x"])
def test_tags_that_never_end_are_parsed_as_they_stand(markup: str) -> None:
    assert limit_nesting(markup * 100_000) == markup * 100_000
