"""Assign the numbers of a text jointly: each gets a kind, a metric, a dataset and a method.

The probability of an assignment is a product of log-linear choices, made in the order of the text:
whether a number is a result, its kind, metric, dataset and method, each given the choices before
it, those for the last number among them. A beam search finds the likeliest one of a sentence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import log
from typing import NamedTuple, TypeVar, get_args

from nlp.results.constraints import fits, is_human, owner
from nlp.results.features import amount_features, link_features
from nlp.results.linear import score, softmax
from nlp.results.numbers import Amount
from nlp.results.passage import Passage
from nlp.results.reading import FIELDS, Reading, Readings
from nlp.results.structure import (
    Assigned,
    history_features,
    kind_features,
    link_history,
    link_structure,
    relation,
)
from nlp.spans import Kind, Label, Mention

Weights = Mapping[str, Mapping[str, float]]
Links = dict[Label, Mention | None]

RESULT_KINDS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "other")
UNREAD = Reading(0.0, [0.0] * len(RESULT_KINDS), {})
"""The reading of a number without a network."""

READING_SHARE = 0.6
"""The weight of what the network reads beside the log-linear scores."""

_C = TypeVar("_C")

BEAM = 6
_WORTH_KEEPING = 0.02


class _Path(NamedTuple):
    past: tuple[Assigned, ...]
    likelihood: float


def assign(
    passage: Passage, weights: Weights, readings: Readings | None = None
) -> Iterator[Assigned]:
    """Yield the numbers of a text, in order, with the likeliest assignment of each sentence.

    `readings` has what the network reads of the numbers, by their offsets.
    """
    readings = readings or {}
    best = _Path((), 0.0)
    for _, amounts in groupby(passage.amounts, key=passage.sentence):
        paths = [best]
        for amount in amounts:
            reading = readings.get(amount.start, UNREAD)
            scorer = _Scorer(Described(passage, amount), weights, reading)
            paths = _best(path for old in paths for path in _extend(scorer, old))
        best = paths[0]
    yield from best.past


class Described:
    """A number with the features that do not depend on how the numbers before it are assigned."""

    def __init__(self, passage: Passage, amount: Amount) -> None:
        self.passage, self.amount = passage, amount
        self.is_human = is_human(passage, amount)
        self.own = [*amount_features(passage, amount), *kind_features(passage, amount)]
        self._candidates: dict[Label, Sequence[Mention | None]] = {}
        self._features: dict[tuple[Label, Kind], list[list[str]]] = {}
        self._links: dict[Label, list[list[str]]] = {}
        self._relations: dict[int, str] = {}

    def doubt(self, past: Sequence[Assigned]) -> float:
        """Return the probability of the number before it in its list, which it cannot exceed."""
        here = self.passage.lists.get(self.amount.start)
        there = self.passage.lists.get(past[-1].amount.start) if past else None
        same = here and there and here.series == there.series
        return past[-1].probability if same else 1.0

    def alone(self, past: Sequence[Assigned]) -> list[str]:
        """Return the features by which the number is a result or none."""
        return [*self.own, *self.history_alone(past)]

    def history_alone(self, past: Sequence[Assigned]) -> list[str]:
        """Return those of them that the number before gives."""
        how = self._relation(past[-1].amount) if past else ""
        return [*history_features(self.amount, past, how)]

    def kinds(self, past: Sequence[Assigned]) -> list[list[str]]:
        """Return the features of each kind of results."""
        return by_kind(self.alone(past))

    def candidates(self, label: Label) -> Sequence[Mention | None]:
        """Return the mentions that the number may belong to, and None."""
        if label not in self._candidates:
            self._candidates[label] = self._allowed(label)
        return self._candidates[label]

    def _allowed(self, label: Label) -> Sequence[Mention | None]:
        """Return what the constraints leave of the mentions: only the owner, if there is one."""
        passage, amount = self.passage, self.amount
        near = passage.near(amount, label)
        if owning := owner(passage, amount, label):
            surface = passage.surface(owning).lower()
            # a surface has several mentions: the features tell which of them is nearest
            owners = [each for each in near if passage.surface(each).lower() == surface]
            if owners:
                return owners
        if label == "METHOD" and self.is_human:
            return [None]
        if label == "METRIC":
            # only metrics have units that rule them out
            near = [each for each in near if fits(amount.unit, passage.surface(each))]
        return [*near, None]

    def links(
        self, label: Label, kind: Kind, chosen: Links, past: Sequence[Assigned]
    ) -> list[list[str]]:
        """Return the features of each candidate of a label."""
        pairs = zip(self.fixed(label, kind), self.history(label, kind, chosen, past), strict=True)
        return [[*fixed, *history] for fixed, history in pairs]

    def fixed(self, label: Label, kind: Kind) -> list[list[str]]:
        """Return the features of each candidate that the numbers before do not change."""
        candidates = self.candidates(label)
        if label not in self._links:
            peers = [mention for mention in candidates if mention]
            features = [*link_features(self.passage, self.amount, peers)]
            self._links[label] = features[: len(candidates)]
        if (label, kind) not in self._features:
            self._features[label, kind] = [
                [*alone, *link_structure(self.passage, self.amount, mention, kind)]
                for mention, alone in zip(candidates, self._links[label], strict=True)
            ]
        return self._features[label, kind]

    def history(
        self, label: Label, kind: Kind, chosen: Links, past: Sequence[Assigned]
    ) -> list[list[str]]:
        """Return the features of each candidate that the number before gives it."""
        candidates = self.candidates(label)
        if not past:
            return [[] for _ in candidates]
        how = self._relation(past[-1].amount)
        choice = (label, kind, chosen)
        return [
            [*link_history(self.passage, self.amount, mention, choice, past[-1], how)]
            for mention in candidates
        ]

    def _relation(self, last: Amount) -> str:
        if last.start not in self._relations:
            self._relations[last.start] = relation(self.passage, last, self.amount)
        return self._relations[last.start]


class _Scorer:
    """The scores of a number's choices; those of the features that stay are summed once."""

    def __init__(self, described: Described, weights: Weights, reading: Reading) -> None:
        self.described, self.weights, self.reading = described, weights, reading
        self._alone = score(weights["value"], described.own) + READING_SHARE * reading.result
        self._kinds: list[float] | None = None
        self._links: dict[tuple[Label, Kind], list[float]] = {}

    def is_result(self, past: Sequence[Assigned]) -> float:
        """Return the probability that the number is a result."""
        more = score(self.weights["value"], self.described.history_alone(past))
        return softmax([0.0, self._alone + more])[1]

    def kinds(self, past: Sequence[Assigned]) -> list[tuple[Kind, float]]:
        """Return the likely kinds; the scores of humans are always `baseline`."""
        if self.described.is_human:
            return [("baseline", 1.0)]
        weights = self.weights["kind"]
        if self._kinds is None:
            self._kinds = [
                score(weights, each) + READING_SHARE * read
                for each, read in zip(by_kind(self.described.own), self.reading.kinds, strict=True)
            ]
        more = by_kind(self.described.history_alone(past))
        pairs = zip(self._kinds, more, strict=True)
        return _likely(RESULT_KINDS, [base + score(weights, each) for base, each in pairs])

    def links(
        self, label: Label, kind: Kind, chosen: Links, past: Sequence[Assigned]
    ) -> list[tuple[Mention | None, float]]:
        """Return the likely mentions of a label."""
        described, weights = self.described, self.weights[label]
        if (label, kind) not in self._links:
            read = self._read(label)
            self._links[label, kind] = [
                score(weights, each) + READING_SHARE * more
                for each, more in zip(described.fixed(label, kind), read, strict=True)
            ]
        history = described.history(label, kind, chosen, past)
        pairs = zip(self._links[label, kind], history, strict=True)
        scores = [base + score(weights, each) for base, each in pairs]
        return _likely(described.candidates(label), scores)

    def _read(self, label: Label) -> list[float]:
        """Return what the network reads of each candidate of a label."""
        read, passage = self.reading.links.get(label, {}), self.described.passage
        surfaces = (
            passage.surface(mention).lower() if mention else None
            for mention in self.described.candidates(label)
        )
        return [read.get(surface, 0.0) for surface in surfaces]


