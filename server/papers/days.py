"""The days of Daily Papers: which there are, and the papers of one in their order."""

from calendar import monthrange
from datetime import date

from msgspec import Struct

from server.database.connection import day, fetch
from server.papers.list import read_listed
from server.schema.papers import ListedPaper

# a capture with a day is a saved daily page
DAILY = "l.kind IN ('daily', 'capture') AND l.day IS NOT NULL"


class DayCount(Struct, frozen=True):
    """How many papers a day's page has, and how many of them a user has not looked through."""

    day: date
    papers: int
    unseen: int


class Neighbours(Struct, frozen=True):
    """The nearest days with a page before and after a day, if there are such."""

    before: date | None
    after: date | None


async def newest_day() -> date | None:
    """Return the last day that has a page, None while there is none."""
    [row] = await fetch(f"SELECT MAX(l.day) AS newest FROM listing l WHERE {DAILY}")
    return day(row["newest"])  # type: ignore[no-any-return]


async def neighbours(of: date) -> Neighbours:
    """Return the days with a page next to a day."""
    [row] = await fetch(
        f"SELECT (SELECT MAX(l.day) FROM listing l WHERE {DAILY} AND l.day < $1) AS before, "
        f"(SELECT MIN(l.day) FROM listing l WHERE {DAILY} AND l.day > $1) AS after",
        of,
    )
    return Neighbours(day(row["before"]), day(row["after"]))


async def count_days(year: int, month: int, user: int) -> dict[date, DayCount]:
    """Return the days of a month that have a page."""
    rows = await fetch(
        "SELECT l.day, COUNT(DISTINCT lp.paper_id) AS papers, COUNT(DISTINCT s.paper_id) AS seen "
        "FROM listing l JOIN listing_paper lp ON lp.listing_id = l.id "
        f"LEFT JOIN seen s ON s.paper_id = lp.paper_id AND s.user_id = $1 WHERE {DAILY} "
        "AND l.day >= $2 AND l.day <= $3 GROUP BY l.day",
        user,
        date(year, month, 1),
        date(year, month, monthrange(year, month)[1]),
    )
    return {
        (at := day(row["day"])): DayCount(at, row["papers"], row["papers"] - row["seen"])
        for row in rows
    }


async def read_day(of: date, user: int) -> list[ListedPaper]:
    """Return the papers of a day in the order of its page."""
    return await read_listed(await list_day(of), user)


async def list_day(of: date) -> list[int]:
    """Return the row ids of the papers of a day in the order of its page."""
    rows = await fetch(
        "SELECT lp.paper_id, MAX(l.kind) AS kind, MIN(lp.position) AS position FROM listing l "
        f"JOIN listing_paper lp ON lp.listing_id = l.id WHERE {DAILY} AND l.day = $1 "
        "GROUP BY lp.paper_id ORDER BY kind DESC, position, lp.paper_id",
        of,
    )
    return [row["paper_id"] for row in rows]
