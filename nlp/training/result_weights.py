"""Fit the weights of the models that find results to labelled texts."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
import numpy as np

from nlp.results.assign import RESULT_KINDS, Described, Links, Weights, assign
from nlp.results.find import LINKS, PACKAGED
from nlp.results.linear import Choice, fit
from nlp.results.numbers import clean_value
from nlp.results.passage import Passage
from nlp.results.reading import FIELDS, Readings
from nlp.results.structure import Assigned
from nlp.spans import Kind, Label, Mention
from nlp.training.corpus import LabelledText

DECAY = 2e-3
"""Weight decay: the best of 0.001 to 0.008 in cross-validation."""

_RIDGE = 1e-2

FOLDS = 3
"""In how many parts the texts are cut to learn how far probabilities can be trusted."""

Answer = dict[str, str | None]


class Labelled(NamedTuple):
    """A passage and, for each of its numbers, the labelled result if it is one."""

    passage: Passage
    answers: list[Answer | None]


def read_passage(text: LabelledText) -> Labelled:
    """Match the numbers of a text with its labelled results, in their order."""
    passage = Passage(text.text, [_mention(*span) for span in sorted(text.spans)])
    waiting = list(text.results)
    answers: list[Answer | None] = []
    for amount in passage.amounts:
        value = fold(passage.surface(amount))
        answer = next((each for each in waiting if fold(each["value"]) == value), None)
        if answer:
            waiting.remove(answer)
        answers.append(answer)
    return Labelled(passage, answers)


def fit_models(texts: Iterable[LabelledText]) -> dict[str, dict[str, float]]:
    """Fit the weights of the models alone, without the curve of their confidence."""
    return _fit(_choices(read_passage(text)) for text in texts)


def fit_weights(texts: Iterable[LabelledText]) -> dict[str, dict[str, float]]:
    """Fit the weights of the models and the curve of their confidence, deterministically.

    A result without a `kind` teaches what it belongs to, but not its kind; a number that is not
    among the results of its text is of the kind `other`.
    """
    labelled = [read_passage(text) for text in texts]
    choices = [[*_choices(each)] for each in labelled]
    outcomes: list[tuple[float, bool]] = []
    for fold_number in range(FOLDS):
        rest = [each for number, each in enumerate(choices) if number % FOLDS != fold_number]
        weights = _fit(rest)
        for each in labelled[fold_number::FOLDS]:
            outcomes += [(found.probability, right) for found, right in judge(each, weights)]
    return {**_fit(choices), "confidence": fit_curve(outcomes)}


def _fit(choices: Iterable[Iterable[tuple[str, Choice]]]) -> dict[str, dict[str, float]]:
    by_name: dict[str, list[Choice]] = {name: [] for name in ("value", "kind", *FIELDS)}
    for name, choice in chain.from_iterable(choices):
        by_name[name].append(choice)
    return {name: fit(examples, decay=DECAY) for name, examples in by_name.items()}


def judge(
    labelled: Labelled, weights: Weights, readings: Readings | None = None
) -> Iterator[tuple[Assigned, bool]]:
    """Yield the results found in a passage, and whether kind, metric, dataset and method are right.

    Results whose kind is not labelled are left out.
    """
    passage = labelled.passage
    assigned = assign(passage, weights, readings)
    for found, answer in zip(assigned, labelled.answers, strict=True):
        kind = kind_of(answer)
        if found.kind == "other" or kind is None:
            continue
        yield (
            found,
            kind == found.kind
            and answer is not None
            and all(
                fold(passage.surface(mention) if mention else None) == fold(answer[LINKS[label]])
                for label, mention in found.links.items()
            ),
        )


def fit_curve(outcomes: Sequence[tuple[float, bool]]) -> dict[str, float]:
    """Fit a logistic curve from the log odds of probabilities to the share that is right."""
    if not outcomes:
        return {}
    chances = np.clip([chance for chance, _ in outcomes], 1e-6, 1 - 1e-6)
    columns = np.stack([np.log(chances / (1 - chances)), np.ones(len(chances))], axis=1)
    right = np.array([is_right for _, is_right in outcomes], dtype=float)
    curve = np.array([1.0, 0.0])
    # Newton's method, with shorter steps where a whole one goes too far
    for _ in range(25):
        found = _logistic(columns @ curve)
        slope = columns.T @ (right - found) - _RIDGE * curve
        bend = (columns * (found * (1 - found))[:, None]).T @ columns + _RIDGE * np.eye(2)
        step = np.linalg.solve(bend, slope)
        while _curve_loss(columns, right, curve + step) > _curve_loss(columns, right, curve):
            step /= 2
        curve += step
    return {"slope": round(float(curve[0]), 3), "bias": round(float(curve[1]), 3)}


def _logistic(scores: np.ndarray) -> np.ndarray:
    # the same as 1 / (1 + exp(-scores)), without its overflow
    logistic: np.ndarray = 0.5 * (1 + np.tanh(scores / 2))
    return logistic


def _curve_loss(columns: np.ndarray, right: np.ndarray, curve: np.ndarray) -> float:
    """Return the negative log-likelihood of a curve, with a ridge that keeps it finite."""
    scores = columns @ curve
    loss = np.logaddexp(0, scores).sum() - right @ scores + _RIDGE * curve @ curve / 2
    return float(loss)


def write_result_weights(weights: Weights, path: Path = PACKAGED) -> None:
    """Write weights to a file, by default the one that the package reads."""
    path.write_bytes(msgspec.json.encode(weights))


def fold(text: str | None) -> str:
    """Return a surface without LaTeX, white space and letter case, for comparison."""
    return "".join(clean_value(text or "").split()).lower()


def kind_of(answer: Answer | None) -> str | None:
    """Return the kind of a labelled number, None if it is a result whose kind is not labelled."""
    return answer.get("kind") if answer else "other"


def _choices(labelled: Labelled) -> Iterator[tuple[str, Choice]]:
    """Yield the choices that the numbers of a passage pose, each with those before it made."""
    passage = labelled.passage
    past: list[Assigned] = []
    for amount, answer in zip(passage.amounts, labelled.answers, strict=True):
        described = Described(passage, amount)
        kind = kind_of(answer)
        yield "value", ([[], described.alone(past)], int(kind != "other"))
        if kind in RESULT_KINDS:
            yield "kind", (described.kinds(past), RESULT_KINDS.index(kind))
        links: Links = {}
        # a result whose kind is not labelled is taken for one of the paper
        if answer and kind != "other":
            for label in FIELDS:
                right = _right(described, label, answer[LINKS[label]])
                if right is not None:
                    features = described.links(label, cast(Kind, kind or "own"), links, past)
                    yield label, (features, right)
                    links[label] = described.candidates(label)[right]
        past.append(Assigned(amount, kind or "own", links, 1.0))


def _right(described: Described, label: Label, surface: str | None) -> int | None:
    """Return the index of the candidate with a surface, of none without one, None if absent."""
    candidates = described.candidates(label)
    if not surface:
        return len(candidates) - 1
    known = [fold(described.passage.surface(mention)) for mention in candidates if mention]
    return known.index(fold(surface)) if fold(surface) in known else None


def _mention(start: int, end: int, label: str) -> Mention:
    return Mention(start, end, cast(Label, label), "")
