"""Score results against labels, part by part, and compare two assignments in five folds."""

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from msgspec import Struct, field

from nlp.results.assign import Weights
from nlp.results.find import find_results, packaged_weights
from nlp.spans import Extraction, Label, Mention, Result
from nlp.training.corpus import LabelledText
from nlp.training.independent_results import find_independently, fit_independent
from nlp.training.result_weights import Answer, fit_models, fold
from nlp.training.tally import Tally

FOLDS = 5

Find = Callable[[str, Sequence[Mention], Weights], Iterable[Result]]

PARTS = ("metric", "dataset", "method")


class ResultScores(Struct):
    """Tallies of results by what has to be right, and (confidence, right) of each result.

    A result counts in `value` if its value is right, in `metric` if its metric is too, in `whole`
    if dataset and method are as well. `kind` counts results of the right value whose kind is
    labelled. `outcomes` calls a result right if it is so as a whole and in its kind.
    """

    value: Tally = field(default_factory=Tally)
    metric: Tally = field(default_factory=Tally)
    whole: Tally = field(default_factory=Tally)
    kind: Tally = field(default_factory=Tally)
    outcomes: list[tuple[float, bool]] = field(default_factory=list)


def score_results(
    texts: Sequence[LabelledText], found: Sequence[Extraction], into: ResultScores | None = None
) -> ResultScores:
    """Return the scores of the results of some texts, added to those of `into`.

    Numbers of the kind `other` are no results. White space, letter case and LaTeX do not count.
    """
    scores = into or ResultScores()
    for text, extraction in zip(texts, found, strict=True):
        wanted = [answer for answer in text.results if answer.get("kind") != "other"]
        given = [result for result in extraction.results if result.kind != "other"]
        _add(scores, wanted, given)
    return scores


def _add(scores: ResultScores, wanted: Sequence[Answer], given: Sequence[Result]) -> None:
    """Add the results of one text to the scores."""
    pairs = _pair(wanted, given)
    right = [[_same(answer, result, part) for part in PARTS] for answer, result in pairs]
    scores.value.add(len(pairs), len(given), len(wanted))
    scores.metric.add(sum(parts[0] for parts in right), len(given), len(wanted))
    scores.whole.add(sum(all(parts) for parts in right), len(given), len(wanted))
    _add_outcomes(scores, pairs, right, given)


def _add_outcomes(
    scores: ResultScores,
    pairs: Sequence[tuple[Answer, Result]],
    right: Sequence[Sequence[bool]],
    given: Sequence[Result],
) -> None:
    """Add whether kinds are right, and whether each result is right as a whole."""
    paired = {id(result) for _, result in pairs}
    scores.outcomes += [(each.confidence, False) for each in given if id(each) not in paired]
    for (answer, result), parts in zip(pairs, right, strict=True):
        if kind := answer.get("kind"):
            is_right = kind == result.kind
            scores.kind.add(int(is_right), 1, 1)
            scores.outcomes.append((result.confidence, is_right and all(parts)))


def _pair(wanted: Sequence[Answer], given: Sequence[Result]) -> list[tuple[Answer, Result]]:
    """Return the labelled and found results of the same value, each once.

    Of several with one value, those pair that agree in most parts.
    """
    options = sorted(
        (-sum(_same(answer, result, part) for part in PARTS), i, j)
        for i, answer in enumerate(wanted)
        for j, result in enumerate(given)
        if fold(answer["value"]) == fold(result.value)
    )
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for _, i, j in options:
        if i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            pairs.append((wanted[i], given[j]))
    return pairs


def _same(answer: Answer, result: Result, part: str) -> bool:
    return fold(answer[part]) == fold(getattr(result, part))


def score_given_mentions(
    texts: Sequence[LabelledText],
    weights: Weights,
    find: Find = find_results,
    into: ResultScores | None = None,
) -> ResultScores:
    """Return the scores of an assignment to which the labelled mentions are given."""
    found = [Extraction([], [*find(text.text, labelled_mentions(text), weights)]) for text in texts]
    return score_results(texts, found, into)


def score_folds(texts: Sequence[LabelledText]) -> tuple[ResultScores, ResultScores]:
    """Return the scores of the joint and the independent assignment, fitted in five folds.

    No network reads the texts. The curve of the confidence is the packaged one: its two numbers
    would take three further fits of each fold.
    """
    curve = packaged_weights().get("confidence", {})
    joint, independent = ResultScores(), ResultScores()
    for number in range(FOLDS):
        held = [text for place, text in enumerate(texts) if place % FOLDS == number]
        rest = [text for place, text in enumerate(texts) if place % FOLDS != number]
        weights = {**fit_models(rest), "confidence": curve}
        score_given_mentions(held, weights, find_results, joint)
        score_given_mentions(held, fit_independent(rest), find_independently, independent)
    return joint, independent


def labelled_mentions(text: LabelledText) -> list[Mention]:
    """Return the mentions that are labelled in a text."""
    return [Mention(start, end, cast(Label, label), "") for start, end, label in sorted(text.spans)]
