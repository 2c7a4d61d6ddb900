"""Choose the papers of a digest: matches of saved searches, and papers close to the list."""

from datetime import date, datetime
from typing import Any

from server.database.connection import fetch
from server.database.models.accounts import User
from server.database.models.reading_list import SavedSearch
from server.digest.message import Digest, DigestPaper, Section
from server.errors import QueryError
from server.papers.page import read_pages
from server.papers.related import closest
from server.papers.saved_counts import match_papers
from server.ranking.refresh import bring_up_to_date

MAX_CANDIDATES = 2_000
MAX_MATCHES = 30  # per saved search
MAX_CLOSE = 10
CLOSE_SCORE = 1.0  # one paper in six has it
MAX_TERMS = 3  # named beside a close paper

Row = dict[str, Any]


async def choose_digest(user: int, day: date, since: datetime | None) -> Digest:
    """Choose a user's papers of a day.

    The candidates are the papers of the day's listing and, if `since` is given, those added to the
    store after it. A paper appears once, under the first search by name that matches it; the last
    section holds papers close to the list that no search matched and that are not in the list.
    """
    # the command line sends digests too, when no server keeps the model current
    await bring_up_to_date(user)
    left = await _read_candidates(user, day, since)
    searches = SavedSearch.filter(user_id=user, deleted=None, digest=True).order_by("fold")
    sections: list[Section] = []
    for search in await searches:
        matches, left = await _split(left, search)
        sections.append(await _build_search_section(search, [row["id"] for row in matches]))
    unlisted = [row for row in left if not row["listed"]]
    sections.append(await _build_close_section(user, unlisted))
    account = await User.get(id=user)
    return Digest(day, account.name, [section for section in sections if section.papers])


async def _read_candidates(user: int, day: date, since: datetime | None) -> list[Row]:
    """Read each candidate's id, key and whether it is in the list, most upvoted first."""
    added = "p.created >= $3" if since else "FALSE"
    return await fetch(
        "SELECT p.id, p.key, EXISTS (SELECT 1 FROM entry e WHERE e.paper_id = p.id "
        "AND e.user_id = $1 AND e.deleted IS NULL AND e.status <> 'none') AS listed "
        "FROM paper p WHERE p.id IN (SELECT lp.paper_id FROM listing l "
        "JOIN listing_paper lp ON lp.listing_id = l.id WHERE l.kind = 'daily' AND l.day = $2) "
        f"OR {added} ORDER BY COALESCE(p.upvotes, 0) DESC, p.id DESC LIMIT {MAX_CANDIDATES}",
        user,
        day,
        *([since] if since else []),
    )


async def _split(rows: list[Row], search: SavedSearch) -> tuple[list[Row], list[Row]]:
    """Split candidates into those that a search matches and the rest."""
    found = await _match(search, [row["id"] for row in rows])
    return (
        [row for row in rows if row["id"] in found],
        [row for row in rows if row["id"] not in found],
    )


async def _match(search: SavedSearch, papers: list[int]) -> set[int]:
    try:
        return await match_papers(search.query, search.user_id, papers)
    except QueryError:  # saved by a version with another syntax: matches nothing, as elsewhere
        return set()


async def _build_search_section(search: SavedSearch, papers: list[int]) -> Section:
    pages = await read_pages(papers[:MAX_MATCHES], search.user_id)
    more = max(len(papers) - MAX_MATCHES, 0)
    return Section(
        search.name, f"Saved search: {search.query}", [DigestPaper(page) for page in pages], more
    )


async def _build_close_section(user: int, papers: list[Row]) -> Section:
    close = await closest([row["key"] for row in papers], user)
    found = [row for row in papers if row["key"] in close]
    best = sorted(
        (row for row in found if close[row["key"]].score >= CLOSE_SCORE),
        key=lambda row: -close[row["key"]].score,
    )
    pages = await read_pages([row["id"] for row in best[:MAX_CLOSE]], user)
    shown = [
        DigestPaper(page, close[page.key].terms[:MAX_TERMS]) for page in pages if page.key in close
    ]
    return Section("Close to your list", "Their texts are like those of your own papers.", shown)
