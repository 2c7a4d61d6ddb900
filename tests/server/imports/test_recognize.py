"""The recognition of files by their content, and the reasons for which files are refused."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.errors import SourceError
from server.imports.recognize import parse, recognize
from server.schema.sources import Batch, SourceListing
from tests.server.imports.conftest import FIXTURES, OBSERVED
from tests.server.imports.pages import card, item, list_page, paper_page

IDS = """# to read
2401.01234v2   # a kettle
https://huggingface.co/papers/2608.00001#community
arXiv:hep-th/9901001

2401.01234
no id
"""
CAPTURE = (
    "Daily Papers\n\nbyAK and the research community\n\nSep 2\n\n"
    "Kettles\n\nThey sing.\n\nPots\n\nThey do not."
)


def read(data: bytes, *, name: str = "file", year: int = 2026) -> Batch:
    return parse(recognize(data), name=name, observed=OBSERVED, year=year)


@pytest.mark.parametrize(
    ("data", "kind", "papers"),
    [
        (json.dumps([item("2608.00001", "Kettles")]).encode(), "Hugging Face", 1),
        (json.dumps(item("2608.00001", "Kettles")).encode(), "Hugging Face", 1),
        (
            json.dumps(item("2608.00001", "Kettles")["paper"], indent=2).encode("utf-16"),
            "Hugging Face",
            1,
        ),
        (b"[]", "Hugging Face", 0),
        (
            list_page({"dailyPapers": []}, [card("2608.00001", "Kettles")]).encode(),
            "Hugging Face page",
            1,
        ),
        (b"<!-- saved -->" + paper_page({}).encode(), "Hugging Face page", 1),
        ((FIXTURES / "feed.xml").read_bytes(), "arXiv Atom", 2),
        ((FIXTURES / "references.bib").read_bytes(), "BibTeX", 7),
        ((FIXTURES / "references.ris").read_bytes(), "RIS", 3),
        ((FIXTURES / "references.json").read_bytes(), "CSL-JSON", 4),
        (b'{"items": [{"type": "article", "title": "Kettles"}]}', "CSL-JSON", 1),
        (b"\xef\xbb\xbf\r\n" + CAPTURE.replace("\n", "\r\n").encode(), "capture", 2),
        (IDS.encode(), "arXiv ids", 3),
    ],
)
def test_every_kind_is_recognized_by_its_content(data: bytes, kind: str, papers: int) -> None:
    assert recognize(data).kind == kind
    assert len(read(data).papers) == papers


def test_an_archive_is_recognized_but_not_parsed_as_a_list_of_papers() -> None:
    found = recognize(b'{"papermargin": 1, "items": [], "title": ""}')
    assert (found.kind, found.content["papermargin"]) == ("papermargin export", 1)
    with pytest.raises(SourceError, match="papermargin export is not a list of papers"):
        parse(found, name="export.json", observed=OBSERVED, year=2026)


def test_an_id_list_yields_each_id_once_and_reports_other_lines() -> None:
    batch = read(IDS.encode())
    assert [paper.arxiv_id for paper in batch.papers] == [
        "2401.01234",
        "2608.00001",
        "hep-th/9901001",
    ]
    assert {(paper.title, paper.richness) for paper in batch.papers} == {("", "ids")}
    assert batch.skipped == ["line 7: “no id” is neither an arXiv id nor the address of a paper"]


def test_a_capture_has_the_given_name_and_year() -> None:
    batch = read(CAPTURE.encode(), name="kettles.txt", year=2025)
    assert batch.listing == SourceListing(kind="capture", name="kettles.txt", day=date(2025, 9, 2))


def test_the_day_comes_from_the_file_name_only_if_the_papers_have_none() -> None:
    plain = json.dumps([item("2503.00001", "Kettles")]).encode()
    dated = json.dumps(
        [item("2503.00001", "Kettles", submittedOnDailyAt="2025-03-20T00:00:00Z")]
    ).encode()
    assert (listing := read(plain, name="2025-03-11.json").listing) and listing.day == date(
        2025, 3, 11
    )
    assert (listing := read(dated, name="2025-03-11.json").listing) and listing.day == date(
        2025, 3, 20
    )
    assert read(plain, name="2025-13-11.json").listing is None


def test_a_capture_truncated_within_a_character_yields_the_complete_papers() -> None:
    batch = read((CAPTURE + "\n\nÜ").encode()[:-1])
    assert len(batch.papers) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \r\n", "the file is empty"),
        (b"caf\xe9 kettle", "a kind of file that holds papers, found “café kettle”"),
        (b"one\ntwo\n\x89PNG\r\n", "line 3: not UTF-8 text (byte 0x89)"),
        (
            b"Dear reader,\nno papers here.",
            "line 1: expected a kind of file that holds papers, found “Dear reader,",
        ),
        (
            b'[\n{"paper": {"id": "26',
            "the JSON is cut off: it ends at line 2 in the middle of a value",
        ),
        (
            b'[{"paper": {}},\n {"paper" 7}]',
            "line 2, column 11: not JSON (expecting ':' delimiter)",
        ),
        (
            b"[{'paper': {'id': '2412.07730'}}]",
            "line 1: expected JSON, found a Python repr (single quotes)",
        ),
        (
            b"[\"{'paper': 1}\", \"{'paper': 2}\"]",
            "paper 1: expected an object, found a Python repr (single quotes) (and 1 ",
        ),
        (
            b'{"status": "success", "data": []}',
            "line 1: expected a list of papers, found an object with “status”, “data”",
        ),
        (b"{}", "found an object with nothing in it"),
        (b"[" * 100_000, "JSON nested too deep"),
        (b"[" + b"9" * 5000 + b"]", "a number too long"),
        (b"<html><p>A letter</p></html>", "neither Daily Papers cards nor a paper"),
        (b'<?xml version="1.0"?><rss/>', "expected an Atom feed, found the XML element “rss”"),
        (b"@article{a, ", "cannot be read"),
        (b"TY  - JOUR\nAU  - Off, Cut\n", "record 1 has neither a title nor an arXiv id"),
        (
            b"Daily Papers\n\nbyAK and the research community\n\nSep 2\n\nOnly",
            "“Only” has no abstract",
        ),
    ],
)
def test_unusable_files_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read(data)
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_of_437_real_answers_415_hold_6181_papers_and_22_are_refused_with_the_reason(
    shared: Path,
) -> None:
    papers, refused = 0, {}
    for file in sorted((shared / "hf" / "api").glob("*.json")):
        try:
            batch = read(file.read_bytes(), name=file.name)
        except SourceError as error:
            refused[file.stem] = str(error)
        else:
            papers += len(batch.papers)
            assert batch.skipped == []
            assert batch.listing and batch.listing.name == file.stem
    assert papers == 6181
    assert len(refused) == 22
    assert refused.pop("2025-01-10") == (
        "line 1: expected a list of papers, found an object with “status”, “date”, “count”, “data”"
    )
    assert all(
        "paper 1: expected an object, found a Python repr (single quotes)" in line
        for line in refused.values()
    )


@pytest.mark.parametrize(
    ("folder", "kind"), [("captures", "capture"), ("hf/pages", "Hugging Face page")]
)
def test_real_captures_and_pages_are_recognized_by_their_content(
    shared: Path, folder: str, kind: str
) -> None:
    assert {recognize(file.read_bytes()).kind for file in (shared / folder).iterdir()} == {kind}


STARTS = [
    b"",
    b"[",
    b"{",
    b"<",
    b"<?xml?>",
    b"@a{",
    b"TY  - \nER  -\n",
    b"2401.01234\n",
    CAPTURE.encode(),
]


@settings(max_examples=300)
@given(st.sampled_from(STARTS), st.binary() | st.text().map(str.encode))
@example(b"", b"\xff\xfe\x00")
@example(b"", b"\xff\xfe")
def test_any_bytes_are_read_or_refused(start: bytes, rest: bytes) -> None:
    try:
        read(start + rest)
    except SourceError as refusal:
        assert "\n" not in str(refusal)


@given(st.data())
def test_any_truncated_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([file.read_bytes() for file in sorted(FIXTURES.iterdir())])
        | st.just(
            list_page(
                {"dailyPapers": [item("2608.00001", "Kettles")]}, [card("2608.00001", "Kettles")]
            ).encode()
        )
    )
    try:
        read(whole[: data.draw(st.integers(0, len(whole)))])
    except SourceError as refusal:
        assert "\n" not in str(refusal)
