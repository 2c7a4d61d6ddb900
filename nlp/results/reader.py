"""A network that reads a whole text for the numbers in it, run by NumPy.

It continues where `MiniLM` is halfway: layers of its own read the vectors of the word pieces, to
which the labels of the mentions and the places of the numbers are added. Every number gets the log
odds of being a result, and log probabilities of its kind and of the mentions that it may belong to.
`nlp.results.assign` adds them to the scores of its log-linear models, and `nlp.training.reader`
trains the network.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from math import log, log2
from pathlib import Path
from typing import NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from nlp.results.passage import Part, Passage
from nlp.results.reading import FIELDS, READ, Reading, Readings
from nlp.spans import LABELS, Label, Mention
from nlp.tagger.minilm import STATES, States
from nlp.tagger.transformer import Transformer, gelu, read_weights

LAYERS = 3
"""The number of layers."""

WIDTH = 128
"""The width of the scorers of links."""

NUMBER = 1 + len(LABELS)
"""The type of the pieces of numbers; 0 is that of other pieces, and mentions have those between."""

TYPES = NUMBER + 1
DISTANCES, SENTENCES = 24, 8
"""How many values `distance` and `sentences_apart` have; the last one of the second is for none."""

FILE = "results.npz"

_LEAST = 1e-6


class Layout(NamedTuple):
    """A text as the network reads it: the type of each piece, and where its parts stand.

    `numbers` and `mentions` hold the positions of the first and last piece of each.
    """

    types: np.ndarray
    numbers: np.ndarray
    mentions: dict[Label, np.ndarray]


def lay_out(passage: Passage, states: States) -> Layout:
    """Find the pieces of the numbers and mentions of a text."""
    types = np.zeros(sum(map(len, states.windows)), dtype=int)
    mentions = {label: _pieces(passage.peers[label], states) for label in LABELS}
    for kind, label in enumerate(LABELS, start=1):
        _mark(types, mentions[label], kind)
    numbers = _pieces(passage.amounts, states)
    _mark(types, numbers, NUMBER)
    return Layout(types, numbers, mentions)


def distance(number: tuple[int, int], mention: tuple[int, int]) -> int:
    """Return a class of the number of pieces from a number to a mention, 1 to 23; 0 is for none."""
    steps = mention[0] - number[1] if mention[0] > number[1] else mention[1] - number[0]
    apart = abs(steps)
    size = apart if apart < 4 else min(11, int(4 + 1.5 * log2(apart / 4)))
    return 12 + size if steps > 0 else 12 - size


def sentences_apart(passage: Passage, number: Part, mention: Part) -> int:
    """Return how many sentences later a mention is, from -3 to 3, as a number from 0 to 6."""
    return max(-3, min(3, passage.sentence(mention) - passage.sentence(number))) + 3


class ResultReader(Transformer):
    """The network; `nlp.training.reader.Reader` computes the same by torch."""

    def read(self, passage: Passage, states: States) -> Readings:
        """Return what the network reads of each number of a text, by the offset of the number."""
        if not passage.amounts:
            return {}
        layout = lay_out(passage, states)
        hidden = self._hidden(states, layout)
        numbers = _ends(hidden, layout.numbers)
        heads = self.linear(numbers, "head")
        links = {label: self._links(passage, layout, hidden, numbers, label) for label in FIELDS}
        return {
            amount.start: Reading(
                float(head[-1]),
                _log_softmax(head[:-1]).tolist(),
                {label: links[label][place] for label in FIELDS},
            )
            for place, (amount, head) in enumerate(zip(passage.amounts, heads, strict=True))
        }

    def _hidden(self, states: States, layout: Layout) -> np.ndarray:
        """Return the last layer's vectors; each window is read by itself, as MiniLM does."""
        ends = np.cumsum([len(window) for window in states.windows])[:-1]
        read = []
        for window, types in zip(states.windows, np.split(layout.types, ends), strict=True):
            hidden = window + self.weights["types.weight"][types]
            for number in range(LAYERS):
                hidden = self.layer(hidden, f"body.{number}")
            read.append(hidden)
        return np.concatenate(read)

    def _links(
        self,
        passage: Passage,
        layout: Layout,
        hidden: np.ndarray,
        numbers: np.ndarray,
        label: Label,
    ) -> list[Mapping[str | None, float]]:
        """Return for each number the log probability of each surface of a label, and of none."""
        peers = passage.peers[label]
        none = self.weights["none"][FIELDS.index(label)][None]
        ends = self.linear(_ends(hidden, layout.mentions[label]), "link.mention")
        candidates = np.concatenate([ends, none])
        queries = self.linear(numbers, "link.number")
        surfaces = [*(passage.surface(peer).lower() for peer in peers), None]
        return [
            _by_surface(surfaces, self._link(query, candidates, places, label))
            for query, places in zip(
                queries, self._places(passage, layout, peers, label), strict=True
            )
        ]

    def _link(
        self, query: np.ndarray, candidates: np.ndarray, places: np.ndarray, label: Label
    ) -> np.ndarray:
        """Return the log probabilities of the candidates of one number."""
        rows = np.broadcast_to(query, candidates.shape)
        pairs = np.concatenate([rows, candidates, rows * candidates, places], axis=1)
        name = f"link.{label.lower()}"
        scores = self.linear(gelu(self.linear(pairs, f"{name}.0")), f"{name}.3")[:, 0]
        return _log_softmax(scores)

    def _places(
        self, passage: Passage, layout: Layout, peers: Sequence[Mention], label: Label
    ) -> list[np.ndarray]:
        """Return for each number the vectors of where the candidates of a label stand to it."""
        distances, apart = self.weights["distance.weight"], self.weights["apart.weight"]
        found = []
        for amount, number in zip(passage.amounts, layout.numbers, strict=True):
            steps = [distance(number, mention) for mention in layout.mentions[label]]
            sentences = [sentences_apart(passage, amount, peer) for peer in peers]
            columns = [distances[[*steps, 0]], apart[[*sentences, SENTENCES - 1]]]
            found.append(np.concatenate(columns, axis=1))
        return found


