"""Structured logs: one line an event, with the id of the request that it belongs to; never a token, never a text.

Paths are logged without their query, which may hold words that a person looks for or a sign-in secret, and without the
secret in the address of a feed.
"""

import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

import structlog

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger()


def configure_logging(level: str) -> None:
    """Send our own and every library's log lines to standard error: for people on a terminal, as JSON otherwise."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    terminal = sys.stderr.isatty()
    render: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    # libraries log what they do with addresses and values: only what goes wrong is for us
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def loggable(path: str) -> str:
    """Give a path without the secret that the address of a feed holds."""
    return re.sub(r"^/feeds/[^/]+", "/feeds/...", path)


class RequestLog:
    """Gives each request an id, which the answer carries as X-Request-ID, and logs how it went."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, status, begun = uuid4().hex[:12], 0, time.perf_counter()

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request):
            await self.app(scope, receive, send_on)
            took = round((time.perf_counter() - begun) * 1000, 1)
            log.info("request", method=scope["method"], path=loggable(scope["path"]), status=status, ms=took)
