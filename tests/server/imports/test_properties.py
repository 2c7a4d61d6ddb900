"""One paper in every format: spelling, order, nulls, encodings and line ends do not change it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from server.imports.recognize import parse, recognize
from server.schema.sources import Batch, SourcePaper
from tests.server.imports.conftest import OBSERVED

ID = "2001.00001"
ADDRESS = f"https://arxiv.org/abs/{ID}"
DOI = "10.1234/tea"
NAME = {"family": "Lišek", "given": "Eva"}
Fields = list[tuple[str, Any]]


class Form(Struct, frozen=True):
    """A format: its fields, those by which it is recognized, and how a file of them is written.

    `read` names the parts of a paper that the fields hold.
    """

    kind: str
    fields: dict[str, Any]
    fixed: set[str]
    write: Callable[[Fields], str]
    read: dict[str, Any]


def in_json(fields: Fields) -> str:
    return json.dumps([dict(fields)])


def in_tags(start: str, end: str, line: str) -> Callable[[Fields], str]:
    """Return a writer of one tagged field a line, between two lines."""

    def write(fields: Fields) -> str:
        lines = [line.format(*field) for field in fields if field[1] is not None]
        return "\n".join([start, *lines, end])

    return write


def in_bibtex(fields: Fields) -> str:
    lines = [f"  {name} = {{{value}}}" for name, value in fields if value is not None]
    return "@article{tea2024,\n" + ",\n".join(lines) + "\n}\n"


def in_table(fields: Fields) -> str:
    names = ",".join(name for name, _ in fields)
    return names + "\n" + ",".join(f'"{value or ""}"' for _, value in fields) + "\n"


def in_netscape(fields: Fields) -> str:
    values = dict(fields)
    written = [f'{name}="{value}"' for name, value in fields if name != "title" and value]
    return (
        f"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n<DT><A {' '.join(written)}>"
        f"{values['title']}</A>\n</DL><p>\n"
    )


def in_atom(fields: Fields) -> str:
    written = [f"<{name}>{value}</{name}>" for name, value in fields if value is not None]
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{"".join(written)}</entry></feed>'


def in_endnote_xml(fields: Fields) -> str:
    written = [f"<{name}>{value}</{name}>" for name, value in fields if value is not None]
    return (
        '<xml><records><record><ref-type name="Journal Article">17</ref-type>'
        f"{''.join(written)}</record></records></xml>"
    )


def in_memory(fields: Fields) -> str:
    return json.dumps({"__dataVersion": 1, f"Arxiv-{ID}": dict(fields)})


PAPER = {"title": "Tea", "arxiv_id": ID, "doi": DOI, "authors": ["Eva Lišek"]}
FORMS = [
    Form(
        "BibTeX",
        {"title": "Tea", "author": "Lišek, Eva", "eprint": ID, "archiveprefix": "arXiv",
         "doi": DOI, "abstract": "Ä.", "keywords": "hot, green"},
        set(), in_bibtex, PAPER | {"tags": ["hot", "green"], "abstract": "Ä."},
    ),
    Form(
        "RIS",
        {"TI": "Tea", "AU": "Lišek, Eva", "UR": ADDRESS, "DO": DOI, "AB": "Ä.", "N1": "mine"},
        {"TI", "AU", "UR", "DO", "AB", "N1"}, in_tags("TY  - JOUR", "ER  - ", "{}  - {}"),
        PAPER | {"abstract": "Ä.", "notes": ["mine"]},
    ),
    Form(
        "EndNote",
        {"T": "Tea", "A": "Lišek, Eva", "U": ADDRESS, "R": DOI, "X": "Ä.", "Z": "mine"},
        {"T", "A", "U", "R", "X", "Z"}, in_tags("%0 Journal Article", "", "%{} {}"),
        PAPER | {"abstract": "Ä.", "notes": ["mine"]},
    ),
    Form(
        "PubMed",
        {"TI": "Tea", "FAU": "Lišek, Eva", "AID": f"{DOI} [doi]", "AB": "Ä.", "OT": "hot"},
        {"TI", "FAU", "AID", "AB", "OT"}, in_tags("PMID- 1", "", "{:<4}- {}"),
        {"title": "Tea", "authors": ["Eva Lišek"], "doi": DOI, "tags": ["hot"]},
    ),
    Form(
        "CSL-JSON",
        {"type": "article", "title": "Tea", "author": [NAME], "URL": ADDRESS, "DOI": DOI,
         "abstract": "Ä.", "note": None},
        {"type"}, in_json, PAPER | {"abstract": "Ä."},
    ),
    Form(
        "Crossref",
        {"DOI": DOI, "title": ["Tea"], "author": [NAME], "URL": ADDRESS, "abstract": "Ä."},
        {"DOI", "title"}, in_json,
        {"title": "Tea", "doi": DOI, "authors": ["Eva Lišek"], "abstract": "Ä."},
    ),
    Form(
        "OpenAlex",
        {"id": "https://openalex.org/W1", "title": "Tea", "doi": f"https://doi.org/{DOI}",
         "authorships": [{"author": {"display_name": "Eva Lišek"}}]},
        {"id", "authorships"}, in_json,
        {"title": "Tea", "doi": DOI, "authors": ["Eva Lišek"]},
    ),
    Form(
        "Semantic Scholar",
        {"paperId": "a", "externalIds": {"ArXiv": ID, "DOI": DOI}, "title": "Tea",
         "authors": [{"name": "Eva Lišek"}], "abstract": "Ä."},
        {"paperId", "externalIds"}, in_json, PAPER | {"abstract": "Ä."},
    ),
    Form(
        "Zotero",
        {"itemType": "preprint", "title": "Tea", "DOI": DOI, "url": ADDRESS,
         "creators": [{"creatorType": "author", "firstName": "Eva", "lastName": "Lišek"}],
         "tags": [{"tag": "hot"}], "notes": [{"note": "mine"}]},
        {"itemType"}, in_json, PAPER | {"tags": ["hot"], "notes": ["mine"]},
    ),
    Form(
        "PaperMemory",
        {"id": f"Arxiv-{ID}", "title": "Tea", "author": "Eva Lišek", "doi": DOI, "md": "",
         "pdfLink": ADDRESS, "tags": ["hot"], "note": "mine", "codeLink": None},
        {"id", "md", "pdfLink"}, in_memory, PAPER | {"tags": ["hot"], "notes": ["mine"]},
    ),
    Form(
        "JSON Lines",
        {"key": ID, "title": "Tea", "extraction": "done", "notes": [{"text": "mine"}],
         "authors": ["Eva Lišek"], "doi": DOI, "entry": {"status": "read", "tags": ["hot"]}},
        {"key", "title", "extraction", "notes"}, in_json,
        PAPER | {"tags": ["hot"], "notes": ["mine"], "status": "read"},
    ),
    Form(
        "Hypothesis",
        {"uri": ADDRESS, "target": [{"source": ADDRESS}], "text": "mine", "tags": ["hot"],
         "id": "h1", "created": None, "document": {"title": ["Tea"]}},
        {"uri", "target"}, in_json, {"arxiv_id": ID, "tags": ["hot"], "notes": ["mine"]},
    ),
    Form(
        "Web Annotations",
        {"type": "Annotation", "target": {"source": ADDRESS}, "id": "urn:x",
         "body": [{"value": "mine"}, {"value": "hot", "purpose": "tagging"}], "modified": None},
        {"type", "target"}, in_json, {"arxiv_id": ID, "tags": ["hot"], "notes": ["mine"]},
    ),
    Form(
        "bookmarks in JSON",
        {"url": ADDRESS, "title": "Tea", "tags": ["hot"], "notes": "mine", "createdAt": None},
        {"url"}, in_json,
        {"arxiv_id": ID, "title": "Tea", "tags": ["hot"], "notes": ["mine"]},
    ),
    Form(
        "bookmarks",
        {"href": ADDRESS, "title": "Tea", "tags": "hot,green", "add_date": "1704447600"},
        {"title"}, in_netscape, {"arxiv_id": ID, "title": "Tea", "tags": ["hot", "green"]},
    ),
    Form(
        "table",
        {"Title": "Tea", "arXiv ID": ID, "Authors": "Eva Lišek", "DOI": DOI, "Tags": "hot; green",
         "Notes": "mine", "Rating": None},
        set(), in_table, PAPER | {"tags": ["hot", "green"], "notes": ["mine"]},
    ),
    Form(
        "arXiv Atom",
        {"id": ADDRESS, "title": "Tea", "author": "<name>Eva Lišek</name>", "summary": "Ä."},
        {"id", "title", "author", "summary"}, in_atom,
        {"arxiv_id": ID, "title": "Tea", "authors": ["Eva Lišek"], "abstract": "Ä."},
    ),
    Form(
        "EndNote XML",
        {"titles": "<title>Tea</title>", "abstract": "Ä.", "electronic-resource-num": DOI,
         "contributors": "<authors><author>Lišek, Eva</author></authors>",
         "urls": f"<related-urls><url>{ADDRESS}</url></related-urls>"},
        {"titles", "abstract", "electronic-resource-num", "contributors", "urls"},
        in_endnote_xml, PAPER | {"abstract": "Ä."},
    ),
]  # fmt: skip
EACH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind)
SPELLINGS: list[Callable[[str], str]] = [str, str.lower, str.upper, str.title]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1250"]


def read(data: bytes) -> Batch:
    return parse(recognize(data), name="file", observed=OBSERVED, year=2026)


def described(paper: SourcePaper, names: list[str]) -> dict[str, Any]:
    """Return some parts of a paper, of its notes only the texts."""
    parts = {name: getattr(paper, name) for name in names}
    if "notes" in parts:
        parts["notes"] = [note.text for note in paper.notes]
    return parts


@EACH
@given(st.data())
@settings(max_examples=12)
def test_spelling_order_encoding_and_line_ends_do_not_matter(form: Form, data: Any) -> None:
    spell = data.draw(st.sampled_from(SPELLINGS))
    order = data.draw(st.permutations(list(form.fields.items())))
    fields = [(name if name in form.fixed else spell(name), value) for name, value in order]
    text = form.write(fields).replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))
    found = recognize(text.encode(data.draw(st.sampled_from(ENCODINGS))))
    [paper] = parse(found, name="file", observed=OBSERVED, year=2026).papers
    assert found.kind == form.kind
    assert described(paper, list(form.read)) == form.read


@EACH
@given(st.data())
@settings(max_examples=12)
def test_a_null_costs_no_more_than_its_field(form: Form, data: Any) -> None:
    names = sorted(form.fields.keys() - form.fixed - {"title", "Title", "href"})
    null = data.draw(st.sets(st.sampled_from(names))) if names else set()
    fields = [(name, None if name in null else value) for name, value in form.fields.items()]
    [paper] = read(form.write(fields).encode()).papers
    whole = form.read
    for name, value in described(paper, list(whole)).items():
        assert value in (whole[name], None, "", [])
    if not null:
        assert described(paper, list(whole)) == whole


@pytest.mark.parametrize("form", [f for f in FORMS if f.write is in_json], ids=lambda f: f.kind)
@given(st.data())
@settings(max_examples=20)
def test_a_value_of_another_type_costs_no_more_than_its_field(form: Form, data: Any) -> None:
    # without an arXiv id, a paper is known by its title
    names = sorted(
        form.fields.keys() - form.fixed - (set() if "arxiv_id" in form.read else {"title"})
    )
    name = data.draw(st.sampled_from(names))
    odd = data.draw(st.sampled_from([7, True, "x", [], {}, [[]], [None], {"a": {"b": 1}}, [{}]]))
    [paper] = read(in_json(list((form.fields | {name: odd}).items())).encode()).papers
    # what a whole file would have, but for the one field, is there
    right = described(paper, list(form.read))
    assert sum(right[key] != value for key, value in form.read.items()) <= 2
    assert (paper.arxiv_id or paper.title) in (ID, "Tea", "x", "7", "true")


@pytest.mark.parametrize(
    "text",
    [
        "@article{k,\n title = {Tea}\n author = {Lišek, Eva},\n eprint = {2001.00001}\n}",
        "@article{k title = {Tea}, author = {Lišek, Eva}, eprint = {2001.00001}}",
        "@article{k, title = {Tea}, author = {Lišek, Eva}, eprint = {2001.00001}",
        "@article{k, title = {Tea},, author = {Lišek, Eva}, eprint = {2001.00001},,}",
        "@article(k, title = {Tea}, author = {Lišek, Eva}, eprint = {2001.00001})",
        "@article{k, title {Tea}, author = {Lišek, Eva}, eprint = {2001.00001}}",
        "TY  - JOUR\nTI  - Tea\nAU  - Lišek, Eva\nUR  - arxiv.org/abs/2001.00001",
        "TY - JOUR\nTI - Tea\nAU - Lišek, Eva\nUR - https://arxiv.org/abs/2001.00001\nER -",
        "TY  -JOUR\nTI  -Tea\nAU  -Lišek, Eva\nUR  -https://arxiv.org/abs/2001.00001\nER  -",
        "title;authors;url\nTea;Lišek, Eva;https://arxiv.org/abs/2001.00001",
        "title\tauthors\turl\nTea\tLišek, Eva\thttps://arxiv.org/abs/2001.00001",
    ],
)
def test_missing_and_odd_separators_cost_no_more_than_a_field(text: str) -> None:
    [paper] = read(text.encode()).papers
    assert "2001.00001" in (paper.arxiv_id, paper.title) or paper.title.startswith("Tea")
    found = {"arxiv_id": paper.arxiv_id == ID, "title": paper.title == "Tea",
             "authors": paper.authors == ["Eva Lišek"]}  # fmt: skip
    assert sum(found.values()) >= 2, found
