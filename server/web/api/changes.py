"""The change feed, asked for or streamed."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from server.database.change_feed import changes_since, newest_change, was_given_out
from server.schema.api import ChangeList
from server.web.api.request import ApiRequest, Since


async def get_changes(
    request: ApiRequest,
    since: Since = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
) -> ChangeList:
    """Return the changes after number `since`; without it, only the newest change's number."""
    if since is None:
        return ChangeList(changes=[], last=await newest_change(request.user.user), more=False)
    return await changes_since(request.user.user, since, limit)


async def get_events(request: ApiRequest, since: Since = None) -> ServerSentEvent:
    """Stream changes as server-sent events: one `hello`, then a `change` for each.

    `hello` has `reset` where the number asked for is not of this store's history, because a backup
    was restored: read everything anew.
    """
    resumed = request.headers.get("last-event-id", "")
    start = int(resumed) if resumed.isdecimal() and len(resumed) < 19 else since
    hello: dict[str, Any] = {"last": start}
    if start is None:
        hello["last"] = await newest_change(request.user.user)
    elif not await was_given_out(start):
        hello = {"last": await newest_change(request.user.user), "reset": True}
    return ServerSentEvent(_events(request, hello))


async def _events(
    request: ApiRequest, hello: dict[str, Any]
) -> AsyncIterator[ServerSentEventMessage]:
    yield ServerSentEventMessage(event="hello", data=msgspec.json.encode(hello))
    user = request.user
    async for change in request.app.state.feed.listen(user.user, user.token, hello["last"]):
        if change is None:
            yield ServerSentEventMessage(comment="still here", data=None)
        else:
            yield ServerSentEventMessage(
                event="change", id=change.id, data=msgspec.json.encode(change)
            )
