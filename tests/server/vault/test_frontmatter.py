from datetime import date
from typing import Any

import frontmatter
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from server.errors import Invalid
from server.exports.foreign_code import restore
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.papers import PaperPage
from server.vault.fields import (
    Exported,
    Value,
    digest_values,
    neutralize_values,
    read_values,
    write_tag,
)
from server.vault.frontmatter import merge_values, write_values
from server.vault.paper_file import render
from server.vault.template import default_layout
from tests.server.exports.pages import HOSTILE, MOMENT, NAMES, hostile_pages, make_entry, make_page

PLAIN = default_layout("plain")
OURS = read_values(make_page(), "plain")


def digests(values: dict[str, Value]) -> Exported:
    return digest_values(values, write_values(values))


def merge(text: str, changed: dict[str, Value]) -> str:
    return merge_values(text, OURS | changed, digests(OURS))


def load(text: str) -> dict[str, Any]:
    yaml = YAML(pure=True)
    yaml.composer.warn_double_anchors = False
    values: dict[str, Any] = yaml.load(text)
    return values


def test_the_front_matter_of_a_paper_has_all_keys_in_order() -> None:
    facts = HuggingFaceFacts(summary="It reads: well.", keywords=["night"], observed=MOMENT)
    page = make_page(hugging_face=facts)
    assert list(frontmatter.loads(render(page, PLAIN)).metadata.items()) == [
        ("paper_key", "2501.10000"),
        ("title", "Lantern: a small model: reads at night"),
        ("citekey", "birch2025lantern-2501.10000"),
        ("authors", ["Ada Birch", "Niels O'Dell"]),
        ("url", "https://huggingface.co/papers/2501.10000"),
        ("published", date(2025, 1, 17)),
        ("status", "reading"),
        ("rating", 4),
        ("tags", ["rl/grpo", "to read"]),
        ("introduces", ["Lantern"]),
        ("methods", ["Lantern"]),
        ("datasets", ["MoonQA"]),
        ("metrics", ["accuracy"]),
        ("tasks", []),
        ("summary", "It reads: well."),
        ("keywords", ["night"]),
        ("added", MOMENT),
        ("updated", MOMENT.replace(minute=12)),
    ]


def test_a_key_that_looks_like_a_number_stays_text() -> None:
    assert 'paper_key: "2501.10"' in render(make_page(key="2501.10"), PLAIN)


def test_a_paper_outside_the_list_has_status_none_and_empty_values() -> None:
    values = load(
        write_values(
            read_values(make_page(entry=None, notes=[], published=None, url=None), "plain")
        )
    )
    assert (values["status"], values["rating"], values["tags"], values["added"]) == (
        "none",
        None,
        [],
        None,
    )
    assert values["published"] is values["url"] is values["updated"] is None


def test_an_entry_in_the_trash_has_status_none() -> None:
    assert read_values(make_page(entry=make_entry(deleted=MOMENT)), "plain")["status"] == "none"


@given(hostile_pages())
def test_every_front_matter_reads_back_the_same_in_yaml_1_1_and_1_2(page: PaperPage) -> None:
    for values in (
        frontmatter.loads(render(page, PLAIN)).metadata,
        load(write_values(neutralize_values(read_values(page, "plain")))),
    ):
        assert restore(values["title"]) == page.title
        assert [*map(restore, values["authors"])] == page.authors
        assert [*map(restore, values["methods"])] == [
            term.name for term in sorted(page.terms, key=lambda term: term.name)
        ]
        tags = [write_tag(tag, "plain") for tag in (page.entry.tags if page.entry else [])]
        assert [*map(restore, values["tags"])] == list(dict.fromkeys(tags))
        assert values["rating"] == (page.entry.rating if page.entry else None)


@given(HOSTILE, NAMES, HOSTILE, NAMES)
def test_unedited_values_are_updated(
    title: str, tags: list[str], new: str, more: list[str]
) -> None:
    first = OURS | {"title": title, "tags": tags}
    second = OURS | {"title": new, "tags": more}
    for own in ("", "mine: 1\n"):
        assert (
            merge_values(write_values(first) + own, second, digests(first))
            == write_values(second) + own
        )


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
)
def test_lists_merge_as_sets(theirs: list[str], ours: list[str]) -> None:
    base: dict[str, Value] = {"tags": ["a", "b", "c"]}
    merged = load(merge_values(write_values({"tags": theirs}), {"tags": ours}, digests(base)))[
        "tags"
    ]
    kept = {tag for tag in "abc" if tag in theirs and tag in ours}
    assert len(merged) == len(set(merged))
    assert set(merged) == kept | ({*theirs, *ours} - {*"abc"})


