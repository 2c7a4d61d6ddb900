"""What a user's list tells of them: how much they read, how old the inbox gets, and what they
read about.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from msgspec import Struct

from nlp.spans import Label
from server.database.connection import fetch, moment
from server.days import day_of, midnight, today
from server.search.sql import is_awake
from server.terms.overrides_sql import LISTED, own_terms

WEEKS, MONTHS, TOPICS = 26, 12, 8
AGES = (7, 14, 28, 91, 365)  # days at which the groups of the inbox end


class Week(Struct, frozen=True):
    """A week by its Monday, and how many papers were added to the list and became read in it."""

    monday: date
    added: int
    read: int


class Topic(Struct, frozen=True):
    """A term, how many papers of the list that were not skipped mention it, and how many joined in
    each month.
    """

    name: str
    papers: int
    months: list[int]


class Topics(Struct, frozen=True):
    """What a user reads about: the months, written as 2026-03, oldest first, and the commonest
    terms in them.
    """

    months: list[str]
    topics: list[Topic]


async def count_weeks(user: int, today: date) -> list[Week]:
    """Return the last weeks, the oldest first.

    A paper became read when its entry last changed from anything else; where no record tells, when
    it last changed.
    """
    rows = await fetch(
        "SELECT e.added, CASE WHEN e.status = 'read' THEN COALESCE(MAX(c.at), e.updated) END AS "
        "done FROM entry e JOIN paper p ON p.id = e.paper_id "
        "LEFT JOIN change c ON c.user_id = $1 AND c.kind = 'entry' AND c.ref = p.key "
        """AND e.status = 'read' AND COALESCE(c.before, '') NOT LIKE '%"status":"read"%' """
        "WHERE e.user_id = $1 AND e.deleted IS NULL AND e.status <> 'none' GROUP BY e.id, e.added, "
        "e.status, e.updated",
        user,
    )
    added = Counter(_monday(moment(row["added"])) for row in rows)
    read = Counter(_monday(moment(row["done"])) for row in rows if row["done"])
    this = today - timedelta(days=today.weekday())
    mondays = [this - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    return [Week(monday, added[monday], read[monday]) for monday in mondays]


async def count_ages(user: int, now: datetime) -> list[int]:
    """Return how many papers wait in the inbox for up to each number of days of `AGES`, and at the
    end for longer.
    """
    rows = await fetch(
        "SELECT e.added FROM entry e WHERE e.user_id = $1 AND e.deleted IS NULL "
        f"AND e.status = 'inbox' AND {is_awake(today())}",
        user,
    )
    groups = Counter(
        bisect_left(AGES, (now - moment(row["added"])) / timedelta(days=1)) for row in rows
    )
    return [groups[n] for n in range(len(AGES) + 1)]


async def count_topics(user: int, label: Label, today: date) -> Topics:
    """Return the terms of a label that most papers of the last months' list mention."""
    months = [*_months(today)]
    rows = await fetch(
        "SELECT DISTINCT name, paper_id, added "
        f"FROM {own_terms(LISTED, 'paper_id', 'status', 'added')} "
        "WHERE status IN ('inbox', 'reading', 'read') AND added >= $2 AND label = $3",
        user,
        midnight(date.fromisoformat(f"{months[0]}-01")),
        label,
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row["name"]][f"{day_of(moment(row['added'])):%Y-%m}"] += 1
    best = sorted(counts, key=lambda name: (-counts[name].total(), name.casefold()))[:TOPICS]
    return Topics(
        months,
        [Topic(name, counts[name].total(), [counts[name][m] for m in months]) for name in best],
    )


def _monday(at: datetime) -> date:
    day = day_of(at)
    return day - timedelta(days=day.weekday())


def _months(today: date) -> Iterable[str]:
    last = today.year * 12 + today.month - 1
    return (f"{n // 12:04}-{n % 12 + 1:02}" for n in range(last - MONTHS + 1, last + 1))
