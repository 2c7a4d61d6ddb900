"""How well papers are ranked for a person, measured on who put which paper on Daily Papers.

    python -m tests.bench.ranking --data FOLDER [--since DAY] [--until DAY] [--every N]

FOLDER holds answers of Hugging Face's API, one file a day. For every account that put a paper on a
day's page and others on pages of earlier days, the day's papers are ranked by what the earlier ones
say, and it counts where the account's own paper lands. Only the text of papers is used: with
authors and organizations the task is trivial, since people submit the papers of their own group. A
method may use only what came before the day; document frequencies are those before it. (The word
vectors that ship with the pipeline were trained before, on texts of this period without labels.)
Accounts that submit nearly everything are left out. By default days until 2026-01-31 are ranked:
later ones are not for choosing a method.
"""

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from server.ranking.classifier import train_classifier
from server.ranking.model import Example, learn, stack
from server.ranking.vectors import PaperVector, Statistics, make_vector

BACKGROUND = 400  # of the papers before a day, the last, from which a person's are told apart
HEAVY_SHARE = 0.05  # an account with a larger share of all papers is left out
BUCKETS = {"1": (1, 1), "2-4": (2, 4), "5-9": (5, 9), "10+": (10, 10**9), "all": (1, 10**9)}
TOP = 5  # papers of a day that a person may look at
OURS = "Papermargin"

console = Console(width=140)


class BenchPaper(Struct):
    """A paper of a day's page."""

    key: str
    text: str
    account: str | None
    upvotes: int
    vector: PaperVector


class Task(Struct):
    """An account's papers of a day among all of that day, and its earlier ones, by their places."""

    account: str
    page: list[int]
    own: list[int]
    earlier: list[int]
    before: int


class Rank(Struct):
    """Where one paper landed; `better` counts the others before it, a tie as half."""

    account: str
    earlier: int
    better: float
    others: int


Measure = Callable[[Rank], float]
Method = Callable[["Situation"], np.ndarray]


class Situation(Struct):
    """What a method may use: the papers to rank, those of the person, and the last ones before."""

    page: list[BenchPaper]
    earlier: list[PaperVector]
    background: list[PaperVector]
    statistics: Statistics


def by_upvotes(at: Situation) -> np.ndarray:
    """Rank by upvotes, which a person's list says nothing about."""
    return np.array([paper.upvotes for paper in at.page], float)