def test_the_persons_keys_order_spacing_and_comments_are_kept() -> None:
    text = (
        "# mine\nmood:   {a: 1,b: [2]}  # odd\nrating:  4   # my own\n\n"
        "status: reading\naliases: [ x,y ]\n"
        'tags:  # chosen\n    - "rl/grpo" # the best\n    # soon\n    - "to read"\n'
        "# end\nwhen: |\n  now\n\n"
    )
    assert merge(text, {"rating": "5", "tags": ["to read", "rl/grpo", "new"]}) == (
        "# mine\nmood:   {a: 1,b: [2]}  # odd\nrating: 5   # my own\n\n"
        "status: reading\naliases: [ x,y ]\n"
        'tags:  # chosen\n    - "to read"\n    - "rl/grpo" # the best\n    # soon\n    - "new"\n'
        "# end\nwhen: |\n  now\n\n"
    )


@pytest.mark.parametrize(
    ("text", "changed", "expected"),
    [
        ("status: read\n", {"status": "skipped"}, "status: read\n"),  # the person's wins
        ("rating:\n", {"rating": "5"}, "rating:\n"),
        ('rating: "4"\n', {"rating": None}, "rating:\n"),  # quoted by a tool, not changed
        ("rating: 4 # good\n", {"rating": None}, "rating: # good\n"),
        ("tags: [rl/grpo, to read]  # x\n", {"tags": ["a"]}, 'tags:\n  - "a"  # x\n'),
        ("tags:\n- rl/grpo\n- to read\n", {"tags": []}, "tags: []\n"),
        ("tags:\n- mine\n- to read\n", {"tags": ["new"]}, 'tags:\n- mine\n- "new"\n'),
        ("tags:\n- rl/grpo\n- |-\n  to read\nmine: 1\n", {"tags": ["a"]},
         'tags:\n- "a"\nmine: 1\n'),
        ("tags: mine\n", {"tags": ["new"]}, "tags: mine\n"),
        ("title: >-\n  Lantern: a small model:\n  reads at night\nx: 1\n", {"title": "N"},
         'title: "N"\nx: 1\n'),
        ("rating:\nx: 1\n", {}, "rating:\nx: 1\n"),
        ("x: &a 1\ny: &a 2\nrating: 4\n", {"rating": "5"}, "x: &a 1\ny: &a 2\nrating: 5\n"),
        ("", {"rating": "1"}, ""),
        ("rating: 4\r\ntags:\r\n  - rl/grpo\r\n  - to read\r\n",
         {"tags": ["a", "b"], "rating": "1"},
         'rating: 1\r\ntags:\r\n  - "a"\r\n  - "b"\r\n'),
    ],
)  # fmt: skip
def test_a_value_is_merged_three_ways(text: str, changed: dict[str, Value], expected: str) -> None:
    assert merge(text, changed) == expected


def test_a_key_unknown_to_the_last_export_is_added_at_the_end() -> None:
    older = digests({key: value for key, value in OURS.items() if key != "tasks"})
    assert (
        merge_values("mine: 1\n", OURS | {"tasks": ["QA"]}, older) == 'mine: 1\ntasks:\n  - "QA"\n'
    )


def test_the_persons_values_win_without_a_record_of_the_last_export() -> None:
    ours: dict[str, Value] = {"status": "read", "tags": ["b"]}
    assert (
        merge_values("status: reading\ntags:\n  - a\n", ours, {})
        == 'status: reading\ntags:\n  - a\n  - "b"\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "rating: [\n",
        "{rating: 4}\n",
        "- rating\n",
        "just words\n",
        "t: &t 4\nrating: *t\n",
        "rating: &r 4\nmine: *r\n",
        "rating: \x00\n",
        "[a]: 1\n",
        "? rating\n",
        "mine: 1\nmine: 2\n",
        'mine: "\\U99999999"\n',
    ],
)
def test_front_matter_that_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="its front matter"):
        merge(text, {"rating": "5"})


LINES = st.sampled_from(
    [
        "rating: 4",
        "rating:",
        "rating: &a",
        "tags:",
        "tags: [a,",
        "  - rl/grpo",
        "- to read # x",
        "  - {a: b}",
        "# c",
        "",
        "mine: *a",
        "mine: |",
        "  text",
        "? x",
        ": y",
        "]",
        "status: &s >-",
        "\t",
        "title: 'it''s",
        "...",
        "%YAML 1.1",
    ]
)


@given(st.lists(LINES | st.text(max_size=12).filter(lambda text: "\n" not in text), max_size=12))
def test_any_front_matter_is_merged_without_loss_or_refused(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    try:
        merged = merge(text, {"rating": "5", "tags": ["new"]})
    except Invalid:
        return
    before, after = load(text) or {}, load(merged) or {}
    assert [item for item in before.items() if item[0] not in OURS] == [
        item for item in after.items() if item[0] not in OURS
    ]
