"""The plain types of an extraction: what the pipeline makes, the store keeps, the wire carries, the overlay draws."""

from typing import Literal, get_args

from msgspec import Struct

Label = Literal["METHOD", "DATASET", "METRIC", "TASK"]
LABELS: tuple[Label, ...] = get_args(Label)


class Mention(Struct, frozen=True):
    """A span of the text that names something, and the term it names.

    `start` and `end` count characters (Unicode code points) of the text that was given, end exclusive;
    `confidence` is the calibrated probability that start, end and label are all right.
    """

    start: int
    end: int
    label: Label
    term: str
    confidence: float = 1.0


class Result(Struct, frozen=True):
    """A reported number: `value` as written at `start`-`end`, its number and unit, and what it is claimed of.

    `metric`, `dataset` and `method` are surfaces of mentions of the same text, or None where it names none.
    `number` is None for ranges and values that no single number stands for.
    """

    start: int
    end: int
    value: str
    number: float | None = None
    unit: str | None = None
    metric: str | None = None
    dataset: str | None = None
    method: str | None = None


class Extraction(Struct, frozen=True):
    """All that was read out of one text, each list in the order of the text."""

    mentions: list[Mention]
    results: list[Result]
