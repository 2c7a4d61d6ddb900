"""The API: every URL in one table at the end, and the few lines behind each."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any, Literal
from uuid import UUID

import litestar
import msgspec
from litestar import Request, Response, Router
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, PathParameter, QueryParameter, RawBody
from litestar.response import ServerSentEvent, ServerSentEventMessage, Stream

from nlp.spans import Label
from server import library, searches, tags, terms, tokens, trash
from server.archive.packing import export_archive
from server.changes import changes_since, newest_change
from server.edits import Edit
from server.errors import Invalid
from server.glossary import list_own_terms, list_terms, read_term
from server.margin import list_notes, list_tags, read_entry, read_note, read_revisions, read_tag, read_trash
from server.matches import list_names, list_searches, read_search
from server.overlay import overlay
from server.papers import list_papers, read_paper, read_papers, suggest
from server.query import parse_query
from server.syndication import list_addresses
from server.tokens import Identity
from server.wire import (
    PROBLEM_TYPE,
    ChangeList,
    CorrectionEdit,
    CorrectionState,
    Device,
    EntryEdit,
    EntryState,
    FeedAddress,
    FileReport,
    FoundSearch,
    Health,
    Me,
    NoteEdit,
    NoteList,
    NoteState,
    OverlayReply,
    OverlayRequest,
    PairingCode,
    PairReply,
    PairRequest,
    PaperList,
    PaperPage,
    Problem,
    Restore,
    RevisionState,
    SearchEdit,
    SearchState,
    SeenEdit,
    SeenReply,
    Sort,
    StyleName,
    Suggestion,
    TagEdit,
    TagMerge,
    TagState,
    TermEdit,
    TermList,
    TermPage,
    TermSort,
    TermState,
    Trash,
    TrashReply,
)

API = 1
MAX_IMPORT = 256_000_000  # bytes
OVERLAY_SECONDS = 0.3  # how long a page's request waits for papers that were never read

ExportFormat = Literal["json", "markdown", "bibtex", "ris", "csl", "csv", "jsonl", "html", "webannotation"]
Asking = Request[Identity, None, State]
Key = NamedDependency[str]
Versioned = NamedDependency[Edit]
# constraints stand in the parameter: those of a msgspec.Meta are not looked at there
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=500, description="`next` of the page before")]
Words = Annotated[str, QueryParameter(description="what to look for", examples=[Example(value="tag:rl -has:note")])]
Since = Annotated[int | None, QueryParameter(ge=0, le=2**62, description="the number of a change")]
IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description='The version this write started from, as "3"; "0": none; *: any'),
]
EditId = Annotated[
    str | None, HeaderParameter(name="Idempotency-Key", description="The client's id of this write, a UUID")
]


async def provide_key(request: Asking) -> str:
    """Give the paper key of the path; an old arXiv id brings a slash along."""
    path = request.path_params
    return f"{path['archive']}/{path['key']}" if "archive" in path else str(path["key"])


async def provide_edit(request: Asking, if_match: IfMatch = None, edit_id: EditId = None) -> Edit:
    """Give the frame of a write out of its headers. Raises `Invalid`."""
    base = if_match.strip().removeprefix("W/").strip('"') if if_match is not None else None
    if base is not None and base != "*" and not re.fullmatch(r"\d{1,9}", base):
        raise Invalid(f'If-Match: {if_match} names no version; write it as "3"')
    try:
        uuid = UUID(edit_id) if edit_id else None
    except ValueError:
        raise Invalid(f"Idempotency-Key: {edit_id} is no UUID") from None
    return Edit(
        user=request.user.user,
        at=datetime.now(UTC),
        id=uuid,
        base=int(base) if base is not None and base != "*" else None,
        force=base == "*",
    )


async def health() -> Health:
    """Tell that the server is up. Needs no token."""
    return Health(status="ok", name="papermargin", version=version("papermargin"), api=API)


async def pair(request: Asking, data: JSONBody[PairRequest]) -> PairReply:
    """Turn a pairing code into a token. Needs no token."""
    origin = request.headers.get("origin")
    token, user = await tokens.redeem_code(data.code, data.name, origin, datetime.now(UTC))
    return PairReply(token=token, user=user, server=version("papermargin"))


async def me(request: Asking) -> Me:
    """Tell who asks: the test of a connection."""
    who = request.user
    server = version("papermargin")
    return Me(user=who.name, device=who.device, server=server, api=API, change=await newest_change())


async def post_overlay(request: Asking, data: JSONBody[OverlayRequest]) -> OverlayReply:
    """Give what stands beside each paper of a page; unknown papers are made, and read at once if that is quick."""
    reply, pending = await overlay(data, request.user.user, datetime.now(UTC))
    if pending and await request.app.state.extractor.read_now(pending, OVERLAY_SECONDS):
        reply, _ = await overlay(data, request.user.user, datetime.now(UTC))
    return reply


async def get_papers(
    request: Asking,
    q: Words = "",
    sort: FromQuery[Sort | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    everything: Annotated[bool, QueryParameter(name="all", description="the whole store, not the list alone")] = False,
    facets: FromQuery[bool] = False,
) -> PaperList:
    """Give the reading list, or what a query finds."""
    return await list_papers(
        request.user.user, q, sort=sort, cursor=cursor, limit=limit, everything=everything, facets=facets
    )


async def get_paper(request: Asking, paper_key: Key) -> PaperPage:
    """Give everything on a paper."""
    return await read_paper(paper_key, request.user.user)


async def get_entry(request: Asking, paper_key: Key) -> Response[EntryState]:
    """Give one's entry on a paper."""
    return _versioned(await read_entry(paper_key, request.user.user))


