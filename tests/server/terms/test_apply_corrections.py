"""Applying corrections to mentions, without a store."""

from typing import Any
from uuid import UUID

import pytest

from nlp.spans import Mention
from server.schema.terms import CorrectionState
from server.terms.apply_corrections import chips, correct
from tests.server.material import MOSS, NOW

TEXT = "LoRA for ferns\nWe use LoRA, not QLoRA, on CIFAR-10. lora!"
FIRST = Mention(0, 4, "METHOD", "LoRA")
SECOND = Mention(22, 26, "METHOD", "LoRA")
DATA = Mention(42, 50, "DATASET", "CIFAR-10")
MENTIONS = [FIRST, SECOND, DATA]


def verdict(kind: str, surface: str, label: str, **fields: Any) -> CorrectionState:
    plain = {"to_label": None, "start": None, "end": None, "everywhere": False}
    return CorrectionState(
        id=UUID(int=1), key=MOSS, verdict=kind, surface=surface, label=label, version=1,
        created=NOW, updated=NOW,
        **plain | fields,
    )  # fmt: skip


def test_the_mentions_of_these_tests_are_at_their_positions() -> None:
    assert [TEXT[m.start : m.end] for m in MENTIONS] == ["LoRA", "LoRA", "CIFAR-10"]


def test_mentions_are_unchanged_without_corrections() -> None:
    assert correct(MENTIONS, TEXT, []) == MENTIONS


def test_a_correction_removes_all_mentions_of_a_surface_or_only_one_at_a_position() -> None:
    assert correct(MENTIONS, TEXT, [verdict("wrong", "lora", "METHOD")]) == [DATA]
    assert correct(MENTIONS, TEXT, [verdict("wrong", "LoRA", "METHOD", start=0, end=4)]) == [
        SECOND,
        DATA,
    ]


def test_a_position_in_another_paper_applies_to_the_surface() -> None:
    assert correct(
        MENTIONS, TEXT, [verdict("wrong", "LoRA", "METHOD", start=90, end=94, everywhere=True)]
    ) == [DATA]


@pytest.mark.parametrize(
    ("surface", "label"), [("LoRA", "TASK"), ("QLoRA", "METHOD"), ("LoR", "METHOD")]
)
def test_mentions_of_another_label_or_surface_are_unchanged(surface: str, label: str) -> None:
    assert correct(MENTIONS, TEXT, [verdict("wrong", surface, label)]) == MENTIONS


def test_a_relabelled_mention_keeps_its_position_and_term() -> None:
    [first, *_] = correct(
        MENTIONS, TEXT, [verdict("relabelled", "LoRA", "METHOD", to_label="TASK", start=0, end=4)]
    )
    assert (first.label, first.term, first.start, first.end) == ("TASK", "LoRA", 0, 4)


def test_a_missing_surface_is_found_only_as_a_whole_word() -> None:
    added = correct([], TEXT, [verdict("missing", "LoRA", "METHOD")])
    assert [(m.start, m.end) for m in added] == [(0, 4), (22, 26)]


def test_a_missing_mention_is_not_added_over_an_existing_one() -> None:
    assert correct(MENTIONS, TEXT, [verdict("missing", "CIFAR", "DATASET")]) == MENTIONS


def test_a_missing_mention_is_ignored_if_the_text_has_changed() -> None:
    there = verdict("missing", "ferns", "TASK", start=9, end=14)
    assert [m.term for m in correct([], TEXT, [there])] == ["ferns"]
    assert correct([], "Quite another text", [there]) == []


def test_corrections_are_applied_in_order() -> None:
    wrong, missing = verdict("wrong", "LoRA", "METHOD"), verdict("missing", "LoRA", "TASK")
    assert {m.label for m in correct(MENTIONS, TEXT, [wrong, missing])} == {"TASK", "DATASET"}


@pytest.mark.parametrize("surface", ["(", "C++", ".*", "[a-z]", "\\"])
def test_a_surface_is_matched_literally(surface: str) -> None:
    [found] = correct([], f"see {surface} here", [verdict("missing", surface, "METHOD")])
    assert (found.start, found.end) == (4, 4 + len(surface))


def test_chips_list_each_term_once_in_the_order_of_the_text() -> None:
    found = chips(MENTIONS, {("METHOD", "LoRA"): 7})
    assert [(chip.name, chip.papers, chip.first) for chip in found] == [
        ("LoRA", 7, 0),
        ("CIFAR-10", 1, 42),
    ]
