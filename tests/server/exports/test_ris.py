import re

import rispy
from hypothesis import given
from hypothesis import strategies as st

from server.exports.reference import write_notes
from server.exports.ris import render_ris
from server.identifiers import title_key
from server.imports.formats.tagged import parse_ris
from server.schema.papers import PaperPage
from server.schema.sources import Batch, fold
from tests.server.exports.pages import hostile_pages, make_entry, make_note, make_page
from tests.server.exports.writing import AUTHORS, OBSERVED, TEXTS, note_texts, write


def read(*pages: PaperPage) -> Batch:
    return parse_ris(write(render_ris, *pages), observed=OBSERVED)


def lines(note: str) -> list[str]:
    return [folded for line in note.split("\n") if (folded := fold(line))]


def test_a_record_tells_the_paper_and_what_the_person_wrote() -> None:
    page = make_page(
        authors=["Ludwig van Beethoven", "DeepSeek-AI"], doi="10.1234/x", notes=[make_note("Once.")]
    )
    assert write(render_ris, page) == (
        "TY  - GEN\n"
        "ID  - beethoven2025lantern-2501.10000\n"
        "TI  - Lantern: a small model: reads at night\n"
        "AU  - van Beethoven, Ludwig\n"
        "AU  - DeepSeek-AI\n"
        "PY  - 2025\n"
        "DA  - 2025/01/17\n"
        "AB  - We present Lantern, which reaches 91.2% accuracy on MoonQA with $O(n^2)$ steps.\n"
        "DO  - 10.1234/x\n"
        "UR  - https://huggingface.co/papers/2501.10000\n"
        "DB  - arXiv\n"
        "AN  - arXiv:2501.10000\n"
        "KW  - rl/grpo\n"
        "KW  - to read\n"
        "N1  - Once.\n"
        "ER  - \n\n"
    )


def test_a_note_of_several_lines_is_one_line_of_html() -> None:
    notes = [make_note("A <b> & c\n- d\n\n\n- e")]
    assert "\nN1  - <p>A &lt;b&gt; &amp; c<br/>- d</p><p>- e</p>\n" in write(
        render_ris, make_page(notes=notes)
    )


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


@given(TEXTS, TEXTS)
def test_every_title_and_tag_comes_back(title: str, tag: str) -> None:
    batch = read(make_page(title=title, entry=make_entry(tags=[tag])))
    assert batch.skipped == []
    assert (batch.papers[0].title, batch.papers[0].tags) == (
        fold(title),
        [fold(tag)] if fold(tag) else [],
    )


@given(AUTHORS)
def test_every_name_comes_back(authors: list[str]) -> None:
    assert read(make_page(authors=authors)).papers[0].authors == authors


@given(st.lists(TEXTS, max_size=3))
def test_every_note_comes_back_but_for_empty_lines_and_indents(texts: list[str]) -> None:
    page = make_page(notes=[make_note(text, number=number) for number, text in enumerate(texts)])
    assert [lines(note) for note in note_texts(read(page).papers[0])] == [
        lines(note) for note in write_notes(page)
    ]


@given(hostile_pages())
def test_hostile_papers_are_whole_records_to_every_parser(page: PaperPage) -> None:
    text = write(render_ris, page, make_page(key="2501.10001"))
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in text.split("\n") if line)
    records = rispy.loads(text)
    assert [record["accession_number"] for record in records] == [
        "arXiv:2501.10000",
        "arXiv:2501.10001",
    ]
