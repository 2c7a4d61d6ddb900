"""Train a linear classifier that separates the papers of a list from others."""

import numpy as np

from server.ranking.vectors import TERMS, TermMatrix
from server.ranking.word_vectors import Floats

STEPS = 8  # of Newton's method; the error no longer changes the order of papers after 4 to 6
INNER_STEPS = 12  # of conjugate gradients in each
TOLERANCE = 1e-2  # of the gradient, relative to that at the start


def train_classifier(rows: TermMatrix, labels: Floats, costs: Floats) -> Floats:
    """Return one weight per term, by an L2-regularized linear SVM with squared hinge loss.

    `labels` are 1 or -1 and `costs` what an error on each row costs; errors are counted against
    half the squared length of the weights. There is no constant term: it would shift all scores
    alike.
    Newton's method in the primal, after Keerthi and DeCoste (2005),
    https://jmlr.org/papers/v6/keerthi05a.html.
    """
    columns, inverse = np.unique(rows.terms, return_inverse=True)
    compact = _Compact(rows.starts, inverse, rows.values, len(columns))
    weights = np.zeros(len(columns))
    first = 0.0
    for _ in range(STEPS):
        margins = 1 - labels * compact.dot(weights)
        active = np.where(margins > 0, costs, 0.0)
        gradient = weights - 2 * compact.sum_rows(active * labels * margins)
        size = float(np.linalg.norm(gradient))
        first = first or size
        if size <= TOLERANCE * first:
            break
        weights -= _solve(compact, active, gradient)
    spread = np.zeros(TERMS, np.float32)
    spread[columns] = weights
    return spread


class _Compact:
    """The rows with their columns renumbered to those that occur, which keeps products short."""

    def __init__(
        self, starts: np.ndarray, columns: np.ndarray, values: np.ndarray, width: int
    ) -> None:
        self.starts = starts
        self.columns = columns
        self.values = values.astype(np.float64)
        self.width = width
        self.sizes = np.diff(starts)

    def dot(self, weights: np.ndarray) -> np.ndarray:
        # differences of a running sum, because `reduceat` is wrong for rows without terms
        sums = np.concatenate([np.zeros(1), np.cumsum(self.values * weights[self.columns])])
        products: np.ndarray = sums[self.starts[1:]] - sums[self.starts[:-1]]
        return products

    def sum_rows(self, weights: np.ndarray) -> np.ndarray:
        return np.bincount(self.columns, self.values * np.repeat(weights, self.sizes), self.width)


def _solve(rows: _Compact, active: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Solve (I + 2 X' A X) step = gradient by conjugate gradients."""
    step = np.zeros_like(gradient)
    rest = gradient.copy()
    direction = rest.copy()
    size = rest @ rest
    for _ in range(INNER_STEPS):
        curved = direction + 2 * rows.sum_rows(active * rows.dot(direction))
        length = size / (direction @ curved)
        step += length * direction
        rest -= length * curved
        smaller = rest @ rest
        if smaller <= 1e-4 * (gradient @ gradient):
            break
        direction = rest + (smaller / size) * direction
        size = smaller
    return step
