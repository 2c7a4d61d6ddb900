"""The ranking for a user, and which papers may belong to a tag."""

from typing import Annotated

from litestar import Response
from litestar.params import FromPath, JSONBody, QueryParameter

from server.ranking import preferences
from server.ranking.overview import read_ranking
from server.schema.ranking import (
    Preference,
    PreferenceEdit,
    Ranking,
    RankingEdit,
    RankingState,
    SignalKind,
    TagSuggestions,
)
from server.web.api.request import ApiRequest, Limit, Versioned, versioned
from server.web.paths import sent_name


async def get_tag_suggestions(
    request: ApiRequest,
    tag: Annotated[str, QueryParameter(min_length=1, max_length=100)],
    limit: Limit = 10,
) -> TagSuggestions:
    """Return papers that might belong to a tag, by what its papers have in common."""
    from server.ranking.tags import suggest_for_tag  # noqa: PLC0415 - NumPy slows down every start

    return await suggest_for_tag(request.user.user, tag, limit=limit)


async def get_ranking(request: ApiRequest) -> Response[Ranking]:
    """Return what the ranking learnt of your list, what you muted and pinned, and its settings."""
    ranking = await read_ranking(request.user.user)
    return Response(ranking, headers={"ETag": f'"{ranking.settings.version}"'})


async def put_ranking(edit: Versioned, data: JSONBody[RankingEdit]) -> Response[RankingState]:
    """Switch the ranking on or off, or set the least score of a paper that stands out."""
    return versioned(await preferences.put_settings(edit, data))


async def put_preference(
    request: ApiRequest,
    kind: FromPath[SignalKind],
    name: FromPath[str],
    edit: Versioned,
    data: JSONBody[PreferenceEdit],
) -> Response[Preference]:
    """Mute or pin a word, a term or an author for your ranking."""
    return versioned(await preferences.put_preference(edit, kind, sent_name(request, name), data))


async def forget_preference(
    request: ApiRequest, kind: FromPath[SignalKind], name: FromPath[str], edit: Versioned
) -> Response[Preference]:
    """Take back that a word, a term or an author is muted or pinned."""
    return versioned(await preferences.forget_preference(edit, kind, sent_name(request, name)))
