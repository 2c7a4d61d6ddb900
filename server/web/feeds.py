"""Atom feeds over HTTP: whoever has the secret address can read them."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from typing import Annotated, Any
from urllib.parse import quote

from litestar import HttpMethod, Request, Response, Router, route
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath, QueryParameter

from server.accounts.tokens import identify
from server.days import use_zone
from server.errors import NotFound
from server.papers.saved_counts import list_names
from server.schema.api import FeedAddress, FeedKind, SearchFeeds
from server.web.middleware import reading
from server.web.paths import sent_name

ENDING = ".atom"
MAX_PAPERS = 100
PER_MINUTE = 60  # from one address; a feed reader asks a few times an hour

FeedRequest = Request[Any, Any, Any]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAPERS)]
Least = Annotated[float | None, QueryParameter(ge=-10, le=10)]
METHODS = [HttpMethod.GET, HttpMethod.HEAD]


@route(f"/list{ENDING}", http_method=METHODS)
async def list_feed(
    request: FeedRequest, secret: FromPath[str], limit: Limit = 50
) -> Response[bytes]:
    """Return the feed of the reading list."""
    return await _answer(request, secret, "list", "", limit)


@route("/searches/{name:path}", http_method=METHODS)
async def search_feed(
    request: FeedRequest, secret: FromPath[str], name: FromPath[str], limit: Limit = 50
) -> Response[bytes]:
    """Return the feed of what a saved search finds in the reading list."""
    return await _answer(request, secret, "searches", sent_name(request, name), limit)


@route("/new/{name:path}", http_method=METHODS)
async def new_feed(
    request: FeedRequest, secret: FromPath[str], name: FromPath[str], limit: Limit = 50
) -> Response[bytes]:
    """Return the feed of the newest papers in the store that match a saved search."""
    return await _answer(request, secret, "new", sent_name(request, name), limit)


@route(f"/for-you{ENDING}", http_method=METHODS)
async def for_you_feed(
    request: FeedRequest, secret: FromPath[str], limit: Limit = 50, least: Least = None
) -> Response[bytes]:
    """Serve the newest papers of the store that stand out for the user, or score `least`."""
    return await _answer(request, secret, "for_you", "", limit, least=least)


@route("/feeds.opml", http_method=METHODS)
async def opml(request: FeedRequest, secret: FromPath[str]) -> Response[bytes]:
    """Serve the addresses of all feeds as OPML, by which a feed reader takes them in at once."""
    from server.feeds.opml import render_opml  # noqa: PLC0415 - as below

    identity = await identify(secret, ("feed",), datetime.now(UTC))
    request.app.state.last_uses.note(identity, datetime.now(UTC))
    names = await list_names(identity.user)
    body = render_opml(list_addresses(str(request.base_url), secret, names))
    return Response(body, media_type="text/x-opml")


def list_addresses(home: str, secret: str, searches: list[str]) -> FeedAddress:
    """Return the addresses of all feeds of a user; `home` is the server's address with a slash."""
    base = f"{home}feeds/{secret}/"
    return FeedAddress(
        base=base,
        reading_list=f"{base}list{ENDING}",
        for_you=f"{base}for-you{ENDING}",
        opml=f"{base}feeds.opml",
        searches=[
            SearchFeeds(
                name,
                f"{base}searches/{quote(name, safe='')}{ENDING}",
                f"{base}new/{quote(name, safe='')}{ENDING}",
            )
            for name in searches
        ],
    )


async def _answer(
    request: FeedRequest,
    secret: str,
    kind: FeedKind,
    name: str,
    limit: int,
    *,
    least: float | None = None,
) -> Response[bytes]:
    # imported here because the feed library would slow down every start
    from server.feeds.atom import render_feed  # noqa: PLC0415
    from server.feeds.content import last_change, read_feed, read_ranked_feed  # noqa: PLC0415

    identity = await identify(secret, ("feed",), datetime.now(UTC))
    use_zone(identity.zone)
    request.app.state.last_uses.note(identity, datetime.now(UTC))
    if kind in ("searches", "new") and not name.endswith(ENDING):
        raise NotFound(f"a feed's address ends in {ENDING}")
    search, home = name.removesuffix(ENDING), str(request.base_url)
    user, url = identity.user, str(request.url)
    async with reading(request.app, user):
        changed = await last_change(user)
        if kind == "for_you":
            feed = await read_ranked_feed(user, url=url, home=home, limit=limit, least=least)
        else:
            feed = await read_feed(kind, search, user, url=url, home=home, limit=limit)
    body = render_feed(feed)
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime((changed or feed.updated).astimezone(UTC), usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _is_unchanged(request, etag, changed or feed.updated):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/atom+xml; charset=utf-8", headers=headers)


def _is_unchanged(request: FeedRequest, etag: str, changed: datetime) -> bool:
    """Return whether the client has this version already (RFC 9110, section 13.2.2)."""
    if tags := request.headers.get("if-none-match"):
        return tags.strip() == "*" or etag in [
            tag.strip().removeprefix("W/") for tag in tags.split(",")
        ]
    since = _read_date(request.headers.get("if-modified-since", ""))
    return since is not None and changed.replace(microsecond=0) <= since


def _read_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


feeds = Router(
    "/feeds/{secret:str}",
    route_handlers=[list_feed, search_feed, new_feed, for_you_feed, opml],
    opt={"public": True},
    include_in_schema=False,
    middleware=[RateLimitConfig(rate_limit=("minute", PER_MINUTE)).middleware],
)
