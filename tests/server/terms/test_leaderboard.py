"""Leaderboards of a dataset: what is on them, in which order, and how they follow corrections."""

from datetime import date
from uuid import UUID

import pytest

from nlp.spans import Extraction, Kind, Mention, Result
from server.database.serializers import find_paper
from server.errors import Invalid
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.cards import cards
from server.papers.page import read_paper
from server.reading_list.corrections import delete_correction, put_correction
from server.schema.terms import CorrectionEdit, MendedResult, TermEdit
from server.terms.leaderboard import (
    Board,
    lower_is_better,
    read_boards,
    read_result_corrections,
)
from server.terms.overrides import put_term
from tests.server.material import FERN, MOSS, NOW, edit, source, take_in

pytestmark = pytest.mark.anyio

TEXTS = {
    MOSS: "LoRA reaches 91.5% accuracy on Bog-10 in 120 ms latency, Old reaches 80%.",
    FERN: "Frond reaches 93.5% accuracy on bog10 in 2 seconds latency, 88-90% at best.",
}
SURFACES = {
    "LoRA": "METHOD",
    "Old": "METHOD",
    "Frond": "METHOD",
    "accuracy": "METRIC",
    "latency": "METRIC",
    "Bog-10": "DATASET",
    "bog10": "DATASET",
}


def result(
    text: str, value: str, unit: str, metric: str | None, method: str, **fields: object
) -> Result:
    """A certain result of the paper itself on the dataset that its text names."""
    start = text.index(value)
    number = None if "-" in value else float(value.split(maxsplit=1)[0].rstrip("%"))
    dataset = "Bog-10" if "Bog-10" in text else "bog10"
    made = {"kind": "own", "sentence_start": 0, "sentence_end": len(text)} | fields
    return Result(
        start,
        start + len(value),
        value,
        number,
        unit,
        metric,
        dataset,
        method,
        **made,  # type: ignore[arg-type]
    )


async def keep(results: dict[str, list[Result]]) -> None:
    """Store both papers, read with some results."""
    await take_in(
        source(MOSS, "Moss", abstract=TEXTS[MOSS], published=date(2026, 1, 2)),
        source(FERN, "Fern", abstract=TEXTS[FERN], published=date(2026, 2, 2)),
    )
    readings = []
    for paper in await unread("1", limit=100):
        found = {name: paper.text.find(name) for name in SURFACES}
        mentions = [
            Mention(start, start + len(name), SURFACES[name], name)  # type: ignore[arg-type]
            for name, start in found.items()
            if start >= 0
        ]
        extraction = Extraction(mentions, results.get(paper.key, []))
        readings.append(PaperExtraction(paper, extraction))
    await store_readings(readings, "1", NOW)


def of(
    key: str, value: str, unit: str, metric: str | None, method: str, **fields: object
) -> Result:
    title = "Moss" if key == MOSS else "Fern"
    return result(f"{title}\n{TEXTS[key]}", value, unit, metric, method, **fields)


def shown(boards: list[Board]) -> dict[str, list[tuple[str, float | None]]]:
    return {
        f"{board.metric} {board.unit}": [(each.value, each.number) for each in board.results]
        for board in boards
    }


async def test_each_metric_and_unit_has_a_board_with_the_best_first(store: object) -> None:
    await keep(
        {
            MOSS: [
                of(MOSS, "91.5%", "%", "accuracy", "LoRA"),
                of(MOSS, "120 ms", "ms", "latency", "LoRA"),
            ],
            FERN: [
                of(FERN, "93.5%", "%", "accuracy", "Frond"),
                of(FERN, "2 seconds", "seconds", "latency", "Frond"),
            ],
        }
    )
    boards = await read_boards(["Bog-10"], 1)
    assert shown(boards) == {
        "accuracy %": [("93.5%", 93.5), ("91.5%", 91.5)],
        "latency s": [("120 ms", 0.12), ("2 seconds", 2.0)],
    }
    assert [board.lower_is_better for board in boards] == [False, True]
    assert boards[0].results[1].sentence == f"Moss\n{TEXTS[MOSS]}"


@pytest.mark.parametrize("kind", ["baseline", "change", "other", None])
async def test_only_results_of_the_paper_itself_are_on_a_board(
    store: object, kind: Kind | None
) -> None:
    await keep({MOSS: [of(MOSS, "80%", "%", "accuracy", "Old", kind=kind)]})
    assert await read_boards(["Bog-10"], 1) == []


async def test_doubtful_results_and_ranges_are_on_no_board(store: object) -> None:
    await keep(
        {
            MOSS: [of(MOSS, "91.5%", "%", "accuracy", "LoRA", confidence=0.3)],
            FERN: [of(FERN, "88-90%", "%", "accuracy", "Frond")],
        }
    )
    assert await read_boards(["Bog-10"], 1) == []


