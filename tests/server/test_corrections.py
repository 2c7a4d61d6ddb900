"""What a reader's verdicts make of mentions; no store is needed."""

from typing import Any
from uuid import UUID

import pytest

from nlp.spans import Mention
from server.corrections import chips, correct
from server.wire import CorrectionState
from tests.server.material import MOSS, NOW

TEXT = "LoRA for ferns\nWe use LoRA, not QLoRA, on CIFAR-10. lora!"
FIRST = Mention(0, 4, "METHOD", "LoRA")
SECOND = Mention(22, 26, "METHOD", "LoRA")
DATA = Mention(42, 50, "DATASET", "CIFAR-10")
MENTIONS = [FIRST, SECOND, DATA]


def verdict(kind: str, surface: str, label: str, **fields: Any) -> CorrectionState:
    plain = {"to_label": None, "start": None, "end": None, "everywhere": False}
    return CorrectionState(
        id=UUID(int=1), key=MOSS, verdict=kind, surface=surface, label=label, version=1, created=NOW, updated=NOW,
        **plain | fields,
    )  # fmt: skip


def test_the_mentions_lie_where_they_say() -> None:
    assert [TEXT[m.start : m.end] for m in MENTIONS] == ["LoRA", "LoRA", "CIFAR-10"]


def test_without_verdicts_all_stays() -> None:
    assert correct(MENTIONS, TEXT, []) == MENTIONS


def test_a_wrong_surface_goes_everywhere_and_a_wrong_place_only_there() -> None:
    assert correct(MENTIONS, TEXT, [verdict("wrong", "lora", "METHOD")]) == [DATA]
    assert correct(MENTIONS, TEXT, [verdict("wrong", "LoRA", "METHOD", start=0, end=4)]) == [SECOND, DATA]


def test_a_place_on_another_paper_means_the_surface() -> None:
    assert correct(MENTIONS, TEXT, [verdict("wrong", "LoRA", "METHOD", start=90, end=94, everywhere=True)]) == [DATA]


@pytest.mark.parametrize(("surface", "label"), [("LoRA", "TASK"), ("QLoRA", "METHOD"), ("LoR", "METHOD")])
def test_another_label_or_surface_is_left_alone(surface: str, label: str) -> None:
    assert correct(MENTIONS, TEXT, [verdict("wrong", surface, label)]) == MENTIONS


def test_a_relabelled_mention_keeps_its_place_and_term() -> None:
    [first, *_] = correct(MENTIONS, TEXT, [verdict("relabelled", "LoRA", "METHOD", to_label="TASK", start=0, end=4)])
    assert (first.label, first.term, first.start, first.end) == ("TASK", "LoRA", 0, 4)


def test_a_missing_surface_is_found_as_a_word_of_its_own() -> None:
    added = correct([], TEXT, [verdict("missing", "LoRA", "METHOD")])
    assert [(m.start, m.end) for m in added] == [(0, 4), (22, 26)]


def test_what_is_missing_gives_way_to_a_mention_that_lies_there() -> None:
    assert correct(MENTIONS, TEXT, [verdict("missing", "CIFAR", "DATASET")]) == MENTIONS


def test_a_missing_place_counts_only_where_the_text_still_says_so() -> None:
    there = verdict("missing", "ferns", "TASK", start=9, end=14)
    assert [m.term for m in correct([], TEXT, [there])] == ["ferns"]
    assert correct([], "Quite another text", [there]) == []


def test_verdicts_are_heard_in_their_order() -> None:
    wrong, missing = verdict("wrong", "LoRA", "METHOD"), verdict("missing", "LoRA", "TASK")
    assert {m.label for m in correct(MENTIONS, TEXT, [wrong, missing])} == {"TASK", "DATASET"}


@pytest.mark.parametrize("surface", ["(", "C++", ".*", "[a-z]", "\\"])
def test_a_surface_is_text_and_no_pattern(surface: str) -> None:
    [found] = correct([], f"see {surface} here", [verdict("missing", surface, "METHOD")])
    assert (found.start, found.end) == (4, 4 + len(surface))


def test_chips_name_each_term_once_in_the_order_of_the_text() -> None:
    found = chips(MENTIONS, {("METHOD", "LoRA"): 7})
    assert [(chip.name, chip.papers, chip.first) for chip in found] == [("LoRA", 7, 0), ("CIFAR-10", 1, 42)]
