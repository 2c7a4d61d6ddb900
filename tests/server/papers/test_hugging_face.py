"""What Hugging Face tells of a paper is kept, whatever comes in afterwards and in which order."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from server.database.models.changes import Change
from server.identifiers import title_key
from server.papers.hugging_face import (
    clean_facts,
    combine,
    fold_keywords,
    has_thumbnail,
    is_repository,
)
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories, Repositories
from tests.server.material import FERN, MOSS, NOW, keys, source, take_in

LATER = NOW + timedelta(days=1)
SUMMARY = "Moss is pruned."


def facts(**fields: Any) -> HuggingFaceFacts:
    return HuggingFaceFacts(**({"observed": NOW} | fields))


def linked(models: int, days: int) -> LinkedRepositories:
    return LinkedRepositories(
        models=Repositories(total=models), observed=NOW + timedelta(days=days)
    )


RECORDS = [
    facts(),
    facts(summary=SUMMARY, stars=3),
    facts(summary="Pruned moss.", keywords=["moss"], observed=LATER),
    facts(summary="Moss.", keywords=["bog"], stars=2, links=linked(4, 1)),
    facts(keywords=["fern"], observed=LATER + timedelta(days=1), links=linked(3, 2)),
    facts(stars=7, observed=LATER + timedelta(days=3)),
]


def test_records_in_any_order_give_the_fullest_and_newest_text_and_the_most_stars() -> None:
    found = []
    for records in permutations(RECORDS):
        whole, *others = records
        for record in others:
            whole = combine(whole, record)
        found.append(whole)
    assert found[0] == facts(
        summary="Pruned moss.",
        keywords=["moss"],
        stars=7,
        links=linked(3, 2),
        observed=LATER,
    )
    assert all(each == found[0] for each in found)


def test_facts_of_a_file_are_cleaned_as_those_of_the_site() -> None:
    links = LinkedRepositories(models=Repositories(total=2, first=["a/moss", "../b"]), observed=NOW)
    told = facts(summary=f"{SUMMARY}\x00\n", keywords=["moss", "Moss"], links=links)
    assert clean_facts(told) == facts(
        summary=SUMMARY,
        keywords=["moss"],
        links=replace(links, models=Repositories(total=2, first=["a/moss"])),
    )
    assert clean_facts(facts(summary="\x00")) is None


def test_keywords_are_in_one_line_each_and_no_two_are_the_same() -> None:
    assert fold_keywords(["LoRA", "lora ", " world\nmodel", "", "x" * 101]) == [
        "LoRA",
        "world model",
    ]
    assert len(fold_keywords(str(n) for n in range(99))) == 50


@pytest.mark.parametrize("name", ["bog/moss-7b", "moss", "bog_1/moss.v2"])
def test_a_repository_s_id_has_at_most_an_owner_and_a_name(name: str) -> None:
    assert is_repository(name)


@pytest.mark.parametrize("name", ["", "..", "../login", "a/b/c", "a b", "a/", "a?b", "é/b"])
def test_other_texts_are_no_repository_s_id(name: str) -> None:
    assert not is_repository(name)


@pytest.mark.parametrize(
    ("key", "richness", "told", "expected"),
    [
        (MOSS, "huggingface", None, True),
        (MOSS, "overlay", facts(summary=SUMMARY), True),
        (MOSS, "arxiv", None, False),
        ("hep-th/9901001", "huggingface", None, False),
        ("t-0123", "huggingface", None, False),
    ],
)
def test_papers_that_hugging_face_knows_may_have_a_picture(
    key: str, richness: str, told: HuggingFaceFacts | None, expected: bool
) -> None:
    assert has_thumbnail(key, richness, told) is expected


@pytest.mark.anyio
@pytest.mark.usefixtures("store")
class TestStore:
    async def test_a_poorer_record_leaves_the_summary_as_it_is(self) -> None:
        await take_in(source(MOSS, hugging_face=facts(summary=SUMMARY, keywords=["moss"])))
        await take_in(source(MOSS, observed=LATER, hugging_face=facts(stars=4, observed=LATER)))
        await take_in(source(MOSS, observed=LATER, richness="arxiv"))
        kept = (await read_paper(MOSS, 1)).hugging_face
        assert kept == facts(summary=SUMMARY, keywords=["moss"], stars=4)

    async def test_a_summary_comes_in_beside_a_source_that_knows_the_paper_better(self) -> None:
        await take_in(source(MOSS, "Moss", observed=LATER))
        seen = facts(summary=SUMMARY)
        await take_in(source(MOSS, "Mo…", richness="overlay", hugging_face=seen))
        page = await read_paper(MOSS, 1)
        assert (page.title, page.hugging_face) == ("Moss", seen)

    async def test_the_same_facts_seen_again_are_no_change(self) -> None:
        await take_in(source(MOSS, hugging_face=facts(summary=SUMMARY)))
        told = await Change.all().count()
        again = facts(summary=SUMMARY, observed=LATER)
        report = await take_in(source(MOSS, observed=LATER, hugging_face=again))
        assert (report.updated, await Change.all().count()) == (0, told)
        late = facts(summary="Stale.", observed=NOW + timedelta(hours=1))
        await take_in(source(MOSS, observed=NOW, hugging_face=late))
        assert (await read_paper(MOSS, 1)).hugging_face == again, "it was seen later"

    async def test_a_title_alone_gets_no_facts(self) -> None:
        await take_in(source(None, "Moss", hugging_face=facts(summary=SUMMARY)))
        assert (await read_paper(title_key("Moss"), 1)).hugging_face is None

    async def test_a_captured_paper_that_is_merged_into_another_keeps_what_is_told(self) -> None:
        known = facts(summary=SUMMARY, keywords=["moss"], stars=1)
        await take_in(source(MOSS, "Peat", hugging_face=known))
        await take_in(source(None, "Moss", richness="capture"))
        later = replace(known, stars=2)
        await take_in(source(MOSS, "Moss", observed=LATER, hugging_face=later))
        assert (await read_paper(title_key("Moss"), 1)).hugging_face == later

    async def test_keywords_are_searched_and_lists_show_what_is_told(self) -> None:
        told = facts(summary=SUMMARY, keywords=["Gradient Gardening", "C++"], stars=0)
        await take_in(source(MOSS, hugging_face=told, comments=3), source(FERN))
        for query in ("gardening", 'keyword:"gradient garden"', "keyword:c++", "has:summary"):
            found = await list_papers(1, query, everything=True)
            assert keys(found.papers) == [MOSS], query
        paper = found.papers[0]
        assert (paper.hugging_face, paper.comments, paper.has_thumbnail) == (told, 3, True)

    async def test_a_keyword_is_not_found_across_two_of_them(self) -> None:
        await take_in(source(MOSS, hugging_face=facts(keywords=["wet moss", "dry peat"])))
        assert not (await list_papers(1, 'keyword:"moss dry"', everything=True)).papers
