"""Metrics found by their form or by a number beside them."""

import pytest

from nlp.pipeline import blank
from nlp.rules.metric_patterns import MetricPatterns
from tests.nlp.marking import mark

NLP = blank()
PATTERNS = MetricPatterns(NLP)


def metrics(text: str) -> list[str]:
    return [ent.text for ent in PATTERNS(NLP(text)).ents if ent.label_ == "METRIC"]


@pytest.mark.parametrize(
    "surface",
    ["Recall@5", "pass@k", "mAP@0.5", "Hits@10", "Pass@First", "nDCG@10", "AP70", "mAP50"],
)
def test_a_name_with_a_rank_is_a_metric(surface: str) -> None:
    assert metrics(f"Owls are ranked by {surface}, too.") == [surface]


def test_a_longer_name_with_such_letters_is_no_metric() -> None:
    assert metrics("The AP2000 and an mAP500 fly to MAP70 now.") == []


@pytest.mark.parametrize(
    "text", ["write to nest@owl.org now", "as OWL@NEST2021 asks", "3@4 owls", "@owl said so"]
)
def test_other_at_signs_make_no_metric(text: str) -> None:
    assert metrics(text) == []


def test_a_rank_belongs_to_a_name_that_is_marked_without_it() -> None:
    doc = NLP("It gains mAP@0.5 and nest Recall@5 here.")
    doc.ents = [mark(doc, "mAP", "METHOD"), mark(doc, "nest Recall@5", "METRIC")]
    assert [ent.text for ent in PATTERNS(doc).ents if ent.label_ == "METRIC"] == [
        "mAP@0.5",
        "nest Recall@5",
    ]


@pytest.mark.parametrize("text", ["a 2.1x speedup", "speedup of 30%", "a 3-5x inference speedup"])
def test_a_listed_metric_beside_a_number_is_marked(text: str) -> None:
    assert metrics(f"OwletNet brings {text}.")[0].endswith("speedup")


@pytest.mark.parametrize(
    "text", ["the speedup is ours", "4 owls and the speedup", "2.1x more owls fly in at a speedup"]
)
def test_a_listed_metric_without_a_measured_number_beside_it_is_not_marked(text: str) -> None:
    assert metrics(text) == []


def test_what_is_marked_stays_marked() -> None:
    doc = NLP("It has 81.2% accuracy rewards")
    doc.ents = [mark(doc, "accuracy rewards", "METHOD")]
    assert [(ent.text, ent.label_) for ent in PATTERNS(doc).ents] == [
        ("accuracy rewards", "METHOD")
    ]
