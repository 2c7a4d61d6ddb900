"""Terms that a user renamed, merged or hid: where it shows, to whom, and how it is undone."""

from datetime import date
from uuid import UUID

import httpx
import pytest

from nlp.spans import Extraction, Label, Mention, Result
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.papers.suggest import suggest
from server.reading_list.corrections import put_correction
from server.reading_list.entries import put_entry
from server.schema.reading_list import EntryEdit
from server.schema.terms import CorrectionEdit, TermEdit
from server.terms.index import list_own_terms, list_terms, read_term
from server.terms.overrides import forget_term, put_term
from tests.server.material import FERN, MOSS, NOW, edit, keys, second_user, source, take_in

pytestmark = pytest.mark.anyio
PEAT = "2602.00003"


async def read_out(
    texts: dict[str, list[tuple[str, Label]]], results: dict[str, list[Result]] | None = None
) -> None:
    """Store extractions whose mentions are the given surfaces of each paper's abstract."""
    readings = []
    for paper in await unread("1", limit=100):
        mentions = [
            Mention(
                paper.text.index(surface), paper.text.index(surface) + len(surface), label, surface
            )
            for surface, label in texts[paper.key]
        ]
        readings.append(
            PaperExtraction(paper, Extraction(mentions, (results or {}).get(paper.key, [])))
        )
    await store_readings(readings, "1", NOW)


@pytest.fixture
async def three(store: object) -> None:
    """Three papers, one of them in the list, that mention the same method under two names."""
    await take_in(
        source(
            MOSS,
            "Moss",
            abstract="GRPO, or group relative policy, on Bog-10.",
            published=date(2026, 1, 2),
        ),
        source(FERN, "Fern", abstract="GRPO and LoRA.", published=date(2026, 1, 20)),
        source(
            PEAT, "Peat", abstract="A group relative policy for peat.", published=date(2026, 2, 3)
        ),
    )
    await read_out(
        {
            MOSS: [("GRPO", "METHOD"), ("group relative policy", "METHOD"), ("Bog-10", "DATASET")],
            FERN: [("GRPO", "METHOD"), ("LoRA", "METHOD")],
            PEAT: [("group relative policy", "METHOD")],
        }
    )
    await put_entry(edit(0), MOSS, EntryEdit())


async def facet(label: str, user: int = 1) -> dict[str, int]:
    found = (await list_papers(user, everything=True, facets=True)).facets
    assert found is not None
    return {value.value: value.count for value in found[label]}


async def chips(key: str, user: int = 1) -> dict[str, int]:
    return {chip.name: chip.papers for chip in (await read_paper(key, user)).terms}


async def found(query: str, user: int = 1) -> set[str]:
    return {*keys((await list_papers(user, query, everything=True)).papers)}


@pytest.mark.usefixtures("three")
async def test_merged_terms_are_one_everywhere_and_count_a_paper_once() -> None:
    await put_term(edit(0), "method", "grpo", TermEdit(into="Group Relative Policy"))
    assert await facet("method") == {"group relative policy": 3, "LoRA": 1}
    assert (
        await found("method:GRPO")
        == await found('method:"group relative policy"')
        == {MOSS, FERN, PEAT}
    )
    assert await chips(MOSS) == {"group relative policy": 3, "Bog-10": 1}
    assert [s.value for s in await suggest(1, "method:gr", 5)] == ["group relative policy"]
    page = await read_term("method", "GRPO", 1)
    assert (page.state.name, page.state.into, page.papers, page.own) == (
        "group relative policy",
    ) * 2 + (3, 1)
    assert {mention.term for mention in (await read_paper(FERN, 1)).mentions} == {
        "group relative policy",
        "LoRA",
    }


@pytest.mark.usefixtures("three")
async def test_a_renamed_term_is_found_by_both_names() -> None:
    state = await put_term(edit(0), "method", "LoRA", TermEdit(name="Low-Rank Moss"))
    assert (state.name, state.term, state.version) == (
        "LoRA",
        "LoRA",
        1,
    ) and state.into == "Low-Rank Moss"
    assert await facet("method") == {"GRPO": 2, "group relative policy": 2, "Low-Rank Moss": 1}
    assert await found("method:LoRA") == await found("method:low-rank-moss") == {FERN}
    assert await chips(FERN) == {"GRPO": 2, "Low-Rank Moss": 1}


@pytest.mark.usefixtures("three")
async def test_another_spelling_is_the_same_term() -> None:
    state = await put_term(edit(0), "method", "GRPO", TermEdit(name="Gr-PO"))
    assert (state.name, state.into) == ("Gr-PO", None)
    assert (await facet("method"))["Gr-PO"] == 2


@pytest.mark.usefixtures("three")
async def test_a_hidden_term_is_shown_nowhere_until_restored() -> None:
    await put_term(edit(0), "method", "GRPO", TermEdit(hidden=True))
    assert await facet("method") == {"group relative policy": 2, "LoRA": 1}
    assert await found("method:GRPO") == set() and await chips(FERN) == {"LoRA": 1}
    assert [term.name for term in (await list_terms(1, "method")).terms] == [
        "group relative policy",
        "LoRA",
    ]
    assert await suggest(1, "method:grp", 5) == []
    assert [state.hidden for state in await list_own_terms(1)] == [True]
    assert (await forget_term(edit(1), "method", "GRPO")).version == 0
    assert await found("method:GRPO") == {MOSS, FERN} and await list_own_terms(1) == []