async def test_settings_have_boards_of_their_own(store: object) -> None:
    await keep(
        {
            MOSS: [of(MOSS, "91.5%", "%", "accuracy", "LoRA", setting="zero-shot")],
            FERN: [of(FERN, "93.5%", "%", "accuracy", "Frond")],
        }
    )
    assert {board.setting for board in await read_boards(["Bog-10"], 1)} == {None, "zero-shot"}


async def test_a_board_follows_names_and_corrections(store: object) -> None:
    await keep(
        {
            MOSS: [of(MOSS, "91.5%", "%", "accuracy", "LoRA")],
            FERN: [of(FERN, "93.5%", "%", "accuracy", "Frond")],
        }
    )
    await put_term(edit(0), "metric", "accuracy", TermEdit(name="Exactness"))
    [board] = await read_boards(["bog10"], 1)
    assert (board.metric, len(board.results)) == ("Exactness", 2)
    wrong = CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD")
    await put_correction(edit(0), MOSS, UUID(int=5), wrong)
    [board] = await read_boards(["bog10"], 1)
    assert [each.method for each in board.results] == ["Frond"]


def verdict_on(key: str, value: str, mended: MendedResult | None) -> CorrectionEdit:
    text = f"{'Moss' if key == MOSS else 'Fern'}\n{TEXTS[key]}"
    return CorrectionEdit(
        verdict="mended" if mended else "wrong",
        surface=value,
        label="RESULT",
        start=text.index(value),
        end=text.index(value) + len(value),
        mended=mended,
    )


async def test_a_wrong_result_leaves_the_board_until_the_correction_is_taken_back(
    store: object,
) -> None:
    await keep(
        {
            MOSS: [of(MOSS, "91.5%", "%", "accuracy", "LoRA")],
            FERN: [of(FERN, "93.5%", "%", "accuracy", "Frond")],
        }
    )
    wrong = verdict_on(FERN, "93.5%", None)
    correction = await put_correction(edit(0), FERN, UUID(int=6), wrong)
    [board] = await read_boards(["Bog-10"], 1)
    assert [each.value for each in board.results] == ["91.5%"]
    assert (await read_paper(FERN, 1)).results == []
    assert await read_result_corrections(["bog10"], 1) == [correction]
    await delete_correction(edit(1), UUID(int=6))
    [board] = await read_boards(["Bog-10"], 1)
    assert [each.value for each in board.results] == ["93.5%", "91.5%"]
    assert len((await read_paper(FERN, 1)).results) == 1


async def test_a_mended_result_is_on_the_board_of_its_metric_under_its_method(
    store: object,
) -> None:
    await keep({MOSS: [of(MOSS, "80%", "%", None, "LoRA", confidence=0.2)]})
    mended = MendedResult("own", "accuracy", "Bog-10", "Old")
    await put_correction(edit(0), MOSS, UUID(int=6), verdict_on(MOSS, "80%", mended))
    [board] = await read_boards(["Bog-10"], 1)
    assert (board.metric, board.results[0].method) == ("accuracy", "Old")


async def test_a_rivals_result_is_on_no_board_but_on_the_card(store: object) -> None:
    await keep({MOSS: [of(MOSS, "80%", "%", "accuracy", "Old")]})
    rival = MendedResult("baseline", "accuracy", "Bog-10", "Old")
    await put_correction(edit(0), MOSS, UUID(int=6), verdict_on(MOSS, "80%", rival))
    assert await read_boards(["Bog-10"], 1) == []
    paper = await find_paper(MOSS)
    [shown_result] = (await cards([paper.id], 1))[paper.id].results
    assert shown_result.kind == "baseline"


async def test_an_impossible_verdict_on_a_result_is_refused(store: object) -> None:
    await keep({})
    placeless = CorrectionEdit(verdict="wrong", surface="80%", label="RESULT")
    no_mention = CorrectionEdit(
        verdict="mended", surface="Old", label="METHOD", mended=MendedResult("own")
    )
    nul = verdict_on(MOSS, "80%", MendedResult("own", metric="\x00"))
    for number, data in enumerate((placeless, no_mention, nul), start=7):
        with pytest.raises(Invalid):
            await put_correction(edit(0), MOSS, UUID(int=number), data)


@pytest.mark.parametrize(
    ("metric", "lower"),
    [
        ("FID", True),
        ("perplexity", True),
        ("word error rate", True),
        ("WER", True),
        ("inference latency", True),
        ("training time", True),
        ("accuracy", False),
        ("F1", False),
        ("win rate", False),
        ("throughput", False),
    ],
)
def test_the_direction_of_a_metric_is_known(metric: str, lower: bool) -> None:
    assert lower_is_better(metric, "%") == lower
