"""The pile of a triage: the new papers of some days, one after the other."""

import re
from datetime import date, datetime

from msgspec import Struct

from server.database.connection import day, fetch
from server.days import today
from server.errors import Invalid
from server.papers.days import DAILY
from server.schema.reading_list import Status

MAX_PILE = 2_000  # papers that one triage goes through; the newest, if there are more
MAX_SPANS = 40  # days and ranges of days that are named at once
ALL = "all"

_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?")


class Span(Struct, frozen=True):
    """Days in a row, both ends included."""

    first: date
    last: date


class Piled(Struct, frozen=True):
    """A paper of the pile: the day that it is from, whether it is decided on, and its status."""

    id: int
    key: str
    day: date
    is_decided: bool
    status: Status

    @property
    def is_kept(self) -> bool:
        """Whether it was decided on and is in the list, and not skipped."""
        return self.is_decided and self.status not in ("none", "skipped")


def parse_days(text: str) -> list[Span]:
    """Read days and ranges of days, such as `2026-03-02,2026-03-05..2026-03-09`; `all` is all days.

    Raises `Invalid`.
    """
    if text == ALL:
        return [Span(date.min, date.max)]
    parts = text.split(",")
    if len(parts) > MAX_SPANS:
        raise Invalid(f"name at most {MAX_SPANS} days or ranges of days")
    return [_parse_span(part.strip()) for part in parts]


def _parse_span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    try:
        if not found:
            raise ValueError
        first = date.fromisoformat(found[1])
        last = date.fromisoformat(found[2]) if found[2] else first
    except ValueError:
        raise Invalid(
            f"{text!r} is no day: write 2026-03-05, 2026-03-01..2026-03-05 or all"
        ) from None
    if last < first:
        raise Invalid(f"{text} ends before it begins")
    return Span(first, last)


async def read_pile(user: int, days: list[Span], since: datetime) -> list[Piled]:
    """Return the papers of some days that a user had not seen by a moment.

    The newest day is first, and each day is in the order of its page. A paper that was on several
    days is there once, on the newest of them. What is decided on later stays where it is, so that
    the places of a triage that began at the moment do not change. A paper that is snoozed without
    being seen is left out until its day.
    """
    values = [end for span in days for end in (span.first, span.last)]
    within = " OR ".join(
        f"(l.day >= ${place} AND l.day <= ${place + 1})" for place in range(3, 3 + len(values), 2)
    )
    snoozed = (
        "EXISTS (SELECT 1 FROM entry z WHERE z.user_id = $1 AND z.paper_id = lp.paper_id "
        f"AND z.deleted IS NULL AND z.snoozed_until > DATE('{today()}'))"
    )
    order = "day DESC, kind DESC, position, paper_id"
    rows = await fetch(
        "WITH fresh AS (SELECT lp.paper_id, l.day, l.kind, lp.position, s.id AS decided "
        "FROM listing l JOIN listing_paper lp ON lp.listing_id = l.id "
        "LEFT JOIN seen s ON s.paper_id = lp.paper_id AND s.user_id = $1 "
        f"WHERE {DAILY} AND ({within}) AND (s.at >= $2 OR (s.id IS NULL AND NOT {snoozed}))), "
        "pile AS (SELECT paper_id, MAX(day) AS day, MAX(kind) AS kind, MIN(position) AS position, "
        "COUNT(decided) AS decided FROM fresh GROUP BY paper_id "
        f"ORDER BY {order} LIMIT {MAX_PILE}) "
        "SELECT q.paper_id, q.day, q.kind, q.position, q.decided, p.key, "
        "COALESCE(e.status, 'none') AS status FROM pile q JOIN paper p ON p.id = q.paper_id "
        "LEFT JOIN entry e ON e.paper_id = q.paper_id AND e.user_id = $1 AND e.deleted IS NULL "
        "ORDER BY q.day DESC, q.kind DESC, q.position, q.paper_id",
        user,
        since,
        *values,
    )
    return [
        Piled(row["paper_id"], row["key"], day(row["day"]), row["decided"] > 0, row["status"])
        for row in rows
    ]
