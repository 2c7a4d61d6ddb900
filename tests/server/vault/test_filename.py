import unicodedata
from itertools import islice
from pathlib import PureWindowsPath

import pytest
from hypothesis import given

from server.schema.papers import PaperPage
from server.vault.filename import MAX_NAME_BYTES, fold_name, link_name, propose_names, take_name
from tests.server.exports.pages import HOSTILE, hostile_pages, make_page

DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³"
}


def first_name(title: str, key: str = "2501.10000") -> str:
    return next(propose_names(make_page(title=title, key=key)))


@given(hostile_pages())
def test_every_name_is_safe_on_every_platform(page: PaperPage) -> None:
    for name in islice(propose_names(page), 3):
        assert len(name.encode()) <= MAX_NAME_BYTES
        assert name.endswith(".md")
        assert name[0] not in ". -~"
        assert name[-4] not in ". "
        assert name.split(".")[0].rstrip().upper() not in DEVICES
        assert PureWindowsPath(name).name == name


@given(hostile_pages())
def test_every_name_has_only_characters_that_every_platform_allows(page: PaperPage) -> None:
    for name in islice(propose_names(page), 3):
        assert name == unicodedata.normalize("NFC", name)
        assert not set(name) & set('#^[]|$\\/:*?"<>')
        assert not any(unicodedata.category(character)[0] == "C" for character in name)


@given(hostile_pages())
def test_names_of_one_paper_differ_in_more_than_case(page: PaperPage) -> None:
    assert len({fold_name(name) for name in islice(propose_names(page), 5)}) == 5


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Lantern: a small model", "Lantern a small model.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ("nul", "nul_.md"),
        ("Aux. losses", "Aux_. losses.md"),
        ("COM¹", "COM¹_.md"),
        ("  \u202e ", "Untitled.md"),
        ("", "2501.10000.md"),
        ("$\\tau$-bench?", "tau -bench.md"),
        ("क्‍ष", "क्ष.md"),
        ("Cafe\u0301", "Café.md"),
        ("ab\u00e9" * 100, "ab\u00e9" * 29 + ".md"),
    ],
)
def test_a_name_is_made_from_the_title(title: str, name: str) -> None:
    assert first_name(title) == name


def test_later_proposals_add_the_key_and_then_a_number() -> None:
    names = propose_names(make_page(title="Lantern", key="hep-th/9901001"))
    assert list(islice(names, 3)) == [
        "Lantern.md",
        "Lantern (hep-th-9901001).md",
        "Lantern (hep-th-9901001) 2.md",
    ]


def test_papers_of_one_title_get_names_that_differ() -> None:
    taken = set[str]()
    pages = [
        make_page(title=title, key=f"2501.1000{n}") for n, title in enumerate(["Moss", "MOSS"])
    ]
    assert [take_name(page, taken) for page in pages] == ["Moss.md", "MOSS (2501.10001).md"]


def test_names_that_some_systems_treat_as_equal_fold_to_the_same_name() -> None:
    assert fold_name("ÉTUDE.md") == fold_name("e\u0301tude.md")


@given(HOSTILE)
def test_a_link_to_a_term_or_tag_cannot_point_elsewhere(name: str) -> None:
    parts = link_name(name).split("/")
    assert all(
        part and part[0] not in ". -~" and len(part.encode()) <= MAX_NAME_BYTES for part in parts
    )
    assert not set("".join(parts)) & set('#^[]|$\\:*?"<>`{}%=~\n')


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("rl/grpo", "rl/grpo"),
        ("../../etc/passwd", "．．/．．/etc/passwd"),
        ("C#", "C＃"),
        ("[[x]]|y", "［［x］］｜y"),
        ("{{7*7}}", "｛｛7 7｝｝"),
        ("##", "＃＃"),
        ("<% x %>", "＜％ x ％＞"),
        ("::", "Untitled"),
    ],
)
def test_a_link_shows_what_a_name_holds(name: str, link: str) -> None:
    assert link_name(name) == link
