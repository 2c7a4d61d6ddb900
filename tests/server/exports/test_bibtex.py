from bibtexparser.entrypoint import parse_string as read_foreign
from bibtexparser.library import Library
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import BibliographyData
from pybtex.database import parse_string as read_pybtex

from server.exports.bibtex import escape, render_bibtex
from server.exports.reference import write_notes
from server.identifiers import title_key
from server.imports.formats.bibtex import parse_bibtex
from server.schema.papers import PaperPage
from server.schema.sources import Batch, fold
from tests.server.exports.pages import hostile_pages, make_entry, make_note, make_page
from tests.server.exports.writing import AUTHORS, OBSERVED, TEXTS, note_texts, write


def read(*pages: PaperPage) -> Batch:
    return parse_bibtex(write(render_bibtex, *pages), observed=OBSERVED)


def read_with_others(*pages: PaperPage) -> tuple[Library, BibliographyData]:
    text = write(render_bibtex, *pages)
    return read_foreign(text), read_pybtex(text, "bibtex")


def same(decoded: str) -> str:
    """Replace the modifier letter that decoders return for a circumflex."""
    return decoded.replace("ˆ", "^")


def test_an_entry_contains_the_paper_and_the_users_notes_and_tags() -> None:
    notes = [make_note("One & only."), make_note("Two.", number=2), make_note("Three.", number=3)]
    page = make_page(categories=["cs.CL", "cs.AI"], doi="10.1234/a_b", author_count=5, notes=notes)
    assert write(render_bibtex, page) == (
        "@misc{birch2025lantern-2501.10000,\n"
        "\ttitle = {Lantern: a small model: reads at night},\n"
        "\tauthor = {Ada Birch and Niels O'Dell and others},\n"
        "\tdate = {2025-01-17},\n"
        "\tyear = {2025},\n"
        "\tmonth = jan,\n"
        "\teprint = {2501.10000},\n"
        "\tarchiveprefix = {arXiv},\n"
        "\tprimaryclass = {cs.CL},\n"
        "\tdoi = {10.1234/a_b},\n"
        "\turl = {https://huggingface.co/papers/2501.10000},\n"
        "\tabstract = {We present Lantern, which reaches 91.2\\% accuracy on MoonQA "
        "with $O(n^2)$ steps.},\n"
        "\tkeywords = {rl/grpo, to read},\n"
        "\tannote = {One \\& only.},\n"
        "\tcomment = {Two.},\n"
        "\tnotes = {Three.}\n"
        "}\n\n"
    )


def test_a_paper_without_metadata_has_no_empty_fields() -> None:
    bare = make_page(
        key=title_key("x"),
        title="",
        abstract="",
        authors=[],
        published=None,
        url=None,
        notes=[],
        entry=None,
    )
    assert "= {}" not in write(render_bibtex, bare)


def test_text_is_escaped_and_mathematics_is_kept() -> None:
    assert escape("50% of A_b & C#, été ~ {x} $x_1^{2}$ \\") == (
        r"50\% of A\_b \& C\#, {\'e}t{\'e} {\textasciitilde} "
        r"\ensuremath{\lbrace}x\ensuremath{\rbrace} "
        r"$x_1^{2}$ {\textbackslash}"
    )


def test_dashes_and_quotes_do_not_become_ligatures() -> None:
    assert escape("a -- b --- c ``d''") == "a -{}- b -{}-{}- c `{}`d'{}'"


def test_capitals_and_mathematics_are_protected_only_in_titles() -> None:
    assert (
        escape("BERT and GPT4 for Éa $AB$", keep_case=True)
        == r"{BERT} and {GPT4} for {\'E}a {$AB$}"
    )
    assert escape("BERT $AB$") == "BERT $AB$"


def test_mathematics_with_dangerous_commands_is_escaped_as_text() -> None:
    for evil in (
        r"$\input{/etc/passwd}$",
        r"$\write18{ls}$",
        "$^^5cinput{x}$",
        "$x}$",
        r"$\begin{filecontents}$",
    ):
        assert escape(evil).startswith(r"\$")
        assert "\\input" not in escape(evil)


def test_a_name_that_holds_an_and_is_one_name_to_bibtex() -> None:
    authors = ["Smith and Wesson Lab", "Ada Birch, Jr."]
    entry = read_with_others(make_page(authors=authors))[1].entries[
        "wessonlab2025lantern-2501.10000"
    ]
    assert [str(person) for person in entry.persons["author"]] == [
        "{Smith and Wesson Lab}",
        "Jr., Ada Birch",
    ]


def test_a_tag_with_a_comma_is_read_as_two() -> None:
    assert read(make_page(entry=make_entry(tags=["a, b", "c"]))).papers[0].tags == ["a", "b", "c"]


def test_more_notes_than_fields_are_all_kept() -> None:
    notes = [make_note(f"Note {number}.", number=number) for number in range(1, 6)]
    assert note_texts(read(make_page(notes=notes)).papers[0]) == [
        "Note 1.",
        "Note 2.",
        "Note 3.\n\nNote 4.\n\nNote 5.",
    ]


def test_exported_papers_are_read_back() -> None:
    pages = [
        make_page(),
        make_page(key="hep-th/9901001", doi="10.1234/x"),
        make_page(key=title_key("x"), url=None),
    ]
    batch = read(*pages)
    assert batch.skipped == []
    assert [(paper.arxiv_id, paper.doi) for paper in batch.papers] == [
        ("2501.10000", None),
        ("hep-th/9901001", "10.1234/x"),
        (None, None),
    ]
    paper = batch.papers[0]
    assert (paper.title, paper.published, paper.authors) == (
        pages[0].title,
        pages[0].published,
        pages[0].authors,
    )
    assert (paper.abstract, paper.tags) == (pages[0].abstract, ["rl/grpo", "to read"])
    assert note_texts(paper) == write_notes(pages[0])


@given(TEXTS, TEXTS)
def test_every_title_and_abstract_is_read_back(title: str, abstract: str) -> None:
    batch = read(make_page(title=title, abstract=abstract))
    assert batch.skipped == []
    assert same(batch.papers[0].title) == same(fold(title))
    assert same(batch.papers[0].abstract) == same(fold(abstract))


@given(AUTHORS)
def test_every_author_is_read_back(authors: list[str]) -> None:
    assert read(make_page(authors=authors)).papers[0].authors == authors


@given(st.lists(TEXTS, max_size=3))
def test_every_note_is_read_back(texts: list[str]) -> None:
    # a note that starts with markup is read as HTML, as Zotero writes notes
    page = make_page(
        notes=[make_note(f"Note {text}", number=number) for number, text in enumerate(texts)]
    )
    assert [same(note) for note in note_texts(read(page).papers[0])] == [
        same(note) for note in write_notes(page)
    ]


@settings(max_examples=50)
@given(hostile_pages())
def test_hostile_papers_are_valid_entries_to_every_parser(page: PaperPage) -> None:
    other = make_page(key="2501.10001")
    library, bibliography = read_with_others(page, other)
    assert library.failed_blocks == []
    assert [block for block in library.blocks if block not in library.entries] == []
    assert [entry["eprint"] for entry in library.entries] == ["2501.10000", "2501.10001"]
    assert [entry.fields["eprint"] for entry in bibliography.entries.values()] == [
        "2501.10000",
        "2501.10001",
    ]
