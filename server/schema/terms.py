"""Terms and corrections as the API reads and writes them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from nlp.spans import Kind, Label, Result, Role

MAX_TERM_CHARACTERS = 200


Verdict = Literal["wrong", "relabelled", "missing", "mended"]


CorrectedLabel = Literal["METHOD", "DATASET", "METRIC", "TASK", "RESULT"]
"""The label of a corrected mention, or RESULT if a reported number is corrected."""


Surface = Annotated[str, Meta(max_length=500)]


TermSort = Literal["own", "papers", "name"]


TermName = Annotated[str, Meta(min_length=1, max_length=MAX_TERM_CHARACTERS, examples=["LoRA"])]


class TermState(Struct, kw_only=True):
    """What a user made of the pipeline's `term`: called it `name`, put it `into` another one, hid
    it; 0: nothing.
    """

    label: Label
    term: str
    name: str
    into: str | None
    hidden: bool
    version: int


class TermEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of a term: a `name` of one's own, `into` which other one of its label it is put,
    whether `hidden`.

    `name` never makes it another term that there is already: that is `into`. Null takes either
    back.
    """

    name: TermName | UnsetType | None = UNSET
    into: TermName | UnsetType | None = UNSET
    hidden: bool | UnsetType = UNSET


class TermCount(Struct, frozen=True):
    """A term as a user has it, and how many `papers` of the store and of their `own` list mention
    it.
    """

    label: Label
    name: str
    papers: int
    own: int


class TermList(Struct, kw_only=True):
    """One page of an index of terms; `next` is the `after` of the next one, if there is one."""

    terms: list[TermCount]
    total: int
    next: int | None


class Moment(Struct, frozen=True):
    """A paper and when it was published."""

    key: str
    title: str
    published: date


class MonthCount(Struct, frozen=True):
    """How many papers of a month, written as 2026-03, there are: in the store, and in one's own
    list.
    """

    month: str
    papers: int
    own: int


class RoleCount(Struct, frozen=True):
    """How many papers of the store have a term in a role."""

    role: Role
    papers: int


class TermPage(Struct, kw_only=True):
    """Everything on a term: of which others it is made, where it came first and last, and how often
    in each month.

    `roles` counts the papers that introduce it, compare with it, use it or only mention it; it is
    empty for metrics and tasks.
    """

    state: TermState
    parts: list[TermState]
    papers: int
    own: int
    first: Moment | None
    last: Moment | None
    months: list[MonthCount]
    roles: list[RoleCount]


class MendedResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What a reported number is in a user's eyes: its kind, and the surfaces of what it is of."""

    kind: Kind
    metric: Surface | None = None
    dataset: Surface | None = None
    method: Surface | None = None

    @property
    def surfaces(self) -> list[str]:
        """The surfaces that are named."""
        return [*filter(None, (self.metric, self.dataset, self.method))]


class Reported(Struct, kw_only=True):
    """A result that a paper reports of itself on a dataset.

    `number` is in `unit`, the common one of its kind; `sentence` is the one that reports it.
    `result` is the result in the paper's text, as the user corrected it; `surfaces` are those of
    the paper's mentions, of which it can be instead.
    """

    result: Result
    surface: str
    surfaces: dict[Label, list[str]]

    method: str | None
    metric: str | None
    value: str
    number: float | None
    unit: str
    setting: str | None
    sentence: str
    key: str
    title: str
    published: date | None


class CorrectionState(Struct, kw_only=True):
    """A correction as it stands."""

    id: UUID
    key: str
    verdict: Verdict
    surface: str
    label: CorrectedLabel
    to_label: Label | None
    start: int | None
    end: int | None
    everywhere: bool
    version: int
    created: datetime
    updated: datetime
    deleted: datetime | None = None
    mended: MendedResult | None = None


class CorrectionEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """A verdict on a mention: `wrong`, `relabelled` (to `to_label`) or `missing` (`label` is what
    it should be).

    `surface` is the text of the span, `start` and `end` its characters in title, newline, abstract,
    when one occurrence is meant. `everywhere` asks for the same on other papers.

    With the label RESULT it is a verdict on a reported number in its place: `wrong`, where it is no
    result, or `mended`.
    """

    verdict: Verdict
    surface: Annotated[str, Meta(min_length=1, max_length=500)]
    label: CorrectedLabel
    to_label: Label | None = None
    start: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    end: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    everywhere: bool = False
    mended: MendedResult | None = None


class TermChip(Struct, frozen=True):
    """A term that a paper mentions: `papers` is how many papers of the store do, `first` the
    character of the first.

    `role` is what the paper does with a method or dataset, null if it is not known. The terms of a
    paper are ordered by their worth; those that say little about it are last and `folded`.
    """

    label: Label
    name: str
    papers: int
    first: int
    role: Role | None = None
    folded: bool = False
