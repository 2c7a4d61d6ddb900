"""What papers do with methods and datasets: stored, searched, counted and shown on cards."""

from uuid import UUID

import pytest

from nlp.spans import Extraction, Mention, Role
from server.database.connection import fetch
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.cards import cards
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.reading_list.corrections import put_correction
from server.schema.terms import CorrectedLabel, CorrectionEdit, RoleCount, TermEdit, Verdict
from server.terms.index import read_term
from server.terms.overrides import put_term
from tests.server.material import FERN, MOSS, NOW, edit, keys, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

TEXTS = {
    MOSS: "We introduce MossNet and Bog-10, and compare with LoRA.",
    FERN: "With LoRA and bog10 we go beyond MossNet.",
}
ROLES: dict[str, dict[str, Role]] = {
    MOSS: {"MossNet": "introduced", "Bog-10": "introduced", "LoRA": "compared"},
    FERN: {"LoRA": "used", "bog10": "used", "MossNet": "compared"},
}


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    await take_in(
        source(MOSS, "Moss", abstract=TEXTS[MOSS]), source(FERN, "Fern", abstract=TEXTS[FERN])
    )
    await read(roles=ROLES, version="1")


async def read(*, roles: dict[str, dict[str, Role]], version: str) -> None:
    """Store extractions of both papers in which each name has the given role, or none."""
    readings = []
    for paper in await unread(version, limit=9):
        mentions = [
            Mention(
                paper.text.index(name),
                paper.text.index(name) + len(name),
                "DATASET" if name.endswith("10") else "METHOD",
                name,
                role=roles.get(paper.key, {}).get(name),
            )
            for name in ROLES[paper.key]
        ]
        readings.append(PaperExtraction(paper, Extraction(mentions, [])))
    await store_readings(readings, version, NOW)


async def found(query: str) -> set[str]:
    return {*keys((await list_papers(1, query, everything=True)).papers)}


async def correct(
    key: str, verdict: Verdict, surface: str, label: CorrectedLabel, **fields: str
) -> None:
    data = CorrectionEdit(verdict=verdict, surface=surface, label=label, **fields)  # type: ignore[arg-type]
    await put_correction(edit(0), key, UUID(int=1), data)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("introduces:MossNet", {MOSS}),
        ("introduces:mossnet", {MOSS}),
        ("introduces:moss*", {MOSS}),
        ('introduces:"Bog 10"', {MOSS}),
        ("compares:MossNet", {FERN}),
        ("uses:LoRA", {FERN}),
        ("uses:bog-10", {FERN}),
        ("background:LoRA", set()),
        ("method:LoRA -uses:LoRA", {MOSS}),
        ("introduces:LoRA or uses:LoRA", {FERN}),
        ("introduces:nothing", set()),
    ],
)
async def test_papers_are_found_by_what_they_do_with_a_method_or_dataset(
    query: str, wanted: set[str]
) -> None:
    assert await found(query) == wanted


async def test_a_term_counts_the_papers_of_each_role() -> None:
    assert (await read_term("method", "LoRA", 1)).roles == [
        RoleCount("compared", 1),
        RoleCount("used", 1),
    ]
    assert (await read_term("dataset", "Bog-10", 1)).roles == [
        RoleCount("introduced", 1),
        RoleCount("used", 1),
    ]


async def test_cards_and_paper_pages_have_the_role_and_the_introduced_terms_first() -> None:
    page = await read_paper(MOSS, 1)
    assert [(chip.name, chip.role) for chip in page.terms] == [
        ("MossNet", "introduced"),
        ("bog10", "introduced"),  # as the paper that was read first calls it
        ("LoRA", "compared"),
    ]
    [row] = await fetch("SELECT id FROM paper WHERE key = $1", MOSS)
    assert (await cards([row["id"]], 1))[row["id"]].terms == page.terms


async def test_a_term_that_was_put_into_another_has_its_role_there() -> None:
    await put_term(edit(0), "method", "MossNet", TermEdit(into="LoRA"))
    assert await found("introduces:LoRA") == {MOSS}
    [chip] = [chip for chip in (await read_paper(MOSS, 1)).terms if chip.label == "METHOD"]
    assert (chip.name, chip.role) == ("LoRA", "introduced")


async def test_a_relabelled_term_keeps_its_role_and_a_wrong_one_has_none() -> None:
    await correct(MOSS, "relabelled", "MossNet", "METHOD", to_label="DATASET")
    assert await found("introduces:MossNet dataset:MossNet") == {MOSS}
    assert (await read_paper(MOSS, 1)).terms[0].role == "introduced"


async def test_a_wrong_mention_introduces_nothing() -> None:
    await correct(MOSS, "wrong", "MossNet", "METHOD")
    assert await found("introduces:MossNet") == set()


async def test_papers_read_by_an_older_model_get_their_roles_when_they_are_read_again() -> None:
    await read(roles={}, version="0")
    assert await found("introduces:MossNet") == set()
    assert (await read_term("method", "LoRA", 1)).roles == []
    await read(roles=ROLES, version="1")
    assert await found("introduces:MossNet") == {MOSS}
