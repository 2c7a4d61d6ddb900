"""Files of other programs, each with the papers that are in it: what to read, and what not to."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SourceError
from server.imports.recognize import parse, recognize
from server.schema.sources import Batch, SourcePaper
from tests.server.imports.conftest import OBSERVED


def read(data: bytes | str) -> Batch:
    data = data if isinstance(data, bytes) else data.encode()
    return parse(recognize(data), name="file", observed=OBSERVED, year=2026)


def read_one(data: bytes | str) -> SourcePaper:
    [paper] = read(data).papers
    return paper


def texts(paper: SourcePaper) -> list[str]:
    return [note.text for note in paper.notes]


def test_fields_of_bibtex_are_found_in_any_case() -> None:
    paper = read_one(
        r"@ARTICLE {K1, AUTHOR = {Li{\v{s}}, Eva and Moss, Bo}, Title = {Tea}, YEAR = {2013},"
        " KeyWords = {pots, steam}, ArXivId = {2401.00001}}"
    )
    assert (paper.authors, paper.title) == (["Eva Liš", "Bo Moss"], "Tea")
    assert (paper.tags, paper.arxiv_id) == (["pots", "steam"], "2401.00001")


@pytest.mark.parametrize(
    ("fields", "arxiv_id"),
    [
        ("note={Extends arXiv:2001.00001}", None),
        ("annote={See arXiv:2001.00001 for more}", None),
        ("note={arXiv:2001.00001 [cs.CL]}", "2001.00001"),
        ("note={arXiv preprint arXiv:2001.00001}", "2001.00001"),
        ("eprint={2001.00001}, eprinttype={jstor}", None),
        ("eprint={2001.0001}, archiveprefix={arXiv}", None),
        ("eprint={9711200}, archiveprefix={arXiv}, primaryclass={hep-th}", "hep-th/9711200"),
        ("journal={arXiv preprint arXiv:2001.00001}", "2001.00001"),
        ("journal={CoRR}, volume={abs/2001.00001}", "2001.00001"),
        ("pages={arXiv:2001.00001}", "2001.00001"),
        ("ee={https://doi.org/10.48550/arXiv.2001.00001}", "2001.00001"),
        (r"doi={10.48550/arXiv.2001.00001}", "2001.00001"),
    ],
)
def test_a_reference_is_the_paper_that_its_own_fields_name(
    fields: str, arxiv_id: str | None
) -> None:
    assert read_one(f"@misc{{k, title={{Tea}}, {fields}}}").arxiv_id == arxiv_id


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Doe, John; Roe, Ann; van der Berg, Jan", ["John Doe", "Ann Roe", "Jan van der Berg"]),
        ("Doe, John, PhD, MD", ["John Doe"]),
        ("Doe, Jr., John", ["John Doe Jr."]),
        ("{Barnes and Noble, Inc.} and Doe, Jane", ["Barnes and Noble, Inc.", "Jane Doe"]),
        ("Ann Roe, Bo Moss, Cy Fern", ["Ann Roe", "Bo Moss", "Cy Fern"]),
        ("Roe, Ann AND Moss, Bo and others", ["Ann Roe", "Bo Moss"]),
        (r"Roe, \unknown{Ann}", ["Ann Roe"]),
    ],
)
def test_lists_of_authors_are_taken_apart_as_people_write_them(
    author: str, names: list[str]
) -> None:
    assert read_one(f"@misc{{k, title={{Tea}}, author={{{author}}}}}").authors == names


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("R&D at AT&T costs ~5% of a_b", "R&D at AT&T costs ~5% of a_b"),
        ("see https://example.org/~me/?a=1&b=2", "see https://example.org/~me/?a=1&b=2"),
        ("*so* `x_y` #1", "*so* `x_y` #1"),
        (r"100\% of R\&D", "100% of R&D"),
        (r"C:\tea\pot", r"C:\tea\pot"),
    ],
)
def test_notes_are_verbatim_unless_they_were_written_as_latex(written: str, text: str) -> None:
    assert texts(read_one(f"@misc{{k, title={{Tea}}, comment={{{written}}}}}")) == [text]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (r"A \href{https://example.org}{link}", "A link"),
        (r"\LaTeX\ \copyright\ {\pounds}5 ``so''", "LaTeX © £5 “so”"),
        ("Q&A for ~5% of Table~1", "Q&A for ~5% of Table 1"),
        (r"A broken \frac{", r"A broken \frac{"),
    ],
)
def test_titles_are_decoded_and_special_characters_stay(written: str, title: str) -> None:
    assert read_one(f'@misc{{k, title="{written}", year=2024}}').title == title


@pytest.mark.parametrize(
    ("fields", "first", "issued"),
    [
        ("year={2024}", date(2024, 1, 1), "2024"),
        ("year={{2022}}, month={{12}}", date(2022, 12, 1), "2022-12"),
        ('year=2024, month="10~" # feb', date(2024, 2, 10), None),
        ('year=2024, month=mar # "~5"', date(2024, 3, 5), None),
        ("date={2024-03/2024-04}", date(2024, 3, 1), "2024-03/2024-04"),
        ("date={2024-21}", date(2024, 1, 1), "2024-21"),
        ("year={2024}, month={Spring}", date(2024, 1, 1), "2024-21"),
        ("date={2024-02-10}", date(2024, 2, 10), None),
    ],
)
def test_dates_keep_the_precision_that_they_have(
    fields: str, first: date, issued: str | None
) -> None:
    paper = read_one(f"@misc{{k, title={{Tea}}, {fields}}}")
    assert (paper.published, paper.issued) == (first, issued)


def test_words_of_jabref_bibdesk_and_mendeley_come_in() -> None:
    paper = read_one(
        "@misc{k, title={Tea}, readstatus={skimmed}, ranking={rank4}, groups={Pots, To Buy},"
        " mendeley-tags={hot}, keywords={green,{Moss, Bo}}, comment-ada={Nice.},"
        " date-added={2023-01-05 10:11:12 +0000}}"
    )
    assert (paper.status, paper.rating, texts(paper)) == ("reading", 4, ["Nice."])
    assert paper.tags == ["green", "Moss, Bo", "hot", "Pots", "To Buy"]
    assert paper.added == datetime(2023, 1, 5, 10, 11, 12, tzinfo=UTC)


def test_a_missing_comma_is_found_and_told() -> None:
    batch = read("@misc{k, title={Tea}\n  author={Doe, Jane}, year=2021\n month={5}}")
    assert (batch.papers[0].title, batch.papers[0].authors) == ("Tea", ["Jane Doe"])
    assert batch.papers[0].issued == "2021-05"
    assert batch.skipped[0] == (
        "line 1: “k”: a comma is missing before “author”; it was read as a field"
    )


@pytest.mark.parametrize(
    "data",
    [
        "% Encoding: Cp1252\n@misc{k, title={Größe}}".encode("cp1252"),
        "@misc{k, title={Größe}}".encode("cp1252"),
        "@misc{k, title={Größe}}".encode("utf-16"),
        "﻿@misc{k, title={Größe}}".encode(),
    ],
)
def test_encodings_are_told_by_the_file_or_by_its_letters(data: bytes) -> None:
    assert read_one(data).title == "Größe"


def test_chinese_in_gbk_is_read() -> None:
    text = "@misc{k, title={茶壶的研究与应用方法}, author={王小明 and 李华}}"
    assert read_one(text.encode("gbk")).title == "茶壶的研究与应用方法"


@pytest.mark.parametrize(
    "text",
    [
        "TY  - JOUR\nTI  - Tea\nAU  - Doe, J.\nN1  - mine\nER  - \n",
        "TY - JOUR\nTI - Tea\nAU - Doe, J.\nN1 - mine\nER -",
        "TY  - JOUR\r\nTI  - Tea\r\nA1  - Doe, J.\r\nRN  - mine",
        "  TY  - JOUR\n  T1  - Tea\n  AU  - Doe, J.\n  N1  - mine\n  ER  -",
    ],
)
def test_ris_is_read_with_any_spaces_and_without_its_end(text: str) -> None:
    paper = read_one(text)
    assert (paper.title, paper.authors, texts(paper)) == ("Tea", ["J. Doe"], ["mine"])


def test_what_publishers_write_into_ris_is_no_note_of_the_user_s() -> None:
    paper = read_one(
        "TY  - JOUR\nTI  - Tea\nA1  - First, Ann\nAU  - Second, Bo\nPY  - 2016\nY1  - 2016/10/19\n"
        "N1  - Export Date: 5 March 2024\nN1  - doi: 10.1016/j.x\nN1  - one\n\ntwo\n"
        "KW  - Pots; Steam\nJO  - arXiv:2001.00001\nER  - \n"
    )
    assert (texts(paper), paper.tags) == (["one\n\ntwo"], ["Pots", "Steam"])
    assert (paper.authors, paper.published) == (["Ann First", "Bo Second"], date(2016, 10, 19))
    assert paper.arxiv_id == "2001.00001"


@pytest.mark.parametrize(
    "html",
    [
        "<html><h1>My page</h1><a href='https://arxiv.org/abs/2001.00001'>a paper</a></html>",
        "<!doctype html><title>Papers and notes</title><h1>Papers and notes</h1>",
    ],
)
def test_a_page_that_only_links_to_a_paper_is_not_its_page(html: str) -> None:
    with pytest.raises(SourceError):
        read(html)


def test_a_saved_page_is_read_by_its_citation_tags() -> None:
    paper = read_one(
        "<!doctype html><html><head><link rel=canonical href='https://arxiv.org/abs/2001.00001'>"
        "<meta name='citation_title' content='Tea'><meta name='citation_author' content='Doe, J'>"
        "<meta name='citation_date' content='2020/01/17'>"
        "<meta name='citation_arxiv_id' content='2001.00001'>"
        "<meta name='citation_abstract' content='On tea.'></head><h1>Title:Tea</h1></html>"
    )
    assert (paper.title, paper.authors, paper.abstract) == ("Tea", ["J Doe"], "On tea.")
    assert (paper.arxiv_id, paper.published) == ("2001.00001", date(2020, 1, 17))


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("<meta property='og:url' content='https://arxiv.org/abs/2001.00001v2'>", 2),
        ("<meta name='citation_pdf_url' content='https://arxiv.org/pdf/2001.00001v1'>", 1),
        ("<meta name='citation_pdf_url' content='https://arxiv.org/pdf/2001.00001'>", None),
    ],
)
def test_a_saved_page_of_arxiv_names_its_version(tag: str, version: int | None) -> None:
    paper = read_one(
        "<!doctype html><html><head><meta name='citation_title' content='Tea'>"
        f"<meta name='citation_arxiv_id' content='2001.00001'>{tag}</head></html>"
    )
    assert paper.arxiv_version == version


def test_bookmarks_bring_titles_tags_notes_and_dates() -> None:
    batch = read(
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE><H1>Bookmarks</H1>\n<DL><p>\n"
        '<DT><A HREF="https://arxiv.org/abs/2001.00001" ADD_DATE="1704447600" TOREAD="1"'
        ' TAGS="hot,green">[2001.00001] Tea</A>\n<DD>Nice[linkding-notes]more[/linkding-notes]\n'
        '<DT><A HREF="https://example.org">Not a paper</A>\n</DL><p>'
    )
    [paper] = batch.papers
    assert (paper.title, paper.tags, texts(paper)) == ("Tea", ["hot", "green"], ["Nice", "more"])
    assert (paper.status, paper.added) == ("inbox", datetime(2024, 1, 5, 9, 40, tzinfo=UTC))
    assert batch.skipped == ["bookmark 2: “https://example.org” is the address of no paper"]


ADDRESS = "https://arxiv.org/abs/2001.00001"
BOOKMARKS: list[Any] = [
    {
        "bookmarks": [
            {"title": "Tea", "tags": ["hot"], "content": {"url": ADDRESS}, "note": "Nice."}
        ]
    },
    [{"href": ADDRESS, "description": "Tea", "extended": "Nice.", "tags": "hot", "toread": "yes"}],
    {"results": [{"url": ADDRESS, "title": "Tea", "notes": "Nice.", "tag_names": ["hot"]}]},
    {
        "items": [
            {"link": ADDRESS, "title": "Tea", "note": "Nice.", "tags": ["hot"], "type": "link"}
        ]
    },
]


@pytest.mark.parametrize("value", BOOKMARKS)
def test_bookmarks_in_json_are_read_in_every_shape(value: Any) -> None:
    paper = read_one(json.dumps(value))
    assert (paper.arxiv_id, paper.title) == ("2001.00001", "Tea")
    assert (paper.tags, texts(paper)) == (["hot"], ["Nice."])


WORKS: list[Any] = [
    {"message": {"DOI": "10.1/x", "title": ["Tea"], "author": [{"given": "J", "family": "Doe"}],
                 "issued": {"date-parts": [[2024]]}, "type": "journal-article"}},
    {"data": [{"paperId": "a", "externalIds": {"DOI": "10.1/x"}, "title": "Tea", "year": 2024,
               "authors": [{"name": "J Doe"}]}]},
    {"results": [{"id": "https://openalex.org/W1", "doi": "https://doi.org/10.1/x", "title": "Tea",
                  "authorships": [{"author": {"display_name": "J Doe"}}],
                  "publication_year": 2024}]},
    {"items": [{"itemType": "journalArticle", "title": "Tea", "DOI": "10.1/x", "date": "2024",
                "creators": [{"creatorType": "author", "firstName": "J", "lastName": "Doe"}]}]},
    [{"data": {"itemType": "journalArticle", "title": "Tea", "DOI": "10.1/x", "date": "2024",
               "creators": [{"creatorType": "author", "name": "J Doe"}]}}],
    [{"type": "article-journal", "title": "Tea", "DOI": "10.1/x", "author": "J Doe",
      "issued": {"date-parts": [2024]}, "abstract": None}],
]  # fmt: skip


@pytest.mark.parametrize("value", WORKS)
def test_works_of_databases_are_read(value: Any) -> None:
    paper = read_one(json.dumps(value))
    assert (paper.title, paper.authors, paper.issued) == ("Tea", ["J Doe"], "2024")
    assert paper.doi == "10.1/x"


TABLES = [
    "title,url,time_added,tags,status\n[2001.00001] Tea,https://arxiv.org/abs/2001.00001,1704447600,hot|x,unread\n",
    '"Title";"Url";"Manual Tags"\n"Tea";"http://arxiv.org/abs/2001.00001";"hot; x"\n',
    "Paper Title\tarXiv ID\tLabels\nTea\t2001.00001\thot,x\n",
]


@pytest.mark.parametrize("text", TABLES)
def test_tables_are_read_by_the_names_of_their_columns(text: str) -> None:
    paper = read_one(text)
    assert (paper.title, paper.arxiv_id, paper.tags) == ("Tea", "2001.00001", ["hot", "x"])


def test_highlights_of_readwise_come_together_on_their_paper() -> None:
    batch = read(
        "Highlight,Book Title,Book Author,Note,Tags,Highlighted at,Document tags\n"
        'one,Tea,Jane Doe,mine,"a,b",2024-01-05 10:00:00+00:00,c\ntwo,Tea,Jane Doe,,,,\n'
    )
    [paper] = batch.papers
    assert texts(paper) == ["> one\n\nmine", "> two"]
    assert paper.tags == ["a", "b", "c"]


def test_endnote_and_pubmed_are_read() -> None:
    enw = read(
        "%0 Journal Article\n%T Tea\n%A Doe, J\n%A Roe, R\n%D 2024\n%K hot\ngreen\n%Z mine\n"
    )
    assert (enw.papers[0].authors, enw.papers[0].tags) == (["J Doe", "R Roe"], ["hot", "green"])
    nbib = read_one(
        "PMID- 1\nTI  - Tea\n      and pots\nAU  - Doe J\nDP  - 2024 Mar\nAB  - On tea.\n"
    )
    assert (nbib.title, nbib.authors, nbib.issued) == ("Tea and pots", ["J Doe"], "2024-03")
    xml = read_one(
        "<xml><records><record><ref-type name='Journal Article'>17</ref-type><contributors>"
        "<authors><author><style>Doe, J</style></author></authors></contributors>"
        "<titles><title><style>Tea</style></title></titles><dates><year>2024</year></dates>"
        "</record></records></xml>"
    )
    assert (xml.title, xml.authors, xml.issued) == ("Tea", ["J Doe"], "2024")


def test_zotero_s_rdf_brings_notes_and_own_tags() -> None:
    paper = read_one(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:bib="http://purl.org/net/biblio#"'
        ' xmlns:foaf="http://xmlns.com/foaf/0.1/">'
        '<bib:Article rdf:about="http://arxiv.org/abs/2001.00001"><z:itemType>preprint</z:itemType>'
        "<bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Doe</foaf:surname>"
        "<foaf:givenName>J</foaf:givenName></foaf:Person></rdf:li></rdf:Seq></bib:authors>"
        '<dcterms:isReferencedBy rdf:resource="#item_2"/><dc:subject>hot</dc:subject>'
        "<dc:subject><z:AutomaticTag><rdf:value>auto</rdf:value></z:AutomaticTag></dc:subject>"
        "<dc:title>Tea</dc:title></bib:Article>"
        '<bib:Memo rdf:about="#item_2"><rdf:value>&lt;p&gt;mine&lt;/p&gt;</rdf:value></bib:Memo>'
        "</rdf:RDF>"
    )
    assert (paper.title, paper.authors, paper.tags) == ("Tea", ["J Doe"], ["hot"])
    assert (texts(paper), paper.arxiv_id) == (["mine"], "2001.00001")


def test_a_listing_e_mail_of_arxiv_is_read() -> None:
    paper = read_one(
        "------\n\\\\\narXiv:2001.00001\nDate: Fri, 5 Jan 2024 10:00:00 GMT   (12kb)\n\n"
        "Title: Tea\n  and pots\nAuthors: Jane Doe (KTH) and Bo Moss, Cy Fern\n"
        "Categories: cs.CL cs.AI\nComments: 5 pages\n\\\\\n  On tea.\n"
        "\\\\ ( https://arxiv.org/abs/2001.00001 ,  12kb)\n"
    )
    assert (paper.title, paper.abstract) == ("Tea and pots", "On tea.")
    assert paper.authors == ["Jane Doe", "Bo Moss", "Cy Fern"]
    assert paper.categories == ["cs.CL", "cs.AI"]


def test_ids_are_found_as_people_keep_them() -> None:
    batch = read(
        "# my list\nhttps://arxiv.org/abs/2001.00001v3\narxiv:2001.00002\n"
        "- [x](https://arxiv.org/abs/2001.00003)\n"
        "* https://www.alphaxiv.org/abs/2001.00004\n[2001.00005] A title\n2001.00006, 2001.00007\n"
        "<https://arxiv.org/pdf/2001.00008>\nI liked arXiv:2001.00009 (and 2001.00010).\n"
    )
    assert [paper.arxiv_id for paper in batch.papers] == [f"2001.{n:05}" for n in range(1, 11)]


fields = st.fixed_dictionaries(
    {"title": st.just("Tea"), "author": st.just("Doe, Jane"), "year": st.just("2024")}
)
keys = st.sampled_from([str.lower, str.upper, str.title])


@given(
    st.permutations(["title", "author", "year"]), keys, st.booleans(), st.sampled_from([",", ""])
)
def test_order_case_and_separators_of_bibtex_do_not_matter(
    order: list[str], write: Any, quoted: bool, last: str
) -> None:
    values = {"title": "Tea", "author": "Doe, Jane", "year": "2024"}
    begin, end = ('"', '"') if quoted else ("{", "}")
    lines = [f"{write(name)} = {begin}{values[name]}{end}" for name in order]
    paper = read_one("@article{k,\n" + ",\n".join(lines) + last + "\n}")
    assert (paper.title, paper.authors, paper.issued) == ("Tea", ["Jane Doe"], "2024")


@given(
    st.permutations(["title", "author", "DOI", "issued", "note", "abstract"]),
    st.sets(st.sampled_from(["author", "DOI", "issued", "note", "abstract"])),
    keys,
)
def test_order_case_and_nulls_of_csl_cost_no_more_than_their_field(
    order: list[str], nulls: set[str], write: Any
) -> None:
    values: dict[str, Any] = {
        "title": "Tea",
        "author": [{"family": "Doe", "given": "Jane"}],
        "DOI": "10.1234/x",
        "issued": {"date-parts": [[2024]]},
        "note": "n",
        "abstract": "On tea.",
    }
    item = {write(name): None if name in nulls else values[name] for name in order}
    paper = read_one(json.dumps([{"type": "article", **item}]))
    assert paper.title == "Tea"
    assert bool(paper.authors) == ("author" not in nulls)
    assert bool(paper.doi) == ("DOI" not in nulls)
    assert (paper.issued == "2024") == ("issued" not in nulls)
    assert bool(paper.abstract) == ("abstract" not in nulls)


@given(
    st.sampled_from(["title", "author", "issued", "note"]), st.sampled_from([7, [], {}, [[]], True])
)
def test_a_value_of_another_type_costs_no_more_than_its_field(name: str, value: Any) -> None:
    item = {"type": "article", "title": "Tea", "DOI": "10.1234/x", "archive_location": "2001.00001"}
    assert read_one(json.dumps([item | {name: value}])).arxiv_id == "2001.00001"
