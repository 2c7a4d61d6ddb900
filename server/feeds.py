"""What stands in a reader's feeds: the list, what a saved search finds in it, new papers of the store that match one.

An entry's id is made of the reader and the first key that its paper had. The same paper has one id in the feeds of the
list and another in those of new papers: the first tells what a person made of it, the second that it came.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import cast
from uuid import NAMESPACE_OID, uuid5

from server.cards import places
from server.export.feed import Feed, FeedEntry
from server.models import User
from server.papers import read_papers
from server.searches import get_search
from server.store import fetch, moment
from server.wire import FeedKind, PaperPage

Times = tuple[datetime, datetime]
"""When a paper came in, and when what the feed shows of it changed."""


async def read_feed(kind: FeedKind, name: str, reader: int, *, url: str, home: str, limit: int) -> Feed:
    """Give a feed's newest papers, the last that came first; `name` is a saved search's, of the list it is empty.

    Raises `NotFound`, and `QueryError` for a search that cannot be read any more.
    """
    user = await User.get(id=reader)
    search = await get_search(reader, name) if kind != "list" else None
    pages = await _newest(reader, search.query if search else "", limit, everything=kind == "new")
    times = await _arrivals(pages) if kind == "new" else _changes(pages)
    owner = uuid5(NAMESPACE_OID, f"papermargin:{user.name}:{user.created.isoformat()}")
    of = "paper" if kind == "new" else "entry"
    entries = [
        FeedEntry(uuid5(owner, f"{of}:{[*page.aliases, page.key][0]}").urn, page, *times[page.key])
        for page in pages
        if page.key in times  # what left or got another key while we looked waits for the next time
    ]
    begun = search.updated if search else user.created
    return Feed(
        id=uuid5(owner, f"feed:{kind}:{search.id if search else ''}").urn,
        title=_title(kind, search.name if search else ""),
        author=user.name,
        url=url,
        home=home,
        updated=max([begun, *(entry.updated for entry in entries)]),
        entries=entries,
    )


async def last_change(reader: int) -> datetime | None:
    """Give when anything that a reader's feeds may show changed last; None where nothing ever did."""
    rows = await fetch(
        "SELECT at FROM change WHERE user_id = $1 OR user_id IS NULL ORDER BY id DESC LIMIT 1",
        reader,
    )
    changed: datetime | None = moment(rows[0]["at"]) if rows else None
    return changed


async def _newest(reader: int, query: str, limit: int, *, everything: bool) -> list[PaperPage]:
    newest: list[PaperPage] = []
    papers = cast(AsyncGenerator[PaperPage, None], read_papers(reader, query, everything=everything))
    async with aclosing(papers) as pages:
        async for page in pages:
            newest.append(page)
            if len(newest) == limit:
                break
    return newest


async def _arrivals(pages: list[PaperPage]) -> dict[str, Times]:
    if not pages:
        return {}
    keys = [page.key for page in pages]
    rows = await fetch(f"SELECT key, created FROM paper WHERE key IN ({places(len(keys))})", *keys)
    return {row["key"]: (moment(row["created"]), moment(row["created"])) for row in rows}


def _changes(pages: list[PaperPage]) -> dict[str, Times]:
    return {
        page.key: (page.entry.added, max([page.entry.updated, *(note.updated for note in page.notes)]))
        for page in pages
        if page.entry
    }


def _title(kind: FeedKind, name: str) -> str:
    return {"list": "Reading list", "searches": name, "new": f"New: {name}"}[kind]
