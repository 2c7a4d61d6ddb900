"""A user's taste: which mentions that the packaged model finds to keep, relabel or drop, and which surfaces it misses.

A log-linear model of a mention's label and words, learnt from corrections; what the packaged model is sure of is its
prior. What that model finds in texts that nobody corrected is replayed beside them, so that little else changes.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from nlp.confidence import MENTIONS
from nlp.spans import LABELS

NOTHING = "NOTHING"
OUTCOMES = (*LABELS, NOTHING)

Found = tuple[int, int, str, float]
"""A mention as start, end, label and confidence."""

EMPHASIS = 3.0  # of a case that a correction changes, beside one that stays as it is
PULL = 3.0  # towards what the packaged model thinks, as the weight of the squares of all weights
DOUBT = 1.5  # log odds against a missed surface: a single text that calls it missed does not outweigh them
STEPS, RATE = 150, 0.03

_WORD = re.compile(r"\w+|[^\w\s]")


class Sample(Struct):
    """A text, what the packaged model finds in it, and what corrections make of that; None where nobody looked."""

    text: str
    found: list[Found]
    wanted: set[tuple[int, int, str]] | None = None


class Taste(Struct, dict=True):
    """What corrections taught: for each feature a weight of each outcome, and the surfaces that were missed."""

    weights: dict[str, list[float]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """What finds the missed surfaces as whole words in any case, the longest first."""
        longest = sorted(self.missed, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE) if longest else None


class Judge:
    """Applies a taste to the mentions of a text and their confidences, which follow what it decides."""

    def __init__(self) -> None:
        self.taste = Taste()

    def __call__(self, doc: Doc) -> Doc:
        """Judge the mentions of one text."""
        group = doc.spans[MENTIONS]
        scored = zip(group, group.attrs["scores"], strict=True)
        found = [(span.start_char, span.end_char, span.label_, score) for span, score in scored]
        judged = judge(self.taste, doc.text, found)
        kept = [(doc.char_span(start, end, label=label), score) for start, end, label, score in judged]
        whole = [(span, score) for span, score in kept if span is not None]
        doc.spans[MENTIONS] = SpanGroup(doc, spans=[span for span, _ in whole])
        doc.spans[MENTIONS].attrs["scores"] = [score for _, score in whole]
        return doc


@Language.factory("judge", requires=["doc.spans"], assigns=["doc.spans"])
def make_judge(nlp: Language, name: str) -> Judge:
    """Make a judge to whom everything is right; it is given a taste."""
    return Judge()


def judge(taste: Taste, text: str, found: Sequence[Found]) -> list[Found]:
    """Give the mentions of a text as a taste has them."""
    judged = []
    for start, end, label, confidence in _candidates(taste, text, found):
        odds = _prior(label, confidence)
        for feature in _features(label, text[start:end]):
            odds = odds + taste.weights.get(feature, 0.0)
        outcome = OUTCOMES[odds.argmax()]
        if outcome != NOTHING:
            score = confidence if outcome == label else round(float(_softmax(odds).max()), 3)
            judged.append((start, end, outcome, score))
    return sorted(judged)


def learn(samples: Sequence[Sample]) -> Taste:
    """Learn a taste from corrected texts and from replayed ones."""
    taste = Taste(missed=sorted({surface for sample in samples for surface in _missed(sample)}))
    cases = [case for sample in samples for case in _cases(taste, sample)]
    changed = [case for case in cases if case.label != case.outcome]
    numbers = {feature: n for n, feature in enumerate(dict.fromkeys(f for case in changed for f in case.features))}
    cases = [case for case in cases if not numbers.keys().isdisjoint(case.features)]
    rows = np.zeros((len(cases), len(numbers)))
    for row, case in zip(rows, cases, strict=True):
        row[[numbers[feature] for feature in case.features if feature in numbers]] = 1
    priors = np.array([_prior(case.label, case.confidence) for case in cases]).reshape(-1, len(OUTCOMES))
    wanted = np.eye(len(OUTCOMES))[[OUTCOMES.index(case.outcome) for case in cases]]
    emphasis = np.array([[1.0 if case.label == case.outcome else EMPHASIS] for case in cases]).reshape(-1, 1)
    weights = _fit(rows, priors, wanted, emphasis)
    taste.weights = {feature: [round(float(w), 4) for w in weights[n]] for feature, n in numbers.items()}
    return taste


class _Case(Struct):
    """A mention or a missed surface in a text, with what should come of it."""

    label: str
    confidence: float
    features: list[str]
    outcome: str


def _missed(sample: Sample) -> Iterator[str]:
    places = {(start, end) for start, end, _, _ in sample.found}
    for start, end, _ in sample.wanted or ():
        if (start, end) not in places:
            yield sample.text[start:end].lower()


def _cases(taste: Taste, sample: Sample) -> Iterator[_Case]:
    labels = None if sample.wanted is None else {(start, end): label for start, end, label in sample.wanted}
    # in a text that nobody looked at, a missed surface may well be missed again: it says nothing
    known = taste if labels is not None else Taste()
    for start, end, label, confidence in _candidates(known, sample.text, sample.found):
        outcome = label if labels is None else labels.get((start, end), NOTHING)
        yield _Case(label, confidence, _features(label, sample.text[start:end]), outcome)


def _candidates(taste: Taste, text: str, found: Sequence[Found]) -> Iterator[Found]:
    """Give the mentions, each with the best confidence of its surface, then the missed surfaces that lie between."""
    best: dict[tuple[str, str], float] = {}
    for start, end, label, confidence in found:
        key = (label, text[start:end].lower())
        best[key] = max(confidence, best.get(key, 0.0))
    for start, end, label, _ in found:
        yield start, end, label, best[label, text[start:end].lower()]
    for place in taste.pattern.finditer(text) if taste.pattern else ():
        if not any(start < place.end() and place.start() < end for start, end, _, _ in found):
            yield place.start(), place.end(), NOTHING, 0.0


def _features(label: str, surface: str) -> list[str]:
    words = _WORD.findall(surface.lower())
    whole = f"{label} <{' '.join(words)}>"
    if label == NOTHING or not words:
        return [whole]
    return [label, *(f"{label} {word}" for word in dict.fromkeys(words)), f"{label} {words[-1]}$", whole]


def _prior(label: str, confidence: float) -> np.ndarray:
    """Give the log odds of the outcomes before anything is learnt: for what the packaged model says, at least 1."""
    odds = np.zeros(len(OUTCOMES))
    sure = min(max(confidence, 0.001), 0.999)
    odds[OUTCOMES.index(label)] = DOUBT if label == NOTHING else max(1.0, 1.0 + np.log(sure / (1 - sure)))
    return odds


def _fit(rows: np.ndarray, priors: np.ndarray, wanted: np.ndarray, emphasis: np.ndarray) -> np.ndarray:
    """Minimise the weighted cross-entropy and the pull by Adam on all cases at once; the problem is convex."""
    weights = np.zeros((rows.shape[1], len(OUTCOMES)))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = rows.T @ ((_softmax(priors + rows @ weights) - wanted) * emphasis) + PULL * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        weights -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def _softmax(odds: np.ndarray) -> np.ndarray:
    powers = np.exp(odds - odds.max(-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(-1, keepdims=True)
    return shares
