"""The labels of abbreviations defined in brackets."""

import pytest
from spacy.tokens import Span

from nlp.pipeline import blank
from nlp.rules.abbreviations import Abbreviations
from tests.nlp.marking import mark

NLP = blank()


def test_an_abbreviation_takes_the_label_of_its_long_form() -> None:
    doc = NLP("We count nests by nest point mapping (NPM); NPM is hard.")
    doc.ents = [Span(doc, 4, 7, label="TASK"), Span(doc, 8, 9, label="METHOD")]
    assert [(ent.text, ent.label_) for ent in Abbreviations()(doc).ents] == [
        ("nest point mapping", "TASK"),
        ("NPM", "TASK"),
    ]


def test_a_long_form_takes_the_label_of_its_abbreviation() -> None:
    doc = NLP("We learn by owl-led annealing (OLA).")
    doc.ents = [Span(doc, 8, 9, label="METHOD")]
    assert [ent.text for ent in Abbreviations()(doc).ents] == ["owl-led annealing", "OLA"]


def test_an_abbreviation_within_a_mention_stays_part_of_it() -> None:
    doc = NLP("Our point cloud (PC) reconstruction works.")
    doc.ents = [Span(doc, 1, 7, label="TASK")]
    assert [ent.text for ent in Abbreviations()(doc).ents] == ["point cloud (PC) reconstruction"]


def test_the_long_form_is_marked_from_its_first_letter() -> None:
    doc = NLP("We learn by nested owl annealing (NOA).")
    doc.ents = [Span(doc, 4, 6, label="METHOD"), Span(doc, 7, 8, label="TASK")]
    assert [(ent.text, ent.label_) for ent in Abbreviations()(doc).ents] == [
        ("nested owl annealing", "METHOD"),
        ("NOA", "METHOD"),
    ]


def test_nothing_is_marked_where_neither_form_is() -> None:
    assert Abbreviations()(NLP("the state of the owl (SOTO)")).ents == ()


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("a point cloud (PCD) reconstruction", ["point cloud", "PCD"]),
        ("a point cloud (PCD) reconstruction", ["point cloud", "PCD", "reconstruction"]),
        ("a point cloud (PCD) reconstruction", ["point cloud", "PCD) reconstruction"]),
        ("a nest-to-video (NTV) image generation", ["NTV"]),
        ("a nested owl (NeO) policy", ["nested owl", "NeO", "policy"]),
    ],
)
def test_a_term_that_goes_on_after_the_bracket_is_whole(text: str, marked: list[str]) -> None:
    doc = NLP(f"We try {text} in the wood.")
    doc.ents = [mark(doc, surface, "TASK") for surface in marked]
    assert [ent.text for ent in Abbreviations()(doc).ents] == [text.removeprefix("a ")]


def test_another_mention_after_the_bracket_stays_apart() -> None:
    doc = NLP("We try owl-led annealing (OLA) and nest mapping.")
    doc.ents = [Span(doc, 2, 6, label="METHOD"), Span(doc, 10, 12, label="TASK")]
    assert [ent.text for ent in Abbreviations()(doc).ents] == [
        "owl-led annealing",
        "OLA",
        "nest mapping",
    ]
