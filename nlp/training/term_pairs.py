"""Score the merging of terms on pairs of surfaces that a person judged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from nlp.spans import Label
from nlp.terms import parent_of, term_of
from nlp.training.tally import Tally

JUDGED = Path(__file__).parent / "labels" / "term_pairs.tsv"

Verdict = Literal["same", "parent", "different"]


class TermPair(Struct, frozen=True):
    """Two surfaces and how they relate: "parent" if the first is a kind of the second."""

    label: Label
    verdict: Verdict
    first: str
    second: str


def read_pairs(path: Path) -> list[TermPair]:
    """Read a file of label, verdict and two surfaces a line, separated by tabs."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return [
        TermPair(cast(Label, label), cast(Verdict, verdict), first, second)
        for label, verdict, first, second in rows
    ]


def relation(pair: TermPair) -> Verdict:
    """Return how the terms of two surfaces relate, a parent's parent included."""
    first, second = term_of(pair.first, pair.label), term_of(pair.second, pair.label)
    if first == second:
        return "same"
    seen = {first}
    ancestor = parent_of(first, pair.label)
    while ancestor and ancestor not in seen:
        if ancestor == second:
            return "parent"
        seen.add(ancestor)
        ancestor = parent_of(ancestor, pair.label)
    return "different"


def score_pairs(pairs: Sequence[TermPair]) -> dict[str, Tally]:
    """Count for "same" and "parent" how many pairs are right, found and wanted."""
    found = [relation(pair) for pair in pairs]
    scores = {}
    for name in ("same", "parent"):
        given = [verdict == name for verdict in found]
        wanted = [pair.verdict == name for pair in pairs]
        right = sum(a and b for a, b in zip(given, wanted, strict=True))
        scores[name] = Tally(right, sum(given), sum(wanted))
    return scores


def pair_table(pairs: Sequence[TermPair]) -> Table:
    """Return a table of the precision and recall of merging and of parents."""
    title = f"terms of {len(pairs)} judged pairs"
    table = Table("relation", "precision", "recall", "pairs", title=title)
    for name, tally in score_pairs(pairs).items():
        table.add_row(name, f"{tally.precision:.3f}", f"{tally.recall:.3f}", str(tally.wanted))
    return table


def print_scores(pairs: Sequence[TermPair], console: Console) -> None:
    """Print precision and recall, and each pair whose relation is not the judged one."""
    console.print(pair_table(pairs))
    for pair in pairs:
        if (found := relation(pair)) != pair.verdict:
            surfaces = f"{pair.first} | {pair.second}"
            console.print(f"{pair.label} {pair.verdict}, found {found}: {surfaces}", markup=False)
