"""Health, pairing, devices and tokens."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated

from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter

from server.accounts import tokens
from server.accounts.pairing_limit import PairingLimit
from server.database.change_feed import newest_change
from server.database.context import check_in_place
from server.database.replica import Replica
from server.papers.saved_counts import list_names
from server.schema.api import (
    Device,
    FeedAddress,
    Health,
    Me,
    PairingCode,
    PairReply,
    PairRequest,
    TokenReply,
    TokenRequest,
)
from server.web.api.request import API, ApiRequest
from server.web.feeds import list_addresses


async def health(state: State) -> Health:
    """Report that the server is up, or with status 503 that it cannot write. Needs no token."""
    check_in_place()
    replica: Replica | None = state.replica
    return Health(
        status="ok",
        name="papermargin",
        version=version("papermargin"),
        api=API,
        replica=replica.state if replica else None,
    )


async def pair(request: ApiRequest, data: JSONBody[PairRequest]) -> PairReply:
    """Exchange a pairing code for a token. Needs no token."""
    origin, now = request.headers.get("origin"), datetime.now(UTC)
    address = request.client.host if request.client else ""
    limit: PairingLimit = request.app.state.pairing_limit
    if data.code.isdecimal():
        limit.take(address, now)
    token, user = await tokens.redeem_code(data.code, data.name, origin, now, data.scopes)
    if data.code.isdecimal():
        limit.give_back(address, now)
    return PairReply(token=token, user=user, server=version("papermargin"))


async def me(request: ApiRequest) -> Me:
    """Return the user of this token; a way to test the connection."""
    user = request.user
    server = version("papermargin")
    change = await newest_change(user.user)
    return Me(user=user.name, device=user.device, server=server, api=API, change=change)


async def get_devices(request: ApiRequest) -> list[Device]:
    """Return your paired devices and signed-in browsers."""
    return await tokens.list_devices(request.user, request.app.state.last_uses)


async def revoke_device(
    request: ApiRequest, device: Annotated[int, PathParameter(ge=1, lt=2**31)]
) -> None:
    """Revoke a device's token."""
    await tokens.revoke(request.user.user, device)


async def new_code(request: ApiRequest) -> PairingCode:
    """Create a pairing code for another device."""
    user, now = request.user.user, datetime.now(UTC)
    return PairingCode(
        code=await tokens.issue_code(user, now),
        long_code=await tokens.issue_long_code(user, now),
        minutes=tokens.PAIRING_MINUTES,
    )


async def new_token(request: ApiRequest, data: JSONBody[TokenRequest]) -> TokenReply:
    """Create a token for a program, with the scopes that it needs."""
    user, now = request.user.user, datetime.now(UTC)
    secret = await tokens.issue_scoped(user, data.name, data.scopes, now, days=data.days)
    return TokenReply(token=secret)


async def renew_feed_address(request: ApiRequest) -> FeedAddress:
    """Create a new secret address for your feeds, which replaces the earlier one."""
    user, now = request.user.user, datetime.now(UTC)
    secret = await tokens.renew_feeds(user, now)
    return list_addresses(str(request.base_url), secret, await list_names(user))
