"""The trained component: runs the network by NumPy and decodes the best tags to mentions."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch
from spacy.vocab import Vocab

from nlp.tagger.bilou import best_tags, decode
from nlp.tagger.minilm import STATES, MiniLM
from nlp.tagger.network import make_batch, tag_scores

WORDS = 2000
"""About how many tokens are scored at a time: more would not fit the processor's cache."""

PARTNER_SHARE = 0.55
"""The weight of MiniLM's probabilities in the mean with the network's own."""


class NumpyOperators:
    """The operations of the forward pass by NumPy."""

    def rows(self, table: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Take rows of a table."""
        taken: np.ndarray = table[numbers]
        return taken

    def means(self, values: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return the mean row of each group of rows; a group without rows gets an unused value."""
        order = np.argsort(groups, kind="stable")
        counts = np.bincount(groups)
        starts = np.cumsum(counts) - counts
        sums = np.add.reduceat(values[order], np.minimum(starts, len(order) - 1))
        return sums / np.maximum(counts, 1)[:, None].astype(np.float32)

    def drop(self, values: np.ndarray) -> np.ndarray:
        """Return the values unchanged: there is no dropout outside training."""
        return values


class SpanTagger:
    """Finds mentions: sets `ents`, and the log probabilities of the tokens' tags as `tensor`.

    With a `partner`, the tags are decoded from the weighted mean of both models' probabilities,
    which is slower and better.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self.weights: dict[str, np.ndarray] = {}
        self.partner: MiniLM | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Tag one text."""
        return next(self.pipe([doc]))

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """Tag a stream of texts."""
        for batch in minibatch(docs, batch_size):  # type: ignore[no-untyped-call]
            scores = self.scores(batch)
            for doc, rows, tags in zip(batch, scores, best_tags(scores), strict=True):
                doc.tensor = rows
                doc.set_ents(decode(doc, tags))
            yield from batch

    def scores(self, docs: Sequence[Doc]) -> list[np.ndarray]:
        """Return the log probabilities of each text's tags, tokens × tags."""
        found = []
        for group in _groups(docs):
            scores = tag_scores(self.weights, make_batch(group), NumpyOperators())
            scores -= scores.max(-1, keepdims=True)
            scores -= np.log(np.exp(scores).sum(-1, keepdims=True))
            found += np.split(scores, np.cumsum([len(doc) for doc in group])[:-1])
        return _mixed(found, self._partner_scores(docs, self.partner)) if self.partner else found

    def _partner_scores(self, docs: Sequence[Doc], partner: MiniLM) -> list[np.ndarray]:
        """Return what MiniLM scores, and leave its states with the texts for later components."""
        found = []
        for doc in docs:
            states = partner.states(doc)
            doc.user_data[STATES] = states
            found.append(partner.scores(states))
        return found

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the weights in half precision."""
        path.mkdir(exist_ok=True)
        halves: dict[str, Any] = {
            name: value.astype(np.float16) for name, value in self.weights.items()
        }
        np.savez(path / "weights.npz", **halves)

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "SpanTagger":
        """Read the weights that `to_disk` wrote."""
        with np.load(path / "weights.npz") as weights:
            self.weights = {name: weights[name].astype(np.float32) for name in weights}
        return self


@Language.factory("span_tagger", assigns=["doc.ents", "doc.tensor"])
def make_span_tagger(nlp: Language, name: str) -> SpanTagger:
    """Create a tagger without weights; `from_disk` loads them."""
    return SpanTagger(nlp.vocab)


def _mixed(own: Sequence[np.ndarray], partners: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the logarithms of the weighted mean of two models' probabilities."""
    share = np.float32(PARTNER_SHARE)
    return [
        np.log((1 - share) * np.exp(a) + share * np.exp(b) + 1e-9)
        for a, b in zip(own, partners, strict=True)
    ]


def _groups(docs: Sequence[Doc]) -> Iterator[list[Doc]]:
    """Yield groups of texts of about `WORDS` tokens."""
    group: list[Doc] = []
    for doc in docs:
        group.append(doc)
        if sum(map(len, group)) >= WORDS:
            yield group
            group = []
    if group:
        yield group
