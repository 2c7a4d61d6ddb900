"""Corrections in filters, facets, counts and exports: for the user who made them alone."""

from csv import DictReader
from io import StringIO
from typing import Any
from uuid import UUID

import pytest

from nlp.spans import Extraction, Label, Mention
from server.database.models.papers import Paper
from server.database.models.terms import CorrectedTerm
from server.database.transactions import writing
from server.exports.formats import FORMATS
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.cards import cards
from server.papers.list import list_papers, read_papers
from server.papers.merge import merge_papers
from server.papers.suggest import suggest
from server.reading_list.corrections import delete_correction, put_correction
from server.reading_list.entries import put_entry
from server.reading_list.trash import restore
from server.schema.reading_list import EntryEdit
from server.schema.terms import CorrectionEdit
from server.schema.trash import Restore
from server.terms.index import list_terms
from tests.server.material import FERN, MOSS, NOW, edit, keys, second_user, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

PEAT = "2601.00003"
FOUND: dict[str, Label] = {"LoRA": "METHOD", "MoonQA": "DATASET", "ÉTUDE": "TASK"}


async def read(version: str = "1", skip: str = "") -> None:
    """Store extractions of every paper that find the names in `FOUND`."""
    readings = []
    for paper in await unread(version, limit=9):
        places = [(paper.text.find(name), name) for name in FOUND if name != skip]
        mentions = [
            Mention(at, at + len(name), FOUND[name], name) for at, name in places if at >= 0
        ]
        readings.append(PaperExtraction(paper, Extraction(mentions, [])))
    await store_readings(readings, version, NOW)


@pytest.fixture(autouse=True)
async def papers(store: Any) -> None:
    await take_in(
        source(MOSS, "Moss", abstract="LoRA on MoonQA, for the ÉTUDE."),
        source(FERN, "Fern", abstract="LoRA by hand, for the étude; LoRA again."),
        source(PEAT, "Peat", abstract="No name at all, but lora and a sonata."),
    )
    await read()


async def judge(
    n: int, key: str, verdict: str, surface: str, label: str, base: int = 0, **fields: Any
) -> None:
    wish = CorrectionEdit(verdict=verdict, surface=surface, label=label, **fields)  # type: ignore[arg-type]
    await put_correction(edit(base), key, UUID(int=n), wish)


async def found(query: str, user: int = 1) -> set[str]:
    return {*keys((await list_papers(user, query, everything=True)).papers)}


async def facet(name: str, user: int = 1, query: str = "") -> dict[str, int]:
    facets = (await list_papers(user, query, everything=True, facets=True)).facets or {}
    return {value.value: value.count for value in facets[name]}


async def test_a_wrong_term_is_no_longer_found_counted_or_exported() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD")
    assert await found("method:LoRA") == {FERN}
    assert await facet("method") == {"LoRA": 1}
    assert await facet("method", query="moonqa") == {}
    assert [(one.value, one.papers) for one in await suggest(1, "method:lo", 9)] == [("LoRA", 1)]
    await put_entry(edit(0), MOSS, EntryEdit(status="inbox"))
    await put_entry(edit(0), FERN, EntryEdit(status="inbox"))
    assert [(one.name, one.papers, one.own) for one in (await list_terms(1, "method")).terms] == [
        ("LoRA", 1, 1)
    ]
    table = b"".join(
        [piece async for piece in FORMATS["csv"].render(read_papers(1, everything=True))]
    )
    assert {
        row["key"]: row["methods"] for row in DictReader(StringIO(table.decode("utf-8-sig")))
    } == {
        MOSS: "",
        FERN: "LoRA",
        PEAT: "",
    }


async def test_a_term_with_one_wrong_mention_keeps_its_others() -> None:
    start = "Fern\nLoRA by hand, for the étude; LoRA again.".index("LoRA")
    await judge(1, FERN, "missing", "LoRA", "METHOD")
    await judge(2, FERN, "wrong", "LoRA", "METHOD", start=start, end=start + 4)
    assert await found("method:LoRA") == {MOSS, FERN}


async def test_a_correction_everywhere_applies_to_every_paper_and_any_case() -> None:
    await judge(1, MOSS, "wrong", "lora", "METHOD", everywhere=True)
    assert await found("method:LoRA") == set()
    assert await facet("method") == {}
    await judge(2, MOSS, "missing", "sonata", "TASK", everywhere=True)
    assert await found("task:sonata") == {PEAT}
    await judge(3, MOSS, "relabelled", "étude", "TASK", to_label="DATASET", everywhere=True)
    assert await found("dataset:étude") == {MOSS} and await facet("task") == {"sonata": 1}


async def test_relabelled_and_added_terms_are_found_under_their_new_label() -> None:
    await judge(1, MOSS, "relabelled", "MoonQA", "DATASET", to_label="TASK")
    await judge(2, PEAT, "missing", "sonata", "DATASET")
    assert await found("dataset:MoonQA") == set() and await found("task:moonqa") == {MOSS}
    assert await facet("dataset") == {"sonata": 1} and await facet("task") == {
        "MoonQA": 1,
        "ÉTUDE": 1,
    }
    peat = (await Paper.get(key=PEAT)).id
    assert [(chip.name, chip.papers) for chip in (await cards([peat], 1))[peat].terms] == [
        ("sonata", 1)
    ]


async def test_corrections_do_not_affect_other_users() -> None:
    ada = await second_user()
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await judge(2, PEAT, "missing", "sonata", "DATASET")
    assert (
        await found("method:LoRA", ada) == {MOSS, FERN}
        and await found("dataset:sonata", ada) == set()
    )
    assert await facet("method", ada) == {"LoRA": 2}
    assert [one.value for one in await suggest(ada, "dataset:", 9)] == ["MoonQA"]


async def test_a_deleted_correction_has_no_effect_until_restored() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await delete_correction(edit(1), UUID(int=1))
    assert await found("method:LoRA") == {MOSS, FERN} and not await CorrectedTerm.exists()
    await restore(edit(), Restore(kind="correction", ref=str(UUID(int=1))))
    assert await found("method:LoRA") == set()


async def test_a_narrowed_correction_no_longer_affects_other_papers() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", base=1)
    assert await found("method:LoRA") == {FERN}


async def test_corrections_apply_to_later_extractions() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await take_in(source("2601.00004", "Bog", abstract="LoRA once more."))
    await read()
    assert await found("method:LoRA") == set()
    await judge(2, PEAT, "missing", "sonata", "TASK")
    await read("2", skip="LoRA")
    assert (
        await facet("task") == {"sonata": 1, "ÉTUDE": 1} and await CorrectedTerm.all().count() == 1
    )


async def test_corrections_of_a_merged_paper_apply_to_the_remaining_one() -> None:
    await judge(1, FERN, "wrong", "LoRA", "METHOD")
    survivor, gone = await Paper.get(key=MOSS), await Paper.get(key=FERN)
    async with writing() as connection:
        await merge_papers(connection, survivor, gone, NOW)
    assert await found("method:LoRA") == set() and await facet("method") == {}
