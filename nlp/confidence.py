"""Confidence: how likely a mention is right, whichever component marked it, by what the tagger thinks of its tokens."""

from collections.abc import Iterable, Sequence
from math import exp
from pathlib import Path

import msgspec
import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.spans import LABELS
from nlp.tags import span_score

Curve = tuple[float, float, float]
"""Slope of a logistic curve over log odds, what to add to it below even odds, and the offset."""

START: Curve = (1.0, 0.0, 0.0)
"""The curve that leaves the tagger's probability as it is."""

MENTIONS = "mentions"
"""The span group that holds a text's mentions; its attribute `scores` holds their confidences."""


class Confidence:
    """Copies the mentions of a text to a span group, with the probability that each is right.

    That is the tagger's probability of the mention's least sure token, put on a logistic curve of its label. Below even
    odds, where a rule has marked the mention and not the tagger, the curve has another slope.
    """

    def __init__(self) -> None:
        self.curves: dict[str, Curve] = {label: START for label in LABELS}

    def __call__(self, doc: Doc) -> Doc:
        """Tell how sure each mention of a text is."""
        doc.spans[MENTIONS] = doc.ents
        doc.spans[MENTIONS].attrs["scores"] = [self._confidence(ent, doc) for ent in doc.ents]
        return doc

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the curves."""
        path.mkdir(exist_ok=True)
        (path / "curves.json").write_bytes(msgspec.json.encode(self.curves))

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "Confidence":
        """Read what `to_disk` wrote."""
        self.curves = msgspec.json.decode((path / "curves.json").read_bytes(), type=dict[str, Curve])
        return self

    def fit(self, docs: Sequence[Doc], gold: Sequence[Iterable[tuple[int, int, str]]]) -> None:
        """Fit the curves to texts whose right mentions are known."""
        for label in LABELS:
            odds, right = [], []
            for doc, spans in zip(docs, gold, strict=True):
                known = set(spans)
                for ent in doc.ents:
                    if ent.label_ == label:
                        odds.append(_log_odds(ent, doc))
                        right.append((ent.start_char, ent.end_char, label) in known)
            self.curves[label] = _fit_curve(np.array(odds), np.array(right, dtype=float))

    def _confidence(self, span: Span, doc: Doc) -> float:
        height = float(_clues(np.array([_log_odds(span, doc)]))[0] @ self.curves[span.label_])
        return round(1 / (1 + exp(-height)), 3)


@Language.factory("confidence", requires=["doc.ents", "doc.tensor"], assigns=["doc.spans"])
def make_confidence(nlp: Language, name: str) -> Confidence:
    """Make the component that tells how sure the mentions are; `from_disk` brings its curves."""
    return Confidence()


def _log_odds(span: Span, doc: Doc) -> float:
    """Give the log odds of a mention's least sure token, kept between one in a million either way."""
    probability = np.clip(np.exp(span_score(span, doc.tensor)), 1e-6, 1 - 1e-6)
    return float(np.log(probability / (1 - probability)))


def _clues(odds: np.ndarray) -> np.ndarray:
    return np.stack([odds, np.minimum(odds, 0), np.ones(len(odds))], axis=1)


def _fit_curve(odds: np.ndarray, right: np.ndarray) -> Curve:
    """Fit a logistic regression by Newton's method, drawn a little towards the odds as they are."""
    rows, pull = _clues(odds), 0.1
    curve = np.zeros(len(START))
    for _ in range(20):
        guess = 1 / (1 + np.exp(-rows @ curve))
        slope = rows.T @ (rows * (guess * (1 - guess))[:, None]) + pull * np.eye(len(START))
        curve += np.linalg.solve(slope, rows.T @ (right - guess) - pull * (curve - START))
    return float(curve[0]), float(curve[1]), float(curve[2])
