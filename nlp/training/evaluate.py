"""Measure a model on labelled texts: mentions, results, calibration, speed and size."""

import resource
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from spacy.language import Language

from nlp.accurate import make_accurate
from nlp.extract import extract, load_model
from nlp.results.find import find_results
from nlp.results.reading import READ
from nlp.spans import LABELS, Extraction
from nlp.training.corpus import LabelledText, Place
from nlp.training.error_analysis import Kind, count_mistakes
from nlp.training.independent_results import find_independently, fit_independent
from nlp.training.result_scores import (
    ResultScores,
    labelled_mentions,
    score_folds,
    score_given_mentions,
    score_results,
)
from nlp.training.role_weights import join_roles, print_role_scores
from nlp.training.tally import Tally
from nlp.training.term_pairs import JUDGED, pair_table, read_pairs
from nlp.version import ACCURATE, MODEL

Bin = tuple[float, float, int, float, float]

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Bounds of the bins of confidence in the reliability table."""


KINDS = 30
"""How many kinds of mistakes are printed."""


def score_spans(
    gold: Sequence[Iterable[Place]],
    found: Sequence[Iterable[Place]],
    labels: Sequence[str] = LABELS,
) -> dict[str, tuple[Tally, Tally]]:
    """Return strict and overlap tallies for each label and for "ALL".

    A strict hit has the exact boundaries; an overlap hit shares a character, matched one to one.
    """
    tallies = {name: (Tally(), Tally()) for name in (*labels, "ALL")}
    for wanted, given in zip(gold, found, strict=True):
        for name, (strict, overlap) in tallies.items():
            ours = {span for span in wanted if name in ("ALL", span[2])}
            theirs = {span for span in given if name in ("ALL", span[2])}
            strict.add(len(ours & theirs), len(theirs), len(ours))
            overlap.add(_touching(ours, theirs), len(theirs), len(ours))
    return tallies


def reliability(texts: Sequence[LabelledText], found: Sequence[Extraction]) -> list[Bin]:
    """Return the bins of confidence that are not empty.

    Each has its bounds, number of mentions, their mean confidence and the share that is correct.
    """
    return bin_outcomes(
        (mention.confidence, (mention.start, mention.end, mention.label) in set(text.spans))
        for text, extraction in zip(texts, found, strict=True)
        for mention in extraction.mentions
    )


def bin_outcomes(outcomes: Iterable[tuple[float, bool]]) -> list[Bin]:
    """Sort pairs of a confidence and whether it was right into bins; leave out empty bins."""
    pairs = [*outcomes]
    rows = []
    for low, high in pairwise(BINS):
        inside = [
            (sure, right) for sure, right in pairs if low <= sure < high or sure == high == BINS[-1]
        ]
        if inside:
            sure, right = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            rows.append((low, high, len(inside), sure, right))
    return rows


class Speed(Struct):
    """Speed in processor time, which counts every thread.

    Words per second are measured in batches, milliseconds on one text at a time.
    """

    words_per_second: float
    median_ms: float
    p99_ms: float


def measure_speed(nlp: Language, texts: Sequence[str]) -> Speed:
    """Time the extraction of texts, in batches and one by one, after a warm-up."""
    list(extract(nlp, texts[:20]))
    start = time.process_time()
    list(extract(nlp, texts))
    batched = time.process_time() - start
    single = []
    for text in texts:
        start = time.process_time()
        list(extract(nlp, [text]))
        single.append(1000 * (time.process_time() - start))
    percentiles = quantiles(single, n=100)
    return Speed(
        sum(len(text.split()) for text in texts) / batched, percentiles[49], percentiles[98]
    )


def report(
    texts: Sequence[LabelledText],
    folder: Path | None,
    console: Console,
    *,
    accurate: bool = False,
    training: Sequence[LabelledText] = (),
    folds: Sequence[LabelledText] = (),
) -> None:
    """Load a model, measure it and print the tables.

    Kinds of mistakes are printed too if the `training` texts of the model are passed. With texts
    in `folds`, results and roles are fitted to four fifths of them and measured on the rest, five
    times; the assignment of results beside the one that was used before.
    """
    start = time.perf_counter()
    model = make_accurate(load_model(folder)) if accurate else load_model(folder)
    loaded = time.perf_counter() - start
    made = model.meta.get("papermargin", {}).get("made")
    console.print(f"components: {', '.join(model.pipe_names)}; made {made}")
    found = list(extract(model, [text.text for text in texts]))
    spans = [[(m.start, m.end, str(m.label)) for m in extraction.mentions] for extraction in found]
    console.print(_span_table(score_spans([text.spans for text in texts], spans)))
    console.print(_reliability_table("mentions", reliability(texts, found)))
    results = {"mentions of the model": score_results(texts, found)}
    results["mentions of the labels"] = score_by_labels(model, texts)
    _report_results(texts, results, folds, console)
    _report_terms(folds, console)
    if training:
        console.print(_mistakes_table(count_mistakes(texts, spans, training)))
    speed = measure_speed(model, [text.text for text in texts])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = _megabytes([folder or MODEL, *([ACCURATE] if accurate else [])])
    console.print(
        f"{speed.words_per_second:,.0f} words/s in batches on one core; one text "
        f"{speed.median_ms:.1f} ms (median), {speed.p99_ms:.1f} ms (p99); load {loaded:.2f} s; "
        f"{memory:,.0f} MB resident at most; {size:.1f} MB on disk"
    )


def score_by_labels(model: Language, texts: Sequence[LabelledText]) -> ResultScores:
    """Return the scores of a model's results if the labelled mentions are given to it."""
    docs = model.pipe(text.text for text in texts)
    found = [
        find_results(text.text, labelled_mentions(text), read=doc.user_data.get(READ))
        for text, doc in zip(texts, docs, strict=True)
    ]
    return score_results(texts, [Extraction([], [*results]) for results in found])


