"""Structured logging: one line for each event, with the id of its request; no token and no text.

Paths are logged without their query string, which may hold search words or a sign-in secret, and
without the secret in the address of a feed.
"""

import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

import structlog

from server.config import LogLevel

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger()


def configure_logging(level: LogLevel) -> None:
    """Log to standard error, as readable lines on a terminal and as JSON lines otherwise.

    Level auto is warning on a terminal, where a person wants to see what is wrong and no more, and
    info elsewhere. Libraries log too, but only from level warning on.
    """
    terminal = sys.stderr.isatty()
    if level == "auto":
        level = "warning" if terminal else "info"
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
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
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    # at info, libraries would log addresses and values, which may be private
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def loggable(path: str) -> str:
    """Return a path without the secret in the address of a feed."""
    return re.sub(r"^/feeds/[^/]+", "/feeds/...", path)


class RequestLog:
    """ASGI middleware that gives each request an id, sent as X-Request-ID, and logs its outcome."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; everything but HTTP is passed on as it is."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, status, begun = uuid4().hex[:12], 0, time.perf_counter()

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request):
            await self.app(scope, receive, send_on)
            took = round((time.perf_counter() - begun) * 1000, 1)
            log.info(
                "request",
                method=scope["method"],
                path=loggable(scope["path"]),
                status=status,
                ms=took,
            )
