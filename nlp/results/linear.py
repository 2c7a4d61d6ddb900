"""Log-linear models: choose the likeliest of several candidates by their named features."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp

import numpy as np

Choice = tuple[Sequence[Sequence[str]], int]
"""Candidates, each with its features, and the index of the right one."""

RATE, DECAY_OF_MEAN, DECAY_OF_SQUARE = 0.1, 0.9, 0.99
"""The settings of Adam (Kingma and Ba, 2015): learning rate, and decay rates of both moments."""


def score(weights: Mapping[str, float], features: Iterable[str]) -> float:
    """Return the sum of the weights of features; unknown features weigh nothing."""
    return sum(weights.get(feature, 0.0) for feature in features)


def probability(weights: Mapping[str, float], features: Iterable[str]) -> float:
    """Return the probability of a candidate against one without features."""
    return 1 / (1 + exp(-max(-700.0, score(weights, features))))


def probabilities(weights: Mapping[str, float], candidates: Sequence[Sequence[str]]) -> list[float]:
    """Return the probability of each candidate."""
    return softmax([score(weights, features) for features in candidates])


def softmax(scores: Sequence[float]) -> list[float]:
    """Return the probabilities of candidates with these scores."""
    largest = max(scores)
    odds = [exp(value - largest) for value in scores]
    return [each / sum(odds) for each in odds]


def choose(weights: Mapping[str, float], candidates: Sequence[Sequence[str]]) -> int:
    """Return the index of the likeliest candidate."""
    return max(range(len(candidates)), key=lambda number: score(weights, candidates[number]))


def fit(
    choices: Sequence[Choice], *, decay: float, least: int = 3, steps: int = 200
) -> dict[str, float]:
    """Fit weights under which the right candidate of each choice is the likeliest.

    Features of fewer than `least` candidates get no weight. `decay` is the factor of the squared
    norm in the mean loss. Every step of the descent takes all choices, so that nothing is random.
    """
    if not choices:
        return {}
    names = _frequent_features(choices, least)
    weights = np.zeros(len(names))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    problem = _Problem(choices, names)
    for step in range(1, steps + 1):
        slope = problem.slope(weights) + decay * weights
        mean = DECAY_OF_MEAN * mean + (1 - DECAY_OF_MEAN) * slope
        square = DECAY_OF_SQUARE * square + (1 - DECAY_OF_SQUARE) * slope**2
        spread = np.sqrt(square / (1 - DECAY_OF_SQUARE**step)) + 1e-8
        weights -= RATE * mean / (1 - DECAY_OF_MEAN**step) / spread
    rounded = {name: round(float(weights[column]), 3) for name, column in names.items()}
    return {name: weight for name, weight in rounded.items() if abs(weight) >= 0.01}


class _Problem:
    """Choices as arrays: the features of each candidate, its choice, and whether it is right."""

    def __init__(self, choices: Sequence[Choice], names: Mapping[str, int]) -> None:
        places = np.array([*_places(choices, names)], dtype=int).reshape(-1, 2)
        self.rows, self.columns = places.T
        sizes = [len(candidates) for candidates, _ in choices]
        self.choice = np.repeat(np.arange(len(choices)), sizes)
        self.first = np.cumsum([0, *sizes[:-1]])
        self.right = np.zeros(len(self.choice))
        self.right[self.first + [answer for _, answer in choices]] = 1
        self.count = len(choices)

    def slope(self, weights: np.ndarray) -> np.ndarray:
        """Return the gradient of the mean negative log-likelihood."""
        scores = np.bincount(self.rows, weights[self.columns], len(self.choice))
        # the largest score of each choice is subtracted so that no exponential overflows
        odds = np.exp(scores - np.maximum.reduceat(scores, self.first)[self.choice])
        errors = odds / np.bincount(self.choice, odds)[self.choice] - self.right
        slope = np.bincount(self.columns, errors[self.rows], len(weights))
        return np.asarray(slope / self.count)


def _frequent_features(choices: Sequence[Choice], least: int) -> dict[str, int]:
    """Return the column of each feature that at least `least` candidates have."""
    counts = Counter(
        feature for candidates, _ in choices for features in candidates for feature in {*features}
    )
    frequent = sorted(feature for feature, count in counts.items() if count >= least)
    return {feature: column for column, feature in enumerate(frequent)}


def _places(choices: Sequence[Choice], names: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Yield (candidate, column) of each feature, candidates numbered through all choices."""
    all_features = (features for candidates, _ in choices for features in candidates)
    for row, features in enumerate(all_features):
        yield from ((row, names[feature]) for feature in sorted({*features}) if feature in names)
