"""A fine-tuned MiniLM (a BERT of six layers) run by NumPy, from weights of eight bits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc

from nlp.tagger.bilou import TAGS
from nlp.tagger.word_pieces import Vocabulary, Window, read_vocabulary

HEADS = 12
WEIGHTS, VOCABULARY = "weights.npz", "vocab.txt"


class MiniLM:
    """Scores tags as `nlp.training.teacher.Teacher` does, without torch.

    `weights` have the names of torch's parameters. Matrices of linear layers are stored as
    (inputs, outputs), the transpose of torch's.
    """

    def __init__(self, weights: dict[str, np.ndarray], vocabulary: Vocabulary) -> None:
        self.weights = weights
        self.vocabulary = vocabulary
        self.layers = sum(name.endswith("intermediate.dense.bias") for name in weights)

    def scores(self, docs: Sequence[Doc]) -> list[np.ndarray]:
        """Return the log probabilities of each text's tags, tokens × tags."""
        found = [np.zeros((len(doc), len(TAGS)), dtype=np.float32) for doc in docs]
        for window in self.vocabulary.windows(docs):
            # The first piece of a word stands for the whole word.
            rows = self._linear(self._last_layer(window)[window.firsts], "head")
            # without the largest value, so that no power overflows
            rows -= rows.max(-1, keepdims=True)
            rows -= np.log(np.exp(rows).sum(-1, keepdims=True))
            found[window.text][window.start : window.start + len(rows)] = rows
        return found

    def _last_layer(self, window: Window) -> np.ndarray:
        """Return the last layer's vectors, pieces × width."""
        inputs = self.weights["body.embeddings.word_embeddings.weight"][window.pieces]
        inputs = inputs + self.weights["shape.weight"][window.shapes]
        inputs += self.weights["body.embeddings.position_embeddings.weight"][: len(inputs)]
        hidden: np.ndarray = self._norm(
            inputs + self.weights["body.embeddings.token_type_embeddings.weight"][0],
            "body.embeddings",
        )
        for number in range(self.layers):
            layer = f"body.encoder.layer.{number}"
            seen = self._linear(
                self._attend(hidden, f"{layer}.attention.self"), f"{layer}.attention.output.dense"
            )
            hidden = self._norm(hidden + seen, f"{layer}.attention.output")
            wide = _gelu(self._linear(hidden, f"{layer}.intermediate.dense"))
            hidden = self._norm(
                hidden + self._linear(wide, f"{layer}.output.dense"), f"{layer}.output"
            )
        return hidden

    def _attend(self, hidden: np.ndarray, name: str) -> np.ndarray:
        query, key, value = (
            self._linear(hidden, f"{name}.{part}")
            .reshape(len(hidden), HEADS, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        odds = query @ key.transpose(0, 2, 1) / np.float32(query.shape[-1] ** 0.5)
        odds = np.exp(odds - odds.max(-1, keepdims=True))
        seen: np.ndarray = (odds @ value) / odds.sum(-1, keepdims=True)
        return seen.transpose(1, 0, 2).reshape(hidden.shape)

    def _linear(self, values: np.ndarray, name: str) -> np.ndarray:
        product: np.ndarray = values @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return product

    def _norm(self, values: np.ndarray, name: str) -> np.ndarray:
        values = values - values.mean(-1, keepdims=True)
        # 1e-12 is BERT's own constant
        scale = ((values * values).mean(-1, keepdims=True) + 1e-12) ** -0.5
        normed: np.ndarray = values * scale * self.weights[f"{name}.LayerNorm.weight"]
        normed += self.weights[f"{name}.LayerNorm.bias"]
        return normed


def write_minilm(folder: Path, weights: Mapping[str, np.ndarray], vocabulary: Vocabulary) -> None:
    """Write a teacher's weights, matrices quantized to eight bits with one factor per column."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    for name, value in weights.items():
        is_linear = ".dense." in name or ".self." in name or name == "head.weight"
        matrix = value.T if is_linear else value
        if matrix.ndim == 2:
            # by column: a large weight costs only its own column some precision
            factor = np.maximum(np.abs(matrix).max(0), 1e-9) / 127
            arrays[f"{name}.factor"] = factor.astype(np.float32)
            matrix = np.rint(matrix / factor).astype(np.int8)
        arrays[name] = matrix
    np.savez_compressed(folder / WEIGHTS, **arrays)
    (folder / VOCABULARY).write_text("\n".join(vocabulary.numbers) + "\n", "utf-8")


def read_minilm(folder: Path) -> MiniLM:
    """Read the model that `write_minilm` wrote, its matrices as 32-bit floats again.

    Raises `FileNotFoundError` if it is not there.
    """
    with np.load(folder / WEIGHTS) as arrays:
        factors = {name: arrays[name] for name in arrays if name.endswith(".factor")}
        weights = {
            name: arrays[name] * factors.get(f"{name}.factor", np.float32(1))
            for name in arrays
            if name not in factors
        }
    return MiniLM(weights, read_vocabulary(folder / VOCABULARY))


def _gelu(values: np.ndarray) -> np.ndarray:
    """Compute the Gaussian error linear unit by its tanh form (Hendrycks and Gimpel, 2016)."""
    gelu: np.ndarray = (
        0.5 * values * (1 + np.tanh(0.7978846 * (values + 0.044715 * values * values * values)))
    )
    return gelu
