"""Choices that are ruled out whatever the weights say."""

import pytest

from nlp.results.constraints import fits, is_human, owner
from nlp.results.passage import Passage
from nlp.spans import Label
from tests.nlp.results.test_find import marked


@pytest.mark.parametrize(
    ("text", "label", "surface"),
    [
        ("beats [m:BM25] (9.8%) on [d:NestQA]", "METHOD", "BM25"),
        ("beats the baseline [m:BarnNet] of 22.95% and 25.41%", "METHOD", "BarnNet"),
        ("gains on [d:NestQA] (+3.2%)", "DATASET", "NestQA"),
        ("an [q:FID] of 2.07", "METRIC", "FID"),
        ("beats [m:BM25] on [d:NestQA] (9.8%)", "METHOD", None),
        ("[m:BM25] falls behind by 9.8%", "METHOD", None),
    ],
)
def test_a_number_belongs_to_what_its_brackets_follow(
    text: str, label: Label, surface: str | None
) -> None:
    passage = Passage(*marked(text))
    owners = {owner(passage, amount, label) for amount in passage.amounts}
    assert {passage.surface(each) if each else None for each in owners} == {surface}


@pytest.mark.parametrize(
    ("text", "human"),
    [
        ("Humans reach 94.1%.", True),
        ("below human performance of 94.1%", True),
        ("It is liked by humans and reaches 94.1%.", False),
    ],
)
def test_scores_of_humans_are_recognized(text: str, human: bool) -> None:
    passage = Passage(text, [])
    assert is_human(passage, passage.amounts[0]) == human


@pytest.mark.parametrize(
    ("unit", "metric", "fitting"),
    [
        ("gb", "FPS", False),
        ("gb", "GPU memory", True),
        ("seconds", "FID", False),
        ("ms", "latency", True),
        ("fps", "FPS", True),
        ("%", "FID", True),
        ("", "accuracy", True),
    ],
)
def test_a_metric_is_measured_in_units_of_its_kind(unit: str, metric: str, fitting: bool) -> None:
    assert fits(unit, metric) == fitting
