"""Identifiers of papers and terms, tried on arbitrary texts."""

import unicodedata
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.identifiers import (
    fold_term,
    normalize_title,
    paper_url,
    parse_arxiv_id,
    parse_arxiv_version,
    parse_key,
    title_key,
)

NEW_IDS = st.builds(
    lambda day, number: f"{day:%y%m}.{number:05}",
    st.dates(date(2015, 1, 1), date(2099, 12, 1)),
    st.integers(1, 99_999),
)
OLD_IDS = st.builds(
    lambda archive, day, number: f"{archive}/{day:%y%m}{number:03}",
    st.sampled_from(["hep-th", "math.AG", "cs", "cond-mat", "q-bio.NC"]),
    st.dates(date(1991, 8, 1), date(2007, 3, 1)),
    st.integers(1, 999),
)
IDS = NEW_IDS | OLD_IDS
WRAPPED = st.sampled_from(
    [
        "{}",
        "{}v3",
        " {} ",
        "arXiv:{}",
        "arxiv: {}v12",
        "10.48550/arXiv.{}",
        "https://doi.org/10.48550/arXiv.{}",
        "https://arxiv.org/abs/{}",
        "http://arxiv.org/pdf/{}v2.pdf",
        "arxiv.org/html/{}v1",
        "https://arxiv.org/abs/{}/",
        "https://www.arxiv.org/abs/{}?context=cs#top",
        "https://huggingface.co/papers/{}",
        "hf.co/papers/{}",
        "https://huggingface.co/papers/{}.md",
        "https://export.arxiv.org/e-print/{}",
        "https://www.alphaxiv.org/abs/{}",
    ]
)


@given(IDS, WRAPPED)
def test_an_id_is_parsed_in_every_form(arxiv_id: str, wrapped: str) -> None:
    assert parse_arxiv_id(wrapped.format(arxiv_id)) == arxiv_id


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("http://arxiv.org/abs/2401.01234v3", 3),
        ("https://arxiv.org/pdf/2401.01234v12.pdf", 12),
        ("hep-th/9901001v1", 1),
        ("2401.01234", None),
        ("2401.01234v0", None),
        ("a text v2", None),
    ],
)
def test_a_version_is_read_where_one_is_named(text: str, version: int | None) -> None:
    assert parse_arxiv_version(text) == version


@given(st.text())
def test_any_text_gives_an_id_or_none(text: str) -> None:
    found = parse_arxiv_id(text)
    assert found is None or parse_arxiv_id(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2401",
        "2413.00001",
        "2400.00001",
        "2401.123",
        "2401.123456",
        "2401.01234v0",
        "hep-th/9913001",
        "https://example.org/abs/2401.01234",
        "https://arxiv.org/list/cs.CL",
        "papers/2401.01234",
        "2401.01234 and more",
        "https://huggingface.co/papers/2401.01234/edit",
    ],
)
def test_texts_that_only_look_like_ids_are_rejected(text: str) -> None:
    assert parse_arxiv_id(text) is None


@given(st.text())
def test_normalizing_a_title_twice_changes_nothing(title: str) -> None:
    folded = normalize_title(title)
    assert normalize_title(folded) == folded


@given(st.text())
@example("\\")
def test_titles_that_differ_in_case_and_white_space_are_equal(title: str) -> None:
    assert normalize_title("  \n".join(["", *title.split(), ""])) == normalize_title(
        " ".join(title.split())
    )


@given(st.lists(st.text("abcXYZ019", min_size=1), min_size=1))
def test_titles_that_differ_in_punctuation_and_case_are_equal(words: list[str]) -> None:
    assert normalize_title("-- ".join(words).upper() + "!") == normalize_title(
        " ".join(words).lower()
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"$\mathcal{O}(n)$ Attention", "O(n) attention"),
        (r"\textbf{Deep} {Q}-Networks", "Deep Q Networks"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "full width"),
        ("The ﬁne Case", "the fine case"),
        ("Straße", "STRASSE"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("100\\% Recall", "100% recall"),
    ],
)
def test_copies_of_a_title_have_the_same_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("C", "C 2"), ("注意力", "注意"), ("???", "!!!"), ("Für", "Fur")]
)
def test_different_titles_have_different_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


@given(st.text())
def test_a_title_key_is_parsed_as_a_key(title: str) -> None:
    key = title_key(title)
    assert parse_key(f" {key} ") == key
    assert parse_arxiv_id(key) is None
    assert paper_url(key) is None


@given(st.text())
@example("\\A\u00c0")
def test_composed_and_decomposed_letters_give_the_same_key(title: str) -> None:
    assert title_key(unicodedata.normalize("NFD", title)) == title_key(
        unicodedata.normalize("NFC", title)
    )


@given(IDS)
def test_the_address_of_an_id_is_parsed_back(arxiv_id: str) -> None:
    assert parse_key(paper_url(arxiv_id) or "") == arxiv_id


@pytest.mark.parametrize("spelling", ["CIFAR10", "cifar-10", "CIFAR 10", "Cifar–10", "CIFAR_10"])
def test_spellings_of_a_term_fold_to_one(spelling: str) -> None:
    assert fold_term(spelling) == "cifar10"


@given(st.text())
@example("k-\u0327")
def test_folding_a_term_twice_changes_nothing(name: str) -> None:
    assert fold_term(fold_term(name)) == fold_term(name)
