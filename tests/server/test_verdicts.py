"""Corrections in filters, facets, counts and exports, on both engines: for who made them, and for nobody else."""

from csv import DictReader
from io import StringIO
from typing import Any
from uuid import UUID

import pytest

from nlp.spans import Extraction, Label, Mention
from server.cards import cards
from server.export.formats import FORMATS
from server.glossary import list_terms
from server.library import delete_correction, put_correction, put_entry
from server.mentions import Reading, store_readings, unread
from server.merge import merge_papers
from server.models import CorrectedTerm, Paper
from server.papers import list_papers, read_papers, suggest
from server.store import writing
from server.trash import restore
from server.wire import CorrectionEdit, EntryEdit, Restore
from tests.server.material import FERN, MOSS, NOW, edit, keys, second_user, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

PEAT = "2601.00003"
FOUND: dict[str, Label] = {"LoRA": "METHOD", "MoonQA": "DATASET", "ÉTUDE": "TASK"}


async def read(version: str = "1", skip: str = "") -> None:
    """Let every paper be read by a model that knows a few names."""
    readings = []
    for paper in await unread(version, limit=9):
        places = [(paper.text.find(name), name) for name in FOUND if name != skip]
        mentions = [Mention(at, at + len(name), FOUND[name], name) for at, name in places if at >= 0]
        readings.append(Reading(paper, Extraction(mentions, [])))
    await store_readings(readings, version, NOW)


@pytest.fixture(autouse=True)
async def papers(store: Any) -> None:
    await take_in(
        source(MOSS, "Moss", abstract="LoRA on MoonQA, for the ÉTUDE."),
        source(FERN, "Fern", abstract="LoRA by hand, for the étude; LoRA again."),
        source(PEAT, "Peat", abstract="No name at all, but lora and a sonata."),
    )
    await read()


async def judge(n: int, key: str, verdict: str, surface: str, label: str, base: int = 0, **fields: Any) -> None:
    wish = CorrectionEdit(verdict=verdict, surface=surface, label=label, **fields)  # type: ignore[arg-type]
    await put_correction(edit(base), key, UUID(int=n), wish)


async def found(query: str, reader: int = 1) -> set[str]:
    return {*keys((await list_papers(reader, query, everything=True)).papers)}


async def facet(name: str, reader: int = 1, query: str = "") -> dict[str, int]:
    facets = (await list_papers(reader, query, everything=True, facets=True)).facets or {}
    return {value.value: value.count for value in facets[name]}


async def test_a_term_called_wrong_is_no_longer_found_counted_or_exported() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD")
    assert await found("method:LoRA") == {FERN}
    assert await facet("method") == {"LoRA": 1}
    assert await facet("method", query="moonqa") == {}
    assert [(one.value, one.papers) for one in await suggest(1, "method:lo", 9)] == [("LoRA", 1)]
    await put_entry(edit(0), MOSS, EntryEdit(status="inbox"))
    await put_entry(edit(0), FERN, EntryEdit(status="inbox"))
    assert [(one.name, one.papers, one.own) for one in (await list_terms(1, "method")).terms] == [("LoRA", 1, 1)]
    table = b"".join([piece async for piece in FORMATS["csv"].render(read_papers(1, everything=True))])
    assert {row["key"]: row["methods"] for row in DictReader(StringIO(table.decode("utf-8-sig")))} == {
        MOSS: "",
        FERN: "LoRA",
        PEAT: "",
    }


async def test_a_place_that_is_wrong_leaves_the_term_to_its_other_places() -> None:
    start = "Fern\nLoRA by hand, for the étude; LoRA again.".index("LoRA")
    await judge(1, FERN, "missing", "LoRA", "METHOD")
    await judge(2, FERN, "wrong", "LoRA", "METHOD", start=start, end=start + 4)
    assert await found("method:LoRA") == {MOSS, FERN}


async def test_everywhere_means_every_paper_with_the_surface_in_any_case() -> None:
    await judge(1, MOSS, "wrong", "lora", "METHOD", everywhere=True)
    assert await found("method:LoRA") == set()
    assert await facet("method") == {}
    await judge(2, MOSS, "missing", "sonata", "TASK", everywhere=True)
    assert await found("task:sonata") == {PEAT}
    await judge(3, MOSS, "relabelled", "étude", "TASK", to_label="DATASET", everywhere=True)
    assert await found("dataset:étude") == {MOSS} and await facet("task") == {"sonata": 1}


async def test_a_relabelled_and_a_missing_term_are_found_under_what_they_became() -> None:
    await judge(1, MOSS, "relabelled", "MoonQA", "DATASET", to_label="TASK")
    await judge(2, PEAT, "missing", "sonata", "DATASET")
    assert await found("dataset:MoonQA") == set() and await found("task:moonqa") == {MOSS}
    assert await facet("dataset") == {"sonata": 1} and await facet("task") == {"MoonQA": 1, "ÉTUDE": 1}
    peat = (await Paper.get(key=PEAT)).id
    assert [(chip.name, chip.papers) for chip in (await cards([peat], 1))[peat].terms] == [("sonata", 1)]


async def test_another_reader_sees_nothing_of_it() -> None:
    ada = await second_user()
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await judge(2, PEAT, "missing", "sonata", "DATASET")
    assert await found("method:LoRA", ada) == {MOSS, FERN} and await found("dataset:sonata", ada) == set()
    assert await facet("method", ada) == {"LoRA": 2}
    assert [one.value for one in await suggest(ada, "dataset:", 9)] == ["MoonQA"]


async def test_what_is_taken_back_counts_no_longer_and_restored_again() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await delete_correction(edit(1), UUID(int=1))
    assert await found("method:LoRA") == {MOSS, FERN} and not await CorrectedTerm.exists()
    await restore(edit(), Restore(kind="correction", ref=str(UUID(int=1))))
    assert await found("method:LoRA") == set()


async def test_a_correction_that_is_changed_leaves_alone_what_it_bore_on() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", base=1)
    assert await found("method:LoRA") == {FERN}


async def test_a_new_reading_is_corrected_too() -> None:
    await judge(1, MOSS, "wrong", "LoRA", "METHOD", everywhere=True)
    await take_in(source("2601.00004", "Bog", abstract="LoRA once more."))
    await read()
    assert await found("method:LoRA") == set()
    await judge(2, PEAT, "missing", "sonata", "TASK")
    await read("2", skip="LoRA")
    assert await facet("task") == {"sonata": 1, "ÉTUDE": 1} and await CorrectedTerm.all().count() == 1


async def test_corrections_of_a_paper_that_is_merged_hold_on_the_one_that_stays() -> None:
    await judge(1, FERN, "wrong", "LoRA", "METHOD")
    survivor, gone = await Paper.get(key=MOSS), await Paper.get(key=FERN)
    async with writing() as connection:
        await merge_papers(connection, survivor, gone, NOW)
    assert await found("method:LoRA") == set() and await facet("method") == {}
