"""Puts the house together: the store, the worker, the feed of changes, the API, its security and its errors."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import structlog
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException, ValidationException
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from server.auth import Authentication, Boundary
from server.changes import Feed
from server.config import Config
from server.docs import DocsPage
from server.errors import PapermarginError
from server.extraction import Extractor
from server.logs import loggable
from server.pages.shell import say, wants_page
from server.pages.table import pages
from server.routes import api, health
from server.signin import sign_in, sign_out
from server.syndication import feeds
from server.tokens import get_user
from server.wire import PROBLEM_TYPE, Problem

MAX_BODY = 10_000_000

log = structlog.get_logger()

Background = Callable[[Litestar], Any]


def create_app(config: Config, *, background: tuple[Background, ...] = ()) -> Litestar:
    """Give the server of the store that is open; `background` are coroutines to run beside it, ended with it."""

    @asynccontextmanager
    async def house(app: Litestar) -> AsyncIterator[None]:
        await get_user(config.user, datetime.now(UTC), create=True)
        app.state.config = config
        feed = app.state.feed = Feed()
        extractor = app.state.extractor = Extractor(config.model_choice, feed.poke, enabled=config.extract)
        work = [feed.run(), *(begin(app) for begin in background)]
        tasks = [asyncio.create_task(job) for job in (*work, *([extractor.run()] if config.extract else []))]
        try:
            yield
        finally:
            feed.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await extractor.close()

    async def tell(request: Request[Any, Any, Any]) -> None:
        if request.method not in ("GET", "HEAD"):
            request.app.state.feed.poke()
            request.app.state.extractor.wake()

    return Litestar(
        route_handlers=[
            get("/health", opt={"public": True})(health),
            sign_in,
            sign_out,
            feeds,
            api,
            pages,
        ],
        lifespan=[house],
        middleware=[
            Boundary(config.hosts),
            DefineMiddleware(Authentication, exclude_from_auth_key="public"),
        ],
        after_response=tell,
        exception_handlers={
            PapermarginError: refuse,
            HTTPException: refuse_http,
            RecursionError: refuse_depth,
            Exception: fail,
        },
        request_max_body_size=MAX_BODY,
        openapi_config=OpenAPIConfig(
            title="Papermargin",
            version=version("papermargin"),
            path="/docs",
            description="One's own margin beside the Daily Papers. Errors are problem details (RFC 9457).",
            use_handler_docstrings=True,
            render_plugins=[DocsPage(path="/"), JsonRenderPlugin()],
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
        ),
        logging_config=None,
        debug=False,
    )


def refuse(request: Request[Any, Any, Any], error: PapermarginError) -> Response[Any]:
    """Answer a failure that we understand."""
    return _problem(request, error.status, error.title, str(error), **error.extra)


def refuse_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework refuses: unknown paths, wrong methods, input of the wrong shape."""
    errors = error.extra if isinstance(error, ValidationException) and isinstance(error.extra, list) else None
    title = HTTPStatus(error.status_code).phrase
    response = _problem(request, error.status_code, title, error.detail or title, errors=errors)
    response.headers.update({k: v for k, v in (error.headers or {}).items() if k.lower() != "content-type"})
    return response


def refuse_depth(request: Request[Any, Any, Any], error: RecursionError) -> Response[Any]:
    """Answer a body of brackets in brackets, which only their number makes unreadable."""
    return _problem(request, 400, "Bad Request", "this is nested too deeply")


def fail(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a failure that we do not understand, and log it."""
    log.error("request failed", path=loggable(request.url.path), exc_info=error)
    return _problem(request, 500, "Something went wrong", "the server's log tells more, under this request's id")


def _problem(request: Request[Any, Any, Any], status: int, title: str, detail: str, **members: Any) -> Response[Any]:
    if wants_page(request):
        return say(request, status, title, detail)
    problem = Problem(type="about:blank", title=title, status=status, detail=detail, **members)
    return Response(problem, status_code=status, media_type=PROBLEM_TYPE)
