"""Score papers of the store for a user."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from server.database.connection import fetch
from server.schema.ranking import WhyUnranked

if TYPE_CHECKING:
    from server.ranking.user_model import UserModel
    from server.ranking.vectors import PaperVector


class Scored(Struct, frozen=True):
    """Papers with their scores, and what these come from, by row ids.

    `authors` are read only if they count.
    """

    model: "UserModel"
    vectors: Mapping[int, "PaperVector"]
    authors: Mapping[int, Sequence[str]]
    scores: Mapping[int, float]


async def score_papers(user: int, papers: Sequence[int]) -> Mapping[int, float]:
    """Return the scores of papers by their row ids: 0 for an average one, more for a closer one.

    A paper without a vector yet has no score, and none has if `score_page` returns nothing.
    """
    scored = await score_page(user, papers)
    return scored.scores if scored else {}


async def score_page(user: int, papers: Sequence[int]) -> Scored | None:
    """Score papers by their row ids, and keep what tells why they have these scores.

    A score is that of the paper's text, plus what its authors add, plus what the user pinned.
    Returns None if nothing was learnt of the list, or if the user switched the ranking off.
    """
    # NumPy would slow down every start
    from server.ranking.storage import read_authors, read_model, read_vectors  # noqa: PLC0415

    model = await read_model(user) if papers else None
    if model is None:
        return None
    vectors = await read_vectors(papers)
    authors = await read_authors([*vectors]) if model.profile.authors else {}
    return Scored(model, vectors, authors, model.score(vectors, authors))


async def find_why_unranked(user: int) -> WhyUnranked | None:
    """Return why a user's papers have no scores; None if they have some."""
    rows = await fetch(
        "SELECT c.enabled, LENGTH(m.weights) AS size FROM reader r "
        "LEFT JOIN ranking_settings c ON c.user_id = r.id "
        "LEFT JOIN ranking_model m ON m.user_id = r.id WHERE r.id = $1",
        user,
    )
    if rows and rows[0]["enabled"] is not None and not rows[0]["enabled"]:
        return "off"
    return None if rows and rows[0]["size"] else "nothing_learnt"
