"""Labels corrected by lists and by the words around a mention."""

import pytest
from spacy.tokens import Span

from nlp.pipeline import blank
from nlp.rules.labels import Labels
from tests.nlp.marking import mark

NLP = blank()
CORRECT = Labels()


def label(text: str, name: str, given: str) -> str:
    doc = NLP(text)
    doc.ents = [mark(doc, name, given)]
    (ent,) = CORRECT(doc).ents
    return str(ent.label_)


@pytest.mark.parametrize(
    ("name", "given", "listed"),
    [
        ("BERT", "DATASET", "METHOD"),
        ("ImageNet", "METHOD", "DATASET"),
        ("Transfer Learning", "TASK", "METHOD"),
    ],
)
def test_a_listed_name_has_its_listed_label(name: str, given: str, listed: str) -> None:
    assert label(f"We use {name} here.", name, given) == listed


@pytest.mark.parametrize(
    "text",
    [
        "We present NestSet, a large dataset of nests.",
        "NestSet is the first benchmark for nests.",
        "We test on the NestSet benchmark.",
        "our dataset NestSet has nests",
        "a corpus called NestSet of nests",
        "Owl Nest Pictures (NestSet) dataset",
    ],
)
def test_what_the_text_calls_a_dataset_is_one(text: str) -> None:
    assert label(text, "NestSet", "METHOD") == "DATASET"


@pytest.mark.parametrize(
    "text",
    [
        "NestSet is a model for nests.",
        "We test NestSet on a new benchmark.",
        "NestSet needs no dataset of nests.",
    ],
)
def test_a_dataset_elsewhere_in_the_sentence_says_nothing(text: str) -> None:
    assert label(text, "NestSet", "METHOD") == "METHOD"


@pytest.mark.parametrize(
    "name", ["Nest Quality Index", "NestScore", "Nest-IoU", "n-MRR", "egg recovery rate"]
)
def test_a_name_that_ends_as_metrics_do_is_one(name: str) -> None:
    assert label(f"We measure {name} of owls.", name, "METHOD") == "METRIC"


@pytest.mark.parametrize(
    "text",
    [
        "We introduce NestGap, a novel metric of how far nests lie apart.",
        "NestGap is a metric for nests.",
        "a Nest Distance (NestGap), a simple, cheap metric",
    ],
)
def test_what_the_text_calls_a_metric_is_one(text: str) -> None:
    assert label(text, "NestGap", "METHOD") == "METRIC"


@pytest.mark.parametrize(
    "text", ["NestGap, a metric learning method", "NestGap raises each metric of nests."]
)
def test_a_metric_elsewhere_in_the_sentence_says_nothing(text: str) -> None:
    assert label(text, "NestGap", "METHOD") == "METHOD"


def test_a_phrase_in_lower_case_is_not_called_a_dataset() -> None:
    assert label("a retrieval pooling benchmark", "retrieval pooling", "METHOD") == "METHOD"


def test_boundaries_and_order_stay_the_same() -> None:
    doc = NLP("BERT and NestNet and ImageNet")
    doc.ents = [
        Span(doc, 0, 1, label="METHOD"),
        Span(doc, 2, 3, label="METHOD"),
        Span(doc, 4, 5, label="TASK"),
    ]
    assert [(ent.start, ent.label_) for ent in CORRECT(doc).ents] == [
        (0, "METHOD"),
        (2, "METHOD"),
        (4, "DATASET"),
    ]