class ReadResults:
    """The component that lets the network read a text once its mentions are known."""

    def __init__(self) -> None:
        self.network = ResultReader({})

    def __call__(self, doc: Doc) -> Doc:
        """Leave with a text the function that reads it."""
        doc.user_data[READ] = partial(self.network.read, states=doc.user_data[STATES])
        return doc


@Language.factory("read_results")
def make_read_results(nlp: Language, name: str) -> ReadResults:
    """Create the component without weights."""
    return ReadResults()


def read_network(folder: Path) -> ResultReader:
    """Read the network that goes with the MiniLM of a folder.

    Raises `FileNotFoundError` if it is not there.
    """
    return ResultReader(read_weights(folder / FILE))


def _pieces(parts: Sequence[Part], states: States) -> np.ndarray:
    """Return the positions of the first and last piece of each part, parts × 2."""
    starts = np.array([part.start for part in parts], dtype=int)
    ends = np.array([part.end for part in parts], dtype=int)
    last = len(states.starts) - 1
    first_words = np.minimum(np.searchsorted(states.ends, starts, side="right"), last)
    last_words = np.minimum(np.searchsorted(states.starts, ends) - 1, last)
    last_words = np.maximum(last_words, first_words)
    return np.stack([states.firsts[first_words], states.lasts[last_words]], axis=1)


def _mark(types: np.ndarray, places: np.ndarray, kind: int) -> None:
    for first, last in places:
        types[first : last + 1] = kind


def _ends(hidden: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the vectors of the first and last piece of each part, joined."""
    return np.concatenate([hidden[places[:, 0]], hidden[places[:, 1]]], axis=1)


def _by_surface(surfaces: Sequence[str | None], scores: np.ndarray) -> dict[str | None, float]:
    """Return the log probability of each surface, of whose mentions each has a part."""
    sums: dict[str | None, float] = {}
    for surface, chance in zip(surfaces, np.exp(scores).tolist(), strict=True):
        sums[surface] = sums.get(surface, 0.0) + chance
    return {surface: log(max(chance, _LEAST)) for surface, chance in sums.items()}


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    scores = scores - scores.max()
    logs: np.ndarray = scores - np.log(np.exp(scores).sum())
    return logs
