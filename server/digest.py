"""Which papers of a day a reader is told of: those that match saved searches, and those closest to the list."""

from datetime import date, datetime
from typing import Any

from server.closeness import closest
from server.errors import QueryError
from server.export.letter import Digest, DigestPaper, Section
from server.matches import match_papers
from server.models import SavedSearch, User
from server.papers import read_pages
from server.store import fetch

MAX_CANDIDATES = 2_000
MAX_MATCHES = 30  # of one search
MAX_CLOSE = 10
MAX_TERMS = 3  # that are named for a close paper


async def choose_digest(reader: int, day: date, since: datetime | None) -> Digest:
    """Choose from the daily listing of a day, and from what came into the store after `since`, where that is given.

    A paper stands under the first search that finds it. The closest are papers that no search found and that are not
    in the list; `closeness` says what close is.
    """
    left = await _candidates(reader, day, since)
    sections: list[Section] = []
    for search in await SavedSearch.filter(user_id=reader, deleted=None, digest=True).order_by("fold"):
        found = await _match(search, [row["id"] for row in left])
        sections.append(await _show(search, [row["id"] for row in left if row["id"] in found]))
        left = [row for row in left if row["id"] not in found]
    sections.append(await _show_close(reader, [row for row in left if not row["listed"]]))
    user = await User.get(id=reader)
    return Digest(day, user.name, [section for section in sections if section.papers])


async def _candidates(reader: int, day: date, since: datetime | None) -> list[dict[str, Any]]:
    """Give the row, the key and whether it is in the list, of the papers to choose from, the most upvoted first."""
    came = "p.created >= $3" if since else "FALSE"
    return await fetch(
        "SELECT p.id, p.key, EXISTS (SELECT 1 FROM entry e WHERE e.paper_id = p.id AND e.user_id = $1 "
        "AND e.deleted IS NULL AND e.status <> 'none') AS listed FROM paper p WHERE p.id IN (SELECT lp.paper_id "
        "FROM listing l JOIN listing_paper lp ON lp.listing_id = l.id WHERE l.kind = 'daily' AND l.day = $2) "
        f"OR {came} ORDER BY COALESCE(p.upvotes, 0) DESC, p.id DESC LIMIT {MAX_CANDIDATES}",
        reader,
        day,
        *([since] if since else []),
    )


async def _match(search: SavedSearch, papers: list[int]) -> set[int]:
    try:
        return await match_papers(search.query, search.user_id, papers)
    except QueryError:  # kept by another version: it finds nothing, as everywhere
        return set()


async def _show(search: SavedSearch, papers: list[int]) -> Section:
    pages = await read_pages(papers[:MAX_MATCHES], search.user_id)
    more = max(len(papers) - MAX_MATCHES, 0)
    return Section(search.name, f"Saved search: {search.query}", [DigestPaper(page) for page in pages], more)


async def _show_close(reader: int, papers: list[dict[str, Any]]) -> Section:
    close = await closest([row["key"] for row in papers], reader)
    best = sorted((row for row in papers if row["key"] in close), key=lambda row: -close[row["key"]].score)
    pages = await read_pages([row["id"] for row in best[:MAX_CLOSE]], reader)
    shown = [DigestPaper(page, close[page.key].terms[:MAX_TERMS]) for page in pages if page.key in close]
    return Section("Close to your list", "They share rare terms with papers of your own.", shown)
