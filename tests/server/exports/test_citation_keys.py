import re
from datetime import date

import pytest
from hypothesis import given

from server.errors import Invalid
from server.exports.citation_keys import citation_key, numbered, parse_pattern
from server.identifiers import title_key
from server.schema.citations import Citation
from tests.server.exports.pages import hostile_pages, make_page


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


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("auth.lower + year + shorttitle(1)", "birch2025lantern"),
        ("auth + '_' + shortyear", "Birch_25"),
        ("auth(3).upper+year", "BIR2025"),
        ("auth(0,2).capitalize + ':' + year", "Odell:2025".replace("d", "D")),
        ("authors + year", "BirchODell2025"),
        ("authors(1).lower + shorttitle(3, 2)", "birchLanternSmallmodel"),
        ('veryShortTitle.capitalize + "." + title.substring(1, 7)', "Lantern.Lantern"),
        ("title", "LanternSmallModelReadsNight"),
        ("key", "2501.10000"),
        ("'x' + auth.substring(2)", "xirch"),
    ],
)
def test_a_pattern_puts_a_key_together(pattern: str, key: str) -> None:
    assert parse_pattern(pattern).make(make_page()) == key


def test_what_a_paper_lacks_is_left_out_of_its_key() -> None:
    bare = make_page(authors=[], title="", published=None)
    assert parse_pattern("auth + '-' + year + title").make(bare) == ""


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("", "cannot be read"),
        ("auth year", "a + is missing in the pattern before “year”"),
        ("auth + ", "cannot be read"),
        ("author", "there is no function “author” in citation keys; there are auth, authors"),
        ("auth.bold", "there is no filter “bold”"),
        ("year(1)", "“year” takes at most 0 numbers"),
        ("'a b'", "“a b” cannot stand in a citation key"),
        ("auth + '{'", "“{” cannot stand in a citation key"),
        ("x" * 501, "at most 500 characters"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_where(pattern: str, told: str) -> None:
    with pytest.raises(Invalid, match=re.escape(told)):
        parse_pattern(pattern)


@given(hostile_pages())
def test_every_key_of_a_pattern_is_one_that_latex_can_use(page: object) -> None:
    key = parse_pattern("authors + year + title + shorttitle(9, 9)").make(page)  # type: ignore[arg-type]
    assert re.fullmatch(r"[A-Za-z0-9]{0,150}", key)


def test_a_key_of_the_users_bibliography_is_kept_unless_latex_cannot_use_it() -> None:
    assert citation_key(make_page(citation=Citation(key="moss:24"))) == "moss:24"
    made = citation_key(make_page())
    assert citation_key(make_page(citation=Citation(key="moss 24"))) == made


def test_a_key_that_is_taken_gets_a_letter_and_then_a_number() -> None:
    keys = numbered("moss24")
    found = [next(keys) for _ in range(28)]
    assert (found[:3], found[-2:]) == (["moss24", "moss24a", "moss24b"], ["moss24z", "moss24-27"])
