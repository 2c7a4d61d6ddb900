"""What the operations share: their parameters, who writes and from which version, and errors."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter

from server.accounts.tokens import AuthenticatedUser
from server.database.versioning import Edit, is_applied
from server.errors import Invalid
from server.schema.api import PROBLEM_TYPE, Problem

API = 1
ApiRequest = Request[AuthenticatedUser, None, State]
Key = NamedDependency[str]
Versioned = NamedDependency[Edit]
# Litestar ignores a msgspec.Meta here, so the constraints are in the parameter
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Cursor = Annotated[
    str | None, QueryParameter(max_length=500, description="`next` of the page before")
]
Words = Annotated[
    str,
    QueryParameter(description="a search query", examples=[Example(value="tag:rl -has:note")]),
]
# the framework leaves a minimum of 0 out of the description
_FROM_0 = {"minimum": 0}
Since = Annotated[
    int | None,
    QueryParameter(ge=0, le=2**62, description="the number of a change", schema_extra=_FROM_0),
]
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description='The version this write started from, as "3"; "0": none; *: any',
    ),
]
EditId = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", description="The client's id of this write, a UUID"),
]


async def provide_key(request: ApiRequest) -> str:
    """Return the paper key in the path; an old arXiv id such as `hep-th/9901001` has a slash."""
    path = request.path_params
    return f"{path['archive']}/{path['key']}" if "archive" in path else str(path["key"])


async def provide_edit(
    request: ApiRequest, if_match: IfMatch = None, edit_id: EditId = None
) -> Edit:
    """Read who writes, from which version and under which id, out of the headers.

    Raises `Invalid` if a header is malformed, or if the id was used for another request (which the
    IETF draft on the Idempotency-Key header answers with 422).
    """
    base = if_match.strip().removeprefix("W/").strip('"') if if_match is not None else None
    if base is not None and base != "*" and not re.fullmatch(r"\d{1,9}", base):
        raise Invalid(f'If-Match: {if_match} names no version; write it as "3"')
    try:
        uuid = UUID(edit_id) if edit_id else None
    except ValueError:
        raise Invalid(f"Idempotency-Key: {edit_id} is no UUID") from None
    edit = Edit(
        user=request.user.user,
        at=datetime.now(UTC),
        id=uuid,
        request=await _digest(request) if uuid else None,
        base=int(base) if base is not None and base != "*" else None,
        force=base == "*",
        source=None if _is_typed(request) else "program",
    )
    await is_applied(edit)  # raises here if the id was used for another request
    return edit


def _is_typed(request: ApiRequest) -> bool:
    """Return whether a write is from our pages or the extension; browsers name their origin."""
    return request.user.kind == "session" or "origin" in request.headers


async def _digest(request: ApiRequest) -> str:
    """Return a digest of method, target and body; a repeat with another If-Match is the same.

    Of a JSON body the meaning counts: the order of its fields does not, nor whether a field is null
    or left out.
    """
    target = f"{request.method} {request.scope['path']}\0".encode()
    body = await request.body()
    with suppress(msgspec.DecodeError, RecursionError):
        fields = msgspec.json.decode(body)
        if isinstance(fields, dict):
            given = {name: value for name, value in fields.items() if value is not None}
            body = msgspec.json.encode(given, order="deterministic")
    return blake2b(target + body, digest_size=32).hexdigest()


def versioned(state: Any) -> Response[Any]:
    """Return a state with its version as ETag, which the next write sends back as If-Match."""
    return Response(state, headers={"ETag": f'"{state.version}"'})


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Document that these statuses are answered with problem details."""
    return {
        status: ResponseSpec(
            Problem,
            media_type=PROBLEM_TYPE,
            description=HTTPStatus(status).phrase,
            generate_examples=False,
        )
        for status in statuses
    }


def key_paths(path: str) -> list[str]:
    """Return the two routes of a path with a paper key: today's ids, and old ids with a slash."""
    return [path.format(key="{key:str}"), path.format(key="{archive:str}/{key:str}")]


READING_ERRORS = (400, 401, 403, 404, 422, 500, 503)
WRITING_ERRORS = (400, 401, 403, 404, 412, 413, 422, 428, 500, 503, 507)
