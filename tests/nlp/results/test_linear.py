"""Log-linear choice."""

import pytest

from nlp.results.linear import choose, fit, probabilities, probability

CHOICES = [
    ([["red", "round"], ["green", "round"]], 0),
    ([["green", "long"], ["red", "long"]], 1),
] * 5


def test_the_fitted_weights_choose_what_was_right() -> None:
    weights = fit(CHOICES, decay=0.01)
    assert choose(weights, [["green"], ["red"]]) == 1
    assert weights["red"] == pytest.approx(-weights["green"], abs=1e-3)


def test_a_feature_that_all_candidates_share_weighs_nothing() -> None:
    assert "round" not in fit(CHOICES, decay=0.01)


def test_a_rare_feature_gets_no_weight() -> None:
    assert fit(CHOICES, decay=0.01, least=11) == {}


def test_more_decay_makes_smaller_weights() -> None:
    assert fit(CHOICES, decay=0.1)["red"] < fit(CHOICES, decay=0.01)["red"]


def test_nothing_to_learn_from_gives_no_weights() -> None:
    assert fit([], decay=0.01) == {}


def test_of_equal_candidates_the_first_is_chosen() -> None:
    assert choose({}, [["a"], ["b"]]) == 0


def test_a_probability_stays_between_nought_and_one() -> None:
    assert probability({"a": 1e6}, ["a"]) == 1
    assert probability({"a": -1e6}, ["a"]) == pytest.approx(0)
    assert probability({}, ["a"]) == 0.5


def test_probabilities_of_candidates_sum_to_one() -> None:
    chances = probabilities({"a": 1000.0, "b": 999.0}, [["a"], ["b"]])
    assert sum(chances) == pytest.approx(1) and chances[0] > chances[1]
