"""Abbreviations defined in brackets."""

import pytest
from spacy.tokens import Span

from nlp.pipeline import blank
from nlp.rules.abbreviations import Abbreviations, find_abbreviations
from tests.nlp.marking import mark

NLP = blank()


def defined(text: str) -> list[tuple[str, str]]:
    return [(text[slice(*long)], text[slice(*short)]) for long, short in find_abbreviations(text)]


@pytest.mark.parametrize(
    ("text", "long", "short"),
    [
        ("We use Low-Rank Adaptation (LoRA) here", "Low-Rank Adaptation", "LoRA"),
        ("and large language models (LLMs) too", "large language models", "LLMs"),
        ("with self-supervised learning (SSL)", "self-supervised learning", "SSL"),
        ("by Mixture of Owls (MoO)", "Mixture of Owls", "MoO"),
        ("the nest error rate [NER]", "nest error rate", "NER"),
        ("Owl-guided Tree Search~(OTS)", "Owl-guided Tree Search", "OTS"),
        ("our Piecewise Nesting Flow (PeNFlow)", "Piecewise Nesting Flow", "PeNFlow"),
    ],
)
def test_the_long_form_begins_with_the_first_letter(text: str, long: str, short: str) -> None:
    assert defined(text) == [(long, short)]


@pytest.mark.parametrize(
    "text", ["owls (2021)", "owls (see Table 2)", "owls (e.g., barns)", "owls (XQZ)", "(LoRA)"]
)
def test_other_brackets_define_nothing(text: str) -> None:
    assert defined(text) == []


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
