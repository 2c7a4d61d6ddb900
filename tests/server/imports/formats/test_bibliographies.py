"""BibTeX, RIS and CSL-JSON: what reference managers write, well and badly."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.imports.decoding import decode_json
from server.imports.formats.bibtex import parse_bibtex
from server.imports.formats.csl import parse_csl
from server.imports.formats.names import natural_name
from server.imports.formats.references import find_arxiv_id, note_text
from server.imports.formats.tagged import parse_ris
from server.schema.sources import Batch, SourceNote, SourcePaper
from tests.server.imports.conftest import FIXTURES, OBSERVED


def read_bibtex(text: str) -> Batch:
    return parse_bibtex(text, observed=OBSERVED)


def first_told(batch: Batch) -> SourcePaper:
    """Return a batch's first paper without its citation, which tests of their own look at."""
    paper = batch.papers[0]
    assert paper.richness == "bibliography"
    assert paper.citation
    paper.citation = None
    return paper


def test_a_bibtex_entry_is_told_whole_with_its_latex_decoded() -> None:
    paper = first_told(read_bibtex((FIXTURES / "references.bib").read_text()))
    assert paper == SourcePaper(
        richness="bibliography",
        observed=OBSERVED,
        title="Kettles that Sing: 92% of Über-Kettles, $x^2$ of them & more",
        arxiv_id="2401.01234",
        abstract="We gain 5% over silence. The rest is steam.",
        authors=["Ada Lind", "Jörg Müller", "The Kettle Team", "Jan van der Berg"],
        author_count=4,
        published=date(2024, 1, 1),
        issued="2024-01",
        tags=["music", "kettles", "steam"],
        notes=[SourceNote("Read twice.\nAsk about the whistle.")],
    )


def test_bibtex_entries_come_in_order_with_ids_from_wherever_they_stand() -> None:
    batch = read_bibtex((FIXTURES / "references.bib").read_text())
    assert [(paper.title, paper.arxiv_id, paper.doi) for paper in batch.papers[1:]] == [
        ("An Id in a Note", "2305.00042", None),
        ("An Id in a Volume", "2306.00007", None),
        ("An Id in a DOI", "2307.00008", "10.48550/arXiv.2307.00008"),
        ("The Same Key Again", None, "10.1234/kettle.7"),
        ("Never closed", None, None),
        ("After the Broken One", None, None),
    ]


def test_broken_bibtex_entries_are_named_with_their_line() -> None:
    skipped = read_bibtex((FIXTURES / "references.bib").read_text()).skipped
    assert skipped[0] == "line 21: “nothing” has neither a title nor an arXiv id"
    assert skipped[1].startswith(
        "line 22: “@article{broken, title = {Never closed” is broken, and was read as far as"
        " possible: Unexpected block start"
    )


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (r"{\'E}t{\'e} {\`a} S{\~a}o {\ss} {\o} {\v{c}}", "Été à São ß ø č"),
        (r"{BERT} \textbf{and} \emph{friends} -- on \$5", "BERT and friends – on $5"),
        ("Ünïcode 100% as it is", "Ünïcode 100% as it is"),
        (r"$\alpha$-Kettles with $O(n^2)$", r"$\alpha$-Kettles with $O(n^2)$"),
        (r"\unknowncommand{Kettle}", "Kettle"),
        ("Unbalanced $math", "Unbalanced $math"),
    ],
)
def test_latex_in_titles_is_read_as_the_characters_it_stands_for(written: str, title: str) -> None:
    assert first_told(read_bibtex(f"@misc{{k, title = {{{written}}}}}")).title == title


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ("date = {2023-06-02}", date(2023, 6, 2)),
        ("date = {2023-06}", date(2023, 6, 1)),
        ("year = 2023, month = {December}", date(2023, 12, 1)),
        ("year = {2023}, month = 7", date(2023, 7, 1)),
        ("year = {2023}, month = {spring}", date(2023, 1, 1)),
        ("year = {in press}", None),
    ],
)
def test_bibtex_dates_are_read_as_far_as_they_go(fields: str, published: date | None) -> None:
    assert (
        first_told(read_bibtex(f"@misc{{k, title = {{Kettle}}, {fields}}}")).published == published
    )


def test_ris_records_are_told_whole() -> None:
    batch = parse_ris((FIXTURES / "references.ris").read_text(), observed=OBSERVED)
    assert first_told(batch) == SourcePaper(
        richness="bibliography",
        observed=OBSERVED,
        title="Kettles that Sing",
        arxiv_id="2401.01234",
        abstract="We gain 5% over silence.",
        authors=["Ada Lind", "Jörg Müller"],
        author_count=2,
        published=date(2024, 1, 5),
        doi="10.48550/arXiv.2401.01234",
        tags=["music", "steam"],
        notes=[
            SourceNote(
                "Read twice.\n- Ask about the whistle", former="Read twice.\nAsk about the whistle"
            )
        ],
    )
    second = batch.papers[1]
    assert (second.title, second.abstract, second.authors) == (
        "A Second Kettle",
        "It stands beside the first.",
        ["Bo Moss"],
    )
    assert (second.published, second.doi) == (date(2023, 1, 1), "10.1234/kettle.7")


