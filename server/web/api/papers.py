"""Papers: cards, lists, pages, pictures, and adding them."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from litestar import Response
from litestar.params import FromQuery, JSONBody, QueryParameter

from server.database.serializers import find_paper
from server.errors import NotFound
from server.imports.thumbnails import Thumbnails
from server.papers.list import list_papers
from server.papers.lookup import look_up
from server.papers.overlay import overlay
from server.papers.page import read_paper
from server.papers.related import related
from server.papers.versions import read_versions
from server.schema.api import AddReport, AddRequest
from server.schema.papers import (
    LookupReply,
    LookupRequest,
    OverlayReply,
    OverlayRequest,
    PaperList,
    PaperPage,
    Related,
)
from server.schema.searches import Sort
from server.schema.versions import PaperVersions
from server.web.api.request import ApiRequest, Cursor, Key, Limit, Words

# a picture of a paper does not change; while there is none, there may be one soon
_KEPT = {"cache-control": "private, max-age=604800"}
_UNKEPT = {"cache-control": "private, max-age=60"}
_EMPTY = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 54"/>'
OVERLAY_SECONDS = 0.3  # how long an overlay request waits for the extraction of new papers


async def post_overlay(request: ApiRequest, data: JSONBody[OverlayRequest]) -> OverlayReply:
    """Return a card for each paper on a web page.

    Papers that the store lacks are created; their terms are extracted at once if that is quick.
    """
    extract = partial(request.app.state.extractor.read_now, seconds=OVERLAY_SECONDS)
    return await overlay(data, request.user.user, datetime.now(UTC), extract=extract)


async def post_lookup(request: ApiRequest, data: JSONBody[LookupRequest]) -> LookupReply:
    """Return which papers the store has, by arXiv ids, DOIs or titles; nothing is created."""
    return await look_up(data.papers, request.user.user)


async def get_papers(
    request: ApiRequest,
    q: Words = "",
    sort: FromQuery[Sort | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    everything: Annotated[
        bool, QueryParameter(name="all", description="search the whole store, not only the list")
    ] = False,
    facets: FromQuery[bool] = False,
) -> PaperList:
    """Return the reading list, or the papers that a query finds."""
    return await list_papers(
        request.user.user,
        q,
        sort=sort,
        cursor=cursor,
        limit=limit,
        everything=everything,
        facets=facets,
    )


async def post_papers(request: ApiRequest, data: JSONBody[AddRequest]) -> AddReport:
    """Add papers to your list by arXiv ids, addresses, DOIs or titles, and fetch them.

    A paper that cannot be fetched now is kept by its id or title, as `waiting`.
    """
    from server.imports.add import add_at_once  # noqa: PLC0415 - slow to import

    config = request.app.state.config
    return await add_at_once(data.text, request.user.user, config, datetime.now(UTC))


async def get_paper(request: ApiRequest, paper_key: Key) -> PaperPage:
    """Return everything about a paper."""
    return await read_paper(paper_key, request.user.user)


async def get_versions(request: ApiRequest, paper_key: Key) -> PaperVersions:
    """Return all known texts of a paper, what changed between them, and your notes beside them."""
    return await read_versions(paper_key, request.user.user)


async def get_thumbnail(request: ApiRequest, paper_key: Key) -> Response[bytes]:
    """Return Hugging Face's picture of a paper, which the server fetches and keeps.

    Where there is none, a browser's `img` is answered with an empty picture, and the status 404.
    """
    thumbnails: Thumbnails = request.app.state.thumbnails
    key = (await find_paper(paper_key)).key
    if picture := await thumbnails.find(key):
        return Response(picture.data, media_type=picture.media_type, headers=_KEPT)
    if "image/" in request.headers.get("accept", ""):
        return Response(_EMPTY, media_type="image/svg+xml", status_code=404, headers=_UNKEPT)
    why = "or Hugging Face does not answer" if thumbnails.enabled else "as --no-thumbnails says"
    raise NotFound(f"no thumbnail of {key}, {why}")


async def get_related(request: ApiRequest, paper_key: Key) -> list[Related]:
    """Return the papers most like a paper, the most alike first, with the rare terms of both."""
    return await related(paper_key, request.user.user)
