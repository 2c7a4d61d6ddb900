"""Show a user what the ranking learnt of the list, beside what the user muted, pinned and set."""

from server.ranking.preferences import list_preferences, read_settings
from server.schema.ranking import Ranking


async def read_ranking(user: int) -> Ranking:
    """Return a user's ranking; it has no signals if nothing was learnt, or if it is off."""
    from server.ranking.storage import read_model  # noqa: PLC0415 - NumPy slows down every start

    model = await read_model(user)
    return Ranking(
        settings=await read_settings(user),
        preferences=await list_preferences(user),
        papers=len(model.profile.liked) if model else 0,
        pros=model.profile.pros if model else [],
        cons=model.profile.cons if model else [],
    )
