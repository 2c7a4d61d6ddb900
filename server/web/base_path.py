"""Serve the pages and the API under a path, which a reverse proxy names in `X-Forwarded-Prefix`.

The proxy strips the path from a request, as `server/deploy/nginx-path.conf` does, so that all
routes stay as they are. What an answer refers to gets the path back here: links and forms of pages,
redirects and cookies.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_BASE_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[\w.~-]+)+", re.ASCII)
# attributes of our templates that hold an address; text and values have their quotes escaped
_ADDRESS = re.compile(
    rb'(\s(?:href|src|action|hx-(?:get|post)|data-(?:import|suggestions))="'
    rb'|\scontent="0; url=)/(?!/)'
)
_COOKIE_PATH = re.compile(rb"(?<=[; ]Path=)/(?=;|$)", re.IGNORECASE)
_REDIRECTS = (b"location", b"hx-redirect")


class BasePath:
    """ASGI middleware that serves an application under the path of `X-Forwarded-Prefix`.

    Anyone may send the header, which changes the answer to themselves alone.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; one without the header is passed on as it is."""
        base = _base_path(scope) if scope["type"] == "http" else ""
        if not base:
            await self.app(scope, receive, send)
            return
        moved = {**scope, "root_path": base, "path": base + scope["path"]}
        await self.app(moved, receive, _Mover(base.encode(), send))


class _Mover:
    """Sends the messages of a response with the base path added to what they refer to."""

    def __init__(self, base: bytes, send: Send) -> None:
        self._base = base
        self._send = send
        self._held: Message | None = None  # the start of a page, whose length changes
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._held is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(message)

    async def _begin(self, start: Message) -> None:
        headers = [(name, self._header(name.lower(), value)) for name, value in start["headers"]]
        start = {**start, "headers": headers}
        if any(n.lower() == b"content-type" and v.startswith(b"text/html") for n, v in headers):
            self._held = start
        else:
            await self._send(start)

    async def _send_page(self, end: Message) -> None:
        assert self._held is not None  # a page's start is held until its end
        page = _ADDRESS.sub(rb"\g<1>" + self._base + b"/", self._body)
        headers = [
            (name, b"%d" % len(page) if name.lower() == b"content-length" and page else value)
            for name, value in self._held["headers"]
        ]
        await self._send({**self._held, "headers": headers})
        await self._send({**end, "body": page})

    def _header(self, name: bytes, value: bytes) -> bytes:
        if name in _REDIRECTS and value.startswith(b"/"):
            return self._base + value
        return _COOKIE_PATH.sub(self._base, value) if name == b"set-cookie" else value


def _base_path(scope: Scope) -> str:
    """Return the path under which a request reached the proxy, empty where there is none."""
    named = dict(scope["headers"]).get(b"x-forwarded-prefix", b"").decode("latin-1").rstrip("/")
    return named if _BASE_PATH.fullmatch(named) else ""
