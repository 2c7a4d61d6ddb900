"""Ranks in the reading queue, and what an edit of a plan leaves alone.

A rank is a number between those of its neighbours, so that a move writes one entry. Papers of one
rank are in the order of the lists, the newest first.
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import UnsetType

from server.database.connection import fetch

Value = TypeVar("Value")

QUEUED = (
    "FROM entry e WHERE e.user_id = $1 AND e.queue IS NOT NULL AND e.deleted IS NULL "
    "AND e.status <> 'none'"
)
"""Selects the entries of a user's queue, also those that are snoozed."""


def given(value: Value | UnsetType, default: Value) -> Value:
    """Return a value, or the default for one that an edit leaves out."""
    return default if isinstance(value, UnsetType) else value


def rank_between(before: float | None, after: float | None) -> float | None:
    """Return a rank between two; None is an end of the queue.

    Return None where no number is left between them: then all are to be ranked anew.
    """
    if before is not None and after is not None:
        rank = before + (after - before) / 2
    elif before is not None:
        rank = before + 1
    else:
        rank = 0.0 if after is None else after - 1
    is_above = before is None or before < rank
    return rank if is_above and (after is None or rank < after) else None


async def open_ranks(user: int, papers: Sequence[int], *, top: bool) -> dict[int, float]:
    """Return ranks for papers at one end of a user's queue, in their order."""
    [row] = await fetch(f"SELECT MIN(e.queue) AS first, MAX(e.queue) AS last {QUEUED}", user)
    if top:
        start = (row["first"] or 0.0) - len(papers)
    else:
        start = 0.0 if row["last"] is None else row["last"] + 1
    return {paper: start + place for place, paper in enumerate(papers)}
