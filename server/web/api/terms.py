"""Terms, corrections, saved searches and suggestions."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from nlp.spans import Label
from server.papers.saved_counts import list_searches, read_search
from server.papers.suggest import suggest
from server.reading_list import corrections
from server.schema.searches import FoundSearch, SearchEdit, SearchState, Suggestion
from server.schema.terms import (
    CorrectionEdit,
    CorrectionState,
    TermEdit,
    TermList,
    TermPage,
    TermSort,
    TermState,
)
from server.search import saved
from server.terms import overrides
from server.terms.index import list_own_terms, list_terms, read_term
from server.web.api.request import _FROM_0, ApiRequest, Key, Limit, Versioned, versioned
from server.web.paths import sent_name


async def put_correction(
    paper_key: Key, uuid: FromPath[UUID], edit: Versioned, data: JSONBody[CorrectionEdit]
) -> Response[CorrectionState]:
    """Record a verdict on a mention."""
    return versioned(await corrections.put_correction(edit, paper_key, uuid, data))


async def delete_correction(
    paper_key: Key, uuid: FromPath[UUID], edit: Versioned
) -> Response[CorrectionState]:
    """Move a correction to the trash."""
    return versioned(await corrections.delete_correction(edit, uuid))


async def get_terms(
    request: ApiRequest,
    label: FromQuery[Label],
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    sort: FromQuery[TermSort] = "own",
    after: Annotated[
        int,
        QueryParameter(
            ge=0, lt=2**31, description="`next` of the page before", schema_extra=_FROM_0
        ),
    ] = 0,
    limit: Limit = 100,
) -> TermList:
    """Return the terms of a label, with your changes to them, and how many papers mention each."""
    return await list_terms(request.user.user, label, q, sort=sort, after=after, limit=limit)


async def get_term(
    request: ApiRequest, label: FromPath[str], name: FromPath[str]
) -> Response[TermPage]:
    """Return everything about a term: your changes, first and last papers, papers per month."""
    page = await read_term(label, sent_name(request, name), request.user.user)
    return Response(page, headers={"ETag": f'"{page.state.version}"'})


async def put_term(
    request: ApiRequest,
    label: FromPath[str],
    name: FromPath[str],
    edit: Versioned,
    data: JSONBody[TermEdit],
) -> Response[TermState]:
    """Rename, merge or hide a term, for yourself alone."""
    return versioned(await overrides.put_term(edit, label, sent_name(request, name), data))


async def forget_term(
    request: ApiRequest, label: FromPath[str], name: FromPath[str], edit: Versioned
) -> Response[TermState]:
    """Undo your changes to a term."""
    return versioned(await overrides.forget_term(edit, label, sent_name(request, name)))


async def get_own_terms(request: ApiRequest) -> list[TermState]:
    """Return the terms that you changed, the last changed first."""
    return await list_own_terms(request.user.user)


async def get_searches(request: ApiRequest) -> list[FoundSearch]:
    """Return your saved searches, and how many papers each finds."""
    return await list_searches(request.user.user, datetime.now(UTC))


async def get_search(request: ApiRequest, name: FromPath[str]) -> Response[FoundSearch]:
    """Return a saved search, and how many papers it finds."""
    return versioned(
        await read_search(sent_name(request, name), request.user.user, datetime.now(UTC))
    )


async def put_search(
    request: ApiRequest, name: FromPath[str], edit: Versioned, data: JSONBody[SearchEdit]
) -> Response[SearchState]:
    """Save, change or rename a search."""
    return versioned(await saved.put_search(edit, sent_name(request, name), data))


async def delete_search(
    request: ApiRequest, name: FromPath[str], edit: Versioned
) -> Response[SearchState]:
    """Move a saved search to the trash."""
    return versioned(await saved.delete_search(edit, sent_name(request, name)))


async def get_suggestions(
    request: ApiRequest, prefix: Annotated[str, QueryParameter(max_length=200)], limit: Limit = 10
) -> list[Suggestion]:
    """Return tags and terms that complete a prefix."""
    return await suggest(request.user.user, prefix, limit)
