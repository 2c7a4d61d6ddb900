"""What a network reads of a number, added to the scores of the log-linear models."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from nlp.results.passage import Passage
from nlp.spans import Label

FIELDS: tuple[Label, ...] = ("METRIC", "DATASET", "METHOD")
"""The labels that a number is linked to, in the order in which the links are chosen."""


class Reading(NamedTuple):
    """The log odds that a number is a result, and log probabilities of its kinds and links.

    `kinds` has the order of `RESULT_KINDS`; the links of a label are by surface in lower case, None
    for no mention.
    """

    result: float
    kinds: Sequence[float]
    links: Mapping[Label, Mapping[str | None, float]]


Readings = Mapping[int, Reading]
"""The readings of a text by the offsets of its numbers."""

Read = Callable[[Passage], Readings]

READ = "read"
"""The key of the function that reads a text for its results, in `Doc.user_data`."""
