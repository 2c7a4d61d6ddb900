"""Choose the papers of a user's feeds.

There are four kinds: the reading list, matches of a saved search in it, new papers of the store
that match a saved search, and new papers of the store that are close to the list. An entry's id is
made of the user and the first key that its paper had. A paper has one id in feeds of the list, for
the user's work on it, and another in feeds of new papers, for its arrival.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from math import inf
from typing import cast
from uuid import NAMESPACE_OID, uuid5

from msgspec.structs import replace

from server.database.connection import fetch, moment, places
from server.database.models.accounts import User
from server.feeds.atom import Feed, FeedEntry
from server.papers.list import read_papers
from server.papers.page import read_pages
from server.ranking.preferences import read_settings
from server.ranking.scores import score_papers
from server.schema.api import FeedKind
from server.schema.papers import PaperPage
from server.search.saved import get_search

MAX_RANKED = 1_000  # newest papers of the store that a feed looks at

Times = tuple[datetime, datetime]
"""When a paper came in, and when what the feed shows of it changed."""


async def read_feed(
    kind: FeedKind, name: str, user: int, *, url: str, home: str, limit: int
) -> Feed:
    """Read a feed with its newest `limit` papers, newest first.

    `name` is the saved search's, and empty for the list. Raises `NotFound` if there is no such
    search, and `QueryError` if its query cannot be parsed any more.
    """
    search = await get_search(user, name) if kind != "list" else None
    query, title, reference = (search.query, search.name, search.id) if search else ("", "", "")
    pages = await _read_newest(user, query, limit, everything=kind == "new")
    times = await _read_arrivals(pages) if kind == "new" else _list_changes(pages)
    feed = await _build_feed(user, kind, str(reference), pages, times)
    return replace(
        feed,
        title=_write_title(kind, title),
        url=url,
        home=home,
        updated=max([feed.updated, *([search.updated] if search else [])]),
    )


async def read_ranked_feed(
    user: int, *, url: str, home: str, limit: int, least: float | None = None
) -> Feed:
    """Read the newest papers of the store that are not in the list and score at least `least`.

    Without `least`, the user's own setting holds. Looks at the `MAX_RANKED` newest papers; scores
    are those of `server.ranking.scores`.
    """
    if least is None:
        least = (await read_settings(user)).least
    rows = await fetch(
        "SELECT p.id FROM paper p WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.user_id = $1 "
        "AND e.paper_id = p.id AND e.deleted IS NULL AND e.status <> 'none') "
        f"ORDER BY p.id DESC LIMIT {MAX_RANKED}",
        user,
    )
    scores = await score_papers(user, [row["id"] for row in rows])
    close = [row["id"] for row in rows if scores.get(row["id"], -inf) >= least]
    pages = await read_pages(close[:limit], user)
    feed = await _build_feed(user, "for_you", "", pages, await _read_arrivals(pages))
    return replace(feed, title=_write_title("for_you", ""), url=url, home=home)


async def _build_feed(
    user: int, kind: FeedKind, reference: str, pages: list[PaperPage], times: dict[str, Times]
) -> Feed:
    """Build a feed without title and addresses; `reference` tells feeds of one kind apart."""
    account = await User.get(id=user)
    owner = uuid5(NAMESPACE_OID, f"papermargin:{account.name}:{account.created.isoformat()}")
    thing = "paper" if kind in ("new", "for_you") else "entry"
    entries = [
        FeedEntry(uuid5(owner, f"{thing}:{_first_key(page)}").urn, page, *times[page.key])
        for page in pages
        if page.key in times  # a paper merged or removed meanwhile is left out this time
    ]
    return Feed(
        id=uuid5(owner, f"feed:{kind}:{reference}").urn,
        title="",
        author=account.name,
        url="",
        home="",
        updated=max([account.created, *(entry.updated for entry in entries)]),
        entries=entries,
    )


async def last_change(user: int) -> datetime | None:
    """Return when anything a user's feeds may show last changed; None if nothing ever did."""
    rows = await fetch(
        "SELECT at FROM change WHERE user_id = $1 OR user_id IS NULL ORDER BY id DESC LIMIT 1",
        user,
    )
    changed: datetime | None = moment(rows[0]["at"]) if rows else None
    return changed


async def _read_newest(user: int, query: str, limit: int, *, everything: bool) -> list[PaperPage]:
    newest: list[PaperPage] = []
    papers = cast(AsyncGenerator[PaperPage, None], read_papers(user, query, everything=everything))
    async with aclosing(papers) as pages:
        async for page in pages:
            newest.append(page)
            if len(newest) == limit:
                break
    return newest


async def _read_arrivals(pages: list[PaperPage]) -> dict[str, Times]:
    if not pages:
        return {}
    keys = [page.key for page in pages]
    rows = await fetch(f"SELECT key, created FROM paper WHERE key IN ({places(len(keys))})", *keys)
    return {row["key"]: (moment(row["created"]), moment(row["created"])) for row in rows}


def _list_changes(pages: list[PaperPage]) -> dict[str, Times]:
    return {
        page.key: (
            page.entry.added,
            max([page.entry.updated, *(note.updated for note in page.notes)]),
        )
        for page in pages
        if page.entry
    }


def _first_key(page: PaperPage) -> str:
    return page.aliases[0] if page.aliases else page.key


def _write_title(kind: FeedKind, name: str) -> str:
    titles: dict[FeedKind, str] = {
        "list": "Reading list",
        "searches": name,
        "new": f"New: {name}",
        "for_you": "For you",
    }
    return titles[kind]
