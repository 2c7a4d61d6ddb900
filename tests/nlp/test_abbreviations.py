"""Abbreviations defined in brackets."""

import pytest

from nlp.abbreviations import find_abbreviations


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
