"""Feeds over HTTP, at an address whose secret is all that it takes to read them."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from typing import Annotated, Any
from urllib.parse import quote

from litestar import HttpMethod, Request, Response, Router, route
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath, QueryParameter

from server.errors import NotFound
from server.tokens import identify
from server.wire import FeedAddress, FeedKind, SearchFeeds

ENDING = ".atom"
MAX_PAPERS = 100
PER_MINUTE = 60  # from one address; a reader asks a few times an hour

Asking = Request[Any, Any, Any]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAPERS)]
METHODS = [HttpMethod.GET, HttpMethod.HEAD]


@route(f"/list{ENDING}", http_method=METHODS)
async def list_feed(request: Asking, secret: FromPath[str], limit: Limit = 50) -> Response[bytes]:
    """Give the reading list."""
    return await _answer(request, secret, "list", "", limit)


@route("/searches/{name:path}", http_method=METHODS)
async def search_feed(
    request: Asking, secret: FromPath[str], name: FromPath[str], limit: Limit = 50
) -> Response[bytes]:
    """Give what a saved search finds in the reading list."""
    return await _answer(request, secret, "searches", name, limit)


@route("/new/{name:path}", http_method=METHODS)
async def new_feed(request: Asking, secret: FromPath[str], name: FromPath[str], limit: Limit = 50) -> Response[bytes]:
    """Give the papers that came last into the store and match a saved search."""
    return await _answer(request, secret, "new", name, limit)


def list_addresses(home: str, secret: str, searches: list[str]) -> FeedAddress:
    """Give the addresses of all of one's feeds, on the server at `home`, which ends in a slash."""
    base = f"{home}feeds/{secret}/"
    return FeedAddress(
        base=base,
        reading_list=f"{base}list{ENDING}",
        searches=[
            SearchFeeds(name, f"{base}searches/{quote(name)}{ENDING}", f"{base}new/{quote(name)}{ENDING}")
            for name in searches
        ],
    )


async def _answer(request: Asking, secret: str, kind: FeedKind, name: str, limit: int) -> Response[bytes]:
    # what it needs would slow down every start
    from server.export.feed import render_feed  # noqa: PLC0415
    from server.feeds import last_change, read_feed  # noqa: PLC0415

    who = await identify(secret, ("feed",), datetime.now(UTC))
    if kind != "list" and not name.endswith(ENDING):
        raise NotFound(f"a feed's address ends in {ENDING}")
    search, home = name.lstrip("/").removesuffix(ENDING), str(request.base_url)
    changed = await last_change(who.user)
    feed = await read_feed(kind, search, who.user, url=str(request.url), home=home, limit=limit)
    body = render_feed(feed)
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime((changed or feed.updated).astimezone(UTC), usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _is_known(request, etag, changed or feed.updated):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/atom+xml; charset=utf-8", headers=headers)


def _is_known(request: Asking, etag: str, changed: datetime) -> bool:
    """Tell whether the client has this already (RFC 9110, section 13.2.2)."""
    if tags := request.headers.get("if-none-match"):
        return tags.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = _read_date(request.headers.get("if-modified-since", ""))
    return since is not None and changed.replace(microsecond=0) <= since


def _read_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


feeds = Router(
    "/feeds/{secret:str}",
    route_handlers=[list_feed, search_feed, new_feed],
    opt={"public": True},
    include_in_schema=False,
    middleware=[RateLimitConfig(rate_limit=("minute", PER_MINUTE)).middleware],
)
