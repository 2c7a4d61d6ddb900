"""Who may ask: hosts against DNS rebinding, origins against other sites, and a token on everything else."""

import ipaddress
import re
from datetime import UTC, datetime

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, ASGIMiddleware, AuthenticationResult
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import Refused
from server.tokens import Identity, identify

COOKIE = "papermargin"
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
]
"""What goes with every answer: nobody guesses its type, frames it, runs a script in it or hears its address."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_EXTENSION = re.compile(r"(?:chrome|moz)-extension://[0-9a-z-]+")
_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[^\s:@/\[\]]+))(?::\d+)?")


class Boundary(ASGIMiddleware):
    """Refuses requests that reach the server under a name that is not its own, or that another site makes."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self.names = {"localhost", *(host.lower() for host in hosts)}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Check Host and Origin, then go on. Raises `Refused`."""
        headers = Request(scope).headers
        host = headers.get("host", "").lower()
        if not self._is_ours(host):
            raise Refused(f"this server is not {host or 'nameless'}; name it with --hosts if it should be", status=403)
        origin = headers.get("origin")
        if origin is not None and not _EXTENSION.fullmatch(origin) and not _is_own(origin, host):
            raise Refused(f"requests from {origin} are not taken", status=403)

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                # a page says itself what it may load
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in HEADERS if pair[0] not in own)]
            await send(message)

        await next_app(scope, receive, send_on)

    def _is_ours(self, host: str) -> bool:
        if host in self.names:
            return True
        found = _HOST.fullmatch(host)
        name = (found["ipv6"] or found["name"]) if found else ""
        # a page can make a name of its own point here, but not an address
        return name in self.names or _is_address(name)


class Authentication(AbstractAuthenticationMiddleware):
    """Finds out who asks, by a bearer token or the pages' session cookie."""

    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:  # type: ignore[type-arg]
        """Give the identity of a request. Raises `Refused`."""
        identity = await _identify(connection)
        return AuthenticationResult(user=identity, auth=None)


async def _identify(connection: ASGIConnection) -> Identity:  # type: ignore[type-arg]
    now = datetime.now(UTC)
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        identity = await identify(secret.strip(), ("device",), now)
        origin = connection.headers.get("origin")
        if identity.origin and origin and origin != identity.origin:
            raise Refused("this token was given to another extension", status=403)
        return identity
    if cookie := connection.cookies.get(COOKIE):
        # the cookie is SameSite=Strict, and beyond that a change must say that it comes from our own pages
        host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
        if connection.scope.get("method") not in SAFE_METHODS and not (origin and _is_own(origin, host.lower())):
            raise Refused("a change needs the Origin of our own pages", status=403)
        return await identify(cookie, ("session",), now)
    raise Refused("sign in first: papermargin sign-in prints a link, papermargin pair a code for the extension")


def _is_own(origin: str, host: str) -> bool:
    return origin.lower() in (f"http://{host}", f"https://{host}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
