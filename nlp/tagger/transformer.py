"""Layers of BERT run by NumPy, and their weights stored with eight bits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

HEADS = 12

Weights = dict[str, np.ndarray]
"""Weights by the names of torch's parameters.

Matrices of linear layers are stored as (inputs, outputs), the transpose of torch's.
"""


class Transformer:
    """Layers of BERT; `weights` may hold more than theirs."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def layer(self, hidden: np.ndarray, name: str) -> np.ndarray:
        """Return the output of the layer of a name, pieces × width."""
        seen = self.linear(
            self._attend(hidden, f"{name}.attention.self"), f"{name}.attention.output.dense"
        )
        hidden = self.norm(hidden + seen, f"{name}.attention.output")
        wide = gelu(self.linear(hidden, f"{name}.intermediate.dense"))
        return self.norm(hidden + self.linear(wide, f"{name}.output.dense"), f"{name}.output")

    def linear(self, values: np.ndarray, name: str) -> np.ndarray:
        """Return the output of a linear layer."""
        product: np.ndarray = values @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return product

    def norm(self, values: np.ndarray, name: str) -> np.ndarray:
        """Return values of mean 0 and variance 1, scaled and moved by the weights."""
        values = values - values.mean(-1, keepdims=True)
        # 1e-12 is BERT's own constant
        scale = ((values * values).mean(-1, keepdims=True) + 1e-12) ** -0.5
        normed: np.ndarray = values * scale * self.weights[f"{name}.LayerNorm.weight"]
        normed += self.weights[f"{name}.LayerNorm.bias"]
        return normed

    def _attend(self, hidden: np.ndarray, name: str) -> np.ndarray:
        query, key, value = (
            self.linear(hidden, f"{name}.{part}").reshape(len(hidden), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        odds = query @ key.transpose(0, 2, 1) / np.float32(query.shape[-1] ** 0.5)
        odds = np.exp(odds - odds.max(-1, keepdims=True))
        seen: np.ndarray = (odds @ value) / odds.sum(-1, keepdims=True)
        return seen.transpose(1, 0, 2).reshape(hidden.shape)


def write_weights(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Write torch's weights, matrices quantized to eight bits with one factor per column."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    for name, value in weights.items():
        matrix = value.T if _is_linear(name) else value
        if matrix.ndim == 2:
            # by column: a large weight costs only its own column some precision
            factor = np.maximum(np.abs(matrix).max(0), 1e-9) / 127
            arrays[f"{name}.factor"] = factor.astype(np.float32)
            matrix = np.rint(matrix / factor).astype(np.int8)
        arrays[name] = matrix
    np.savez_compressed(path, **arrays)


def read_weights(path: Path) -> Weights:
    """Read what `write_weights` wrote, as 32-bit floats again.

    Raises `FileNotFoundError` if it is not there.
    """
    with np.load(path) as arrays:
        factors = {name: arrays[name] for name in arrays if name.endswith(".factor")}
        return {
            name: arrays[name] * factors.get(f"{name}.factor", np.float32(1))
            for name in arrays
            if name not in factors
        }


def gelu(values: np.ndarray) -> np.ndarray:
    """Compute the Gaussian error linear unit by its tanh form (Hendrycks and Gimpel, 2016)."""
    found: np.ndarray = (
        0.5 * values * (1 + np.tanh(0.7978846 * (values + 0.044715 * values * values * values)))
    )
    return found


def _is_linear(name: str) -> bool:
    return ".dense." in name or ".self." in name or name.startswith(("head.", "link."))
