"""Learn what a user reads from the papers of their list, and score papers by it.

A score is the sum of three views of a paper: how like the average paper of the list its terms are,
on which side of a linear classifier they lie, and how like the list's its meaning is. Each view is
measured in standard deviations from the average recent paper of the store, so that they can be
added and that a score means the same for every user and every day. `python -m tests.bench.ranking`
says how good the sum is, and each view alone.
"""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.ranking.classifier import train_classifier
from server.ranking.vectors import PaperVector, Statistics
from server.ranking.word_vectors import WIDTH, Floats

COST = 1.0  # of all errors of the classifier on one side, together
TRUSTED_PAPERS = 3  # as many liked papers as move half of the terms' share to the classifier
CLASSIFIER_SHARE, MEANING_SHARE, WHITENED_SHARE = 2.0, 0.7, 1.0  # the average of terms has 1
AGAINST = 0.3  # how much the average of papers left aside counts against that of the list
SHRINKAGE = 0.8  # of the covariance of meanings towards a multiple of the identity
SMALLEST_DEVIATION = 1e-3


class Example(Struct, frozen=True):
    """A paper that teaches; its `weight` is above 0 if the user likes it, below 0 if not."""

    vector: PaperVector
    weight: float


class Model(Struct, frozen=True):
    """Scores papers for a user: linear in the weighted terms and the meaning of a paper."""

    statistics: Statistics
    terms: Floats
    meaning: Floats
    bias: float

    def score(self, vectors: Sequence[PaperVector]) -> Floats:
        """Return each paper's score: 0 for an average paper, 2 for one of the closest in forty."""
        meanings = stack([vector.meaning for vector in vectors])
        scores: Floats = self.statistics.weigh(vectors).dot(self.terms)
        return scores + meanings @ self.meaning + np.float32(self.bias)


def learn(
    examples: Sequence[Example],
    background: Sequence[PaperVector],
    statistics: Statistics,
    *,
    muted: Sequence[int] = (),
) -> Model | None:
    """Learn a model; None if no example is liked.

    `background` are recent papers of the store, of which it is not known whether the user would
    like them. The terms that are `muted` count nothing; only a paper's meaning, which is that of
    its whole text, still goes by them. The same input always gives the same model.
    """
    liked = [example for example in examples if example.weight > 0]
    left = [example for example in examples if example.weight < 0]
    if not liked:
        return None
    vectors = [*(example.vector for example in [*liked, *left]), *background]
    rows = statistics.weigh(vectors).without(muted)
    weights = np.array([example.weight for example in [*liked, *left]], np.float32)
    known, others = len(liked) + len(left), slice(len(liked) + len(left), None)
    means = _average(weights, len(vectors))
    average = rows.sum_rows(means)
    labels, costs = _label(weights, len(background))
    classifier = train_classifier(rows, labels, costs)
    meanings = stack([vector.meaning for vector in vectors])
    direction, whitened = _directions(means[:known] @ meanings[:known], meanings[others])
    trust = len(liked) / (len(liked) + TRUSTED_PAPERS)
    terms = _add(
        [(1 - trust, average), (CLASSIFIER_SHARE * trust, classifier)],
        lambda view: rows.dot(view)[others],
    )
    meaning = _add(
        [(MEANING_SHARE, direction), (WHITENED_SHARE * trust, whitened)],
        lambda view: (meanings @ view)[others],
    )
    # the views agree in part, so their sum is measured once more
    scale, middle = _measure((rows.dot(terms) + meanings @ meaning)[others])
    factor = np.float32(scale)
    return Model(statistics, terms * factor, meaning * factor, -scale * middle)


def _add(views: Sequence[tuple[float, Floats]], score: Callable[[Floats], Floats]) -> Floats:
    """Add views by their shares, each scaled so that the background's scores have deviation 1."""
    total = np.zeros_like(views[0][1])
    for share, view in views:
        scale, _ = _measure(score(view))
        total += np.float32(share * scale) * view
    return total


def stack(meanings: Sequence[NDArray[np.float16]]) -> Floats:
    """Put meanings into a matrix of one row per paper."""
    return np.array(meanings, np.float32).reshape(-1, WIDTH)


def _average(weights: Floats, size: int) -> Floats:
    """Return what each row counts in the difference between the list's and the others' average."""
    means = np.zeros(size, np.float32)
    liked, left = np.maximum(weights, 0), np.minimum(weights, 0)
    means[: len(weights)] = liked / liked.sum()
    if left.any():
        means[: len(weights)] += AGAINST * left / -left.sum()
    return means


def _label(weights: Floats, background: int) -> tuple[Floats, Floats]:
    """Return the classifier's labels and costs: both sides cost the same, however many they are."""
    labels = np.concatenate([np.sign(weights), -np.ones(background)]).astype(np.float32)
    costs = np.concatenate([np.abs(weights), np.ones(background)]).astype(np.float32)
    for side in (labels > 0, labels < 0):
        costs[side] *= COST / max(costs[side].sum(), 1e-9)
    return labels, costs


def _directions(liked: Floats, background: Floats) -> tuple[Floats, Floats]:
    """Return the direction of the list's meaning, plain and whitened.

    The second is that of linear discriminant analysis: the covariance of the background, which all
    users share, evens out the directions in which papers vary anyway.
    """
    middle = background.mean(0) if len(background) else np.zeros(WIDTH, np.float32)
    direction = liked - middle
    centred = background - middle
    covariance = centred.T @ centred / max(len(background), 1)
    level = max(float(np.trace(covariance)) / WIDTH, 1e-6)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * level * np.eye(WIDTH)
    return direction, np.linalg.solve(shrunk, direction).astype(np.float32)


def _measure(scores: Floats) -> tuple[float, float]:
    """Return the factor and the middle that give the background's scores mean 0 and deviation 1."""
    if not len(scores):
        return 1.0, 0.0
    return 1 / max(float(scores.std()), SMALLEST_DEVIATION), float(scores.mean())
