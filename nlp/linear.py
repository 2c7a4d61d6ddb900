"""Log-linear choice: of several candidates with named clues, the likeliest; weights are fitted by gradient descent."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp

import numpy as np

Choice = tuple[Sequence[Sequence[str]], int]
"""Candidates, each with its clues, and the number of the right one."""


def score(weights: Mapping[str, float], clues: Iterable[str]) -> float:
    """Give the sum of the weights of clues; those without a weight count nothing."""
    return sum(weights.get(clue, 0.0) for clue in clues)


def probability(weights: Mapping[str, float], clues: Iterable[str]) -> float:
    """Give the probability of a candidate beside one without clues."""
    return 1 / (1 + exp(-max(-700.0, score(weights, clues))))


def choose(weights: Mapping[str, float], candidates: Sequence[Sequence[str]]) -> int:
    """Give the number of the likeliest candidate."""
    return max(range(len(candidates)), key=lambda number: score(weights, candidates[number]))


def fit(choices: Sequence[Choice], *, decay: float, least: int = 3, steps: int = 300) -> dict[str, float]:
    """Fit weights under which the right candidate of each choice is the likeliest.

    Clues of fewer than `least` candidates get no weight; `decay` weighs the squared norm in the mean loss. The descent
    is Adam's (Kingma and Ba, 2015), over all choices at once and so without chance.
    """
    if not choices:
        return {}
    candidates = [(number, {*clues}) for number, (all_clues, _) in enumerate(choices) for clues in all_clues]
    counts = Counter(clue for _, clues in candidates for clue in clues)
    names = {clue: number for number, clue in enumerate(sorted(clue for clue, n in counts.items() if n >= least))}
    places = [
        (row, names[clue]) for row, (_, clues) in enumerate(candidates) for clue in sorted(clues) if clue in names
    ]
    rows, columns = np.array(places, dtype=int).reshape(-1, 2).T
    choice = np.array([number for number, _ in candidates])
    right = np.concatenate([np.arange(len(all_clues)) == answer for all_clues, answer in choices])
    weights, mean, square = np.zeros((3, len(names)))
    for step in range(1, steps + 1):
        scores = np.bincount(rows, weights[columns], len(candidates))
        odds = np.exp(scores - np.maximum.reduceat(scores, np.unique(choice, return_index=True)[1])[choice])
        errors = odds / np.bincount(choice, odds)[choice] - right
        slope = np.bincount(columns, errors[rows], len(names)) / len(choices) + decay * weights
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        weights -= 0.1 * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True) if abs(weight) >= 0.01}