async def put_entry(paper_key: Key, edit: Versioned, data: JSONBody[EntryEdit]) -> Response[EntryState]:
    """Set status, rating or tags."""
    return _versioned(await library.put_entry(edit, paper_key, data))


async def delete_entry(paper_key: Key, edit: Versioned) -> Response[EntryState]:
    """Move an entry to the trash."""
    return _versioned(await library.delete_entry(edit, paper_key))


async def put_correction(
    paper_key: Key, uuid: FromPath[UUID], edit: Versioned, data: JSONBody[CorrectionEdit]
) -> Response[CorrectionState]:
    """Keep a verdict on a mention."""
    return _versioned(await library.put_correction(edit, paper_key, uuid, data))


async def delete_correction(paper_key: Key, uuid: FromPath[UUID], edit: Versioned) -> Response[CorrectionState]:
    """Move a correction to the trash."""
    return _versioned(await library.delete_correction(edit, uuid))


async def get_notes(
    request: Asking, q: Annotated[str, QueryParameter(max_length=500)] = "", cursor: Cursor = None, limit: Limit = 50
) -> NoteList:
    """Give one's notes, the last written first; `q` holds words that they must have."""
    return await list_notes(request.user.user, q, cursor, limit)


async def get_note(request: Asking, uuid: FromPath[UUID]) -> Response[NoteState]:
    """Give a note."""
    return _versioned(await read_note(uuid, request.user.user))


async def put_note(uuid: FromPath[UUID], edit: Versioned, data: JSONBody[NoteEdit]) -> Response[NoteState]:
    """Write a note."""
    return _versioned(await library.put_note(edit, uuid, data))


async def delete_note(uuid: FromPath[UUID], edit: Versioned) -> Response[NoteState]:
    """Move a note to the trash."""
    return _versioned(await library.delete_note(edit, uuid))


async def get_revisions(request: Asking, uuid: FromPath[UUID]) -> list[RevisionState]:
    """Give a note's earlier texts."""
    return await read_revisions(uuid, request.user.user)


async def get_tags(request: Asking) -> list[TagState]:
    """Give one's tags."""
    return await list_tags(request.user.user)


async def get_tag(request: Asking, name: FromPath[str]) -> Response[TagState]:
    """Give a tag."""
    return _versioned(await read_tag(name.lstrip("/"), request.user.user))


async def put_tag(name: FromPath[str], edit: Versioned, data: JSONBody[TagEdit]) -> Response[TagState]:
    """Make, rename or colour a tag."""
    return _versioned(await tags.put_tag(edit, name.lstrip("/"), data))


async def delete_tag(name: FromPath[str], edit: Versioned) -> Response[TagState]:
    """Take a tag off everything and move it to the trash."""
    return _versioned(await tags.delete_tag(edit, name.lstrip("/")))


async def merge_tags(edit: Versioned, data: JSONBody[TagMerge]) -> Response[TagState]:
    """Make several tags one."""
    return _versioned(await tags.merge_tags(edit, data))


async def get_terms(
    request: Asking,
    label: FromQuery[Label],
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    sort: FromQuery[TermSort] = "own",
    after: Annotated[int, QueryParameter(ge=0, lt=2**31, description="`next` of the page before")] = 0,
    limit: Limit = 100,
) -> TermList:
    """Give the terms of a label as one has them, and how many papers mention each."""
    return await list_terms(request.user.user, label, q, sort=sort, after=after, limit=limit)


async def get_term(request: Asking, label: FromPath[str], name: FromPath[str]) -> Response[TermPage]:
    """Give everything on a term: what one made of it, where it came first and last, how often in each month."""
    page = await read_term(label, name.lstrip("/"), request.user.user)
    return Response(page, headers={"ETag": f'"{page.state.version}"'})


async def put_term(
    label: FromPath[str], name: FromPath[str], edit: Versioned, data: JSONBody[TermEdit]
) -> Response[TermState]:
    """Rename a term, put it into another one or hide it, for oneself alone."""
    return _versioned(await terms.put_term(edit, label, name.lstrip("/"), data))


