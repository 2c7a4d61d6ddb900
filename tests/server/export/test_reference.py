import re
from datetime import date

import pytest
from hypothesis import given

from server.export.reference import address, citation_key, split_name, write_notes
from server.identity import title_key
from tests.server.export.pages import MOMENT, hostile_pages, make_note, make_page
from tests.server.export.writing import AUTHORS


@pytest.mark.parametrize(
    ("authors", "published", "title", "stem"),
    [
        (["Ada Birch", "Bo Moss"], date(2025, 1, 17), "Lantern: a small model", "birch2025lantern"),
        (["Ludwig van Beethoven"], date(2024, 1, 1), "On the Ear of a Model", "beethoven2024ear"),
        (["Søren Jørgensen"], date(2024, 1, 1), "Été", "jorgensen2024ete"),
        (["李 明"], date(2024, 1, 1), "$\\alpha$-Kettles", "ming2024kettles"),
        (["DeepSeek-AI"], None, "A", "deepseekai"),
        ([], date(2024, 1, 1), "", "2024"),
        ([], None, "😀 $", "grinning"),
        ([], None, "", ""),
    ],
)
def test_a_citation_key_says_who_when_and_what(
    authors: list[str], published: date | None, title: str, stem: str
) -> None:
    key = citation_key(make_page(authors=authors, published=published, title=title))
    assert key == (f"{stem}-2501.10000" if stem else "2501.10000")


def test_a_citation_key_is_unique_because_it_ends_in_the_papers_key() -> None:
    keys = ["2501.10000", "2501.10001", "hep-th/9901001", title_key("Lantern")]
    cited = {citation_key(make_page(key=key)) for key in keys}
    assert len(cited) == 4
    assert "birch2025lantern-hep-th-9901001" in cited


@given(hostile_pages())
def test_a_citation_key_has_only_what_bibtex_and_pandoc_allow(page: object) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.\-]{0,150}", citation_key(page))  # type: ignore[arg-type]


@given(AUTHORS)
def test_a_name_taken_apart_holds_all_its_words(authors: list[str]) -> None:
    for author in authors:
        parts = split_name(author)
        assert " ".join([*parts.first, *parts.von, *parts.last]) == author


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "//x.org", "file:///etc/passwd", "https://"])
def test_only_web_addresses_are_linked(url: str | None) -> None:
    assert address(url) is None


def test_nothing_in_an_address_can_end_a_field() -> None:
    assert address("https://x.org/a{b}\\c%20d|`e") == "https://x.org/a%7Bb%7D%5Cc%20d%7C%60e"


def test_notes_start_with_what_they_quote_and_stand_in_the_order_of_writing() -> None:
    notes = [make_note("second\r\nline", number=2, exact="a\nb"), make_note("", number=3), make_note("first")]
    gone = make_note("gone", number=4)
    gone.deleted = MOMENT
    assert write_notes(make_page(notes=[*notes, gone])) == ["first", "> a\n> b\n\nsecond\nline"]
