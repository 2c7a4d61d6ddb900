"""Choices that are ruled out whatever the weights say."""

import pytest

from nlp.results.constraints import fits, is_human, names_a_quantity, owner
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
    ("text", "label", "surfaces"),
    [
        ("reaches 7.9 [q:FID] / 0.71 [q:PondScore]", "METRIC", ["FID", "PondScore"]),
        ("reaches 7.9 at a good [q:FID]", "METRIC", [None]),
        ("better [q:sight] (+73.8% in [q:FID]) and 3.1 in [q:IoU]", "METRIC", ["FID", "IoU"]),
        ("raised it from 0.74 to 0.79 and gains in [q:recall]", "METRIC", [None, None]),
        ("a 3% relative gain in [q:recall] and 9% on [q:FID]", "METRIC", ["recall", None]),
        ("36% and 33% on [d:NestQA] and [d:HootBench]", "DATASET", ["NestQA", "HootBench"]),
        (
            "36% and 33% on [d:NestQA] and [d:HootBench], where [m:BarnNet] has 22% and 25%",
            "DATASET",
            ["NestQA", "HootBench", "NestQA", "HootBench"],
        ),
        ("36%, 33% and 9% on [d:NestQA] and [d:HootBench]", "DATASET", [None, None, None]),
        (
            "36% and 33% on [d:NestQA] and [d:HootBench], in contrast to [d:WingQA] and [d:TailQA]",
            "DATASET",
            [None, None],
        ),
        ("[m:BarnNet] and [m:BM25] reach 36% and 33%", "METHOD", ["BarnNet", "BM25"]),
        ("[m:BarnNet], [m:BM25] and [m:Heron] reach 36% and 33%", "METHOD", [None, None]),
        ("With [m:BarnNet], [m:BM25] reaches 36% and 33%", "METHOD", ["BM25", "BM25"]),
        (
            "beats [m:BarnNet] (36%, 33%) and [m:BM25] (9%, 8%)",
            "METHOD",
            ["BarnNet", "BarnNet", "BM25", "BM25"],
        ),
        ("beats [m:BarnNet] and [m:BM25] (9%, 8%)", "METHOD", ["BM25", "BM25"]),
        ("[m:Heron] is better than [m:BM25] (+3.1%)", "METHOD", [None]),
        ("[m:Heron] rivals [m:BM25] with 20% fewer [q:feathers]", "METHOD", [None]),
    ],
)
def test_a_number_belongs_to_what_is_behind_it_or_at_its_place_in_a_list(
    text: str, label: Label, surfaces: list[str | None]
) -> None:
    passage = Passage(*marked(text))
    owners = [owner(passage, amount, label) for amount in passage.amounts]
    assert [passage.surface(each) if each else None for each in owners] == surfaces


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[m:OwletNet] saves up to 86.5% extra space.", True),
        ("[m:OwletNet] brings a 24.5% improvement in steadiness.", True),
        ("[m:OwletNet] brings a 24.5% improvement in performance.", False),
        ("[m:OwletNet] brings a 24.5% improvement in [t:nest counting].", False),
        ("[m:OwletNet] reduces the use of [m:long hoots] by 50% to 90%.", True),
        ("[m:OwletNet] improves [m:BarnNet] by 10% on [d:NestQA].", False),
        ("[m:OwletNet] rivals models that are up to 7 times larger.", True),
        ("[m:OwletNet] is 2.3x faster than [m:BarnNet].", False),
        ("[m:OwletNet] needs 3x fewer [q:feathers].", True),
        ("[m:OwletNet] brings a 26% relative improvement in [m:3D FCD].", True),
        ("[m:OwletNet] has a speed up of up to 2.9x.", True),
        ("[m:OwletNet] reaches a response time of about 30 ms.", True),
        ("[m:OwletNet] wins by a margin of 63%.", False),
    ],
)
def test_a_quantity_that_is_named_beside_a_number_is_recognized(text: str, named: bool) -> None:
    passage = Passage(*marked(text))
    assert names_a_quantity(passage, passage.amounts[0]) == named


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
