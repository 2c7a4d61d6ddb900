"""Build the application: routes, middleware, background tasks, and the answers to errors."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import structlog
from litestar import Litestar, Request, Response, Router, get
from litestar.exceptions import HTTPException, ValidationException
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from server.accounts.pairing_limit import PairingLimit
from server.accounts.tokens import LastUses
from server.accounts.users import get_user
from server.config import Config
from server.database.change_feed import ChangeFeed
from server.database.failures import explain
from server.database.notifications import CHANGES, PAPERS, keep_listening
from server.errors import PapermarginError, StoreError
from server.extraction.worker_client import Extractor
from server.imports.thumbnails import Thumbnails
from server.logs import loggable
from server.maintenance.kept_backups import keep_backing_up
from server.maintenance.rescue import watch_file
from server.maintenance.restoration import Restorations
from server.schema.api import PROBLEM_TYPE, Problem
from server.web.api.access import health
from server.web.api.routes import api
from server.web.assistant import Assistants, serve_assistant
from server.web.docs import ApiReference, docs
from server.web.feeds import feeds
from server.web.middleware import AccessMiddleware, AllowMiddleware, Authentication
from server.web.pages.layout import render_problem, wants_page
from server.web.pages.routes import pages
from server.web.signin import show_sign_in, sign_in, sign_out
from server.zotero.schedule import ZoteroSyncs

MAX_BODY = 10_000_000

log = structlog.get_logger()

Background = Callable[[Litestar], Any]


def create_app(config: Config, *, background: tuple[Background, ...] = ()) -> Litestar:
    """Build the server of the open store.

    `background` holds functions that take the application and return a coroutine to run beside it;
    these are cancelled when the server stops.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        await get_user(config.user, datetime.now(UTC), create=True)
        app.state.config = config
        feed = app.state.feed = ChangeFeed()
        extractor = app.state.extractor = Extractor(
            config.model_choice, feed.poke, enabled=config.extract
        )
        app.state.assistants = Assistants()
        app.state.zotero = ZoteroSyncs(config)
        thumbnails = app.state.thumbnails = Thumbnails(
            config.thumbnails_folder, config.thumbnails_url, enabled=config.thumbnails
        )
        app.state.pairing_limit = PairingLimit()

        def look_again() -> None:
            feed.poke()
            extractor.wake()

        restorations = app.state.restorations = Restorations(config, look_again)
        last_uses = app.state.last_uses = LastUses()
        work = [feed.run(), last_uses.keep_saving(), *(begin(app) for begin in background)]
        if config.database_url:
            heard = {CHANGES: feed.poke, PAPERS: extractor.wake}
            work.append(keep_listening(heard, feed.be_told))
        else:
            work.append(watch_file(config.db))
        if any(config.keep_backups):
            work.append(keep_backing_up(config))
        tasks = [
            asyncio.create_task(job)
            for job in (*work, *([extractor.run(config.model)] if config.extract else []))
        ]
        try:
            yield
        finally:
            # before the tasks end: open event streams would keep the server from stopping
            feed.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await restorations.close()
            await thumbnails.close()
            await extractor.close()
            # when the last use of a token was is worth no failed shutdown
            with suppress(StoreError):
                await last_uses.save()

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
        ],
        after_response=wake_background,
        exception_handlers={
            PapermarginError: answer_error,
            HTTPException: answer_http_error,
            RecursionError: answer_deep_nesting,
            Exception: answer_failure,
        },
        request_max_body_size=MAX_BODY,
        openapi_config=OpenAPIConfig(
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
        ),
        logging_config=None,
        debug=False,
    )


_PLAIN = {404: "there is nothing at this address", 405: "this address takes other methods"}
"""What the framework tells by the status alone."""


def answer_error(request: Request[Any, Any, Any], error: PapermarginError) -> Response[Any]:
    """Answer an error of our own tree with its status, title and message."""
    response = _problem(request, error.status, error.title, str(error), **error.extra)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def answer_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework rejects: unknown paths, wrong methods, input of the wrong shape."""
    errors = (
        error.extra
        if isinstance(error, ValidationException) and isinstance(error.extra, list)
        else None
    )
    title = HTTPStatus(error.status_code).phrase
    detail = _describe(errors) if errors else error.detail
    if not detail or detail == title:
        detail = _PLAIN.get(error.status_code, title)
    response = _problem(request, error.status_code, title, detail, errors=errors)
    response.headers.update(
        {k: v for k, v in (error.headers or {}).items() if k.lower() != "content-type"}
    )
    return response


def _describe(errors: list[dict[str, Any]]) -> str:
    """Say which parts of a request are wrong and why, in place of the framework's sentence."""
    parts = [" ".join(filter(None, (error.get("source"), error.get("key")))) for error in errors]
    messages = [str(error.get("message", "not usable")) for error in errors]
    return "; ".join(
        f"{part}: {message}" if part else message
        for part, message in zip(parts, messages, strict=True)
    )


def answer_deep_nesting(request: Request[Any, Any, Any], error: RecursionError) -> Response[Any]:
    """Answer a JSON body that is nested too deeply to decode."""
    return _problem(request, 400, "Bad Request", "this is nested too deeply")


def answer_failure(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a lock, a full disk and the like with its reason; log any other exception."""
    if reason := explain(error):
        log.warning("the store failed", path=loggable(request.url.path), error=repr(error))
        return answer_error(request, reason)
    log.error("request failed", path=loggable(request.url.path), exc_info=error)
    return _problem(
        request, 500, "Something went wrong", "the server's log tells more, under this request's id"
    )


def _problem(
    request: Request[Any, Any, Any], status: int, title: str, detail: str, **members: Any
) -> Response[Any]:
    if wants_page(request):
        return render_problem(request, status, title, detail)
    problem = Problem(type="about:blank", title=title, status=status, detail=detail, **members)
    return Response(problem, status_code=status, media_type=PROBLEM_TYPE)
