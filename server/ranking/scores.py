"""Score papers of the store for a user."""

from collections.abc import Sequence

from server.database.connection import fetch
from server.schema.ranking import WhyUnranked


async def score_papers(user: int, papers: Sequence[int]) -> dict[int, float]:
    """Return the scores of papers by their row ids: 0 for an average one, more for a closer one.

    A score is that of the paper's text, plus what its authors add, plus what the user pinned. A
    paper without a vector yet has no score, and none has if nothing was learnt of the list, or if
    the user switched the ranking off.
    """
    # NumPy would slow down every start
    from server.ranking.storage import read_authors, read_model, read_vectors  # noqa: PLC0415

    model = await read_model(user) if papers else None
    if model is None:
        return {}
    vectors = await read_vectors(papers)
    authors = await read_authors([*vectors]) if model.profile.authors else {}
    return model.score(vectors, authors)


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