async def forget_term(label: FromPath[str], name: FromPath[str], edit: Versioned) -> Response[TermState]:
    """Give a term back as the pipeline found it."""
    return _versioned(await terms.forget_term(edit, label, name.lstrip("/")))


async def get_own_terms(request: Asking) -> list[TermState]:
    """Give all that one made of terms, the last changed first."""
    return await list_own_terms(request.user.user)


async def get_searches(request: Asking) -> list[FoundSearch]:
    """Give one's saved searches, and how many papers each finds."""
    return await list_searches(request.user.user, datetime.now(UTC))


async def get_search(request: Asking, name: FromPath[str]) -> Response[FoundSearch]:
    """Give a saved search, and how many papers it finds."""
    return _versioned(await read_search(name.lstrip("/"), request.user.user, datetime.now(UTC)))


async def put_search(name: FromPath[str], edit: Versioned, data: JSONBody[SearchEdit]) -> Response[SearchState]:
    """Save, change or rename a search."""
    return _versioned(await searches.put_search(edit, name.lstrip("/"), data))


async def delete_search(name: FromPath[str], edit: Versioned) -> Response[SearchState]:
    """Move a saved search to the trash."""
    return _versioned(await searches.delete_search(edit, name.lstrip("/")))


async def put_seen(edit: Versioned, data: JSONBody[SeenEdit]) -> SeenReply:
    """Mark papers as looked through, or as not."""
    return SeenReply(changed=await library.set_seen(edit, data))


async def get_changes(
    request: Asking,
    since: Since = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
) -> ChangeList:
    """Give what changed after number `since`; without it, only the number of the newest change."""
    if since is None:
        return ChangeList(changes=[], last=await newest_change(), more=False)
    return await changes_since(request.user.user, since, limit)


async def get_events(request: Asking, since: Since = None) -> ServerSentEvent:
    """Stream changes as they come: `hello` first, then a `change` each."""
    resumed = request.headers.get("last-event-id", "")
    start = int(resumed) if resumed.isdecimal() and len(resumed) < 19 else since
    start = await newest_change() if start is None else start
    return ServerSentEvent(_events(request, start))


async def _events(request: Asking, start: int) -> AsyncIterator[ServerSentEventMessage]:
    yield ServerSentEventMessage(event="hello", data=msgspec.json.encode({"last": start}))
    async for change in request.app.state.feed.listen(request.user.user, start):
        if change is None:
            yield ServerSentEventMessage(comment="still here", data=None)
        else:
            yield ServerSentEventMessage(event="change", id=change.id, data=msgspec.json.encode(change))


async def get_suggestions(
    request: Asking, prefix: Annotated[str, QueryParameter(max_length=200)], limit: Limit = 10
) -> list[Suggestion]:
    """Give ways to complete a prefix: tags and terms."""
    return await suggest(request.user.user, prefix, limit)


async def get_trash(request: Asking) -> Trash:
    """Give what can be restored."""
    return await read_trash(request.user.user)


async def restore(edit: Versioned, data: JSONBody[Restore]) -> Response[trash.Restored]:
    """Bring something back from the trash."""
    return _versioned(await trash.restore(edit, data))


async def empty_trash(edit: Versioned) -> TrashReply:
    """Delete for good what lies in the trash."""
    return TrashReply(deleted=await trash.empty_trash(edit))


async def get_export(
    request: Asking,
    form: Annotated[ExportFormat, QueryParameter(name="format")],
    q: FromQuery[str] = "",
    style: Annotated[StyleName, QueryParameter(description="how Markdown files are written")] = "obsidian",
) -> Stream:
    """Give all of one's own as JSON, or the list, or what a query finds of it, in a format of others."""
    user = request.user.user
    parse_query(q)  # a wrong query must be told before the first byte is
    if form == "json":
        return _download(export_archive(user, datetime.now(UTC)), "application/json", "json")
    # what the formats need would slow down every start
    from server.export.formats import FORMATS  # noqa: PLC0415
    from server.export.layout import default_layout  # noqa: PLC0415
    from server.export.zipping import render_zip  # noqa: PLC0415

    if form == "markdown":
        return _download(render_zip(read_papers(user, q), default_layout(style)), "application/zip", "zip")
    return _download(FORMATS[form].render(read_papers(user, q)), FORMATS[form].media_type, FORMATS[form].ending)


async def post_import(
    request: Asking,
    body: RawBody,
    name: Annotated[str, QueryParameter(max_length=255)] = "upload",
    add: Annotated[bool, QueryParameter(description="put its papers in the list")] = False,
    preview: Annotated[bool, QueryParameter(description="only tell what would come in")] = False,
) -> FileReport:
    """Take in a file: whatever `papermargin import` takes. What is wrong with it is in the reply's `error`."""
    from server.intake import import_data  # noqa: PLC0415 - as above

    return await import_data(body, name, request.user.user, datetime.now(UTC), add=add, preview=preview)


