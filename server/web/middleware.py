"""Access control: host names (against DNS rebinding), origins (against other sites), tokens."""

import ipaddress
import re
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from pathlib import Path

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.middleware import (
    AbstractAuthenticationMiddleware,
    ASGIMiddleware,
    AuthenticationResult,
)
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.accounts.tokens import AuthenticatedUser, identify
from server.config import Config
from server.database.replica import Replica
from server.days import use_zone
from server.errors import Refused

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
]
"""Security headers of every response; a page overrides those that it sets itself."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_EXTENSION = re.compile(r"(?:chrome|moz)-extension://[0-9a-z-]+")
_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[^\s:@/\[\]]+))(?::\d+)?")


class AccessMiddleware(ASGIMiddleware):
    """Refuse requests with a foreign host name, and requests made by another site."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self.names = {"localhost", *(host.lower() for host in hosts)}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Check Host and Origin, then call the next application.

        Raises `Refused` if either is not ours.
        """
        headers = Request(scope).headers
        host = headers.get("host", "").lower()
        if not self._is_ours(host):
            raise Refused(
                f"this server is not {host or 'nameless'}; name it with --hosts if it should be",
                status=403,
            )
        origin = headers.get("origin")
        if origin is not None and not _EXTENSION.fullmatch(origin) and not _is_own(origin, host):
            raise Refused(f"requests from {origin} are not taken", status=403)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # a page has a content security policy of its own, which allows its scripts
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in HEADERS if pair[0] not in own),
                ]
            await send(message)

        await next_app(scope, receive, send_with_headers)

    def _is_ours(self, host: str) -> bool:
        if host in self.names:
            return True
        found = _HOST.fullmatch(host)
        name = (found["ipv6"] or found["name"]) if found else ""
        # DNS rebinding: a site can point its own name at this server, but not an address
        return name in self.names or _is_address(name)


class AllowMiddleware(ASGIMiddleware):
    """Name all methods of a path in the answer to OPTIONS.

    The framework names only those of the handler that was registered first.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Call the next application."""
        if scope.get("method") != "OPTIONS":
            await next_app(scope, receive, send)
            return

        async def send_with_methods(message: Message) -> None:
            if message["type"] == "http.response.start":
                allow = ", ".join(sorted(_methods_of(scope))).encode()
                message["headers"] = [
                    (name, allow if name == b"allow" else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        await next_app(scope, receive, send_with_methods)


def _methods_of(scope: Scope) -> set[str]:
    path = scope["path_template"]
    return {
        method
        for route in scope["litestar_app"].routes
        if isinstance(route, HTTPRoute) and route.path_format == path
        for method in route.methods
    }


def cookie_name(config: Config) -> str:
    """Return the name of the session's cookie, which differs by store.

    A browser sends a host's cookies to all its ports, so that two servers on one machine would
    sign each other's users out.
    """
    return _cookie_name(config.store_name if config.database_url else config.db)


@cache
def _cookie_name(store: str | Path) -> str:
    name = store if isinstance(store, str) else str(store.resolve())
    return f"papermargin-{blake2b(name.encode(), digest_size=8).hexdigest()}"


def has_own_origin(connection: ASGIConnection) -> bool:  # type: ignore[type-arg]
    """Return whether a page of our own made a request, as its Origin says."""
    host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
    return bool(origin and _is_own(origin, host.lower()))


class Authentication(AbstractAuthenticationMiddleware):
    """Identify the user by a bearer token or by the session cookie of the pages."""

    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:  # type: ignore[type-arg]
        """Return the user of a request. Raises `Refused` if it has no valid token.

        A route's `opt` names the scope that the token must have.
        """
        identity = await _identify(connection)
        scope = connection.route_handler.opt.get("scope")
        if scope not in identity.scopes:
            raise Refused(f"this token may not do this; it lacks the scope “{scope}”", status=403)
        use_zone(identity.zone)
        connection.app.state.last_uses.note(identity, datetime.now(UTC))
        return AuthenticationResult(user=identity, auth=None)


class ReplicaMiddleware(ASGIMiddleware):
    """Let the requests whose route says so read from a replica of the database, if there is one."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Call the next application."""
        if not scope["route_handler"].opt.get("replica"):
            await next_app(scope, receive, send)
            return
        async with reading(scope["litestar_app"], scope["user"].user):
            await next_app(scope, receive, send)


def reading(app: Litestar, user: int) -> AbstractAsyncContextManager[None]:
    """Let the reads for a user within the block go to the replica, if there is one."""
    replica: Replica | None = app.state.replica
    return replica.reading(user) if replica else nullcontext()


async def _identify(connection: ASGIConnection) -> AuthenticatedUser:  # type: ignore[type-arg]
    now = datetime.now(UTC)
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        identity = await identify(secret.strip(), ("device",), now)
        origin = connection.headers.get("origin")
        # a token that another extension got hold of is of no use to it
        if identity.origin and origin and origin != identity.origin:
            raise Refused("this token was given to another extension", status=403)
        return identity
    if cookie := connection.cookies.get(cookie_name(connection.app.state.config)):
        # the cookie is SameSite=Strict; as a second defence, a write needs our own Origin
        if connection.scope.get("method") not in SAFE_METHODS and not has_own_origin(connection):
            raise Refused("a change needs the Origin of our own pages", status=403)
        return await identify(cookie, ("session",), now)
    raise Refused(
        "sign in first: papermargin sign-in prints a link, "
        "papermargin pair a code for the extension"
    )


def _is_own(origin: str, host: str) -> bool:
    return origin.lower() in (f"http://{host}", f"https://{host}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
