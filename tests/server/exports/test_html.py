from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings

from server.exports.html import PIECE_CHARACTERS, render_html, render_note
from server.schema.papers import PaperPage
from server.schema.sources import fold
from tests.server.exports.pages import hostile_pages, make_note, make_page
from tests.server.exports.writing import TEXTS, stream, write

WEB = ("https://", "http://", "mailto:")
# what runs, or asks another host
BUSY = {
    "script",
    "iframe",
    "object",
    "embed",
    "img",
    "video",
    "audio",
    "link",
    "form",
    "input",
    "base",
    "svg",
    "math",
}


def read(text: str) -> list[Element]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(text)
    assert {error for _, error, _ in parser.errors} <= {
        "invalid-codepoint"
    }  # controls and the like, which do no harm
    return list(tree.iter())


def told(elements: list[Element], tag: str) -> list[str]:
    return ["".join(element.itertext()) for element in elements if element.tag == tag]


def find_harm(elements: list[Element]) -> Iterator[str]:
    for element in elements:
        if element.tag in BUSY:
            yield f"a {element.tag}"
        for name, value in element.attrib.items():
            if name.startswith("on") or name in {"style", "src", "srcset", "background", "ping"}:
                yield f"{name}={value}"
            if name == "href" and not value.startswith(WEB):
                yield value


def test_a_file_shows_the_papers_and_what_the_person_wrote() -> None:
    elements = read(
        write(
            render_html,
            make_page(),
            make_page(key="2501.10001", title="", notes=[], author_count=9),
        )
    )
    assert told(elements, "h2") == ["Lantern: a small model: reads at night", "2501.10001"]
    assert told(elements, "blockquote") == ["reads at night"]
    assert "Compare with Candle." in told(elements, "p")
    assert "Ada Birch, Niels O'Dell and 7 more" in told(elements, "p")
    assert "2025-01-17 · reading · 4 of 5 · Code" in told(elements, "p")
    assert told(elements, "td")[:4] == ["accuracy", "91.2%", "MoonQA", "Lantern"]
    assert told(elements, "li")[:2] == ["rl/grpo", "to read"]


def test_a_file_without_papers_says_so() -> None:
    assert "There are no papers in it." in told(read(write(render_html)), "p")


def test_a_file_asks_no_other_host_and_forbids_itself_to() -> None:
    text = write(render_html, make_page())
    assert "default-src 'none'" in text
    assert list(find_harm(read(text))) == []
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a* **b** ~~c~~", "<p><em>a</em> <strong>b</strong> <s>c</s></p>\n"),
        (
            "[x](https://x.org/a)",
            '<p><a href="https://x.org/a" rel="noopener noreferrer">x</a></p>\n',
        ),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](../../etc/passwd)", '<p><a rel="noopener noreferrer">x</a></p>\n'),
        (
            "![x](https://x.org/a.png)",
            '<p>!<a href="https://x.org/a.png" rel="noopener noreferrer">x</a></p>\n',
        ),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("$x < y$", '<p><span class="math">$x &lt; y$</span></p>\n'),
    ],
)
def test_a_notes_markdown_is_shown_and_does_nothing(text: str, shown: str) -> None:
    assert render_note(text) == shown


@given(TEXTS)
def test_no_note_does_anything(text: str) -> None:
    assert list(find_harm(read(f"<!doctype html><title>x</title>{render_note(text)}"))) == []


@settings(max_examples=50)
@given(hostile_pages())
def test_hostile_papers_are_text_and_nothing_else(page: PaperPage) -> None:
    elements = read(write(render_html, page, make_page(key="2501.10001", title="The last")))
    assert list(find_harm(elements)) == []
    assert told(elements, "h2")[-1] == "The last"
    assert fold(told(elements, "h2")[0]) == (fold(page.title) or page.key)


@pytest.mark.anyio
async def test_a_large_file_comes_in_pieces() -> None:
    pages = [
        make_page(key=f"2501.{number:05}", notes=[make_note("word " * 2_000)])
        for number in range(20)
    ]
    pieces = [piece async for piece in render_html(stream(pages))]
    assert len(pieces) > 2
    assert max(map(len, pieces)) < PIECE_CHARACTERS + 20_000
