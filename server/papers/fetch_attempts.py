"""Papers of which only the id or the title is known, and why they could not be fetched."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict

from server.database.connection import fetch, read_connection
from server.database.models.papers import FetchAttempt as AttemptRow
from server.database.serializers import find_paper_ids
from server.database.transactions import writing
from server.identifiers import parse_arxiv_id
from server.schema.fetching import FetchAttempt

# before a site that has no such paper is asked again
_ID_PAUSE, _TITLE_PAUSE = timedelta(days=1), timedelta(days=30)
_FROM = "SELECT p.key FROM paper p LEFT JOIN fetch_attempt a ON a.paper_id = p.id "
_FIRST = "ORDER BY CASE WHEN a.tried IS NULL THEN 0 ELSE 1 END, a.tried, p.id DESC"


async def save_attempts(attempts: Mapping[str, FetchAttempt]) -> None:
    """Store why papers could not be fetched, by their keys; unknown keys are left out."""
    rows = await find_paper_ids(attempts)
    if not rows:
        return
    async with writing():
        await AttemptRow.filter(paper_id__in=[*rows.values()]).delete()
        await AttemptRow.bulk_create(
            AttemptRow(paper_id=row, **asdict(attempts[key])) for key, row in rows.items()
        )


def is_incomplete(key: str, abstract: str) -> bool:
    """Return whether a paper is still looked for: its abstract or its arXiv id is not known."""
    return not abstract or parse_arxiv_id(key) is None


async def read_attempts(papers: Sequence[int]) -> dict[int, FetchAttempt]:
    """Return the last failed attempts to fetch papers, by their row ids."""
    if not papers:
        return {}
    rows = AttemptRow.filter(paper_id__in=papers).using_db(read_connection())
    return {
        row.paper_id: FetchAttempt(row.tried, row.answered, row.reason, row.proposals)
        for row in await rows
    }


async def find_untitled(limit: int, now: datetime) -> list[str]:
    """Return the keys of papers that are known by their id alone.

    Those that were never looked for come first, the newest of them first, then those that were
    looked for longest ago. An id that no site has is not among them for a day.
    """
    rows = await fetch(
        f"{_FROM} WHERE p.title = '' AND (a.tried IS NULL OR NOT a.answered OR a.tried <= $1) "
        f"{_FIRST} LIMIT {limit}",
        now - _ID_PAUSE,
    )
    return [row["key"] for row in rows]


async def find_untraced(limit: int, now: datetime) -> list[str]:
    """Return the keys of papers that are known by their title, but not by an arXiv id.

    They are papers of listings, and those that a user added by title, in the order of
    `find_untitled`. A title that arXiv does not have is not among them for a month.
    """
    rows = await fetch(
        f"{_FROM} WHERE p.title_digest = p.key AND (NOT a.answered OR a.tried <= $1 OR "
        "(a.tried IS NULL AND EXISTS (SELECT 1 FROM listing_paper l WHERE l.paper_id = p.id))) "
        f"{_FIRST} LIMIT {limit}",
        now - _TITLE_PAUSE,
    )
    return [row["key"] for row in rows]
