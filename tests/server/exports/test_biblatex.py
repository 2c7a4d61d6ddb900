"""BibLaTeX, checked by biber against its data model and read back by pybtex and by us."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from pybtex.database import parse_string

from server.exports.biblatex import render_biblatex
from server.identifiers import title_key
from server.imports.formats.bibtex import parse_bibtex
from server.schema.citations import Citation, Name
from server.schema.papers import PaperPage
from tests.server.exports.pages import hostile_pages, make_note, make_page
from tests.server.exports.writing import OBSERVED, note_texts, write

BIBER = shutil.which("biber")


def fields(page: PaperPage) -> tuple[str, dict[str, str]]:
    [entry] = parse_string(write(render_biblatex, page), "bibtex").entries.values()
    return entry.type, dict(entry.fields)


def cite(entry_type: str, **fields: str) -> PaperPage:
    names = [Name(family="Birch", given="Ada")]
    citation = Citation(format="BibTeX", type=entry_type, key="b", names=names, fields=fields)
    return make_page(authors=["Ada Birch"], author_count=1, citation=citation)


def test_a_preprint_is_online_with_its_archive_and_one_date() -> None:
    entry_type, found = fields(make_page(categories=["cs.CL"], issued="2025-01"))
    assert entry_type == "online"
    assert {name: found[name] for name in ("eprint", "eprinttype", "eprintclass", "date")} == {
        "eprint": "2501.10000",
        "eprinttype": "arxiv",
        "eprintclass": "cs.CL",
        "date": "2025-01",
    }
    assert not {"year", "month", "archiveprefix", "primaryclass", "annote"} & found.keys()


@pytest.mark.parametrize(
    ("written", "entry_type", "kind"),
    [
        ("phdthesis", "thesis", "phdthesis"),
        ("mastersthesis", "thesis", "mathesis"),
        ("techreport", "report", "techreport"),
        ("conference", "inproceedings", None),
        ("www", "online", None),
        ("article", "article", None),
        ("misc", "misc", None),
    ],
)
def test_an_entry_type_of_bibtex_becomes_that_of_biblatex(
    written: str, entry_type: str, kind: str | None
) -> None:
    found, values = fields(cite(written))
    assert (found, values.get("type")) == (entry_type, kind)


def test_fields_of_a_bibliography_get_biblatex_s_names() -> None:
    _, found = fields(cite("phdthesis", journal="Bogs", address="Fen", school="Moor", type="Essay"))
    assert (found["journaltitle"], found["location"]) == ("Bogs", "Fen")
    assert (found["institution"], found["type"]) == ("Moor", "Essay")
    assert not {"journal", "address", "school"} & found.keys()


def test_a_field_that_has_biblatex_s_name_already_stays() -> None:
    _, found = fields(cite("article", journal="Short", journaltitle="The Long Bogs"))
    assert found["journaltitle"] == "The Long Bogs"


def test_notes_tags_and_ids_are_read_back() -> None:
    notes = [make_note(f"Note {n}.", number=n) for n in (1, 2, 3)]
    page = make_page(notes=notes, doi="10.1234/x")
    [paper] = parse_bibtex(write(render_biblatex, page), observed=OBSERVED).papers
    assert (paper.arxiv_id, paper.doi, paper.published) == (page.key, page.doi, page.published)
    assert (paper.title, paper.tags) == (page.title, ["rl/grpo", "to read"])
    assert note_texts(paper) == ["Note 1.", "Note 2.", "Note 3."]


@settings(max_examples=20)
@given(hostile_pages())
def test_hostile_papers_are_valid_entries(page: PaperPage) -> None:
    found = parse_string(write(render_biblatex, page, make_page(key="2501.10001")), "bibtex")
    assert [entry.fields["eprint"] for entry in found.entries.values()] == [
        "2501.10000",
        "2501.10001",
    ]


@pytest.mark.skipif(BIBER is None, reason="biber is not installed")
def test_biber_finds_every_entry_in_its_data_model(tmp_path: Path) -> None:
    one_note = [make_note("Compare & *why*?")]
    venue = {"volume": "7", "number": "2", "pages": "5--17"}
    pages = [
        make_page(notes=one_note, categories=["cs.CL"], doi="10.1234/a_b"),
        make_page(key="hep-th/9901001", issued="2024-21", notes=one_note),
        make_page(key=title_key("x"), issued="2024-01/2024-03", notes=one_note),
        cite("article", journal="Bogs", **venue, issn="1234-5679"),
        cite("phdthesis", school="Moor", address="Fen"),
        cite("techreport", institution="Moor", number="3"),
        cite("conference", booktitle="Proc. of Bogs", series="Fens", editor="Reed, Bo"),
        cite("book", publisher="Steam", edition="2", address="Fen", isbn="978-3-16-148410-0"),
    ]
    for number, page in enumerate(pages[3:]):
        page.key, page.notes = f"2501.2000{number}", one_note
    assert check_with_biber(tmp_path, write(render_biblatex, *pages)) == []


@pytest.mark.skipif(BIBER is None, reason="biber is not installed")
def test_biber_only_misses_the_fields_of_further_notes(tmp_path: Path) -> None:
    notes = [make_note(f"Note {n}.", number=n) for n in (1, 2, 3)]
    told = check_with_biber(tmp_path, write(render_biblatex, make_page(notes=notes)))
    assert [re.findall("'(comment|notes)'", line) for line in told] == [["comment"], ["notes"]]


def check_with_biber(folder: Path, text: str) -> list[str]:
    """Return what biber warns of or refuses in a file."""
    (folder / "refs.bib").write_text(text)
    command = [str(BIBER), "--tool", "--validate-datamodel", "--nolog", "refs.bib"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    lines = done.stdout.splitlines()
    return [line for line in lines if line.startswith(("WARN", "ERROR"))]
