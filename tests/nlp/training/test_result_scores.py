"""Scores of results, part by part."""

from nlp.spans import Extraction, Kind, Result
from nlp.training.corpus import LabelledText
from nlp.training.result_scores import FOLDS, ResultScores, score_folds, score_results

Answer = dict[str, str | None]


def answer(value: str, metric: str | None = None, kind: str | None = "own") -> Answer:
    found: Answer = {"value": value, "metric": metric, "dataset": None, "method": "Owlet"}
    return found | ({"kind": kind} if kind else {})


def result(
    value: str,
    metric: str | None = None,
    *,
    kind: Kind = "own",
    method: str | None = "Owlet",
    confidence: float = 0.9,
) -> Result:
    return Result(0, 0, value, metric=metric, method=method, kind=kind, confidence=confidence)


def score(answers: list[Answer], found: list[Result]) -> ResultScores:
    return score_results([LabelledText("…", results=answers)], [Extraction([], found)])


def test_results_agree_whatever_their_white_space_case_and_latex() -> None:
    scores = score([answer("70.8\\%", "BLEU")], [result("70.8 %", "bleu")])
    assert (scores.value.right, scores.metric.right, scores.whole.right) == (1, 1, 1)


def test_each_part_is_counted_apart() -> None:
    scores = score(
        [answer("1%", "BLEU"), answer("2%", "BLEU"), answer("3%", "BLEU")],
        [result("1%", "BLEU", method="Heron"), result("2%"), result("4%", "BLEU")],
    )
    assert (scores.value.right, scores.metric.right, scores.whole.right) == (2, 1, 0)
    assert (scores.value.found, scores.value.wanted) == (3, 3)


def test_of_equal_values_those_pair_that_agree_most() -> None:
    scores = score(
        [answer("2x", "speed"), answer("2x", "size")], [result("2x", "size"), result("2x", "speed")]
    )
    assert scores.whole.right == 2


def test_other_numbers_are_no_results() -> None:
    scores = score([answer("24 hours", kind="other")], [result("24 hours", kind="other")])
    assert (scores.value.found, scores.value.wanted) == (0, 0)


def test_kinds_count_where_they_are_labelled() -> None:
    scores = score(
        [answer("1%", kind="change"), answer("2%"), answer("3%", kind=None)],
        [result("1%"), result("2%"), result("3%")],
    )
    assert (scores.kind.right, scores.kind.found) == (1, 2)
    assert sorted(right for _, right in scores.outcomes) == [False, True]


def test_both_assignments_are_scored_on_every_text_once() -> None:
    texts = [
        LabelledText(f"It reaches {number}.5% recall.", results=[answer(f"{number}.5%")])
        for number in range(10, 10 + 2 * FOLDS)
    ]
    joint, independent = score_folds(texts)
    assert joint.value.wanted == independent.value.wanted == len(texts)
