"""The network that scores tags: one forward pass, in operators that NumPy and torch share.

The embedding of a word is computed from its floret vector and from hashes of its lower case,
prefix, suffix and shape, once per distinct word. Residual convolution layers then mix each token
with its neighbours. Half-way, the mean over all occurrences of its word and the mean over its text
are added to each token, since the guidelines give one surface one label in a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from spacy.tokens import Doc

Array = Any
"""A NumPy array or a torch tensor."""

TABLES = {"LOWER": 12000, "PREFIX": 2000, "SUFFIX": 4000, "SHAPE": 1500}
"""The attributes of a word that are embedded by hash, and the rows of their tables."""

TABLE_WIDTH = 64

REACHES = (1, 1, 2, 1, 2, 1)
"""How many tokens on either side each layer covers."""

POOLED = 3
"""The layer before which the means over equal words and over the text are added."""

MARGIN = sum(REACHES)
"""The empty rows at both ends of a batch: each layer shortens it by its reach."""


class Operators(Protocol):
    """The operations whose implementation differs between NumPy and torch."""

    def rows(self, table: Array, numbers: Array) -> Array:
        """Take rows of a table."""

    def means(self, values: Array, groups: Array) -> Array:
        """Return the mean row of each group of rows, the groups numbered from 0."""

    def drop(self, values: Array) -> Array:
        """Apply dropout in training."""


@dataclass(frozen=True)
class Batch:
    """Texts as one column of rows, with empty rows between them and at both ends.

    `words` holds the number of the distinct word of each row, and `vectors` (floret) and `hashes`
    (two rows of each table per word) describe the distinct words. `twins` numbers the groups of
    rows with the same lower-cased word of the same text, `texts` those of the same text. `tokens`
    lists the rows that are not empty; `filled` is 1 in those and 0 in the others.
    """

    words: Array
    vectors: Array
    hashes: Array
    twins: Array
    texts: Array
    tokens: Array
    filled: Array


def make_batch(docs: Sequence[Doc]) -> Batch:
    """Arrange texts for the network, with each distinct word looked up once."""
    columns, texts = [], []
    for number, doc in enumerate(docs, start=1):
        between = MARGIN if number == 1 else max(REACHES)
        columns += [
            np.zeros((between, 1 + len(TABLES)), np.uint64),
            doc.to_array(["ORTH", *TABLES]),
        ]
        texts += [np.zeros(between, np.uint64), np.full(len(doc), number, np.uint64)]
    column = np.concatenate([*columns, columns[0]])
    text = np.concatenate([*texts, texts[0]])
    _, first, words = np.unique(column[:, 0], return_index=True, return_inverse=True)
    _, twins = np.unique(column[:, 1] + text * np.uint64(0x9E3779B97F4A7C15), return_inverse=True)
    forms = column[first, 1:]
    sizes = np.array(list(TABLES.values()), np.uint64)
    hashes = np.stack([forms % sizes, (forms >> np.uint64(32)) % sizes]).astype(np.int64)
    vectors = docs[0].vocab.vectors.get_batch(forms[:, 0])
    filled = (text > 0).astype(np.float32)[:, None]
    return Batch(words, vectors, hashes, twins, text.astype(np.int64), np.flatnonzero(text), filled)


def tag_scores(weights: dict[str, Array], batch: Batch, operators: Operators) -> Array:
    """Return the scores of every tag for every token of a batch, tokens × tags."""
    forms = batch.vectors @ weights["vector"]
    for column, name in enumerate(TABLES):
        found = operators.rows(weights[name.lower()], batch.hashes[..., column]).sum(0)
        forms = forms + found @ weights[f"{name.lower()}.in"]
    forms = forms + (_scaled(forms) @ weights["form.in"]).clip(0) @ weights["form.out"]
    hidden = operators.drop(operators.rows(forms, batch.words))
    eaten = 0  # rows lost at either end so far
    for layer, reach in enumerate(REACHES):
        end = len(batch.words) - eaten
        if layer == POOLED:
            hidden = hidden + _pooled(weights, batch, hidden, slice(eaten, end), operators)
        seen = _scaled(hidden, batch.filled[eaten:end])
        left = seen[: -2 * reach] @ weights[f"{layer}.left"]
        centre = seen[reach:-reach] @ weights[f"{layer}.centre"]
        right = seen[2 * reach :] @ weights[f"{layer}.right"]
        mixed = left + centre + right + weights[f"{layer}.bias"]
        hidden = hidden[reach:-reach] + operators.drop(mixed.clip(0)) @ weights[f"{layer}.out"]
        eaten += reach
    last = _scaled(operators.rows(hidden, batch.tokens - eaten))
    return last @ weights["tag"] + weights["tag.bias"]


def shapes(width: int, vector: int, tags: int) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight of a network."""
    square = (width, width)
    layers = {
        f"{n}.{part}": (width,) if part == "bias" else square
        for n in range(len(REACHES))
        for part in ("left", "centre", "right", "bias", "out")
    }
    tables: dict[str, tuple[int, ...]] = {
        name.lower(): (size, TABLE_WIDTH) for name, size in TABLES.items()
    }
    tables |= {f"{name.lower()}.in": (TABLE_WIDTH, width) for name in TABLES}
    ends = {
        "vector": (vector, width),
        "form.in": square,
        "form.out": square,
        "twin": square,
        "text": square,
    }
    return tables | ends | layers | {"tag": (width, tags), "tag.bias": (tags,)}


def _pooled(
    weights: dict[str, Array], batch: Batch, hidden: Array, place: slice, operators: Operators
) -> Array:
    """Return what equal words and the whole text contribute to each row."""
    seen = _scaled(hidden, batch.filled[place])
    twins, texts = batch.twins[place], batch.texts[place]
    twin = operators.rows(operators.means(seen, twins) @ weights["twin"], twins)
    return twin + operators.rows(operators.means(seen, texts) @ weights["text"], texts)


def _scaled(values: Array, factor: Array | float = 1.0) -> Array:
    """Normalize each row to a root mean square of 1 (RMSNorm, Zhang and Sennrich, 2019)."""
    return values * (factor * ((values * values).mean(-1, keepdims=True) + 1e-6) ** -0.5)
