"""Exports for other programs, read by their own readers or by libraries of the format."""

import csv
from io import StringIO
from xml.etree.ElementTree import fromstring

import html5lib
from hypothesis import given, settings

from server.exports.bookmarks import render_bookmarks
from server.exports.readwise import render_readwise
from server.exports.zotero_rdf import render_zotero_rdf
from server.imports.recognize import parse, recognize
from server.schema.papers import PaperPage
from server.schema.sources import SourcePaper
from tests.server.exports.pages import hostile_pages, make_note, make_page
from tests.server.exports.writing import OBSERVED, note_texts, write

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def read(text: str) -> list[SourcePaper]:
    return parse(recognize(text.encode()), name="export", observed=OBSERVED, year=2026).papers


def test_zotero_s_rdf_links_each_item_to_its_notes() -> None:
    page = make_page(doi="10.1234/x", notes=[make_note("Why *so*?"), make_note("Two", number=2)])
    root = fromstring(write(render_zotero_rdf, page))
    linked = {node.get(f"{RDF}resource") for node in root.iter() if node.get(f"{RDF}resource")}
    memos = {node.get(f"{RDF}about") for node in root if node.tag.endswith("Memo")}
    assert linked == memos and len(memos) == 2
    [paper] = read(write(render_zotero_rdf, page))
    assert (paper.title, paper.authors) == (page.title, page.authors)
    assert (paper.arxiv_id, paper.doi, paper.tags) == (
        page.key,
        "10.1234/x",
        ["rl/grpo", "to read"],
    )
    assert note_texts(paper) == ["Why so?", "Two"]
    assert page.entry and paper.added == page.entry.added


def test_readwise_gets_a_row_for_each_note_with_its_quote() -> None:
    page = make_page(
        notes=[make_note("mine", exact="reads at night"), make_note("alone", number=2)]
    )
    rows = list(csv.DictReader(StringIO(write(render_readwise, page), newline="")))
    assert [(row["Highlight"], row["Note"]) for row in rows] == [
        ("reads at night", "mine"),
        ("alone", ""),
    ]
    assert {row["Title"] for row in rows} == {page.title}
    [paper] = read(write(render_readwise, page))
    assert note_texts(paper) == ["> reads at night\n\nmine", "> alone"]


def test_bookmarks_are_the_links_that_an_html_parser_sees() -> None:
    pages = [make_page(title="A <b> & c"), make_page(key="t-0", url=None)]
    text = write(render_bookmarks, *pages)
    links = html5lib.parse(text, namespaceHTMLElements=False).findall(".//a")
    assert [(link.text, link.get("href")) for link in links] == [("A <b> & c", pages[0].url)]
    [paper] = read(text)
    assert (paper.title, paper.tags) == ("A <b> & c", ["rl/grpo", "to read"])
    assert note_texts(paper) == ["> reads at night\n\nCompare with *Candle*.\n\n- why?"]


@given(hostile_pages())
@settings(max_examples=20)
def test_hostile_text_stays_text(page: PaperPage) -> None:
    root = fromstring(write(render_zotero_rdf, page))
    assert sum(not node.tag.endswith("Memo") for node in root) == 1
    links = html5lib.parse(write(render_bookmarks, page), namespaceHTMLElements=False)
    assert len(links.findall(".//a")) == 1 and not links.findall(".//script")
    rows = list(csv.reader(StringIO(write(render_readwise, page), newline="")))
    assert all(len(row) == len(rows[0]) for row in rows)
