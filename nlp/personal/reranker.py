"""A reranker trained on corrections: keeps, relabels or drops mentions, and adds missed surfaces.

A log-linear model scores each outcome from a mention's label and words, with the packaged model's
confidence as the prior. What the packaged model finds in texts without corrections is replayed
during training, so that the corrections change little else.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from nlp.spans import LABELS
from nlp.tagger.confidence import MENTIONS

NOTHING = "NOTHING"
"""The outcome of a mention that is dropped, and the label of a candidate that is not a mention."""

OUTCOMES = (*LABELS, NOTHING)

Found = tuple[int, int, str, float]
"""A mention as start, end, label and confidence."""

CHANGED_WEIGHT = 3.0
"""The weight in the loss of a case that a correction changes; others weigh 1."""

L2_PENALTY = 3.0
"""The weight of the squares of all weights in the loss: how strongly the prior is kept."""

MISSED_PRIOR = 1.5
"""Log odds against a missed surface: a correction in one text alone does not outweigh them."""

STEPS, LEARNING_RATE = 150, 0.03

_WORD = re.compile(r"\w+|[^\w\s]")


class Sample(Struct):
    """A text, what the packaged model finds in it, and the corrected mentions.

    `wanted` is None in a text that the user has not corrected.
    """

    text: str
    found: list[Found]
    wanted: set[tuple[int, int, str]] | None = None


class RerankerWeights(Struct, dict=True):
    """The trained parameters: for each feature one weight per outcome, and the missed surfaces."""

    weights: dict[str, list[float]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """A pattern that matches the missed surfaces as whole words in any case, longest first."""
        if not self.missed:
            return None
        longest_first = sorted(self.missed, key=len, reverse=True)
        surfaces = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<!\w)(?:{surfaces})(?!\w)", re.IGNORECASE)


class Reranker:
    """The pipeline component: applies the weights to the mentions of a text."""

    def __init__(self) -> None:
        self.weights = RerankerWeights()

    def __call__(self, doc: Doc) -> Doc:
        """Replace the mentions and confidences of a text by the reranked ones."""
        group = doc.spans[MENTIONS]
        scored = zip(group, group.attrs["scores"], strict=True)
        found = [(span.start_char, span.end_char, span.label_, score) for span, score in scored]
        spans, scores = [], []
        for start, end, label, score in rerank(self.weights, doc.text, found):
            # A missed surface may begin or end inside a token of this text.
            if span := doc.char_span(start, end, label=label):
                spans.append(span)
                scores.append(score)
        doc.spans[MENTIONS] = SpanGroup(doc, spans=spans)
        doc.spans[MENTIONS].attrs["scores"] = scores
        return doc


@Language.factory("reranker", requires=["doc.spans"], assigns=["doc.spans"])
def make_reranker(nlp: Language, name: str) -> Reranker:
    """Create a reranker without weights, which changes nothing."""
    return Reranker()


def rerank(weights: RerankerWeights, text: str, found: Sequence[Found]) -> list[Found]:
    """Return the mentions of a text after keeping, relabelling, dropping and adding some."""
    reranked = []
    for start, end, label, confidence in _candidates(weights, text, found):
        odds = _prior(label, confidence)
        for feature in _features(label, text[start:end]):
            odds = odds + weights.weights.get(feature, 0.0)
        outcome = OUTCOMES[odds.argmax()]
        if outcome != NOTHING:
            score = confidence if outcome == label else round(float(_softmax(odds).max()), 3)
            reranked.append((start, end, outcome, score))
    return sorted(reranked)


def train_reranker(samples: Sequence[Sample]) -> RerankerWeights:
    """Train on corrected texts and on texts without corrections, deterministically."""
    missed = {surface for sample in samples for surface in _missed(sample)}
    trained = RerankerWeights(missed=sorted(missed))
    cases = [case for sample in samples for case in _cases(trained, sample)]
    columns = _columns(cases)
    # a case without such a feature would have no slope
    cases = [case for case in cases if not columns.keys().isdisjoint(case.features)]
    weights = _fit(*_matrices(cases, columns))
    trained.weights = {
        feature: [round(float(weight), 4) for weight in weights[column]]
        for feature, column in columns.items()
    }
    return trained


class _Case(Struct):
    """A mention or a missed surface in a text, and its outcome."""

    label: str
    confidence: float
    features: list[str]
    outcome: str

    @property
    def is_changed(self) -> bool:
        return self.label != self.outcome


def _columns(cases: Sequence[_Case]) -> dict[str, int]:
    """Number the features of the cases that corrections change; the others need no weight."""
    changed = [case for case in cases if case.is_changed]
    features = dict.fromkeys(feature for case in changed for feature in case.features)
    return {feature: column for column, feature in enumerate(features)}


def _matrices(
    cases: Sequence[_Case], columns: dict[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return features, priors and wanted outcomes, cases × columns each, and the cases' weights."""
    rows = np.zeros((len(cases), len(columns)))
    for row, case in zip(rows, cases, strict=True):
        row[[columns[feature] for feature in case.features if feature in columns]] = 1
    priors = [_prior(case.label, case.confidence) for case in cases]
    wanted = np.eye(len(OUTCOMES))[[OUTCOMES.index(case.outcome) for case in cases]]
    weights = [CHANGED_WEIGHT if case.is_changed else 1.0 for case in cases]
    shape = (len(cases), len(OUTCOMES))
    return rows, np.array(priors).reshape(shape), wanted, np.array(weights)[:, None]


