"""What is next in a user's reading queue, for the pages with which a day begins."""

from datetime import date

from msgspec import Struct

from server.database.connection import day, fetch
from server.days import today
from server.search.sql import plan_states

SHOWN = 3


class NextPaper(Struct, frozen=True):
    """A paper of the queue; `name` is its title, or the key of one that is known by that alone."""

    key: str
    name: str
    due: date | None


class NextUp(Struct, frozen=True):
    """The first papers of the queue, and how many are in it, snoozed, and overdue."""

    papers: list[NextPaper]
    queued: int
    snoozed: int
    overdue: int


async def read_next_up(user: int) -> NextUp:
    """Return what a user is to read next."""
    own = "e.user_id = $1 AND e.deleted IS NULL AND e.status <> 'none'"
    states = plan_states(today())
    counts = ", ".join(
        f"(SELECT COUNT(*) FROM entry e WHERE {own} AND {state}) AS {name}"
        for name, state in states.items()
    )
    [count] = await fetch(f"SELECT {counts}", user)
    rows = await fetch(
        "SELECT p.key, p.title, e.due FROM entry e JOIN paper p ON p.id = e.paper_id "
        f"WHERE {own} AND {states['queued']} ORDER BY e.queue, e.paper_id DESC LIMIT {SHOWN}",
        user,
    )
    papers = [NextPaper(row["key"], row["title"] or row["key"], day(row["due"])) for row in rows]
    return NextUp(papers, **count)
