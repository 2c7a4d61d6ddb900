import pytest
from hypothesis import given

from server.exports.reference import address, split_name, write_notes
from tests.server.exports.pages import MOMENT, make_note, make_page
from tests.server.exports.writing import AUTHORS


@given(AUTHORS)
def test_a_name_taken_apart_holds_all_its_words(authors: list[str]) -> None:
    for author in authors:
        parts = split_name(author)
        assert " ".join([*parts.first, *parts.von, *parts.last]) == author


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "//x.org", "file:///etc/passwd", "https://"]
)
def test_only_web_addresses_are_linked(url: str | None) -> None:
    assert address(url) is None


def test_nothing_in_an_address_can_end_a_field() -> None:
    assert address("https://x.org/a{b}\\c%20d|`e") == "https://x.org/a%7Bb%7D%5Cc%20d%7C%60e"


def test_notes_start_with_what_they_quote_and_stand_in_the_order_of_writing() -> None:
    notes = [
        make_note("second\r\nline", number=2, exact="a\nb"),
        make_note("", number=3),
        make_note("first"),
    ]
    gone = make_note("gone", number=4)
    gone.deleted = MOMENT
    assert write_notes(make_page(notes=[*notes, gone])) == ["first", "> a\n> b\n\nsecond\nline"]