def _missed(sample: Sample) -> Iterator[str]:
    """Yield the lower-cased surfaces of mentions that corrections added."""
    places = {(start, end) for start, end, _, _ in sample.found}
    for start, end, _ in sample.wanted or ():
        if (start, end) not in places:
            yield sample.text[start:end].lower()


def _cases(trained: RerankerWeights, sample: Sample) -> Iterator[_Case]:
    labels = None
    # In a text without corrections a missed surface may be missed again: it is no evidence there.
    known = RerankerWeights()
    if sample.wanted is not None:
        labels = {(start, end): label for start, end, label in sample.wanted}
        known = trained
    for start, end, label, confidence in _candidates(known, sample.text, sample.found):
        outcome = label if labels is None else labels.get((start, end), NOTHING)
        yield _Case(label, confidence, _features(label, sample.text[start:end]), outcome)


def _candidates(weights: RerankerWeights, text: str, found: Sequence[Found]) -> Iterator[Found]:
    """Yield the mentions, then the missed surfaces that overlap none of them.

    All mentions of one surface get the highest of their confidences, so that they stay or go
    together.
    """
    best: dict[tuple[str, str], float] = {}
    for start, end, label, confidence in found:
        key = (label, text[start:end].lower())
        best[key] = max(confidence, best.get(key, 0.0))
    for start, end, label, _ in found:
        yield start, end, label, best[label, text[start:end].lower()]
    for place in weights.pattern.finditer(text) if weights.pattern else ():
        if not any(start < place.end() and place.start() < end for start, end, _, _ in found):
            yield place.start(), place.end(), NOTHING, 0.0


def _features(label: str, surface: str) -> list[str]:
    """Return the label alone, and joined with each word, the last word and the whole surface."""
    words = _WORD.findall(surface.lower())
    whole = f"{label} <{' '.join(words)}>"
    if label == NOTHING or not words:
        return [whole]
    each_word = [f"{label} {word}" for word in dict.fromkeys(words)]
    return [label, *each_word, f"{label} {words[-1]}$", whole]


def _prior(label: str, confidence: float) -> np.ndarray:
    """Return the log odds of the outcomes before training.

    The packaged model's own label has at least 1, so that features must outweigh it.
    """
    odds = np.zeros(len(OUTCOMES))
    if label == NOTHING:
        odds[OUTCOMES.index(NOTHING)] = MISSED_PRIOR
    else:
        probability = min(max(confidence, 0.001), 0.999)
        odds[OUTCOMES.index(label)] = max(1.0, 1.0 + np.log(probability / (1 - probability)))
    return odds


def _fit(
    rows: np.ndarray, priors: np.ndarray, wanted: np.ndarray, case_weights: np.ndarray
) -> np.ndarray:
    """Minimize the weighted cross-entropy with an L2 penalty by full-batch Adam.

    The problem is convex. The update rule and its constants are those of Kingma and Ba (2015).
    Returns the weights, features × outcomes.
    """
    weights = np.zeros((rows.shape[1], len(OUTCOMES)))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        errors = (_softmax(priors + rows @ weights) - wanted) * case_weights
        slope = rows.T @ errors + L2_PENALTY * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        unbiased_mean = mean / (1 - 0.9**step)
        unbiased_square = square / (1 - 0.999**step)
        weights -= LEARNING_RATE * unbiased_mean / (np.sqrt(unbiased_square) + 1e-8)
    return weights


def _softmax(odds: np.ndarray) -> np.ndarray:
    powers = np.exp(odds - odds.max(-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(-1, keepdims=True)
    return shares
