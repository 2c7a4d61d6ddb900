"""Marking the listed names."""

import pytest
from spacy.tokens import Span

from nlp.pipeline import blank
from nlp.rules.known_names import KnownNames
from nlp.rules.name_lists import read_names
from nlp.spans import LABELS, Label

NLP = blank()
NAMES = KnownNames(NLP)


def found(text: str) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in NAMES(NLP(text)).ents]


def test_a_listed_name_is_marked() -> None:
    assert found("We use BERT on MS MARCO.") == [("BERT", "METHOD"), ("MS MARCO", "DATASET")]


def test_a_phrase_is_marked_in_any_case_and_number() -> None:
    assert found("Graph neural networks and a graph neural network") == [
        ("Graph neural networks", "METHOD"),
        ("graph neural network", "METHOD"),
    ]


def test_a_name_with_capitals_is_marked_only_as_it_is_listed() -> None:
    assert found("We blink, and we race to the pile of drops.") == []


def test_the_longest_name_is_marked() -> None:
    assert found("on SWE-bench Verified") == [("SWE-bench Verified", "DATASET")]


def test_existing_mentions_stay() -> None:
    doc = NLP("our BERT scores")
    doc.ents = [Span(doc, 0, 2, label="TASK")]
    assert [(ent.text, ent.label_) for ent in NAMES(doc).ents] == [("our BERT", "TASK")]


def test_tasks_and_metrics_are_left_to_the_tagger() -> None:
    assert found("Accuracy matters in machine translation.") == []


@pytest.mark.parametrize("label", LABELS)
def test_a_list_holds_a_surface_once(label: Label) -> None:
    surfaces = [surface for surface, _ in read_names(label)]
    assert len(surfaces) == len({*surfaces}) > 200
    assert all(surface == surface.strip() != "" for surface in surfaces)
