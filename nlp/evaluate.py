"""Measures a model on labelled texts: mentions, results, how far its confidence is true, speed and size."""

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
from nlp.corpus import LabelledText, Place
from nlp.extract import extract, load_model
from nlp.mistakes import Kind, count_mistakes
from nlp.spans import LABELS, Extraction
from nlp.version import ACCURATE, MODEL

Bin = tuple[float, float, int, float, float]

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""The borders between the rows of the reliability table."""


KINDS = 30
"""The kinds of mistakes that are printed."""


class Tally(Struct):
    """How many were right, found and to be found."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    def add(self, right: int, found: int, wanted: int) -> None:
        """Count one more text."""
        self.right += right
        self.found += found
        self.wanted += wanted

    @property
    def precision(self) -> float:
        """The share of the found that is right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of what was to be found that was."""
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (self.found + self.wanted) if self.right else 0.0


def score_spans(
    gold: Sequence[Iterable[Place]], found: Sequence[Iterable[Place]], labels: Sequence[str] = LABELS
) -> dict[str, tuple[Tally, Tally]]:
    """Give strict and overlapping hits by label and for "ALL": exact borders, or a shared character, one to one."""
    tallies = {name: (Tally(), Tally()) for name in (*labels, "ALL")}
    for wanted, given in zip(gold, found, strict=True):
        for name, (strict, overlap) in tallies.items():
            ours = {span for span in wanted if name in ("ALL", span[2])}
            theirs = {span for span in given if name in ("ALL", span[2])}
            strict.add(len(ours & theirs), len(theirs), len(ours))
            overlap.add(_touching(ours, theirs), len(theirs), len(ours))
    return tallies


def score_results(texts: Sequence[LabelledText], found: Sequence[Extraction]) -> tuple[Tally, Tally]:
    """Give the hits among results by their value, and by value and metric; white space and case do not count."""
    values, pairs = Tally(), Tally()
    for text, extraction in zip(texts, found, strict=True):
        ours = [(_plain(result["value"]), _plain(result["metric"])) for result in text.results]
        theirs = [(_plain(result.value), _plain(result.metric)) for result in extraction.results]
        values.add(_common([value for value, _ in ours], [value for value, _ in theirs]), len(theirs), len(ours))
        pairs.add(_common(ours, theirs), len(theirs), len(ours))
    return values, pairs


def reliability(texts: Sequence[LabelledText], found: Sequence[Extraction]) -> list[Bin]:
    """Give for each bin of confidence its borders, the mentions in it, their mean confidence and the share right."""
    pairs = [
        (mention.confidence, (mention.start, mention.end, mention.label) in set(text.spans))
        for text, extraction in zip(texts, found, strict=True)
        for mention in extraction.mentions
    ]
    rows = []
    for low, high in pairwise(BINS):
        inside = [(sure, right) for sure, right in pairs if low <= sure < high or sure == high == BINS[-1]]
        if inside:
            sure, right = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            rows.append((low, high, len(inside), sure, right))
    return rows


class Speed(Struct):
    """Processor time, so that several threads count as what they cost: words a second in batches, and ms a text."""

    words_per_second: float
    median_ms: float
    p99_ms: float


def measure_speed(nlp: Language, texts: Sequence[str]) -> Speed:
    """Time the extraction of texts, in batches and one by one, after a run to warm up."""
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
    return Speed(sum(len(text.split()) for text in texts) / batched, percentiles[49], percentiles[98])


def report(
    texts: Sequence[LabelledText],
    folder: Path | None,
    console: Console,
    *,
    accurate: bool = False,
    learnt: Sequence[LabelledText] = (),
) -> None:
    """Load a model, measure it and print the tables; kinds of mistakes too if the texts are given that it `learnt`."""
    start = time.perf_counter()
    model = make_accurate(load_model(folder)) if accurate else load_model(folder)
    loaded = time.perf_counter() - start
    console.print(f"components: {', '.join(model.pipe_names)}; made {model.meta.get('papermargin', {}).get('made')}")
    found = list(extract(model, [text.text for text in texts]))
    spans = [[(m.start, m.end, str(m.label)) for m in extraction.mentions] for extraction in found]
    console.print(_span_table(score_spans([text.spans for text in texts], spans)))
    values, pairs = score_results(texts, found)
    console.print(f"results: value F1 {values.f1:.3f}, value and metric F1 {pairs.f1:.3f} ({values.wanted} wanted)")
    console.print(_reliability_table(reliability(texts, found)))
    if learnt:
        console.print(_mistakes_table(count_mistakes(texts, spans, learnt)))
    speed = measure_speed(model, [text.text for text in texts])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    folders = [folder or MODEL, *([ACCURATE] if accurate else [])]
    size = sum(path.stat().st_size for each in folders for path in each.rglob("*") if path.is_file()) / 1e6
    console.print(
        f"{speed.words_per_second:,.0f} words/s in batches on one core; one text {speed.median_ms:.1f} ms (median), "
        f"{speed.p99_ms:.1f} ms (p99); load {loaded:.2f} s; {memory:,.0f} MB resident at most; "
        f"{size:.1f} MB on disk"
    )


def _span_table(tallies: dict[str, tuple[Tally, Tally]]) -> Table:
    table = Table("label", "P", "R", "F1", "overlap P", "R", "F1", "wanted", title="mentions, strict and overlapping")
    for name, (strict, overlap) in tallies.items():
        numbers = (strict.precision, strict.recall, strict.f1, overlap.precision, overlap.recall, overlap.f1)
        table.add_row(name, *(f"{number:.3f}" for number in numbers), str(strict.wanted))
    return table


def _reliability_table(rows: list[Bin]) -> Table:
    table = Table("confidence", "mentions", "mean confidence", "right", title="reliability")
    for low, high, count, sure, right in rows:
        table.add_row(f"{low:.1f} to {high:.1f}", str(count), f"{sure:.3f}", f"{right:.3f}")
    return table


def _mistakes_table(kinds: Sequence[Kind]) -> Table:
    count = sum(count for count, *_ in kinds)
    table = Table("mistakes", "kind", "examples (wanted / read)", title=f"{count} mistakes, the most frequent kinds")
    for number, kind, examples in kinds[:KINDS]:
        table.add_row(str(number), kind, escape(", ".join(examples)))
    return table


def _touching(ours: set[Place], theirs: set[Place]) -> int:
    """Count the spans of `theirs` that share a character with one of `ours` of the same label, one to one."""
    free, hits = sorted(ours), 0
    for start, end, label in sorted(theirs):
        hit = next((span for span in free if span[2] == label and span[0] < end and start < span[1]), None)
        if hit:
            free.remove(hit)
            hits += 1
    return hits


def _common(ours: Sequence[object], theirs: Sequence[object]) -> int:
    return (Counter(ours) & Counter(theirs)).total()


def _plain(text: str | None) -> str:
    return "".join((text or "").split()).lower()
