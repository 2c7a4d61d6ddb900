"""Build the application: routes, middleware, background work, and the answers to errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Request, Router, get
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from server.config import Config
from server.errors import PapermarginError
from server.web.api.access import health
from server.web.api.routes import api
from server.web.assistant import serve_assistant
from server.web.background import Background, running
from server.web.docs import ApiReference, docs
from server.web.feeds import feeds
from server.web.middleware import (
    AccessMiddleware,
    AllowMiddleware,
    Authentication,
    ReplicaMiddleware,
)
from server.web.pages.routes import pages
from server.web.problems import (
    answer_deep_nesting,
    answer_error,
    answer_failure,
    answer_http_error,
)
from server.web.signin import show_sign_in, sign_in, sign_out

MAX_BODY = 10_000_000


def create_app(config: Config, *, background: tuple[Background, ...] = ()) -> Litestar:
    """Build the server of the open store.

    `background` holds functions that take the application and return a coroutine to run beside it;
    these are cancelled when the server stops, and begun again after an error.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with running(app, config, background):
            yield

    async def wake_background(request: Request[Any, Any, Any]) -> None:
        if request.method not in ("GET", "HEAD"):
            request.app.state.feed.poke()
            request.app.state.extractor.wake()

    return Litestar(
        route_handlers=[
            get("/health", opt={"public": True}, security=[{}])(health),
            show_sign_in,
            sign_in,
            sign_out,
            feeds,
            docs,
            api,
            serve_assistant,
            pages,
        ],
        lifespan=[lifespan],
        middleware=[
            AccessMiddleware(config.hosts),
            AllowMiddleware(),
            DefineMiddleware(Authentication, exclude_from_auth_key="public"),
            ReplicaMiddleware(),
        ],
        after_response=wake_background,
        exception_handlers={
            PapermarginError: answer_error,
            HTTPException: answer_http_error,
            RecursionError: answer_deep_nesting,
            Exception: answer_failure,
        },
        request_max_body_size=MAX_BODY,
        openapi_config=_openapi(),
        logging_config=None,
        debug=False,
    )


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Papermargin",
        version=version("papermargin"),
        openapi_router=Router(
            "/docs/api", route_handlers=[], include_in_schema=False, opt={"scope": "read"}
        ),
        description=(
            "Your own margin beside the Daily Papers. Errors are problem details (RFC 9457)."
        ),
        use_handler_docstrings=True,
        render_plugins=[ApiReference(path="/")],
        components=Components(
            security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}
        ),
        security=[{"token": []}],
    )
