"""The network that scores tags: one forward pass, written in operators that NumPy and torch share.

A word's form (its floret vector and the hashes of its lower case, prefix, suffix and shape) makes its embedding, once
per distinct word. Residual layers of convolution then mix each token with its neighbours; half-way, each token also
sees the mean over the other places of its word and over its whole text, since one surface has one label in a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from spacy.tokens import Doc

Array = Any
"""An array of NumPy's or a tensor of torch's."""

TABLES = {"LOWER": 12000, "PREFIX": 2000, "SUFFIX": 4000, "SHAPE": 1500}
"""The attributes of a word that are looked up by hash, and the rows of their tables."""

TABLE_WIDTH = 64

REACHES = (1, 1, 2, 1, 2, 1)
"""How far each layer looks to either side of a token."""

POOLED = 3
"""The layer before which tokens see their twins and their text."""

MARGIN = sum(REACHES)
"""The empty rows that the layers eat at both ends of a batch."""


class Operators(Protocol):
    """What NumPy and torch do differently."""

    def rows(self, table: Array, numbers: Array) -> Array:
        """Take rows of a table."""

    def means(self, values: Array, groups: Array) -> Array:
        """Give the mean row of each group of rows, the groups numbered from 0."""

    def drop(self, values: Array) -> Array:
        """Drop some of the values in training."""


@dataclass(frozen=True)
class Batch:
    """Texts as one column of rows, empty rows between them and at both ends.

    `words` numbers the distinct word of each row; `vectors` (floret) and `hashes` (one column a table) tell what those
    are. `twins` and `texts` number the groups of rows that hold the same lower-cased word of a text, and the same text;
    `tokens` are the rows that are not empty, and `filled` is 1 for those and 0 for the others.
    """

    words: Array
    vectors: Array
    hashes: Array
    twins: Array
    texts: Array
    tokens: Array
    filled: Array


def make_batch(docs: Sequence[Doc]) -> Batch:
    """Lay texts out for the network, each distinct word looked up once."""
    columns, texts = [], []
    for number, doc in enumerate(docs, start=1):
        between = MARGIN if number == 1 else max(REACHES)
        columns += [np.zeros((between, 1 + len(TABLES)), np.uint64), doc.to_array(["ORTH", *TABLES])]
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
    """Score every tag for every token of a batch, tokens × tags."""
    forms = batch.vectors @ weights["vector"]
    for column, name in enumerate(TABLES):
        found = operators.rows(weights[name.lower()], batch.hashes[..., column]).sum(0)
        forms = forms + found @ weights[f"{name.lower()}.in"]
    forms = forms + (_scaled(forms) @ weights["form.in"]).clip(0) @ weights["form.out"]
    hidden = operators.drop(operators.rows(forms, batch.words))
    eaten = 0
    for layer, reach in enumerate(REACHES):
        end = len(batch.words) - eaten
        if layer == POOLED:
            hidden = hidden + _around(weights, batch, hidden, slice(eaten, end), operators)
        seen = _scaled(hidden, batch.filled[eaten:end])
        mixed = seen[: -2 * reach] @ weights[f"{layer}.left"] + seen[reach:-reach] @ weights[f"{layer}.centre"]
        mixed = mixed + seen[2 * reach :] @ weights[f"{layer}.right"] + weights[f"{layer}.bias"]
        hidden = hidden[reach:-reach] + operators.drop(mixed.clip(0)) @ weights[f"{layer}.out"]
        eaten += reach
    return _scaled(operators.rows(hidden, batch.tokens - eaten)) @ weights["tag"] + weights["tag.bias"]


def shapes(width: int, vector: int, tags: int) -> dict[str, tuple[int, ...]]:
    """Give the name and shape of every weight of a network."""
    square = (width, width)
    layers = {
        f"{n}.{part}": (width,) if part == "bias" else square
        for n in range(len(REACHES))
        for part in ("left", "centre", "right", "bias", "out")
    }
    tables: dict[str, tuple[int, ...]] = {name.lower(): (size, TABLE_WIDTH) for name, size in TABLES.items()}
    tables |= {f"{name.lower()}.in": (TABLE_WIDTH, width) for name in TABLES}
    ends = {"vector": (vector, width), "form.in": square, "form.out": square, "twin": square, "text": square}
    return tables | ends | layers | {"tag": (width, tags), "tag.bias": (tags,)}


def _around(weights: dict[str, Array], batch: Batch, hidden: Array, place: slice, operators: Operators) -> Array:
    seen = _scaled(hidden, batch.filled[place])
    twins, texts = batch.twins[place], batch.texts[place]
    twin = operators.rows(operators.means(seen, twins) @ weights["twin"], twins)
    return twin + operators.rows(operators.means(seen, texts) @ weights["text"], texts)


def _scaled(values: Array, factor: Array | float = 1.0) -> Array:
    return values * (factor * ((values * values).mean(-1, keepdims=True) + 1e-6) ** -0.5)
