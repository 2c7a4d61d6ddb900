"""Find results: reported numbers, each with its kind and its metric, dataset and method.

Log-linear models assign the numbers of a sentence jointly (`nlp.results.assign`). Their weights are
fitted to labelled abstracts (`nlp.training.result_weights`) and stored in `results.json`. With the
accurate model, a network that reads the whole text has a say too (`nlp.results.reader`).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import cast

import msgspec

from nlp.results.assign import Weights, assign
from nlp.results.constraints import names_a_quantity
from nlp.results.numbers import clean_value
from nlp.results.passage import Passage
from nlp.results.reading import Read
from nlp.results.settings import find_setting
from nlp.results.structure import Assigned
from nlp.spans import Kind, Label, Mention, Result

LINKS: dict[Label, str] = {"METRIC": "metric", "DATASET": "dataset", "METHOD": "method"}
"""The field of a result that mentions of each label fill."""

NAMELESS = 0.5
"""The most confidence in a result without a metric whose sentence names what was measured."""

PACKAGED = Path(__file__).parents[1] / "results.json"


def find_results(
    text: str,
    mentions: Sequence[Mention],
    weights: Weights | None = None,
    read: Read | None = None,
) -> Iterator[Result]:
    """Yield the results that a text reports, in its order, by default with the packaged weights.

    Numbers of the kind `other` are among them only beside a result, and only if they have a unit,
    as sizes and costs do. The confidence of a result is that of its assignment times that of its
    least certain mention. A network that reads the text too may be passed as `read`.
    """
    weights = weights or packaged_weights()
    passage = Passage(text, mentions)
    assigned = [*assign(passage, weights, read(passage) if read else None)]
    curve = weights.get("confidence read" if read else "confidence", {})
    if all(found.kind == "other" for found in assigned):
        return
    for found in assigned:
        if found.kind != "other" or found.amount.unit:
            yield _result(passage, found, curve)


@cache
def packaged_weights() -> Weights:
    """Read the weights of the packaged models."""
    return msgspec.json.decode(PACKAGED.read_bytes(), type=dict[str, dict[str, float]])


def calibrated(probability: float, curve: Mapping[str, float]) -> float:
    """Return the share of assignments of a probability that is right, by a logistic curve."""
    chance = min(max(probability, 1e-6), 1 - 1e-6)
    score = curve.get("slope", 1.0) * log(chance / (1 - chance)) + curve.get("bias", 0.0)
    return 1 / (1 + exp(-score))


def _result(passage: Passage, found: Assigned, curve: Mapping[str, float]) -> Result:
    amount = found.amount
    sentence = passage.sentence_bounds(amount)
    linked = {LINKS[label]: mention for label, mention in found.links.items() if mention}
    surfaces = {field: passage.surface(mention) for field, mention in linked.items()}
    least = min((mention.confidence for mention in linked.values()), default=1.0)
    if "metric" not in linked and names_a_quantity(passage, amount):
        least = min(least, NAMELESS)
    return Result(
        amount.start,
        amount.end,
        clean_value(passage.surface(amount)),
        amount.number,
        amount.unit or None,
        kind=cast(Kind, found.kind),
        setting=find_setting(passage, amount),
        confidence=round(calibrated(found.probability, curve) * least, 3),
        sentence_start=sentence[0],
        sentence_end=sentence[1],
        **surfaces,
    )
