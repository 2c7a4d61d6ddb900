"""Results: the numbers that a reader would put in a table, each with the metric, dataset and method it belongs to.

Which numbers are results, and which mention each belongs to, is chosen by log-linear models over the clues around
them; their weights, fitted to labelled abstracts, lie in `results.json`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

import msgspec

from nlp.clues import Page, amount_clues, link_clues
from nlp.corpus import LabelledText
from nlp.linear import Choice, choose, fit, probability
from nlp.numbers import Amount
from nlp.spans import Label, Mention, Result

Weights = Mapping[str, Mapping[str, float]]

LINKS: dict[Label, str] = {"METRIC": "metric", "DATASET": "dataset", "METHOD": "method"}
"""What a result belongs to: the label of the mentions, and the field of the result."""

PACKAGED = Path(__file__).with_name("results.json")

_TO = re.compile(r"[\s$]*(?:to|→|->|\\?(?:right|to)arrow)[\s$]*")

DECAY = 4e-3
"""How much large weights cost: the best of 0.001 to 0.008 in cross-validation."""


def find_results(text: str, mentions: Sequence[Mention], weights: Weights | None = None) -> Iterator[Result]:
    """Give the results that a text reports, in its order; with the packaged weights unless others are given."""
    weights = weights or packaged_weights()
    page = Page(text, mentions)
    last: Result | None = None
    for amount in page.amounts:
        if probability(weights["value"], amount_clues(page, amount)) >= 0.5:
            links = {field: _surface(page, amount, label, weights[label]) for label, field in LINKS.items()}
            if last and _TO.fullmatch(text, last.end, amount.start):
                links |= {"metric": last.metric, "dataset": last.dataset}
            value = text[amount.start : amount.end]
            last = Result(amount.start, amount.end, value, amount.number, amount.unit or None, **links)
            yield last


def fit_weights(texts: Iterable[LabelledText]) -> dict[str, dict[str, float]]:
    """Fit the weights of the models to labelled texts; the same texts give the same weights."""
    choices: dict[str, list[Choice]] = {"value": [], **{label: [] for label in LINKS}}
    for labelled in texts:
        page = Page(labelled.text, [_mention(*span) for span in sorted(labelled.spans)])
        answers = list(labelled.results)
        for amount in page.amounts:
            answer = next((a for a in answers if _folded(a["value"]) == _folded(page.surface(amount))), None)
            choices["value"].append(([[], [*amount_clues(page, amount)]], int(answer is not None)))
            if answer:
                answers.remove(answer)
                for label, field in LINKS.items():
                    choices[label] += _link_choice(page, amount, label, answer[field])
    return {name: fit(examples, decay=DECAY) for name, examples in choices.items()}


def write_weights(weights: Weights, path: Path = PACKAGED) -> None:
    """Write weights where the package reads them, unless another file is given."""
    path.write_bytes(msgspec.json.encode(weights))


@cache
def packaged_weights() -> Weights:
    """Read the weights of the packaged models."""
    return msgspec.json.decode(PACKAGED.read_bytes(), type=dict[str, dict[str, float]])


def _mention(start: int, end: int, label: str) -> Mention:
    return Mention(start, end, cast(Label, label), "")


def _surface(page: Page, amount: Amount, label: Label, weights: Mapping[str, float]) -> str | None:
    """Give the surface of the mention with this label that a result belongs to, None if to none."""
    peers = page.near(amount, label)
    number = choose(weights, [*link_clues(page, amount, peers)]) if peers else 0
    return page.surface(peers[number]) if number < len(peers) else None


def _link_choice(page: Page, amount: Amount, label: Label, surface: str | None) -> Iterator[Choice]:
    """Give the choice of the mention with a surface, or of none; nothing if no mention near has it."""
    peers = page.near(amount, label)
    known = [_folded(page.surface(peer)) for peer in peers]
    if peers and (not surface or _folded(surface) in known):
        yield [*link_clues(page, amount, peers)], known.index(_folded(surface)) if surface else len(peers)


def _folded(text: str | None) -> str:
    return "".join((text or "").split()).lower()
