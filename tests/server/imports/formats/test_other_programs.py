"""What other programs export, beyond the collected cases: no quirk costs a record or a word."""

from datetime import UTC, datetime

import pytest

from server.errors import Invalid, SourceError
from server.imports.formats.table import read_columns
from server.imports.recognize import parse, recognize
from server.schema.sources import SourcePaper
from tests.server.material import NOW


def read(data: str | bytes) -> list[SourcePaper]:
    found = recognize(data if isinstance(data, bytes) else data.encode())
    return parse(found, name="export", observed=NOW, year=2026).papers


def test_a_row_of_raindrop_brings_its_tags_note_and_highlights() -> None:
    [paper] = read(
        "id,title,note,excerpt,url,folder,tags,created,highlights\n"
        '1,Tea,mine,,https://arxiv.org/abs/2401.00001,Unsorted,"a, b",2024-01-02T10:00:00.000Z,'
        '"Highlight:steam"\n'
    )
    assert (paper.arxiv_id, paper.tags) == ("2401.00001", ["a", "b"])
    assert [note.text for note in paper.notes] == ["mine", "Highlight:steam"]
    assert paper.added == datetime(2024, 1, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("URL,Title,Selection,Folder,Timestamp,Tags", ',Tea,,Unread,1704103200,"[""a"",""b""]"'),
        ("Title,URL,ID,Document tags,Saved date", "Tea,,x,\"['a', 'b']\",2024-01-01 10:00:00Z"),
        ("Title,Folder,Tags,Time added", "Tea,b,a,2024-01-01T10:00:00Z"),
    ],
)  # fmt: skip
def test_tags_are_found_as_lists_and_folders(header: str, row: str) -> None:
    [paper] = read(f"{header}\n{row}\n")
    assert (paper.title, sorted(paper.tags)) == ("Tea", ["a", "b"])
    assert paper.added == datetime(2024, 1, 1, 10, tzinfo=UTC)


def test_a_table_of_scopus_has_whole_names_and_pages() -> None:
    [paper] = read(
        '"Authors","Author full names","Title","Year","Source title","Page start","Page end"\n'
        '"Berg J.; Doe J.","Berg, Jane (123); Doe, John (4)","Tea","2020","Pots","5","17"\n'
    )
    assert paper.authors == ["Jane Berg", "John Doe"]
    assert paper.citation and paper.citation.fields == {"journal": "Pots", "pages": "5--17"}


@pytest.mark.parametrize(
    "text",
    [
        '[{"id":"x","title":"Tea","url":"https://arxiv.org/abs/2401.00001","author":"A Birch",'
        '"labels":["a"],"savedAt":"2024-01-01T10:00:00Z"}]',
        '{"arxiv_id":"2401.00001","title":"Tea","tags":"a","authors":["Birch, A"],'
        '"date_added":"2024-01-01T10:00:00Z"}\n{"arxiv":"2401.00002"}',
        '{"data":[{"Title":"Tea","arXiv":"2401.00001","Keywords":"a","author":[{"name":"A Birch"}],'
        '"created":"2024-01-01T10:00:00Z"},null]}',
    ],
)
def test_json_objects_of_any_program_are_read_by_the_names_of_their_fields(text: str) -> None:
    paper = read(text)[0]
    assert (paper.arxiv_id, paper.title, paper.tags) == ("2401.00001", "Tea", ["a"])
    assert (paper.authors, paper.added) == (["A Birch"], datetime(2024, 1, 1, 10, tzinfo=UTC))


def test_columns_of_other_names_can_be_named() -> None:
    columns = read_columns(["title=Titel", "tags = Schlagwörter"])
    table = "ID;Titel;Schlagwörter\n2401.00001;Tee;a, b\n"
    [paper] = parse(recognize(table.encode(), columns), name="x", observed=NOW, year=2026).papers
    assert (paper.arxiv_id, paper.title, paper.tags) == ("2401.00001", "Tee", ["a", "b"])
    batch = parse(recognize(table.encode()), name="x", observed=NOW, year=2026)
    assert batch.skipped == [
        "no column is known to have titles; name it as in --column title=… "
        "(“ID”, “Titel”, “Schlagwörter”)"
    ]
    with pytest.raises(SourceError, match="it has no column “Name”, but “ID”, “Titel”"):
        recognize(table.encode(), {"title": "Name"})
    # what is no table is read as ever
    assert recognize(b"@misc{k, title={Tea}, year={2024}}", columns).kind == "BibTeX"


@pytest.mark.parametrize("pair", ["title", "title=", "colour=Farbe", "=Titel"])
def test_a_column_is_named_by_a_known_name(pair: str) -> None:
    with pytest.raises(Invalid, match="names no column"):
        read_columns([pair])


def test_a_json_list_of_ids_and_addresses_is_a_list_of_ids() -> None:
    papers = read('["2401.00001", "https://arxiv.org/abs/2401.00002v3"]')
    assert [paper.arxiv_id for paper in papers] == ["2401.00001", "2401.00002"]


@pytest.mark.parametrize(
    "text",
    [
        '{"items":[{"link":"https://arxiv.org/abs/2401.00001","title":"Tea","note":"mine",'
        '"highlights":[{"text":"steam","note":"hot"}]}]}',
        '{"results":[{"title":"Tea","author":"A Birch","source_url":"https://arxiv.org/abs/2401.00001"'
        ',"notes":"mine","highlights":[{"text":"steam","note":"hot"}]}]}',
    ],
)
def test_highlights_in_json_become_quotes_with_what_was_noted_on_them(text: str) -> None:
    [paper] = read(text)
    assert [note.text for note in paper.notes] == ["mine", "> steam\n\nhot"]


def test_authors_of_csl_that_are_texts_are_taken_apart() -> None:
    papers = read(
        '[{"id":"a","type":"article","title":"Tea","author":"Doe, Jane; Roe, Bo"},'
        '{"id":"b","type":"article","title":"Pots","author":["Roe, Bo",null,{"literal":"ACME"}]}]'
    )
    assert [paper.authors for paper in papers] == [["Jane Doe", "Bo Roe"], ["Bo Roe", "ACME"]]


@pytest.mark.parametrize(
    "text",
    [
        "ty - jour\nti - Tea\nau - Doe, J\nis - 3\n",
        "TY-JOUR\nTI-Tea\nAU-Doe, J\nIS-3\nER-\n",
        "TY  - JOUR\rTI  - Tea\rAU  - Doe, J\rIS  - 3\rER  - \r",
    ],
)
def test_ris_is_read_in_lower_case_without_spaces_and_with_old_line_ends(text: str) -> None:
    [paper] = read(text)
    assert (paper.title, paper.authors) == ("Tea", ["J Doe"])
    assert paper.citation and paper.citation.fields["number"] == "3"


def test_the_longer_names_of_biblatex_are_read_in_their_parts() -> None:
    [paper] = read(
        "@online{k, title={Tea}, eprint={2401.00001}, author={family=Berg, given={Jane},"
        " prefix=van der, useprefix=true and family=Doe, given=John, suffix=Jr. and Roe, A}}"
    )
    assert paper.authors == ["Jane van der Berg", "John Doe Jr.", "A Roe"]


@pytest.mark.parametrize(
    ("title", "encoding"),
    [("深度学习", "gbk"), ("Größe", "cp1252"), ("Привет, мир", "cp1251"), ("Łódź łąk", "cp1250")],
)
def test_a_short_text_is_read_in_its_encoding(title: str, encoding: str) -> None:
    [paper] = read(f"@article{{k, title={{{title}}}, eprint={{2401.00001}}}}\n".encode(encoding))
    assert paper.title == title
