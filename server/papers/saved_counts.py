"""What saved searches find: how many papers of the list, how many new ones of the store, and which
of some papers.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import asdict

from server.database.connection import fetch, is_postgres, places, read_connection
from server.database.models.reading_list import SavedSearch
from server.database.serializers import search_state
from server.errors import QueryError
from server.papers.query import read_query
from server.schema.searches import FoundSearch
from server.search.saved import get_search
from server.search.sql import Selection, select

NEW_DAYS = 7

_OFF_THE_LIST = "(e.id IS NULL OR e.status = 'none')"


async def list_searches(user: int, now: datetime) -> list[FoundSearch]:
    """Return a user's saved searches in alphabetical order, with what each finds."""
    rows = (
        await SavedSearch.filter(user_id=user, deleted=None)
        .order_by("fold")
        .using_db(read_connection())
    )
    return [await _found(row, now) for row in rows]


async def list_names(user: int) -> list[str]:
    """Return the names of a user's saved searches in alphabetical order."""
    rows = await fetch(
        "SELECT name FROM saved_search WHERE user_id = $1 AND deleted IS NULL ORDER BY fold", user
    )
    return [row["name"] for row in rows]


async def read_search(name: str, user: int, now: datetime) -> FoundSearch:
    """Return a saved search with what it finds. Raises `NotFound`."""
    return await _found(await get_search(user, name), now)


async def match_papers(query: str, user: int, papers: list[int]) -> set[int]:
    """Return those of some papers of the store that a query finds, by their row ids.

    Raises `QueryError`.
    """
    if not papers:
        return set()
    selection = select(await read_query(query), user=user, everything=True, postgres=is_postgres())
    within = f"{selection.paper} IN ({places(len(papers), after=len(selection.values))})"
    rows = await fetch(
        f"SELECT {selection.paper} AS id {selection.body(within)}", *selection.values, *papers
    )
    return {row["id"] for row in rows}


async def _found(row: SavedSearch, now: datetime) -> FoundSearch:
    papers, new = await _count(row, now)
    return FoundSearch(**asdict(search_state(row)), papers=papers, new=new)


async def _count(row: SavedSearch, now: datetime) -> tuple[int | None, int | None]:
    try:
        query = await read_query(row.query)
    except QueryError:  # it was kept by another version, or came out of an archive
        return None, None
    listed = select(query, user=row.user_id, everything=False, postgres=is_postgres())
    stored = select(query, user=row.user_id, everything=True, postgres=is_postgres())
    fresh = f"{stored.paper} IN (SELECT id FROM paper WHERE created >= ${len(stored.values) + 1})"
    # a paper that was looked at in a listing is not news
    unseen = f"{stored.paper} NOT IN (SELECT paper_id FROM seen WHERE user_id = $1)"
    since = now - timedelta(days=NEW_DAYS)
    return await _number(listed), await _number(
        stored, _OFF_THE_LIST, fresh, unseen, values=[since]
    )


async def _number(selection: Selection, *conditions: str, values: list[Any] | None = None) -> int:
    body = selection.body(*conditions)
    [row] = await fetch(f"SELECT COUNT(*) AS papers {body}", *selection.values, *(values or []))
    return int(row["papers"])