def by_kind(features: Sequence[str]) -> list[list[str]]:
    """Return features for each kind of results."""
    return [[f"{kind}|{feature}" for feature in features] for kind in RESULT_KINDS]


def _extend(scorer: _Scorer, path: _Path) -> Iterator[_Path]:
    """Yield the likely ways to assign one more number."""
    past, amount = path.past, scorer.described.amount
    sure = scorer.is_result(past)
    # a number is a result or not before its kind is asked for: three kinds may share one chance
    if sure < 0.5:
        step = Assigned(amount, "other", {}, 1 - sure)
        yield _Path((*past, step), path.likelihood + log(step.probability))
        return
    doubt = scorer.described.doubt(past)
    for kind, chance in scorer.kinds(past):
        for links, linked in _link(scorer, kind, past):
            step = Assigned(amount, kind, links, min(sure * chance * linked, doubt))
            yield _Path((*past, step), path.likelihood + log(sure * chance * linked))


def _link(scorer: _Scorer, kind: Kind, past: Sequence[Assigned]) -> list[tuple[Links, float]]:
    """Return the likely links of a number of a kind with their probabilities."""
    found: list[tuple[Links, float]] = [({}, 1.0)]
    for label in FIELDS:
        found = [
            ({**links, label: mention}, chance * more)
            for links, chance in found
            for mention, more in scorer.links(label, kind, links, past)
        ]
        found = sorted(found, key=lambda each: -each[1])[:BEAM]
    return found


def _likely(candidates: Sequence[_C], scores: Sequence[float]) -> list[tuple[_C, float]]:
    """Return the candidates that are worth following, with their probabilities, likeliest first."""
    chances = sorted(zip(candidates, softmax(scores), strict=True), key=lambda each: -each[1])
    # the likeliest one always, so that a path never ends
    return chances[:1] + [each for each in chances[1:BEAM] if each[1] >= _WORTH_KEEPING]


def _best(paths: Iterable[_Path]) -> list[_Path]:
    return sorted(paths, key=lambda path: -path.likelihood)[:BEAM]
