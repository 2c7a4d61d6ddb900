import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.vault.fields import Exported, Value, digest_values, read_values, write_tag
from server.vault.head import dialect_of, find_head, mark_gone, unmark_gone
from server.vault.logseq_properties import clean_values, merge_values, parse_values, write_values
from server.vault.note_styles import STYLES
from server.vault.paper_file import merge, read_key, render
from server.vault.template import default_layout
from tests.server.exports.pages import HOSTILE, NAMES, hostile_pages, make_entry, make_page

OURS = clean_values(read_values(make_page(), "logseq"))
EMPTY: tuple[Value, ...] = (None, [])


def digests(values: dict[str, Value]) -> Exported:
    return digest_values(values, write_values(values))


def full(values: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value not in EMPTY}


@given(hostile_pages())
def test_whatever_a_paper_is_called_its_properties_read_back_the_same(page: PaperPage) -> None:
    values = clean_values(read_values(page, "logseq"))
    written = write_values(values)
    assert parse_values(written) == full(values)
    assert len(written.splitlines()) == len(full(values))


@given(HOSTILE, NAMES, HOSTILE, NAMES)
def test_what_the_person_left_alone_becomes_ours(
    title: str, tags: list[str], new: str, more: list[str]
) -> None:
    first = clean_values(OURS | {"title": title, "tags": tags})
    second = clean_values(OURS | {"title": new, "tags": more})
    merged = merge_values(write_values(first) + "mine:: 1\n", second, digests(first))
    assert parse_values(merged) == full(second) | {"mine": "1"}


@pytest.mark.parametrize(
    ("text", "changed", "expected"),
    [
        ("status:: read\n", {"status": "skipped"}, "status:: read\n"),  # the person's wins
        ("rating:: 4\n", {"rating": "5"}, "rating:: 5\n"),
        ("rating:: 4\nmine::   x\n", {"rating": None}, "mine::   x\n"),
        ("  odd line\nrating::4\n", {"rating": "5"}, "  odd line\nrating:: 5\n"),
        ("tags:: #rl/grpo, [[to read]]\n", {"tags": ["new"]}, "tags:: [[new]]\n"),
        (
            "tags:: rl/grpo, #mine\n",
            {"tags": ["rl/grpo", "to read", "new"]},
            "tags:: [[rl/grpo]], [[mine]], [[new]]\n",
        ),
        ("rating:: 4\r\nx:: 1\r\n", {"rating": "1"}, "rating:: 1\r\nx:: 1\r\n"),
    ],
)
def test_a_value_is_merged_three_ways(text: str, changed: dict[str, Value], expected: str) -> None:
    assert merge_values(text, OURS | changed, digests(OURS)) == expected


def test_what_was_empty_gets_a_line_and_what_was_deleted_stays_deleted() -> None:
    assert merge_values("title:: x\n", OURS | {"tasks": ["QA"], "rating": "5"}, digests(OURS)) == (
        "title:: x\ntasks:: [[QA]]\n"
    )


def test_a_line_that_the_person_filled_in_does_not_get_a_second_one() -> None:
    text = "title:: x\ntasks:: [[QA]]\n"
    merged = merge_values(text, OURS | {"tasks": ["retrieval"]}, digests(OURS | {"tasks": []}))
    assert merged == "title:: x\ntasks:: [[QA]], [[retrieval]]\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("paper-key:: 2501.10000\n", "2501.10000"),
        ("\ufefftitle:: x\r\npaper-key::hep-th/9901001\r\n\r\n- text\n", "hep-th/9901001"),
        ("title:: x\n\npaper-key:: 2501.10000\n", None),
        ("- paper-key:: 2501.10000\n", None),
    ],
)
def test_a_file_of_logseq_is_known_by_the_key_in_its_properties(text: str, key: str | None) -> None:
    assert read_key(text) == key


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("to read", "to-read"),
        ("2026", "2026_"),
        ("rl/grpo", "rl/grpo"),
        ("C++", "C--"),
        ("été", "été"),
        ("#x", "＃x"),
    ],
)
def test_a_tag_of_obsidian_has_no_spaces_and_is_no_number(tag: str, written: str) -> None:
    assert write_tag(tag, "obsidian") == written
    assert write_tag(tag, "plain") == tag


@given(hostile_pages(), st.sampled_from([*STYLES]))
def test_a_mark_of_a_paper_that_left_is_taken_back_to_the_byte(
    page: PaperPage, style: StyleName
) -> None:
    text = render(page, default_layout(style))
    marked = mark_gone(text)
    assert marked != text and mark_gone(marked) == marked
    head = find_head(marked)
    assert head and head.dialect is dialect_of(style)
    assert "true" in head.dialect.parse(head.values).values()
    assert unmark_gone(marked) == text


@pytest.mark.parametrize("style", STYLES)
def test_a_file_keeps_its_kind_of_head_when_the_style_changes(style: StyleName) -> None:
    for other in STYLES:
        text = render(make_page(), default_layout(style))
        merged = merge(text, make_page(entry=make_entry(status="read")), default_layout(other))
        assert merged.outcome == "updated"
        before, after = find_head(text), find_head(merged.text)
        assert before and after and before.dialect is after.dialect
        assert after.dialect.parse(after.values)["status"] == "read"
