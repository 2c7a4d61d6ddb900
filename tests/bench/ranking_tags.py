"""How well papers that belong to a tag are found.

    python -m tests.bench.ranking_tags --data FOLDER [--papers N] [--tags N]

FOLDER holds answers of Hugging Face's API, one file a day. Invented users tag the papers that
mention a method, dataset or task, as the pipeline extracts it: some of them bear the tag, the
others are held out. A method ranks all papers without the tag; precision@10 is the share of the
first ten that were held out. The term's own words are taken out of every text, so that it has to be
found by what else its papers say. Days after 2026-01-31 are not read, as in `tests.bench.ranking`.
"""

import argparse
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from nlp.extract import extract, load_model
from server.ranking.tags import learn_tag
from server.ranking.vectors import PaperVector, Statistics, make_vector
from tests.bench.ranking import BACKGROUND, read_days

LABELS = ("METHOD", "DATASET", "TASK")
FEWEST, MOST = 30, 150  # papers of a term that is taken as a tag
SIZES = (5, 10, 20)  # papers that bear the tag
LIST = 100  # papers of the invented list beside them
FIRST = 10

console = Console(width=120)


class Situation(Struct):
    """What a method may use to rank `candidates`."""

    tagged: list[PaperVector]
    others: list[PaperVector]
    background: list[PaperVector]
    candidates: list[PaperVector]
    statistics: Statistics


Method = Callable[[Situation], np.ndarray]


def by_chance(at: Situation) -> np.ndarray:
    """Rank at random."""
    return np.random.default_rng(7).random(len(at.candidates))


def by_mean(at: Situation) -> np.ndarray:
    """Rank by the cosine with the mean TF-IDF vector of the tagged papers."""
    mean = at.statistics.weigh(at.tagged).sum_rows(np.ones(len(at.tagged), np.float32))
    return at.statistics.weigh(at.candidates).dot(mean)


def by_model(at: Situation) -> np.ndarray:
    """Rank as the server does."""
    model = learn_tag(at.tagged, at.others, at.background, at.statistics)
    assert model is not None  # there are tagged papers
    return model.score(at.candidates)


METHODS: dict[str, Method] = {
    "chance": by_chance,
    "TF-IDF, mean": by_mean,
    "Papermargin": by_model,
}


def find_terms(texts: list[str]) -> dict[str, list[int]]:
    """Return the places of the texts that mention each term, for terms of a fitting number."""
    places: dict[str, set[int]] = defaultdict(set)
    for place, found in enumerate(extract(load_model(), texts)):
        for mention in found.mentions:
            if mention.label in LABELS:
                places[mention.term].add(place)
    return {t: sorted(p) for t, p in sorted(places.items()) if FEWEST <= len(p) <= MOST}


def mask(texts: list[str], term: str) -> list[PaperVector]:
    """Make the vectors of texts without the words of a term, in any number or case."""
    words = "|".join(map(re.escape, re.findall(r"\w+", term)))
    pattern = re.compile(rf"\b(?:{words})(?:s|es)?\b", re.IGNORECASE)
    return [make_vector(pattern.sub(" ", text)) for text in texts]


def try_tag(
    vectors: list[PaperVector], bearers: list[int], size: int, chance: random.Random
) -> dict[str, float]:
    """Return the precision of each method for one tag of a size."""
    tagged = sorted(chance.sample(bearers, size))
    free = sorted({*range(len(vectors))}.difference(bearers))
    others = sorted(chance.sample(free, LIST))
    known = {*tagged, *others}
    background = [place for place in range(len(vectors)) if place not in known][-BACKGROUND:]
    candidates = sorted({*range(len(vectors))}.difference(tagged))
    statistics = Statistics()
    statistics.add(vectors)
    at = Situation(
        tagged=[vectors[place] for place in tagged],
        others=[vectors[place] for place in others],
        background=[vectors[place] for place in background],
        candidates=[vectors[place] for place in candidates],
        statistics=statistics,
    )
    right = np.isin(candidates, bearers)
    return {
        name: float(right[np.argsort(-method(at), kind="stable")[:FIRST]].mean())
        for name, method in METHODS.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the API's answers")
    parser.add_argument("--papers", type=int, default=2_000, help="use the last papers only")
    parser.add_argument("--tags", type=int, default=30, help="try this many terms")
    options = parser.parse_args()
    days = read_days(options.data, "2026-01-31")
    texts = [paper.text for _, page in days for paper in page][-options.papers :]
    terms, chance = find_terms(texts), random.Random(7)
    chosen = sorted(chance.sample(sorted(terms), min(options.tags, len(terms))))
    found: dict[tuple[int, str], list[float]] = defaultdict(list)
    for term in chosen:
        vectors = mask(texts, term)
        for size in SIZES:
            for name, precision in try_tag(vectors, terms[term], size, chance).items():
                found[size, name].append(precision)
    print_precisions(found, len(texts), chosen)


def print_precisions(
    found: dict[tuple[int, str], list[float]], papers: int, terms: list[str]
) -> None:
    """Print the mean precision of each method by the size of the tag."""
    heads = [f"{size} tagged" for size in SIZES]
    table = Table("method", *heads, title="precision@10 ± s.e. over tags")
    for name in METHODS:
        cells = []
        for size in SIZES:
            values = np.array(found[size, name])
            error = values.std(ddof=1) / math.sqrt(len(values))
            cells.append(f"{values.mean():.3f} ± {error:.3f}")
        table.add_row(name, *cells)
    console.print(f"{papers:,} papers, {len(terms)} terms as tags: {', '.join(terms)}")
    console.print(table)


if __name__ == "__main__":
    main()
