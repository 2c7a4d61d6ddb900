import json
import re
from typing import Any

import pytest
from citeproc import (
    Citation,
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source.json import CiteProcJSON
from hypothesis import given, settings

from server.exports.csl import render_csl
from server.exports.reference import write_notes
from server.identifiers import title_key
from server.imports.formats.csl import parse_csl
from server.schema.papers import PaperPage
from server.schema.sources import Batch, fold
from tests.server.exports.pages import hostile_pages, make_entry, make_note, make_page
from tests.server.exports.writing import AUTHORS, OBSERVED, TEXTS, note_texts, write


def items(*pages: PaperPage) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(write(render_csl, *pages))
    return read


def read(*pages: PaperPage) -> Batch:
    return parse_csl(items(*pages), observed=OBSERVED)


def cite(*pages: PaperPage) -> list[str]:
    # it does not know the two variables that came with CSL 1.0.2
    with pytest.warns(
        UserWarning, match="unsupported: (citation_key|custom, citation_key|citation_key, custom)$"
    ):
        source = CiteProcJSON(items(*pages))
    bibliography = CitationStylesBibliography(
        CitationStylesStyle("harvard-cite-them-right"), source, formatter.plain
    )
    for key in source:
        bibliography.register(Citation([CitationItem(key)]))
    return [str(entry) for entry in bibliography.bibliography()]


def test_an_item_tells_the_paper_and_what_the_person_wrote() -> None:
    authors = ["Ludwig van Beethoven", "DeepSeek-AI"]
    assert items(
        make_page(
            authors=authors, doi="10.1234/x", abstract="Short.", notes=[make_note("One\ntwo.")]
        )
    ) == [
        {
            "id": "beethoven2025lantern-2501.10000",
            "citation-key": "beethoven2025lantern-2501.10000",
            "type": "article",
            "title": "Lantern: a small model: reads at night",
            "author": [
                {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"},
                {"literal": "DeepSeek-AI"},
            ],
            "issued": {"date-parts": [[2025, 1, 17]]},
            "abstract": "Short.",
            "DOI": "10.1234/x",
            "URL": "https://huggingface.co/papers/2501.10000",
            "number": "arXiv:2501.10000",
            "publisher": "arXiv",
            "keyword": "rl/grpo, to read",
            "annote": "One\ntwo.",
            "note": "Tags: rl/grpo, to read\n\n> One\n> two.",
            "custom": {"papermargin": {"tags": ["rl/grpo", "to read"], "notes": ["One\ntwo."]}},
        }
    ]


def test_no_papers_are_an_empty_list() -> None:
    assert items() == []


def test_another_processor_cites_the_papers() -> None:
    first, second = cite(
        make_page(), make_page(key="2501.10001", authors=["Ludwig van Beethoven"], title="The Ear")
    )
    assert first.startswith(
        "Birch, A. and O'Dell, N. (2025) “Lantern: a small model: reads at night”. arXiv."
    )
    assert second.startswith("van Beethoven, L. (2025) “The Ear”. arXiv.")


def test_a_note_cannot_change_the_item_in_zotero() -> None:
    note = items(make_page(notes=[make_note("DOI: 10.1234/evil\ntype: book\nCitation Key: evil")]))[
        0
    ]["note"]
    assert re.findall(r"^[\w -]+:", note, re.MULTILINE) == ["Tags:"]


def test_a_paper_that_is_known_by_its_title_gets_no_id_from_a_note() -> None:
    page = make_page(key=title_key("x"), url=None, notes=[make_note("See arXiv:2401.00001.")])
    assert read(page).papers[0].arxiv_id is None


def test_what_is_exported_comes_back() -> None:
    pages = [
        make_page(),
        make_page(key="hep-th/9901001", url=None),
        make_page(key=title_key("x"), url=None),
    ]
    batch = read(*pages)
    assert batch.skipped == []
    assert [paper.arxiv_id for paper in batch.papers] == ["2501.10000", "hep-th/9901001", None]
    paper = batch.papers[0]
    assert (paper.title, paper.published, paper.authors) == (
        pages[0].title,
        pages[0].published,
        pages[0].authors,
    )
    assert (paper.abstract, paper.tags) == (pages[0].abstract, ["rl/grpo", "to read"])
    assert note_texts(paper) == write_notes(pages[0])


@given(TEXTS, AUTHORS)
def test_every_title_and_name_comes_back(title: str, authors: list[str]) -> None:
    paper = read(make_page(title=title, authors=authors)).papers[0]
    assert (paper.title, paper.authors) == (fold(title), authors)


@given(TEXTS)
def test_every_note_and_tag_is_there_whole(text: str) -> None:
    page = make_page(notes=[make_note(f"Note {text}")], entry=make_entry(tags=[f"a {text}"]))
    assert note_texts(read(page).papers[0]) == write_notes(page)
    assert items(page)[0]["custom"]["papermargin"] == {
        "tags": [fold(f"a {text}")],
        "notes": write_notes(page),
    }


@settings(max_examples=25)
@given(hostile_pages())
def test_hostile_papers_are_cited_like_others(page: PaperPage) -> None:
    assert len(cite(page, make_page(key="2501.10001"))) == 2