def _report_results(
    texts: Sequence[LabelledText],
    rows: dict[str, ResultScores],
    folds: Sequence[LabelledText],
    console: Console,
) -> None:
    """Print the scores of results, and with `folds` those of both log-linear assignments there."""
    for name, scores in rows.items():
        console.print(_reliability_table(f"results, {name}", bin_outcomes(scores.outcomes)))
    if folds:
        old = fit_independent(folds)
        before = score_given_mentions(texts, old, find_independently)
        joint, independent = score_folds(folds)
        rows |= {
            "before, mentions of the labels": before,
            "five folds": joint,
            "five folds, before": independent,
        }
        console.print(_reliability_table("results in five folds", bin_outcomes(joint.outcomes)))
    console.print(_result_table(rows))


def _report_terms(folds: Sequence[LabelledText], console: Console) -> None:
    """Print the scores of roles, in folds of those texts that have labels, and of merging."""
    if texts := join_roles(folds):
        print_role_scores(texts, console)
    console.print(pair_table(read_pairs(JUDGED)))


def _megabytes(folders: Iterable[Path]) -> float:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6


def _span_table(tallies: dict[str, tuple[Tally, Tally]]) -> Table:
    table = Table(
        "label",
        "P",
        "R",
        "F1",
        "overlap P",
        "R",
        "F1",
        "wanted",
        title="mentions, strict and overlapping",
    )
    for name, (strict, overlap) in tallies.items():
        numbers = (
            strict.precision,
            strict.recall,
            strict.f1,
            overlap.precision,
            overlap.recall,
            overlap.f1,
        )
        table.add_row(name, *(f"{number:.3f}" for number in numbers), str(strict.wanted))
    return table


def _result_table(rows: dict[str, ResultScores]) -> Table:
    table = Table(
        "F1 of",
        "value",
        "value and metric",
        "all four",
        "kind, share right",
        "wanted",
        title="results",
    )
    for name, scores in rows.items():
        numbers = (scores.value.f1, scores.metric.f1, scores.whole.f1, scores.kind.recall)
        table.add_row(name, *(f"{number:.3f}" for number in numbers), str(scores.value.wanted))
    return table


def _reliability_table(what: str, rows: list[Bin]) -> Table:
    table = Table("confidence", "number", "mean confidence", "right", title=f"reliability: {what}")
    for low, high, count, sure, right in rows:
        table.add_row(f"{low:.1f} to {high:.1f}", str(count), f"{sure:.3f}", f"{right:.3f}")
    return table


def _mistakes_table(kinds: Sequence[Kind]) -> Table:
    count = sum(count for count, *_ in kinds)
    table = Table(
        "mistakes",
        "kind",
        "examples (wanted / read)",
        title=f"{count} mistakes, the most frequent kinds",
    )
    for number, kind, examples in kinds[:KINDS]:
        table.add_row(str(number), kind, escape(", ".join(examples)))
    return table


def _touching(ours: set[Place], theirs: set[Place]) -> int:
    """Count the spans of `theirs` that overlap one of `ours` with the same label, one to one."""
    free, hits = sorted(ours), 0
    for start, end, label in sorted(theirs):
        hit = next(
            (span for span in free if span[2] == label and span[0] < end and start < span[1]), None
        )
        if hit:
            free.remove(hit)
            hits += 1
    return hits


def _common(ours: Sequence[object], theirs: Sequence[object]) -> int:
    return (Counter(ours) & Counter(theirs)).total()


def _plain(text: str | None) -> str:
    return "".join((text or "").split()).lower()
