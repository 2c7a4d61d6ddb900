"""The answers to errors: problem details (RFC 9457) for programs, a page for people."""

from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from server.database.failures import explain
from server.errors import PapermarginError
from server.logs import loggable
from server.schema.api import PROBLEM_TYPE, Problem
from server.web.pages.layout import render_problem, wants_page

log = structlog.get_logger()

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