async def get_devices(request: Asking) -> list[Device]:
    """Give one's paired devices and signed-in browsers."""
    return await tokens.list_devices(request.user)


async def revoke_device(request: Asking, device: Annotated[int, PathParameter(ge=1, lt=2**31)]) -> None:
    """Revoke a device's token."""
    await tokens.revoke(request.user.user, device)


async def new_code(request: Asking) -> PairingCode:
    """Make a pairing code for another device."""
    return PairingCode(
        code=await tokens.issue_code(request.user.user, datetime.now(UTC)), minutes=tokens.PAIRING_MINUTES
    )


async def renew_feed_address(request: Asking) -> FeedAddress:
    """Make the address of one's feeds; the one before is void from now on."""
    user, now = request.user.user, datetime.now(UTC)
    secret = await tokens.renew_feeds(user, now)
    return list_addresses(str(request.base_url), secret, await list_names(user))


def _download(content: AsyncIterator[bytes], kind: str, ending: str) -> Stream:
    headers = {"content-disposition": f'attachment; filename="papermargin.{ending}"'}
    return Stream(content, media_type=kind, headers=headers)


def _versioned(state: Any) -> Response[Any]:
    return Response(state, headers={"ETag": f'"{state.version}"'})


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Say in the OpenAPI document that these statuses come with problem details."""
    return {
        status: ResponseSpec(
            Problem, media_type=PROBLEM_TYPE, description=HTTPStatus(status).phrase, generate_examples=False
        )
        for status in statuses
    }


def both(path: str) -> list[str]:
    """Give the two forms of a path with a paper's key: that of today's ids, and that of ids with a slash."""
    return [path.format(key="{key:str}"), path.format(key="{archive:str}/{key:str}")]


_READING, _WRITING = (400, 401, 403, 404, 422, 500), (400, 401, 403, 404, 412, 413, 422, 428, 500)
get = partial(litestar.get, responses=problems(*_READING))
put = partial(litestar.put, responses=problems(*_WRITING))
post = partial(litestar.post, responses=problems(*_WRITING))
delete = partial(litestar.delete, responses=problems(*_WRITING))

api = Router(
    "/api/v1",
    dependencies={"paper_key": Provide(provide_key), "edit": Provide(provide_edit)},
    route_handlers=[
        post("/pair", status_code=200, opt={"public": True}, responses=problems(*_WRITING, 429))(pair),
        get("/me")(me),
        post("/overlay", status_code=200)(post_overlay),
        get("/papers")(get_papers),
        get(both("/papers/{key}"))(get_paper),
        get(both("/papers/{key}/entry"))(get_entry),
        put(both("/papers/{key}/entry"))(put_entry),
        delete(both("/papers/{key}/entry"), status_code=200)(delete_entry),
        put(both("/papers/{key}/corrections/{{uuid:uuid}}"))(put_correction),
        delete(both("/papers/{key}/corrections/{{uuid:uuid}}"), status_code=200)(delete_correction),
        get("/notes")(get_notes),
        get("/notes/{uuid:uuid}")(get_note),
        put("/notes/{uuid:uuid}")(put_note),
        delete("/notes/{uuid:uuid}", status_code=200)(delete_note),
        get("/notes/{uuid:uuid}/revisions")(get_revisions),
        get("/tags")(get_tags),
        get("/tags/{name:path}")(get_tag),
        put("/tags/{name:path}")(put_tag),
        delete("/tags/{name:path}", status_code=200)(delete_tag),
        post("/tag-merges", status_code=200)(merge_tags),
        get("/terms")(get_terms),
        get("/terms/{label:str}/{name:path}")(get_term),
        put("/terms/{label:str}/{name:path}")(put_term),
        delete("/terms/{label:str}/{name:path}", status_code=200)(forget_term),
        get("/own-terms")(get_own_terms),
        get("/searches")(get_searches),
        get("/searches/{name:path}")(get_search),
        put("/searches/{name:path}")(put_search),
        delete("/searches/{name:path}", status_code=200)(delete_search),
        put("/seen")(put_seen),
        get("/changes")(get_changes),
        get("/events")(get_events),
        get("/suggestions")(get_suggestions),
        get("/trash")(get_trash),
        post("/trash/restore", status_code=200)(restore),
        delete("/trash", status_code=200)(empty_trash),
        get("/export", media_type="*/*")(get_export),
        post("/import", status_code=200, request_max_body_size=MAX_IMPORT)(post_import),
        get("/devices")(get_devices),
        delete("/devices/{device:int}")(revoke_device),
        post("/pairing-codes")(new_code),
        post("/feed-address")(renew_feed_address),
    ],
)
