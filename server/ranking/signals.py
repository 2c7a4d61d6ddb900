"""Name what a model goes by: the words, terms and authors that count most for and against a paper.

Terms are numbered by a hash, from which no word can be read back. So the strongest numbers are
looked up in the papers that the model was learnt from, whose words are known.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from server.ranking.model import Model
from server.ranking.vectors import TERMS, PaperVector, number_of, numbers_of
from server.ranking.word_vectors import Floats
from server.ranking.words import count_terms
from server.schema.ranking import Signal

MOST = 20  # signals of each kind that are named, for and against
SOURCES = 3  # papers in which the word of a number is looked up
FAINT = 0.005  # an effect that would be shown as 0.00 is none


class Effects(Struct, frozen=True):
    """What each number adds to the score of a paper that has it, on average, and where it occurs.

    `places` are the occurrences as pairs of number and place of the paper, sorted by number.
    """

    values: Floats
    places: tuple[np.ndarray, np.ndarray]

    def find_papers(self, number: int) -> np.ndarray:
        """Return the places of the papers that have a number."""
        numbers, papers = self.places
        first, last = np.searchsorted(numbers, [number, number + 1])
        return papers[first:last]


def measure_effects(model: Model, vectors: Sequence[PaperVector]) -> Effects:
    """Measure a model's weights on the papers that it was learnt from."""
    rows = model.statistics.weigh(vectors)
    counts = np.bincount(rows.terms, minlength=TERMS)
    means = np.bincount(rows.terms, rows.values, TERMS) / np.maximum(counts, 1)
    papers = np.repeat(np.arange(len(vectors)), np.diff(rows.starts))
    order = np.argsort(rows.terms, kind="stable")
    return Effects((model.terms * means).astype(np.float32), (rows.terms[order], papers[order]))


def find_strongest(effects: Effects) -> list[int]:
    """Return the numbers that count most for a paper, and those that count most against one.

    An effect in n papers counts √n times as much as in one: what recurs says more of the user.
    """
    counts = np.bincount(effects.places[0], minlength=TERMS)
    # more than are shown, since not all can be named
    order = np.argsort(effects.values * np.sqrt(counts), kind="stable")
    strongest = [*order[: 2 * MOST], *order[: -2 * MOST - 1 : -1]]
    return [int(number) for number in strongest if abs(effects.values[number]) >= FAINT]


def find_sources(effects: Effects, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Return the places of a few papers in which the word of each number can be looked up."""
    return {number: effects.find_papers(number)[:SOURCES].tolist() for number in numbers}


def name_numbers(sources: Mapping[int, Sequence[int]], texts: Mapping[int, str]) -> dict[int, str]:
    """Return the word or pair of words behind each number, looked up in the texts of its sources.

    Where words share a number, it has the name of the one that most of these papers have.
    """
    found: dict[int, Counter[str]] = {number: Counter() for number in sources}
    terms = {
        place: {number_of(term): term for term in count_terms(t)} for place, t in texts.items()
    }
    for number, places in sources.items():
        found[number].update(
            terms[place][number] for place in places if number in terms.get(place, {})
        )
    return {
        number: min(counts, key=lambda name: (-counts[name], name))
        for number, counts in found.items()
        if counts
    }


def list_words(effects: Effects, names: Mapping[int, str], own: int) -> list[Signal]:
    """Return named numbers as words, `MOST` on each side.

    The names come in the order of `find_strongest`; `own` is how many of the first papers are in
    the list.
    """
    sides = (
        [n for n in names if effects.values[n] < 0],
        [n for n in names if effects.values[n] > 0],
    )
    return [
        Signal(
            kind="word",
            name=names[number],
            effect=float(effects.values[number]),
            papers=int((effects.find_papers(number) < own).sum()),
        )
        for side in sides
        for number in side[:MOST]
    ]


def list_terms(effects: Effects, papers: Mapping[str, int]) -> list[Signal]:
    """Return terms of the list's papers, each with the effect of the words of its name.

    `papers` counts how many papers of the list mention each term.
    """
    return [
        Signal(
            kind="term",
            name=name,
            effect=float(effects.values[numbers_of(name)].sum()),
            papers=count,
        )
        for name, count in papers.items()
    ]


def choose(signals: Iterable[Signal]) -> tuple[list[Signal], list[Signal]]:
    """Return the strongest signals of one kind, for and against, the strongest first."""
    ordered = sorted(signals, key=lambda signal: (-signal.effect, signal.name))
    pros = [signal for signal in ordered if signal.effect >= FAINT]
    cons = [signal for signal in reversed(ordered) if signal.effect <= -FAINT]
    return pros[:MOST], cons[:MOST]
