"""Which surfaces name the same thing; `term_pairs.txt` holds pairs that a person judged."""

from pathlib import Path

import pytest

from nlp.names import read_names
from nlp.spans import LABELS, Label
from nlp.terms import define, term_of

PAIRS = [line.split(" ", 2) for line in Path(__file__).with_name("term_pairs.txt").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("label", "verdict", "surfaces"), PAIRS, ids=map(" ".join, PAIRS))
def test_a_pair_has_one_term_if_it_names_one_thing(label: Label, verdict: str, surfaces: str) -> None:
    one, other = surfaces.split(" | ")
    assert (term_of(one, label) == term_of(other, label)) == (verdict == "same")


def test_there_are_enough_judged_pairs() -> None:
    assert len({tuple(pair) for pair in PAIRS}) >= 150


@pytest.mark.parametrize("label", LABELS)
def test_a_listed_term_is_its_own_term(label: Label) -> None:
    assert [term for _, term in read_names(label) if term_of(term, label) != term] == []


@pytest.mark.parametrize("label", LABELS)
def test_a_listed_surface_has_its_listed_term(label: Label) -> None:
    assert [surface for surface, term in read_names(label) if term_of(surface, label) != term] == []


@pytest.mark.parametrize(
    ("surface", "label", "term"),
    [
        ("Llama 3.1 8B", "METHOD", "Llama 3.1"),
        ("OwletNet-7B", "METHOD", "OwletNet"),
        ("OwletNet-7B/24B", "METHOD", "OwletNet"),
        ("NestCanvas", "METHOD", "NestCanvas"),
        ("owl-to-nest (O2N) pooling", "METHOD", "owl-to-nest pooling"),
        ("Llama3.1", "METHOD", "Llama 3.1"),
        ("Llama-3.1-8B-Instruct", "METHOD", "Llama 3.1"),
        ("Nest Diffusion 3 Medium", "METHOD", "Nest Diffusion 3 Medium"),
        ("Latent Sampling Pooling", "METHOD", "latent sampling pooling"),
        ("Kestrel-Omni", "METHOD", "Kestrel-Omni"),
        ("Self-Critique", "METHOD", "self-critique"),
        ("Gaussian pooling", "METHOD", "Gaussian pooling"),
        ("Auto-Regressive Pretraining", "METHOD", "autoregressive pre-training"),
        ("Kestrel", "METHOD", "Kestrel"),
        ("Counts", "METRIC", "count"),
        ("Nest Mapping", "TASK", "nest mapping"),
        ("Nest Atlas", "DATASET", "Nest Atlas"),
        ("owl behaviour modelling", "TASK", "owl behavior modeling"),
        ("generalised nest optimisation", "TASK", "generalized nest optimization"),
        ("precise, promising noise", "TASK", "precise, promising noise"),
        ("zero-shot BEV mapping", "TASK", "zero-shot BEV mapping"),
    ],
)
def test_an_unknown_surface_is_spelled_by_rule(surface: str, label: Label, term: str) -> None:
    assert term_of(surface, label) == term


def test_an_abbreviation_that_is_a_name_stands_for_its_long_form() -> None:
    terms = define([("Owl-Led Annealing", "OwLA")], "METHOD")
    assert {term_of(surface, "METHOD", terms) for surface in ("Owl-Led Annealing", "owl-led annealing", "OwLA")} == {
        "OwLA"
    }


def test_three_capitals_stand_for_the_long_form_of_their_text() -> None:
    nest, tree = define([("nest learning", "NL")], "METHOD"), define([("tree learning", "NL")], "METHOD")
    assert term_of("NL", "METHOD", nest) == "nest learning"
    assert term_of("NLs", "METHOD", tree) == "tree learning"


def test_a_listed_long_form_gives_its_listed_term() -> None:
    assert define([("large language models", "LLMs")], "METHOD")["llm"] == "large language model"


def test_a_texts_own_definition_overrides_the_list() -> None:
    assert term_of("RL", "METHOD", define([("ridge lifting", "RL")], "METHOD")) == "ridge lifting"
