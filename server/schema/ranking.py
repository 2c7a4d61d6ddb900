"""What the ranking learnt of a user's list, and what the user makes of it."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from server.schema.reading_list import MAX_NAME_CHARACTERS

STANDS_OUT = 2.0
"""The score of about one paper in forty."""

PINNED = 1.0
"""What each pinned word, term or author adds to the score of a paper that has it."""

SignalKind = Literal["word", "term", "author"]
Choice = Literal["muted", "pinned"]
WhyUnranked = Literal["off", "nothing_learnt"]

SignalName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
LeastScore = Annotated[float, Meta(ge=-10, le=10, examples=[STANDS_OUT])]


class Signal(Struct, kw_only=True):
    """A word, term or author, and what it adds to the score of a paper that has it, on average.

    A word may be a pair of neighbours, as `graph neural`. `papers` counts those of the user's list
    that have it.
    """

    kind: SignalKind
    name: str
    effect: float
    papers: int


class Preference(Struct, kw_only=True):
    """A word, term or author that is muted or pinned; version 0 and no choice: it is neither."""

    kind: SignalKind
    name: str
    choice: Choice | None
    version: int
    updated: datetime | None = None


class PreferenceEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to make of a word, term or author: muted, it counts no more; pinned, it always does."""

    choice: Choice


class RankingEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """Settings of the ranking; a field left out stays as it is."""

    enabled: bool | UnsetType = UNSET
    least: LeastScore | UnsetType = UNSET


class RankingState(Struct, kw_only=True):
    """The settings of the ranking; papers that score at least `least` stand out."""

    enabled: bool
    least: float
    version: int


class Ranking(Struct, kw_only=True):
    """The settings, the preferences, and what was learnt from `papers` papers of the list.

    `pros` and `cons` are the strongest signals of each kind for and against a paper.
    """

    settings: RankingState
    preferences: list[Preference]
    papers: int
    pros: list[Signal]
    cons: list[Signal]


class SuggestedPaper(Struct, kw_only=True):
    """A paper that might belong to a tag, and how like the tag's papers it is."""

    key: str
    title: str
    score: float
    listed: bool


class TagSuggestions(Struct, kw_only=True):
    """Papers that might belong to a tag, the best first.

    None is suggested before the tag has the `needed` number of papers; it has `papers`.
    """

    tag: str
    papers: int
    needed: int
    suggested: list[SuggestedPaper]
