"""Signing in with a one-time link, as Jupyter does, and out again."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from litestar.response import Redirect

from server.auth import COOKIE
from server.tokens import SESSION_DAYS, redeem_sign_in, revoke

Secret = Annotated[str, QueryParameter(name="token", max_length=200, description="the link's secret")]


@get("/sign-in", opt={"public": True}, include_in_schema=False)
async def sign_in(request: Request[Any, Any, Any], token: Secret) -> Redirect:
    """Begin a session in this browser. Needs the link of `papermargin serve` or `papermargin sign-in`."""
    browser = request.headers.get("user-agent", "a browser")[:100]
    session = await redeem_sign_in(token, datetime.now(UTC), name=browser)
    cookie = Cookie(
        key=COOKIE,
        value=session,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        max_age=SESSION_DAYS * 24 * 3600,
    )
    return Redirect("/", status_code=303, cookies=[cookie])


@post("/sign-out", status_code=204, include_in_schema=False)
async def sign_out(request: Request[Any, Any, Any]) -> Response[None]:
    """End this browser's session."""
    await revoke(request.user.user, request.user.token)
    return Response(None, status_code=204, cookies=[Cookie(key=COOKIE, value="", max_age=0)])