@pytest.mark.usefixtures("three")
async def test_hiding_a_merged_term_hides_its_parts() -> None:
    await put_term(edit(0), "method", "GRPO", TermEdit(into="group relative policy"))
    await put_term(edit(0), "method", "group relative policy", TermEdit(hidden=True))
    assert await facet("method") == {"LoRA": 1} and await chips(MOSS) == {"Bog-10": 1}
    assert await found("method:GRPO") == set()


@pytest.mark.usefixtures("three")
async def test_a_corrected_paper_shows_the_users_names_of_terms() -> None:
    await put_term(edit(0), "method", "GRPO", TermEdit(into="group relative policy"))
    wrong = CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD")
    await put_correction(edit(0), FERN, UUID(int=5), wrong)
    assert await chips(FERN) == {"group relative policy": 3}


@pytest.mark.usefixtures("three")
async def test_merging_a_merged_term_moves_its_parts_without_chains() -> None:
    await put_term(edit(0), "method", "GRPO", TermEdit(into="group relative policy"))
    await put_term(edit(0), "method", "group relative policy", TermEdit(into="LoRA"))
    assert {state.term: state.into for state in await list_own_terms(1)} == {
        "GRPO": "LoRA",
        "group relative policy": "LoRA",
    }
    assert await facet("method") == {"LoRA": 3}
    with pytest.raises(Invalid, match="into itself"):
        await put_term(edit(0), "method", "LoRA", TermEdit(into="GRPO"))


@pytest.mark.usefixtures("three")
async def test_overrides_do_not_affect_other_users() -> None:
    ada = await second_user()
    await put_term(edit(0), "method", "GRPO", TermEdit(hidden=True))
    await put_term(edit(0), "method", "LoRA", TermEdit(name="Low-Rank Moss"))
    assert await facet("method", ada) == {"GRPO": 2, "group relative policy": 2, "LoRA": 1}
    assert (
        await found("method:GRPO", ada) == {MOSS, FERN}
        and await found("method:low-rank-moss", ada) == set()
    )
    assert await list_own_terms(ada) == []


@pytest.mark.usefixtures("three")
async def test_a_name_of_another_term_is_refused_with_a_hint_to_merge() -> None:
    with pytest.raises(Invalid, match="merge the two instead"):
        await put_term(edit(0), "method", "LoRA", TermEdit(name="grpo"))
    with pytest.raises(NotFound):
        await put_term(edit(0), "method", "LoRA", TermEdit(into="Bog-10"))  # of another label
    with pytest.raises(NotFound):
        await put_term(edit(0), "method", " ", TermEdit(hidden=True))


@pytest.mark.usefixtures("three")
async def test_a_stale_change_is_refused_but_a_repeated_one_is_accepted() -> None:
    first = edit(0, uuid=UUID(int=9))
    state = await put_term(first, "method", "LoRA", TermEdit(hidden=True))
    assert await put_term(first, "method", "LoRA", TermEdit(hidden=True)) == state
    with pytest.raises(PreconditionMissing):
        await put_term(edit(), "method", "LoRA", TermEdit(hidden=False))
    with pytest.raises(Conflict):
        await put_term(edit(4), "method", "LoRA", TermEdit(name="Lora"))


@pytest.mark.usefixtures("three")
async def test_the_index_counts_filters_sorts_and_paginates_terms() -> None:
    terms = (await list_terms(1, "method")).terms
    assert [(term.name, term.papers, term.own) for term in terms] == [
        ("group relative policy", 2, 1),
        ("GRPO", 2, 1),
        ("LoRA", 1, 0),
    ]
    assert [term.name for term in (await list_terms(1, "method", "REL-at")).terms] == [
        "group relative policy"
    ]
    assert (await list_terms(1, "method", "100%")).terms == []
    first = await list_terms(1, "method", sort="name", limit=2)
    assert first.next is not None and first.total == 3
    rest = await list_terms(1, "method", sort="name", limit=2, after=first.next)
    assert [term.name for term in (*first.terms, *rest.terms)] == [
        "group relative policy",
        "GRPO",
        "LoRA",
    ]


@pytest.mark.usefixtures("three")
async def test_a_term_page_has_its_first_and_last_paper_and_monthly_counts() -> None:
    page = await read_term("method", "GRPO", 1)
    assert page.first and page.last and (page.first.key, page.last.key) == (MOSS, FERN)
    assert [(month.month, month.papers, month.own) for month in page.months] == [("2026-01", 2, 1)]


async def test_the_api_addresses_a_term_by_its_label_and_any_spelling(
    client: httpx.AsyncClient,
) -> None:
    await take_in(source(MOSS, "Moss", abstract="We use A/B testing."))
    await read_out({MOSS: [("A/B testing", "METHOD")]})
    page = await client.get("/api/v1/terms/method/a%2Fb-TESTING")
    assert page.json()["papers"] == 1 and page.headers["etag"] == '"0"'
    address = "/api/v1/terms/METHOD/A/B testing"
    put = await client.put(address, json={"hidden": True}, headers={"If-Match": "0"})
    assert put.status_code == 200 and put.headers["etag"] == '"1"'
    assert (await client.get("/api/v1/terms?label=METHOD")).json()["terms"] == []
    assert len((await client.get("/api/v1/own-terms")).json()) == 1
    assert (await client.delete(address, headers={"If-Match": '"1"'})).json()["version"] == 0
    assert (await client.get("/api/v1/terms/colour/red")).status_code == 404


@pytest.mark.parametrize("label", ["author", "a-label-longer-than-any"])
async def test_a_label_that_does_not_exist_has_no_terms(
    client: httpx.AsyncClient, label: str
) -> None:
    assert (await client.get(f"/api/v1/terms/{label}/LoRA")).status_code == 404