def test_an_empty_ris_record_is_named_and_one_without_its_end_is_read() -> None:
    batch = parse_ris(
        (FIXTURES / "references.ris").read_text().replace("\n", "\r\n"), observed=OBSERVED
    )
    assert [paper.title for paper in batch.papers][2:] == ["Cut Off"]
    assert batch.skipped == ["record 3 has neither a title nor an arXiv id"]


def test_csl_items_are_told_whole_and_broken_ones_named() -> None:
    batch = parse_csl(decode_json((FIXTURES / "references.json").read_text()), observed=OBSERVED)
    assert first_told(batch) == SourcePaper(
        richness="bibliography",
        observed=OBSERVED,
        title="Kettles that Sing",
        arxiv_id="2401.01234",
        abstract="We gain 5% over silence.",
        authors=["Jan van der Berg", "The Kettle Team"],
        author_count=2,
        published=date(2024, 1, 5),
        tags=["music", "steam"],
        notes=[SourceNote("Read twice.\n\nAsk about the whistle.")],
    )
    assert [(paper.arxiv_id, paper.doi) for paper in batch.papers[1:]] == [
        (None, "10.1234/kettle.7"),
        ("2306.00007", None),
        (None, None),
    ]
    assert batch.papers[3].title == "7"
    assert batch.skipped == ["item 4 has neither a title nor an arXiv id"]


@pytest.mark.parametrize(
    ("text", "arxiv_id"),
    [
        ("arXiv:2401.01234 [cs.CL]", "2401.01234"),
        ("arXiv preprint arXiv:2401.01234v2", "2401.01234"),
        ("Comment: 9 pages. ArXiv: 2401.01234.", "2401.01234"),
        ("abs/hep-th/9901001", "hep-th/9901001"),
        ("arXiv:math.GT/0309136 [math]", "math.GT/0309136"),
        ("See https://arxiv.org/pdf/2401.01234v2.pdf, page 3", "2401.01234"),
        ("https://huggingface.co/papers/2401.01234", "2401.01234"),
        ("10.48550/ARXIV.2401.01234", "2401.01234"),
        ("2401.01234", "2401.01234"),
        ("volume 2401.01234 of something", None),
        ("arXiv is a fine place", None),
        ("arXiv:2499.01234", None),
    ],
)
def test_arxiv_ids_are_found_where_they_are_marked_as_such(text: str, arxiv_id: str | None) -> None:
    assert find_arxiv_id(text) == arxiv_id


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Lind, Ada", "Ada Lind"),
        ("Ada  Lind", "Ada Lind"),
        ("Lind, Jr., Ada", "Ada Lind Jr."),
        ("Lind,", "Lind"),
        (" ", ""),
    ],
)
def test_names_are_put_in_the_order_in_which_they_are_spoken(written: str, spoken: str) -> None:
    assert natural_name(written) == spoken


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("Two\nlines, *as* written, 3 < 4", "Two\nlines, *as* written, 3 < 4"),
        (
            "<p>One &amp; <em>two</em></p><p>three<br>four</p><script>x()</script>",
            "One & two\nthree\nfour\nx()",
        ),
        ("arXiv:2401.01234 [cs.CL]", ""),
    ],
)
def test_notes_keep_a_person_s_words_and_lines(note: str, text: str) -> None:
    assert note_text(note) == text


bibtex_like = st.lists(
    st.sampled_from(
        [
            *'@{}(),=#"\\%$&~ \n',
            "@article{",
            "title = {",
            "author=",
            "a and b",
            "\\'e",
            "@string{x=",
            "month=jan",
        ]
    )
    | st.text(max_size=5)
).map("".join)
ris_like = st.lists(
    st.sampled_from(
        [
            "TY  - JOUR\n",
            "ER  - \n",
            "TI  - a\n",
            "AU  - b, c\n",
            "UR  - x;y\n",
            "ZZ  - ?\n",
            "N1  - <p>\n",
            "TY  -",
        ]
    )
    | st.text(max_size=8)
).map("".join)
csl_like = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text() | st.integers(),
        "author": st.lists(
            st.dictionaries(st.sampled_from(["family", "given", "literal"]), st.text())
        )
        | st.text(),
        "issued": st.fixed_dictionaries(
            {"date-parts": st.lists(st.lists(st.integers() | st.text(max_size=6)))}
        ),
        "note": st.text(),
    },
)


@given(bibtex_like, ris_like, st.lists(csl_like | st.integers()))
def test_no_input_breaks_the_parsers(bibtex: str, ris: str, csl: list[Any]) -> None:
    for batch in (
        read_bibtex(bibtex),
        parse_ris(ris, observed=OBSERVED),
        parse_csl(csl, observed=OBSERVED),
    ):
        assert all(paper.title or paper.arxiv_id for paper in batch.papers)