def by_rare_terms(at: Situation) -> np.ndarray:
    """Rank by the sum of the weights of rare shared words, the way a sum over rare terms works.

    A term weighs ln(N / n) * ln(1 + m) where m earlier papers have it; only terms of at most one
    paper in twenty, or of three, count.
    """
    rare = max(3, at.statistics.papers // 20)
    read = Counter(number for vector in at.earlier for number in vector.terms.tolist())
    return np.array(
        [
            sum(
                math.log(at.statistics.papers / n) * math.log1p(read[number])
                for number in paper.vector.terms.tolist()
                if read[number] and 0 < (n := int(at.statistics.frequencies[number])) <= rare
            )
            for paper in at.page
        ]
    )


def by_mean(at: Situation) -> np.ndarray:
    """Rank by the cosine with the mean TF-IDF vector of the earlier papers."""
    mean = at.statistics.weigh(at.earlier).sum_rows(np.ones(len(at.earlier), np.float32))
    return at.statistics.weigh([paper.vector for paper in at.page]).dot(mean)


def by_classifier(at: Situation) -> np.ndarray:
    """Rank by a linear SVM per person over TF-IDF."""
    rows = at.statistics.weigh([*at.earlier, *at.background])
    own, others = len(at.earlier), len(at.background)
    labels = np.array([1.0] * own + [-1.0] * others)
    costs = np.array([1.0 / own] * own + [1.0 / max(others, 1)] * others)
    weights = train_classifier(rows, labels, costs)
    return at.statistics.weigh([paper.vector for paper in at.page]).dot(weights)


def by_meaning(at: Situation) -> np.ndarray:
    """Rank by the cosine with the mean of the earlier papers' word vectors."""
    middle = stack([vector.meaning for vector in at.background]).mean(0)
    mean = stack([vector.meaning for vector in at.earlier]).mean(0) - middle
    scores: np.ndarray = (stack([paper.vector.meaning for paper in at.page]) - middle) @ mean
    return scores


def by_model(at: Situation) -> np.ndarray:
    """Rank as the server does."""
    examples = [Example(vector, 1.0) for vector in at.earlier]
    model = learn(examples, at.background, at.statistics)
    assert model is not None  # there is at least one earlier paper
    return model.score([paper.vector for paper in at.page])


METHODS: dict[str, Method] = {
    "upvotes": by_upvotes,
    "rare shared terms": by_rare_terms,
    "word vectors, mean": by_meaning,
    "TF-IDF, mean": by_mean,
    "TF-IDF, linear SVM": by_classifier,
    OURS: by_model,
}


def read_days(folder: Path, until: str) -> Iterator[tuple[str, list[BenchPaper]]]:
    """Read the pages of all days until one, each paper once."""
    known: set[str] = set()
    for file in sorted(folder.glob("????-??-??.json")):
        items = json.loads(file.read_text("utf-8"))
        if file.stem > until or not isinstance(items, list):
            continue
        papers = [_read_paper(item) for item in items if isinstance(item, dict)]
        yield file.stem, [paper for paper in papers if paper.key not in known]
        known |= {paper.key for paper in papers}


def _read_paper(item: dict[str, Any]) -> BenchPaper:
    paper = item["paper"]
    submitter = paper.get("submittedOnDailyBy") or item.get("submittedBy") or {}
    text = "\n".join(" ".join((paper.get(part) or "").split()) for part in ("title", "summary"))
    return BenchPaper(
        paper["id"],
        text,
        submitter.get("_id") or submitter.get("name"),
        int(paper.get("upvotes") or 0),
        make_vector(text),
    )


def list_tasks(days: list[tuple[str, list[BenchPaper]]], since: str) -> list[tuple[str, Task]]:
    """List what is ranked, in order; places count the papers of all days from 0."""
    submitted = Counter(paper.account for _, papers in days for paper in papers)
    heavy = {a for a, count in submitted.items() if count > HEAVY_SHARE * submitted.total()}
    earlier: dict[str, list[int]] = defaultdict(list)
    tasks, before = [], 0
    for day, papers in days:
        page = [*range(before, before + len(papers))]
        for account, places in _places_by_account(papers, before, without=heavy).items():
            if earlier[account] and len(places) < len(page) and day >= since:
                tasks.append((day, Task(account, page, places, [*earlier[account]], before)))
            earlier[account] += places
        before += len(papers)
    return tasks


def _places_by_account(
    papers: list[BenchPaper], first: int, *, without: set[str | None]
) -> dict[str, list[int]]:
    """Return the places of each account's papers, counted from `first`."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, paper in enumerate(papers, first):
        if paper.account is not None and paper.account not in without:
            places[paper.account].append(place)
    return places


def rank(
    tasks: list[tuple[str, Task]], papers: list[BenchPaper], methods: dict[str, Method]
) -> dict[str, list[Rank]]:
    """Rank every task by every method."""
    ranks: dict[str, list[Rank]] = {name: [] for name in methods}
    statistics = Statistics()
    for _, task in tasks:
        statistics.add([paper.vector for paper in papers[statistics.papers : task.before]])
        known = {*task.earlier}
        others = [place for place in range(task.before) if place not in known][-BACKGROUND:]
        at = Situation(
            [papers[place] for place in task.page],
            [papers[place].vector for place in task.earlier],
            [papers[place].vector for place in others],
            statistics,
        )
        for name, method in methods.items():
            ranks[name] += _find_own(task, method(at))
    return ranks


def _find_own(task: Task, scores: np.ndarray) -> Iterator[Rank]:
    own = np.isin(task.page, task.own)
    for score in scores[own]:
        better = (scores[~own] > score).sum() + (scores[~own] == score).sum() / 2
        yield Rank(task.account, len(task.earlier), float(better), int((~own).sum()))


def measure_auc(rank: Rank) -> float:
    """Return the share of the day's other papers that a paper landed before."""
    return 1 - rank.better / rank.others


def measure_recall(rank: Rank) -> float:
    """Return 1 for a paper among the first five, else 0."""
    return float(rank.better < TOP)


def measure_reciprocal(rank: Rank) -> float:
    """Return one by the place of a paper, counted from 1."""
    return 1 / (1 + rank.better)


def mean_of(ranks: list[Rank], measure: Measure) -> tuple[float, float]:
    """Return the mean over accounts of each one's mean, and its standard error."""
    return _mean_over_accounts([(rank.account, measure(rank)) for rank in ranks])


def mean_gain(ours: list[Rank], others: list[Rank], measure: Measure) -> tuple[float, float]:
    """Return by how much a measure of ours is higher for the same papers, and its standard error.

    The error is much smaller than those of the two means, which share what is hard to rank.
    """
    pairs = zip(ours, others, strict=True)
    return _mean_over_accounts([(our.account, measure(our) - measure(one)) for our, one in pairs])


def _mean_over_accounts(values: list[tuple[str, float]]) -> tuple[float, float]:
    accounts: dict[str, list[float]] = defaultdict(list)
    for account, value in values:
        accounts[account].append(value)
    means = np.array([np.mean(found) for found in accounts.values()])
    error = means.std(ddof=1) / math.sqrt(len(means)) if len(means) > 1 else math.nan
    return float(means.mean()), float(error)


def print_ranks(ranks: dict[str, list[Rank]]) -> None:
    """Print AUC, recall@5 and MRR of each method by the number of earlier papers."""
    table = Table("method", *BUCKETS, title=f"AUC ± s.e. / recall@{TOP} ± s.e. / MRR")
    for name, found in ranks.items():
        cells = []
        for low, high in BUCKETS.values():
            chosen = [one for one in found if low <= one.earlier <= high]
            cells.append(_write_cell(chosen) if chosen else "")
        table.add_row(name, *cells)
    console.print(table)


def _write_cell(ranks: list[Rank]) -> str:
    auc, auc_error = mean_of(ranks, measure_auc)
    recall, recall_error = mean_of(ranks, measure_recall)
    mrr, _ = mean_of(ranks, measure_reciprocal)
    return f"{auc:.3f}±{auc_error:.3f} {recall:.2f}±{recall_error:.2f} {mrr:.2f}"


def print_gains(ranks: dict[str, list[Rank]]) -> None:
    """Print by how much our AUC and recall@5 are above each other method's."""
    table = Table("above", *BUCKETS, title=f"{OURS}: AUC ± s.e. / recall@{TOP} ± s.e. above others")
    for name, found in ranks.items():
        if name != OURS:
            pairs = [*zip(ranks[OURS], found, strict=True)]
            table.add_row(name, *(_write_gain(pairs, *bounds) for bounds in BUCKETS.values()))
    console.print(table)


def _write_gain(pairs: list[tuple[Rank, Rank]], low: int, high: int) -> str:
    chosen = [pair for pair in pairs if low <= pair[0].earlier <= high]
    if not chosen:
        return ""
    ours, others = [our for our, _ in chosen], [other for _, other in chosen]
    auc, auc_error = mean_gain(ours, others, measure_auc)
    recall, recall_error = mean_gain(ours, others, measure_recall)
    return f"{auc:+.3f}±{auc_error:.3f} {recall:+.3f}±{recall_error:.3f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the API's answers")
    parser.add_argument("--since", default="", help="rank only days from this one on")
    parser.add_argument("--until", default="2026-01-31", help="read only days until this one")
    parser.add_argument("--every", type=int, default=1, help="rank only each N-th task")
    options = parser.parse_args()
    days = [*read_days(options.data, options.until)]
    papers = [paper for _, page in days for paper in page]
    tasks = list_tasks(days, options.since)[:: options.every]
    accounts = len({task.account for _, task in tasks})
    console.print(f"{len(papers):,} papers, {len(tasks):,} rankings of {accounts:,} accounts")
    ranks = rank(tasks, papers, METHODS)
    print_ranks(ranks)
    print_gains(ranks)


if __name__ == "__main__":
    main()
