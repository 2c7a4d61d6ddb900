"""A fine-tuned MiniLM (a BERT of six layers) run by NumPy, from weights of eight bits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from spacy.tokens import Doc

from nlp.tagger.bilou import TAGS
from nlp.tagger.transformer import Transformer, Weights, read_weights, write_weights
from nlp.tagger.word_pieces import Vocabulary, Window, read_vocabulary

WEIGHTS, VOCABULARY = "weights.npz", "vocab.txt"

LOWER = 3
"""The number of layers after which `States` are taken."""

STATES = "states"
"""The key of a text's `States` in `Doc.user_data`."""


class States(NamedTuple):
    """What MiniLM makes of a text halfway: the vectors of its word pieces after `LOWER` layers.

    `windows` has the vectors, pieces × width, of each window of at most 512 pieces. Of each word,
    `starts` and `ends` are the offsets in the text, `firsts` and `lasts` the positions of its first
    and last piece in the windows joined.
    """

    windows: list[np.ndarray]
    starts: np.ndarray
    ends: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray


class MiniLM(Transformer):
    """Scores tags as `nlp.training.teacher.Teacher` does, without torch."""

    def __init__(self, weights: Weights, vocabulary: Vocabulary) -> None:
        super().__init__(weights)
        self.vocabulary = vocabulary
        self.layers = sum(name.endswith("intermediate.dense.bias") for name in weights)

    def states(self, doc: Doc) -> States:
        """Read a text halfway."""
        windows = self.vocabulary.windows([doc])
        lower = [self._layers(self._embedded(window), 0, LOWER) for window in windows]
        return _states(doc, windows, lower)

    def scores(self, states: States) -> np.ndarray:
        """Return the log probabilities of the tags of a text read halfway, words × tags."""
        if not states.windows:
            return np.zeros((0, len(TAGS)), dtype=np.float32)
        upper = [self._layers(window, LOWER, self.layers) for window in states.windows]
        # The first piece of a word stands for the whole word.
        rows = self.linear(np.concatenate(upper)[states.firsts], "head")
        # without the largest value, so that no power overflows
        rows -= rows.max(-1, keepdims=True)
        rows -= np.log(np.exp(rows).sum(-1, keepdims=True))
        return rows

    def _embedded(self, window: Window) -> np.ndarray:
        """Return the vectors that the first layer reads, pieces × width."""
        inputs = self.weights["body.embeddings.word_embeddings.weight"][window.pieces]
        inputs = inputs + self.weights["shape.weight"][window.shapes]
        inputs += self.weights["body.embeddings.position_embeddings.weight"][: len(inputs)]
        return self.norm(
            inputs + self.weights["body.embeddings.token_type_embeddings.weight"][0],
            "body.embeddings",
        )

    def _layers(self, hidden: np.ndarray, first: int, end: int) -> np.ndarray:
        for number in range(first, end):
            hidden = self.layer(hidden, f"body.encoder.layer.{number}")
        return hidden


def write_minilm(folder: Path, weights: Mapping[str, np.ndarray], vocabulary: Vocabulary) -> None:
    """Write a teacher's weights and vocabulary."""
    write_weights(folder / WEIGHTS, weights)
    (folder / VOCABULARY).write_text("\n".join(vocabulary.numbers) + "\n", "utf-8")


def read_minilm(folder: Path) -> MiniLM:
    """Read the model that `write_minilm` wrote.

    Raises `FileNotFoundError` if it is not there.
    """
    return MiniLM(read_weights(folder / WEIGHTS), read_vocabulary(folder / VOCABULARY))


def _states(doc: Doc, windows: Sequence[Window], lower: list[np.ndarray]) -> States:
    """Return the states of a text whose windows have these vectors."""
    sizes = [len(window.pieces) for window in windows]
    offsets = np.cumsum([0, *sizes])
    firsts, lasts = [], []
    for window, offset in zip(windows, offsets, strict=False):
        places = [*window.firsts, len(window.pieces) - 1]
        firsts += [offset + place for place in places[:-1]]
        lasts += [offset + place - 1 for place in places[1:]]
    starts = [token.idx for token in doc]
    ends = [token.idx + len(token) for token in doc]
    return States(lower, *(np.array(each, dtype=int) for each in (starts, ends, firsts, lasts)))
