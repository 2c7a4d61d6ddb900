"""Sign in with a one-time link, as Jupyter does, and sign out."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect
from msgspec import Meta, Struct

from server.accounts.tokens import SESSION_DAYS, find_sign_in, redeem_sign_in, revoke
from server.errors import Refused
from server.web.middleware import cookie_name, has_own_origin
from server.web.pages.layout import render

MAX_SECRET = 200

Secret = Annotated[
    str, QueryParameter(name="token", max_length=MAX_SECRET, description="the link's secret")
]


class SignInForm(Struct):
    """The secret of the link that is confirmed."""

    token: Annotated[str, Meta(max_length=MAX_SECRET)]


@get("/sign-in", opt={"public": True}, include_in_schema=False)
async def show_sign_in(request: Request[Any, Any, Any], token: Secret) -> Response[str]:
    """Ask whether to sign in by the link that `papermargin sign-in` prints.

    This uses nothing up, since mail scanners and previews open links too, and signs nobody in,
    since another site could lead here with a link of its own.
    """
    name = await find_sign_in(token, datetime.now(UTC))
    return render(request, "confirm-sign-in.html", name=name, token=token)


@post("/sign-in", opt={"public": True}, include_in_schema=False)
async def sign_in(
    request: Request[Any, Any, Any],
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Start a session in this browser. Raises `Refused` unless our own page asks for it."""
    if not has_own_origin(request):
        raise Refused("open the sign-in link and confirm it there", status=403)
    browser = request.headers.get("user-agent", "a browser")[:100]
    session = await redeem_sign_in(data.token, datetime.now(UTC), name=browser)
    cookie = Cookie(
        key=cookie_name(request.app.state.config),
        value=session,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        max_age=SESSION_DAYS * 24 * 3600,
    )
    return Redirect("/", status_code=303, cookies=[cookie])


@post("/sign-out", opt={"scope": "read"}, status_code=204, include_in_schema=False)
async def sign_out(request: Request[Any, Any, Any]) -> Response[None]:
    """End this browser's session."""
    await revoke(request.user.user, request.user.token)
    cookie = Cookie(key=cookie_name(request.app.state.config), value="", max_age=0)
    return Response(None, status_code=204, cookies=[cookie])
