"""Types of an extraction: mentions and results.

The pipeline makes them, the store keeps them as JSON, the API and the overlay use them as they are.
"""

from typing import Literal, get_args

from msgspec import Struct

Label = Literal["METHOD", "DATASET", "METRIC", "TASK"]
LABELS: tuple[Label, ...] = get_args(Label)

Kind = Literal["own", "baseline", "change", "other"]
"""What a number is: the paper's result, one it is compared with, a difference, or none of these."""

SURE = 0.7
"""Results of less confidence are kept, but not shown."""

Role = Literal["introduced", "compared", "used", "background"]
"""What a paper does with a method or dataset: its own, a rival, a means, or only a context."""

ROLES: tuple[Role, ...] = get_args(Role)


class Mention(Struct, frozen=True):
    """A span of the text that names something, and the term it names.

    `start` and `end` are offsets in characters (Unicode code points) of the input text, end
    exclusive. `confidence` is the calibrated probability that boundaries and label are right.
    `role` is that of a method or dataset in the paper, None for others and in older extractions.
    """

    start: int
    end: int
    label: Label
    term: str
    confidence: float = 1.0
    role: Role | None = None


class Result(Struct, frozen=True):
    """A reported number: `value` at `start`-`end`, and what it was measured with and on.

    `metric`, `dataset` and `method` are surfaces of mentions in the same text, None where the text
    has none. `number` is None for ranges. `value` is free of LaTeX, which `start`-`end` may hold.

    `kind` is None in extractions of older versions: `own` is a result of the paper, `baseline` one
    that it is compared with, `change` a difference ("by 7.1 points", "2.3x faster"), `other` a size
    or a count. `setting` is the split or setting as written ("test-dev", "5-shot").
    `confidence` is the calibrated probability that kind, metric, dataset and method are all right.
    `sentence_start`-`sentence_end` is the sentence that reports the result.
    """

    start: int
    end: int
    value: str
    number: float | None = None
    unit: str | None = None
    metric: str | None = None
    dataset: str | None = None
    method: str | None = None
    kind: Kind | None = None
    setting: str | None = None
    confidence: float = 1.0
    sentence_start: int = 0
    sentence_end: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether it is a result that is certain enough to be shown without a warning."""
        return self.kind != "other" and self.confidence >= SURE


class Extraction(Struct, frozen=True):
    """The mentions and results of one text, each list in the order of the text."""

    mentions: list[Mention]
    results: list[Result]
