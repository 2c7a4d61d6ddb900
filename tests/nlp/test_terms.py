"""Which surfaces name the same thing; `term_pairs.txt` holds pairs that a person judged."""

from pathlib import Path

import pytest

from nlp.rules.name_lists import read_names
from nlp.spans import LABELS, Label
from nlp.terms import Term, define, describe, parent_of, term_of
from nlp.training.term_pairs import JUDGED, read_pairs, score_pairs

JUDGED_PAIRS = read_pairs(JUDGED)

PAIRS = [
    line.split(" ", 2)
    for line in Path(__file__).with_name("term_pairs.txt").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(("label", "verdict", "surfaces"), PAIRS, ids=map(" ".join, PAIRS))
def test_a_pair_has_one_term_if_it_names_one_thing(
    label: Label, verdict: str, surfaces: str
) -> None:
    one, other = surfaces.split(" | ")
    assert (term_of(one, label) == term_of(other, label)) == (verdict == "same")


def test_there_are_enough_judged_pairs() -> None:
    assert len({tuple(pair) for pair in PAIRS}) >= 150
    assert len(set(JUDGED_PAIRS)) >= 300


def test_judged_terms_of_real_papers_are_merged_with_high_precision() -> None:
    scores = score_pairs(JUDGED_PAIRS)
    assert scores["same"].precision >= 0.97 and scores["same"].recall >= 0.68
    assert scores["parent"].precision >= 0.95 and scores["parent"].recall >= 0.8


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
        ("pass^4", "METRIC", "pass^4"),
        ("params", "METRIC", "number of parameters"),
        ("nest counts", "METRIC", "number of nests"),
        ("owl language models' (OLMs)", "METHOD", "owl language model"),
        ("OwletSet 256$\\times$256", "DATASET", "OwletSet 256x256"),
        ("offline RL", "METHOD", "offline reinforcement learning"),
        ("nest image synthesis", "TASK", "nest image generation"),
        ("structural Race condition", "METHOD", "structural race condition"),
        ("peak memory footprint", "METRIC", "peak memory usage"),
        ("nest-based pooling", "METHOD", "nest pooling"),
        ("OwletGen-Instruct", "METHOD", "OwletGen-Instruct"),
    ],
)
def test_an_unknown_surface_is_spelled_by_rule(surface: str, label: Label, term: str) -> None:
    assert term_of(surface, label) == term


def test_an_abbreviation_that_is_a_name_stands_for_its_long_form() -> None:
    terms = define([("Owl-Led Annealing", "OwLA")], "METHOD")
    assert {
        term_of(surface, "METHOD", terms)
        for surface in ("Owl-Led Annealing", "owl-led annealing", "OwLA")
    } == {"OwLA"}


def test_three_capitals_stand_for_the_long_form_of_their_text() -> None:
    nest, tree = (
        define([("nest learning", "NL")], "METHOD"),
        define([("tree learning", "NL")], "METHOD"),
    )
    assert term_of("NL", "METHOD", nest) == "nest learning"
    assert term_of("NLs", "METHOD", tree) == "tree learning"


@pytest.mark.parametrize(
    ("short", "term"),
    [("NLG", "nest lining growth"), ("NLGs", "nest lining growth"), ("NLGX", "NLGX")],
)
def test_four_capitals_are_a_name_of_their_own(short: str, term: str) -> None:
    assert term_of(short, "METHOD", define([("nest lining growth", short)], "METHOD")) == term


def test_a_listed_long_form_gives_its_listed_term() -> None:
    assert define([("large language models", "LLMs")], "METHOD")["llm"] == "large language model"


def test_a_texts_own_definition_overrides_the_list() -> None:
    assert term_of("RL", "METHOD", define([("ridge lifting", "RL")], "METHOD")) == "ridge lifting"


@pytest.mark.parametrize("short", ["ROPE", "VAR", "SAGE", "RL"])
def test_a_papers_own_definition_decides_over_a_listed_or_ambiguous_abbreviation(
    short: str,
) -> None:
    terms = define([("nest object viewing", short)], "METHOD")
    assert term_of(short, "METHOD", terms) == "nest object viewing"


def test_another_spelling_of_a_listed_long_form_keeps_the_listed_term() -> None:
    terms = define([("Rotary Positional Embeddings", "RoPE")], "METHOD")
    assert term_of("RoPE", "METHOD", terms) == term_of("RoPE", "METHOD")


def test_a_defined_abbreviation_inside_a_phrase_is_written_out() -> None:
    terms = define([("ridge lifting", "RL")], "METHOD")
    assert term_of("offline RL", "METHOD", terms) == "offline ridge lifting"


def test_a_described_model_has_its_class_and_its_attributes() -> None:
    term = describe("Qwen2.5-VL-7B-Instruct", "METHOD")
    assert (term.name, term.parent) == ("Qwen2.5-VL", "vision-language model")
    assert (term.size, term.context, term.variant) == ("7B", None, "instruct")
    assert "Qwen2.5-VL-72B" in term.aliases


def test_a_term_that_is_nowhere_listed_has_neither_parent_nor_aliases() -> None:
    assert describe("Owletine", "METHOD") == Term("Owletine")


@pytest.mark.parametrize(
    ("term", "label", "parent"),
    [
        ("offline reinforcement learning", "METHOD", "reinforcement learning"),
        ("vision-language model", "METHOD", "language model"),
        ("self-supervised learning", "METHOD", None),
        ("OwletGen-Instruct", "METHOD", None),
        ("MMLU-Pro", "DATASET", "MMLU"),
        ("recall@5", "METRIC", "recall"),
        ("pass^4", "METRIC", "pass^k"),
        ("pass@k", "METRIC", None),
        ("video super-resolution", "TASK", "super-resolution"),
    ],
)
def test_a_narrower_term_has_the_listed_one_it_is_a_kind_of(
    term: str, label: Label, parent: str | None
) -> None:
    assert parent_of(term, label) == parent
