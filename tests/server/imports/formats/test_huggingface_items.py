"""Items of Hugging Face's lists, of every age that was measured."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SourceError
from server.imports.decoding import decode_json
from server.imports.formats.huggingface_items import parse_item, parse_items
from server.schema.hugging_face import HuggingFaceFacts, Repositories
from server.schema.sources import SourceListing, SourcePaper
from tests.server.imports.conftest import OBSERVED

ITEM: dict[str, Any] = {
    "paper": {
        "id": "2608.16590",
        "authors": [
            {
                "_id": "a1",
                "name": "Ada  Lind",
                "hidden": False,
                "user": {"fullname": "ada"},
                "status": "claimed_verified",
            },
            {"_id": "a2", "name": "Never Shown", "hidden": True},
            {"_id": "a3", "name": "Jörg Müller"},
        ],
        "publishedAt": "2026-08-17T00:00:00.000Z",
        "submittedOnDailyAt": "2026-08-20T00:00:00.000Z",
        "title": "Kettles\n  that Sing",
        "summary": "We gain 5%\nover <silence>.",
        "upvotes": 92,
        "projectPage": "https://kettle.example.org/",
        "githubRepo": "https://github.com/kettle/sing",
        "ai_summary": "Kettles\n sing.",
        "ai_keywords": ["kettle", "Kettle", "steam  song"],
        "ai_summary_model": "example/Scribe",
        "githubStars": 152,
    },
    "publishedAt": "2026-08-16T20:00:00.000Z",
    "title": "Kettles that Sing",
    "summary": "We gain 5%\nover <silence>.",
    "numComments": 3,
    "organization": {"name": "kettle", "fullname": "Kettle Institute"},
    "upvoted": False,
}


def changed(paper: dict[str, Any] | None = None, **outer: Any) -> dict[str, Any]:
    return ITEM | outer | {"paper": ITEM["paper"] | (paper or {})}


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: member for key, member in value.items() if key not in keys}


def test_an_item_is_told_whole_with_hidden_authors_left_out_and_white_space_folded() -> None:
    assert parse_item(ITEM, observed=OBSERVED) == SourcePaper(
        richness="huggingface",
        observed=OBSERVED,
        title="Kettles that Sing",
        arxiv_id="2608.16590",
        abstract="We gain 5% over <silence>.",
        authors=["Ada Lind", "Jörg Müller"],
        author_count=2,
        published=date(2026, 8, 17),
        listed=date(2026, 8, 20),
        upvotes=92,
        comments=3,
        code_url="https://github.com/kettle/sing",
        project_url="https://kettle.example.org/",
        organization="Kettle Institute",
        hugging_face=HuggingFaceFacts(
            summary="Kettles sing.",
            keywords=["kettle", "steam song"],
            model="example/Scribe",
            stars=152,
            observed=OBSERVED,
        ),
    )


def facts_of(**paper: Any) -> HuggingFaceFacts | None:
    return parse_item(changed(paper), observed=OBSERVED).hugging_face


def test_repositories_that_refer_to_a_paper_are_counted_and_the_first_are_named() -> None:
    models = [{"id": f"kettle/model-{n}", "likes": n} for n in range(12)]
    facts = facts_of(
        linkedModels=[*models, {"id": "../login"}, {"likes": 3}, "kettle"],
        numTotalModels=40,
        linkedDatasets=[{"id": "steam"}],
        numTotalSpaces=0,
    )
    assert facts and facts.links
    assert (facts.links.models.total, facts.links.models.first[0]) == (40, "kettle/model-0")
    assert len(facts.links.models.first) == 10
    assert facts.links.datasets == Repositories(total=1, first=["steam"])
    assert facts.links.spaces == Repositories()


def test_a_paper_of_a_list_tells_nothing_of_repositories() -> None:
    facts = facts_of()
    assert facts and facts.links is None


def test_a_paper_to_which_nothing_is_added_has_no_facts() -> None:
    assert (
        facts_of(ai_summary=None, ai_keywords=None, ai_summary_model="", githubStars=None) is None
    )


@pytest.mark.parametrize("odd", [7, "many", ["x"], {"x": 1}, -1, True, 2**40])
def test_facts_of_another_shape_are_left_out_and_the_paper_is_read(odd: Any) -> None:
    names = ("githubStars", "linkedModels", "numTotalModels", "ai_summary_model")
    paper = parse_item(
        changed(dict.fromkeys(names, odd) | {"ai_keywords": {"a": odd}}), observed=OBSERVED
    )
    assert paper.title == "Kettles that Sing"
    assert paper.hugging_face and paper.hugging_face.summary == "Kettles sing."
    assert paper.hugging_face.keywords == []


def test_a_bare_paper_is_read_like_an_item() -> None:
    bare = parse_item(ITEM["paper"], observed=OBSERVED)
    assert (bare.arxiv_id, bare.title, bare.comments) == ("2608.16590", "Kettles that Sing", None)


def test_a_project_page_on_github_is_the_code_where_no_repository_is_named() -> None:
    page = "https://github.com/kettle/page"
    paper = parse_item(changed({"projectPage": page, "githubRepo": None}), observed=OBSERVED)
    assert (paper.code_url, paper.project_url) == (page, None)
    paper = parse_item(changed({"projectPage": page}), observed=OBSERVED)
    assert (paper.code_url, paper.project_url) == ("https://github.com/kettle/sing", page)


def test_an_address_that_is_no_web_address_is_dropped() -> None:
    paper = parse_item(
        changed({"projectPage": "javascript:alert(1)", "githubRepo": "kettle/sing"}),
        observed=OBSERVED,
    )
    assert (paper.code_url, paper.project_url) == (None, None)


@pytest.mark.parametrize(
    ("outer", "listed"),
    [
        ("2024-10-02T02:10:28.642Z", date(2024, 10, 2)),  # the submission's time in UTC
        ("2025-02-09T23:03:21.947Z", date(2025, 2, 10)),  # the same in New York's time
        ("2024-09-29T22:00:00.000Z", None),  # the paper's own date in New York's time
        ("2024-09-30T03:00:00.000Z", None),
    ],
)
def test_of_old_items_the_time_of_submission_tells_the_day(outer: str, listed: date | None) -> None:
    paper = changed({"publishedAt": "2024-09-30T03:00:00.000Z"}, publishedAt=outer)
    paper["paper"] = without(paper["paper"], "submittedOnDailyAt")
    assert parse_item(paper, observed=OBSERVED).listed == listed


@pytest.mark.parametrize(
    ("shown", "whole"), [("2406.105", "2406.00105"), ("1412.98", "1412.0098"), ("2406.00105", None)]
)
def test_zeros_that_search_drops_come_back(shown: str, whole: str | None) -> None:
    assert parse_item(changed({"id": shown}), observed=OBSERVED).arxiv_id == (whole or shown)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            "{'paper': {'id': '2412.07730'}}",
            "expected an object, found a Python repr (single quotes)",
        ),
        ("a paper", "expected an object, found text"),
        (7, "expected object, got int"),
        ({"paper": None}, "expected object, got null in paper"),
        (without(ITEM, "paper"), "Object missing required field id"),
        (changed({"id": "kettle"}), "“kettle” is not an arXiv id"),
        (changed({"title": ""}, title=" "), "2608.16590 has no title"),
        (changed({"upvotes": "many"}), "expected int | null, got str in paper.upvotes"),
        (changed({"upvotes": 2**40}), "in paper.upvotes"),
        (changed({"publishedAt": "yesterday"}), "in paper.publishedAt"),
        (
            changed({"submittedOnDailyAt": "9999-12-31T23:59:59-10:00"}),
            "an impossible date",
        ),
    ],
)
def test_what_is_no_item_is_refused_with_the_reason(value: Any, reason: str) -> None:
    with pytest.raises(SourceError) as refusal:
        parse_item(value, observed=OBSERVED)
    assert reason in str(refusal.value)


def test_a_list_is_the_listing_of_the_day_that_its_papers_agree_on() -> None:
    batch = parse_items([ITEM, changed({"id": "2608.00001"})], observed=OBSERVED)
    assert batch.listing == SourceListing(kind="daily", name="2026-08-20", day=date(2026, 8, 20))


def test_papers_of_many_days_are_no_listing() -> None:
    other = changed({"id": "2608.00001", "submittedOnDailyAt": "2026-08-19T00:00:00.000Z"})
    batch = parse_items([ITEM, other], observed=OBSERVED, day=date(2026, 8, 20))
    assert batch.listing is None
    assert [paper.listed for paper in batch.papers] == [date(2026, 8, 20), date(2026, 8, 19)]


def test_a_broken_item_is_skipped_and_named_and_a_paper_that_comes_twice_counts_once() -> None:
    batch = parse_items([ITEM, {"paper": {"id": 7}}, ITEM], observed=OBSERVED)
    assert len(batch.papers) == 1
    assert batch.skipped == ["paper 2: expected str, got int in paper.id"]


def read_real(shared: Path) -> Iterator[tuple[Path, list[Any]]]:
    for file in sorted((shared / "hf" / "api").glob("*.json")):
        value = decode_json(file.read_text())
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            yield file, value


def test_6181_papers_of_415_real_answers_are_read_in_order_and_on_their_day(shared: Path) -> None:
    batches = {
        file.stem: (items, parse_items(items, observed=OBSERVED))
        for file, items in read_real(shared)
    }
    assert len(batches) == 415
    assert sum(len(batch.papers) for _, batch in batches.values()) == 6181
    for day, (items, batch) in batches.items():
        assert batch.skipped == []
        assert [paper.arxiv_id for paper in batch.papers] == [item["paper"]["id"] for item in items]
        assert [paper.title for paper in batch.papers] == [
            " ".join(item["title"].split()) for item in items
        ]
        # for four days nothing in the answer tells which
        assert batch.listing is None or batch.listing.name == day
    assert sum(batch.listing is None for _, batch in batches.values()) == 4


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["paper", "id", "title", "authors", "publishedAt", "items", "type"]),
            inner,
        )
    ),
    max_leaves=12,
)
odd_items = st.builds(
    lambda outer, paper: changed(paper) | outer,
    st.dictionaries(st.sampled_from(sorted(ITEM)), json_values),
    st.dictionaries(
        st.sampled_from(sorted(ITEM["paper"])),
        json_values | st.datetimes().map(lambda d: d.isoformat() + "Z"),
    ),
)


@given(json_values | odd_items)
def test_no_json_value_breaks_the_parser(value: Any) -> None:
    try:
        assert parse_item(value, observed=OBSERVED).title
    except SourceError as refusal:
        assert "\n" not in str(refusal)
