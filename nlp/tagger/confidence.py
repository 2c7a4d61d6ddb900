"""The calibrated probability that a mention is right, from the tagger's scores of its tokens."""

from collections.abc import Iterable, Sequence
from math import exp
from pathlib import Path

import msgspec
import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.spans import LABELS
from nlp.tagger.bilou import span_score

Curve = tuple[float, float, float]
"""A logistic curve over log odds: its slope, what is added to it below even odds, its offset."""

START: Curve = (1.0, 0.0, 0.0)
"""The curve that leaves the tagger's probability unchanged."""

MENTIONS = "mentions"
"""The span group of a text's mentions; its attribute `scores` holds their confidences."""


class Confidence:
    """Copies the mentions of a text to a span group, with the probability that each is right.

    The tagger's probability of the mention's least certain token is mapped by a logistic curve,
    one per label. Below even odds the mention was marked by a rule and not by the tagger, so the
    curve has another slope there.
    """

    def __init__(self) -> None:
        self.curves: dict[str, Curve] = {label: START for label in LABELS}

    def __call__(self, doc: Doc) -> Doc:
        """Add the span group of mentions and their confidences to a text."""
        doc.spans[MENTIONS] = doc.ents
        doc.spans[MENTIONS].attrs["scores"] = [self._confidence(ent, doc) for ent in doc.ents]
        return doc

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the curves."""
        path.mkdir(exist_ok=True)
        (path / "curves.json").write_bytes(msgspec.json.encode(self.curves))

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "Confidence":
        """Read the curves that `to_disk` wrote."""
        self.curves = msgspec.json.decode(
            (path / "curves.json").read_bytes(), type=dict[str, Curve]
        )
        return self

    def fit(self, docs: Sequence[Doc], gold: Sequence[Iterable[tuple[int, int, str]]]) -> None:
        """Fit the curves to the mentions of texts whose right mentions are known."""
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
        (features,) = _features(np.array([_log_odds(span, doc)]))
        return round(1 / (1 + exp(-float(features @ self.curves[span.label_]))), 3)


@Language.factory("confidence", requires=["doc.ents", "doc.tensor"], assigns=["doc.spans"])
def make_confidence(nlp: Language, name: str) -> Confidence:
    """Create the component with curves that change nothing; `from_disk` loads fitted ones."""
    return Confidence()


def _log_odds(span: Span, doc: Doc) -> float:
    """Return the log odds of a mention's least certain token, clipped at one in a million."""
    probability = np.clip(np.exp(span_score(span, doc.tensor)), 1e-6, 1 - 1e-6)
    return float(np.log(probability / (1 - probability)))


def _features(odds: np.ndarray) -> np.ndarray:
    """Return the terms that the three numbers of a curve multiply, mentions × 3."""
    return np.stack([odds, np.minimum(odds, 0), np.ones(len(odds))], axis=1)


def _fit_curve(odds: np.ndarray, right: np.ndarray) -> Curve:
    """Fit a logistic regression by Newton's method, with a weak penalty on leaving `START`."""
    # some labels have few mentions to fit three numbers to
    rows, penalty = _features(odds), 0.1
    curve = np.zeros(len(START))
    for _ in range(20):
        guess = 1 / (1 + np.exp(-rows @ curve))
        hessian = rows.T @ (rows * (guess * (1 - guess))[:, None]) + penalty * np.eye(len(START))
        gradient = rows.T @ (right - guess) - penalty * (curve - START)
        curve += np.linalg.solve(hessian, gradient)
    return float(curve[0]), float(curve[1]), float(curve[2])
