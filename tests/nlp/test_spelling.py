"""Spelling surfaces alike."""

import pytest

from nlp.spelling import american, expand_words, plain, singular, synonym, usual_words


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("\\textbf{Owlet}", "Owlet"),
        ("$\\tau$-bench", "τ-bench"),
        ("Owl 256 \\times 256", "Owl 256x256"),
        ("pass^{4}", "pass^4"),
        ("Nest^{2}", "Nest2"),
        ("owl models' (OMs)", "owl models"),
        ("owl-to-nest (O2N) pooling", "owl-to-nest pooling"),
        ("Kendall's tau", "Kendall's tau"),
        ("the Owlet's", "Owlet"),
    ],
)
def test_markup_possessives_and_definitions_are_removed(surface: str, expected: str) -> None:
    assert plain(surface) == expected


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("owl losses", "owl loss"),
        ("policies", "policy"),
        ("KV caches", "KV cache"),
        ("matrices", "matrix"),
        ("inductive biases", "inductive bias"),
        ("inductive bias", "inductive bias"),
        ("LLMs", "LLM"),
        ("fps", "fps"),
        ("FPS", "FPS"),
        ("params", "parameter"),
    ],
)
def test_the_last_word_is_made_singular(plural: str, expected: str) -> None:
    assert singular(plural, "METRIC") == expected


def test_british_spelling_becomes_american() -> None:
    assert american("generalised owl behaviour modelling") == "generalized owl behavior modeling"


def test_abbreviations_in_phrases_are_written_out_for_comparison_alone() -> None:
    assert expand_words("owl LLM agents") == "owl large language model agents"
    assert usual_words("owl large language model agent") == "owl LLM agent"
    assert usual_words("owl RL") == "owl reinforcement learning"
    assert expand_words("LLM") == usual_words("LLM") == "LLM"


def test_abbreviations_in_code_names_stay() -> None:
    for name in ("Owlet3-8B-hooter-sft", "GRPO-RL", "Owlet-3-RL"):
        assert usual_words(name) == name
    assert usual_words("RL-based owls") == "reinforcement learning-based owls"
    assert usual_words("GRPO and RL") == "GRPO and reinforcement learning"


def test_equivalent_words_have_one_form() -> None:
    assert synonym("image synthesis", "TASK") == "image generation"
    assert synonym("memory footprint", "METRIC") == "memory usage"
    assert synonym("memory efficiency", "METRIC") == "memory efficiency"
