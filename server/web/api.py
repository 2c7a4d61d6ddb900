"""The JSON API: a short handler for each operation, and one table of all URLs at the end."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
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
from litestar.params import (
    FromPath,
    FromQuery,
    HeaderParameter,
    JSONBody,
    PathParameter,
    QueryParameter,
    RawBody,
)
from litestar.response import ServerSentEvent, ServerSentEventMessage, Stream

from nlp.spans import Label
from server.accounts import tokens
from server.accounts.pairing_limit import PairingLimit
from server.accounts.tokens import AuthenticatedUser
from server.archive.write import export_archive
from server.database.change_feed import changes_since, newest_change, was_given_out
from server.database.connection import check_in_place
from server.database.serializers import find_paper
from server.database.versioning import Edit, is_applied
from server.errors import Invalid, NotFound
from server.imports.thumbnails import Thumbnails
from server.papers.list import list_papers, read_papers
from server.papers.lookup import look_up
from server.papers.overlay import overlay
from server.papers.page import read_paper
from server.papers.query import read_query
from server.papers.related import related
from server.papers.saved_counts import list_names, list_searches, read_search
from server.papers.suggest import suggest
from server.papers.versions import read_versions
from server.ranking import preferences
from server.ranking.overview import read_ranking
from server.reading_list import corrections, entries, notes, tags, trash
from server.reading_list.entries import read_entry
from server.reading_list.notes import list_notes, read_note, read_revisions
from server.reading_list.queue import move_paper
from server.reading_list.tags import list_tags, read_tag
from server.reading_list.tasks import list_tasks, set_task
from server.reading_list.trash import read_trash
from server.schema.api import (
    PROBLEM_TYPE,
    AddReport,
    AddRequest,
    ChangeList,
    Device,
    FeedAddress,
    FileReport,
    Health,
    Me,
    PairingCode,
    PairReply,
    PairRequest,
    Problem,
    StyleName,
    TokenReply,
    TokenRequest,
)
from server.schema.citations import CitationKey, CitationKeyEdit, KeyAssignment, KeysAssigned
from server.schema.imports import ImportState, ImportUndone
from server.schema.papers import (
    LookupReply,
    LookupRequest,
    OverlayReply,
    OverlayRequest,
    PaperList,
    PaperPage,
    Related,
)
from server.schema.ranking import (
    Preference,
    PreferenceEdit,
    Ranking,
    RankingEdit,
    RankingState,
    SignalKind,
    TagSuggestions,
)
from server.schema.reading_list import (
    EntryEdit,
    EntryState,
    NoteEdit,
    NoteList,
    NoteState,
    QueueMove,
    RevisionState,
    SeenEdit,
    SeenReply,
    TagEdit,
    TagMerge,
    TagState,
)
from server.schema.searches import FoundSearch, SearchEdit, SearchState, Sort, Suggestion
from server.schema.tasks import TaskEdit, TaskList
from server.schema.terms import (
    CorrectionEdit,
    CorrectionState,
    TermEdit,
    TermList,
    TermPage,
    TermSort,
    TermState,
)
from server.schema.trash import Restore, Trash, TrashReply
from server.schema.versions import PaperVersions
from server.search import saved
from server.terms import overrides
from server.terms.index import list_own_terms, list_terms, read_term
from server.web.disconnect import run_while_connected
from server.web.feeds import list_addresses
from server.web.paths import sent_name

API = 1
MAX_IMPORT = 256_000_000  # bytes
# a picture of a paper does not change; while there is none, there may be one soon
_KEPT = {"cache-control": "private, max-age=604800"}
_UNKEPT = {"cache-control": "private, max-age=60"}
_EMPTY = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 54"/>'
OVERLAY_SECONDS = 0.3  # how long an overlay request waits for the extraction of new papers

ExportFormat = Literal[
    "json", "markdown", "bibtex", "biblatex", "ris", "csl", "csv", "jsonl", "html",
    "webannotation", "zotero", "readwise", "bookmarks",
]  # fmt: skip
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


async def health() -> Health:
    """Report that the server is up, or with status 503 that it cannot write. Needs no token."""
    check_in_place()
    return Health(status="ok", name="papermargin", version=version("papermargin"), api=API)


async def pair(request: ApiRequest, data: JSONBody[PairRequest]) -> PairReply:
    """Exchange a pairing code for a token. Needs no token."""
    origin, now = request.headers.get("origin"), datetime.now(UTC)
    address = request.client.host if request.client else ""
    limit: PairingLimit = request.app.state.pairing_limit
    if data.code.isdecimal():
        limit.take(address, now)
    token, user = await tokens.redeem_code(data.code, data.name, origin, now, data.scopes)
    if data.code.isdecimal():
        limit.give_back(address, now)
    return PairReply(token=token, user=user, server=version("papermargin"))


async def me(request: ApiRequest) -> Me:
    """Return the user of this token; a way to test the connection."""
    user = request.user
    server = version("papermargin")
    return Me(
        user=user.name, device=user.device, server=server, api=API, change=await newest_change()
    )


async def post_overlay(request: ApiRequest, data: JSONBody[OverlayRequest]) -> OverlayReply:
    """Return a card for each paper on a web page.

    Papers that the store lacks are created; their terms are extracted at once if that is quick.
    """
    extract = partial(request.app.state.extractor.read_now, seconds=OVERLAY_SECONDS)
    return await overlay(data, request.user.user, datetime.now(UTC), extract=extract)


async def post_lookup(request: ApiRequest, data: JSONBody[LookupRequest]) -> LookupReply:
    """Return which papers the store has, by arXiv ids, DOIs or titles; nothing is created."""
    return await look_up(data.papers, request.user.user)


async def get_papers(
    request: ApiRequest,
    q: Words = "",
    sort: FromQuery[Sort | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    everything: Annotated[
        bool, QueryParameter(name="all", description="search the whole store, not only the list")
    ] = False,
    facets: FromQuery[bool] = False,
) -> PaperList:
    """Return the reading list, or the papers that a query finds."""
    return await list_papers(
        request.user.user,
        q,
        sort=sort,
        cursor=cursor,
        limit=limit,
        everything=everything,
        facets=facets,
    )


async def post_papers(request: ApiRequest, data: JSONBody[AddRequest]) -> AddReport:
    """Add papers to your list by arXiv ids, addresses, DOIs or titles, and fetch them.

    A paper that cannot be fetched now is kept by its id or title, as `waiting`.
    """
    from server.imports.add import add_at_once  # noqa: PLC0415 - slow to import

    config = request.app.state.config
    return await add_at_once(data.text, request.user.user, config, datetime.now(UTC))


async def get_paper(request: ApiRequest, paper_key: Key) -> PaperPage:
    """Return everything about a paper."""
    return await read_paper(paper_key, request.user.user)


async def get_versions(request: ApiRequest, paper_key: Key) -> PaperVersions:
    """Return all known texts of a paper, what changed between them, and your notes beside them."""
    return await read_versions(paper_key, request.user.user)


async def get_thumbnail(request: ApiRequest, paper_key: Key) -> Response[bytes]:
    """Return Hugging Face's picture of a paper, which the server fetches and keeps.

    Where there is none, a browser's `img` is answered with an empty picture, and the status 404.
    """
    thumbnails: Thumbnails = request.app.state.thumbnails
    key = (await find_paper(paper_key)).key
    if picture := await thumbnails.find(key):
        return Response(picture.data, media_type=picture.media_type, headers=_KEPT)
    if "image/" in request.headers.get("accept", ""):
        return Response(_EMPTY, media_type="image/svg+xml", status_code=404, headers=_UNKEPT)
    why = "or Hugging Face does not answer" if thumbnails.enabled else "as --no-thumbnails says"
    raise NotFound(f"no thumbnail of {key}, {why}")


async def get_related(request: ApiRequest, paper_key: Key) -> list[Related]:
    """Return the papers most like a paper, the most alike first, with the rare terms of both."""
    return await related(paper_key, request.user.user)


async def get_entry(request: ApiRequest, paper_key: Key) -> Response[EntryState]:
    """Return your entry for a paper."""
    return _versioned(await read_entry(paper_key, request.user.user))


async def put_entry(
    paper_key: Key, edit: Versioned, data: JSONBody[EntryEdit]
) -> Response[EntryState]:
    """Set status, rating, tags, place in the reading queue, snooze or due date."""
    return _versioned(await entries.put_entry(edit, paper_key, data))


async def put_queue(
    paper_key: Key, edit: Versioned, data: JSONBody[QueueMove]
) -> Response[EntryState]:
    """Move a paper within the reading queue, or put it there.

    The version is that of the entry. `GET /papers` with the query `is:queued` and the sort `queue`
    is the queue, and an entry with `queue` null takes a paper out of it.
    """
    return _versioned(await move_paper(edit, paper_key, data))


async def delete_entry(paper_key: Key, edit: Versioned) -> Response[EntryState]:
    """Move an entry to the trash."""
    return _versioned(await entries.delete_entry(edit, paper_key))


async def put_correction(
    paper_key: Key, uuid: FromPath[UUID], edit: Versioned, data: JSONBody[CorrectionEdit]
) -> Response[CorrectionState]:
    """Record a verdict on a mention."""
    return _versioned(await corrections.put_correction(edit, paper_key, uuid, data))


async def delete_correction(
    paper_key: Key, uuid: FromPath[UUID], edit: Versioned
) -> Response[CorrectionState]:
    """Move a correction to the trash."""
    return _versioned(await corrections.delete_correction(edit, uuid))


async def get_notes(
    request: ApiRequest,
    q: Annotated[str, QueryParameter(max_length=500)] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> NoteList:
    """Return your notes, newest first; `q` holds words that each must contain."""
    return await list_notes(request.user.user, q, cursor, limit)


async def get_tasks(
    request: ApiRequest,
    q: Annotated[
        str, QueryParameter(max_length=500, description="words of the task or the paper's title")
    ] = "",
    done: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TaskList:
    """Return the open tasks of your notes, or those that are done."""
    return await list_tasks(request.user.user, done=done, words=q, cursor=cursor, limit=limit)


async def put_task(
    uuid: FromPath[UUID], edit: Versioned, data: JSONBody[TaskEdit]
) -> Response[NoteState]:
    """Mark a task of a note as done or open. The version is that of the note."""
    return _versioned(await set_task(edit, uuid, data))


async def get_note(request: ApiRequest, uuid: FromPath[UUID]) -> Response[NoteState]:
    """Return a note."""
    return _versioned(await read_note(uuid, request.user.user))


async def put_note(
    uuid: FromPath[UUID], edit: Versioned, data: JSONBody[NoteEdit]
) -> Response[NoteState]:
    """Create or change a note."""
    return _versioned(await notes.put_note(edit, uuid, data))


async def delete_note(uuid: FromPath[UUID], edit: Versioned) -> Response[NoteState]:
    """Move a note to the trash."""
    return _versioned(await notes.delete_note(edit, uuid))


async def get_revisions(request: ApiRequest, uuid: FromPath[UUID]) -> list[RevisionState]:
    """Return the earlier texts of a note."""
    return await read_revisions(uuid, request.user.user)


async def get_tags(request: ApiRequest) -> list[TagState]:
    """Return your tags."""
    return await list_tags(request.user.user)


async def get_tag(request: ApiRequest, name: FromPath[str]) -> Response[TagState]:
    """Return a tag."""
    return _versioned(await read_tag(sent_name(request, name), request.user.user))


async def put_tag(
    request: ApiRequest, name: FromPath[str], edit: Versioned, data: JSONBody[TagEdit]
) -> Response[TagState]:
    """Create, rename or colour a tag."""
    return _versioned(await tags.put_tag(edit, sent_name(request, name), data))


async def delete_tag(
    request: ApiRequest, name: FromPath[str], edit: Versioned
) -> Response[TagState]:
    """Remove a tag from all entries and move it to the trash."""
    return _versioned(await tags.delete_tag(edit, sent_name(request, name)))


async def merge_tags(edit: Versioned, data: JSONBody[TagMerge]) -> Response[TagState]:
    """Merge several tags into one."""
    return _versioned(await tags.merge_tags(edit, data))


async def get_tag_suggestions(
    request: ApiRequest,
    tag: Annotated[str, QueryParameter(min_length=1, max_length=100)],
    limit: Limit = 10,
) -> TagSuggestions:
    """Return papers that might belong to a tag, by what its papers have in common."""
    from server.ranking.tags import suggest_for_tag  # noqa: PLC0415 - NumPy slows down every start

    return await suggest_for_tag(request.user.user, tag, limit=limit)


async def get_terms(
    request: ApiRequest,
    label: FromQuery[Label],
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    sort: FromQuery[TermSort] = "own",
    after: Annotated[
        int,
        QueryParameter(
            ge=0, lt=2**31, description="`next` of the page before", schema_extra=_FROM_0
        ),
    ] = 0,
    limit: Limit = 100,
) -> TermList:
    """Return the terms of a label, with your changes to them, and how many papers mention each."""
    return await list_terms(request.user.user, label, q, sort=sort, after=after, limit=limit)


async def get_term(
    request: ApiRequest, label: FromPath[str], name: FromPath[str]
) -> Response[TermPage]:
    """Return everything about a term: your changes, first and last papers, papers per month."""
    page = await read_term(label, sent_name(request, name), request.user.user)
    return Response(page, headers={"ETag": f'"{page.state.version}"'})


async def put_term(
    request: ApiRequest,
    label: FromPath[str],
    name: FromPath[str],
    edit: Versioned,
    data: JSONBody[TermEdit],
) -> Response[TermState]:
    """Rename, merge or hide a term, for yourself alone."""
    return _versioned(await overrides.put_term(edit, label, sent_name(request, name), data))


async def forget_term(
    request: ApiRequest, label: FromPath[str], name: FromPath[str], edit: Versioned
) -> Response[TermState]:
    """Undo your changes to a term."""
    return _versioned(await overrides.forget_term(edit, label, sent_name(request, name)))


async def get_own_terms(request: ApiRequest) -> list[TermState]:
    """Return the terms that you changed, the last changed first."""
    return await list_own_terms(request.user.user)


async def get_searches(request: ApiRequest) -> list[FoundSearch]:
    """Return your saved searches, and how many papers each finds."""
    return await list_searches(request.user.user, datetime.now(UTC))


async def get_search(request: ApiRequest, name: FromPath[str]) -> Response[FoundSearch]:
    """Return a saved search, and how many papers it finds."""
    return _versioned(
        await read_search(sent_name(request, name), request.user.user, datetime.now(UTC))
    )


async def put_search(
    request: ApiRequest, name: FromPath[str], edit: Versioned, data: JSONBody[SearchEdit]
) -> Response[SearchState]:
    """Save, change or rename a search."""
    return _versioned(await saved.put_search(edit, sent_name(request, name), data))


async def delete_search(
    request: ApiRequest, name: FromPath[str], edit: Versioned
) -> Response[SearchState]:
    """Move a saved search to the trash."""
    return _versioned(await saved.delete_search(edit, sent_name(request, name)))


async def get_ranking(request: ApiRequest) -> Response[Ranking]:
    """Return what the ranking learnt of your list, what you muted and pinned, and its settings."""
    ranking = await read_ranking(request.user.user)
    return Response(ranking, headers={"ETag": f'"{ranking.settings.version}"'})


async def put_ranking(edit: Versioned, data: JSONBody[RankingEdit]) -> Response[RankingState]:
    """Switch the ranking on or off, or set the least score of a paper that stands out."""
    return _versioned(await preferences.put_settings(edit, data))


async def put_preference(
    request: ApiRequest,
    kind: FromPath[SignalKind],
    name: FromPath[str],
    edit: Versioned,
    data: JSONBody[PreferenceEdit],
) -> Response[Preference]:
    """Mute or pin a word, a term or an author for your ranking."""
    return _versioned(await preferences.put_preference(edit, kind, sent_name(request, name), data))


async def forget_preference(
    request: ApiRequest, kind: FromPath[SignalKind], name: FromPath[str], edit: Versioned
) -> Response[Preference]:
    """Take back that a word, a term or an author is muted or pinned."""
    return _versioned(await preferences.forget_preference(edit, kind, sent_name(request, name)))


async def put_seen(edit: Versioned, data: JSONBody[SeenEdit]) -> SeenReply:
    """Mark papers as seen or not seen."""
    return SeenReply(changed=await entries.set_seen(edit, data))


async def get_changes(
    request: ApiRequest,
    since: Since = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
) -> ChangeList:
    """Return the changes after number `since`; without it, only the newest change's number."""
    if since is None:
        return ChangeList(changes=[], last=await newest_change(), more=False)
    return await changes_since(request.user.user, since, limit)


async def get_events(request: ApiRequest, since: Since = None) -> ServerSentEvent:
    """Stream changes as server-sent events: one `hello`, then a `change` for each.

    `hello` has `reset` where the number asked for is not of this store's history, because a backup
    was restored: read everything anew.
    """
    resumed = request.headers.get("last-event-id", "")
    start = int(resumed) if resumed.isdecimal() and len(resumed) < 19 else since
    hello: dict[str, Any] = {"last": await newest_change() if start is None else start}
    if start is not None and not await was_given_out(start):
        hello = {"last": await newest_change(), "reset": True}
    return ServerSentEvent(_events(request, hello))


async def _events(
    request: ApiRequest, hello: dict[str, Any]
) -> AsyncIterator[ServerSentEventMessage]:
    yield ServerSentEventMessage(event="hello", data=msgspec.json.encode(hello))
    user = request.user
    async for change in request.app.state.feed.listen(user.user, user.token, hello["last"]):
        if change is None:
            yield ServerSentEventMessage(comment="still here", data=None)
        else:
            yield ServerSentEventMessage(
                event="change", id=change.id, data=msgspec.json.encode(change)
            )


async def get_suggestions(
    request: ApiRequest, prefix: Annotated[str, QueryParameter(max_length=200)], limit: Limit = 10
) -> list[Suggestion]:
    """Return tags and terms that complete a prefix."""
    return await suggest(request.user.user, prefix, limit)


async def get_trash(request: ApiRequest) -> Trash:
    """Return what is in the trash."""
    return await read_trash(request.user.user)


async def restore(edit: Versioned, data: JSONBody[Restore]) -> Response[trash.Restored]:
    """Restore something from the trash."""
    return _versioned(await trash.restore(edit, data))


async def empty_trash(edit: Versioned) -> TrashReply:
    """Delete everything in the trash for good."""
    return TrashReply(deleted=await trash.empty_trash(edit))


async def get_export(
    request: ApiRequest,
    export_format: Annotated[ExportFormat, QueryParameter(name="format")],
    q: FromQuery[str] = "",
    style: Annotated[
        StyleName, QueryParameter(description="how Markdown files are written")
    ] = "obsidian",
) -> Stream:
    """Export all your data as a JSON archive, or the papers of a query in another format."""
    user = request.user.user
    await read_query(q)  # once the first byte is sent, an error could no longer be answered
    if export_format == "json":
        return _download(export_archive(user, datetime.now(UTC)), "application/json", "json")
    # imported here because the formats' libraries would slow down every start
    from server.exports.formats import FORMATS  # noqa: PLC0415
    from server.vault.template import default_layout  # noqa: PLC0415
    from server.vault.zip import render_zip  # noqa: PLC0415

    if export_format == "markdown":
        return _download(
            render_zip(read_papers(user, q), default_layout(style)), "application/zip", "zip"
        )
    chosen = FORMATS[export_format]
    return _download(chosen.render(read_papers(user, q)), chosen.media_type, chosen.ending)


async def get_citation_key(request: ApiRequest, paper_key: Key) -> CitationKey:
    """Return the key under which you cite a paper."""
    from server.reading_list.citation_keys import read_key  # noqa: PLC0415 - as above

    return await read_key(paper_key, request.user.user)


async def put_citation_key(
    request: ApiRequest, paper_key: Key, data: JSONBody[CitationKeyEdit]
) -> CitationKey:
    """Cite a paper under a key of your own, which neither a pattern nor an import replaces.

    An empty key takes it back. A key that another paper has is refused.
    """
    from server.reading_list.citation_keys import set_key  # noqa: PLC0415 - as above

    edit = Edit(user=request.user.user, at=datetime.now(UTC))
    return await set_key(edit, paper_key, data.key)


async def post_citation_keys(request: ApiRequest, data: JSONBody[KeyAssignment]) -> KeysAssigned:
    """Give the papers of a query that have no citation key one by a pattern, for all exports.

    A key stays once it is given. The chapter on exports describes the patterns.
    """
    from server.exports.citation_keys import parse_pattern  # noqa: PLC0415 - as above
    from server.reading_list.citation_keys import assign_keys  # noqa: PLC0415

    edit, pattern = Edit(user=request.user.user, at=datetime.now(UTC)), parse_pattern(data.pattern)
    return KeysAssigned(assigned=await assign_keys(edit, pattern, data.q, renew=data.renew))


async def post_import(
    request: ApiRequest,
    body: RawBody,
    name: Annotated[str, QueryParameter(max_length=255)] = "upload",
    add: Annotated[bool, QueryParameter(description="add its papers to the list")] = False,
    preview: Annotated[
        bool, QueryParameter(description="only report what would be imported")
    ] = False,
    column: Annotated[
        list[str] | None,
        QueryParameter(description="read a table's column under another name, as title=Titel"),
    ] = None,
) -> FileReport:
    """Import a file of any kind that `papermargin import` reads.

    Why a file could not be read is in the reply's `error`. Closing the connection cancels it; what
    was taken in by then stays, and the same file can be imported again.
    """
    from server.imports.files import import_data  # noqa: PLC0415 - as above
    from server.imports.formats.table import read_columns  # noqa: PLC0415

    columns = read_columns(column or [])
    work = import_data(
        body,
        name,
        request.user.user,
        datetime.now(UTC),
        columns=columns,
        add=add,
        preview=preview,
    )
    return await run_while_connected(request, work)


async def get_imports(request: ApiRequest) -> list[ImportState]:
    """Return your imports of the last 30 days, the newest first."""
    from server.imports.undo import list_imports  # noqa: PLC0415 - as above

    return await list_imports(request.user.user, datetime.now(UTC))


async def post_import_undo(
    request: ApiRequest, number: Annotated[int, PathParameter(ge=1, lt=2**31)]
) -> ImportUndone:
    """Undo an import as a whole: what it made, filled and merged.

    What you wrote since stays, and so does what another source has changed; `kept` says what.
    """
    from server.imports.undo import undo_import  # noqa: PLC0415 - as above

    return await undo_import(request.user.user, number, datetime.now(UTC))


async def get_devices(request: ApiRequest) -> list[Device]:
    """Return your paired devices and signed-in browsers."""
    return await tokens.list_devices(request.user, request.app.state.last_uses)


async def revoke_device(
    request: ApiRequest, device: Annotated[int, PathParameter(ge=1, lt=2**31)]
) -> None:
    """Revoke a device's token."""
    await tokens.revoke(request.user.user, device)


async def new_code(request: ApiRequest) -> PairingCode:
    """Create a pairing code for another device."""
    user, now = request.user.user, datetime.now(UTC)
    return PairingCode(
        code=await tokens.issue_code(user, now),
        long_code=await tokens.issue_long_code(user, now),
        minutes=tokens.PAIRING_MINUTES,
    )


async def new_token(request: ApiRequest, data: JSONBody[TokenRequest]) -> TokenReply:
    """Create a token for a program, with the scopes that it needs."""
    user, now = request.user.user, datetime.now(UTC)
    secret = await tokens.issue_scoped(user, data.name, data.scopes, now, days=data.days)
    return TokenReply(token=secret)


async def renew_feed_address(request: ApiRequest) -> FeedAddress:
    """Create a new secret address for your feeds, which replaces the earlier one."""
    user, now = request.user.user, datetime.now(UTC)
    secret = await tokens.renew_feeds(user, now)
    return list_addresses(str(request.base_url), secret, await list_names(user))


def _download(content: AsyncIterator[bytes], kind: str, ending: str) -> Stream:
    # a `media_type` of the stream would give way to that of the route
    headers = {
        "content-disposition": f'attachment; filename="papermargin.{ending}"',
        "content-type": kind,
    }
    return Stream(content, headers=headers)


def _versioned(state: Any) -> Response[Any]:
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


_READING = (400, 401, 403, 404, 422, 500, 503)
_WRITING = (400, 401, 403, 404, 412, 413, 422, 428, 500, 503, 507)
# which scope a token needs, unless the route names another one
get = partial(litestar.get, responses=problems(*_READING), opt={"scope": "read"})
put = partial(litestar.put, responses=problems(*_WRITING), opt={"scope": "write"})
post = partial(litestar.post, responses=problems(*_WRITING), opt={"scope": "write"})
delete = partial(litestar.delete, responses=problems(*_WRITING), opt={"scope": "write"})
READ, EXPORT, ADMIN = {"scope": "read"}, {"scope": "export"}, {"scope": "admin"}

api = Router(
    "/api/v1",
    dependencies={"paper_key": Provide(provide_key), "edit": Provide(provide_edit)},
    route_handlers=[
        post(
            "/pair",
            status_code=200,
            opt={"public": True},
            security=[{}],
            responses=problems(*_WRITING, 429),
        )(pair),
        get("/me")(me),
        post("/overlay", status_code=200)(post_overlay),
        post("/lookup", status_code=200, opt=READ)(post_lookup),
        get("/papers")(get_papers),
        post("/papers", status_code=200)(post_papers),
        get(key_paths("/papers/{key}"))(get_paper),
        get(key_paths("/papers/{key}/versions"))(get_versions),
        get(key_paths("/papers/{key}/related"))(get_related),
        get(
            key_paths("/papers/{key}/thumbnail"),
            media_type="image/*",
            responses={
                200: ResponseSpec(bytes, media_type="image/*", description="the picture"),
                **problems(*_READING),
            },
        )(get_thumbnail),
        get(key_paths("/papers/{key}/citation-key"))(get_citation_key),
        put(key_paths("/papers/{key}/citation-key"))(put_citation_key),
        get(key_paths("/papers/{key}/entry"))(get_entry),
        put(key_paths("/papers/{key}/entry"))(put_entry),
        delete(key_paths("/papers/{key}/entry"), status_code=200)(delete_entry),
        put(key_paths("/papers/{key}/queue"))(put_queue),
        put(key_paths("/papers/{key}/corrections/{{uuid:uuid}}"))(put_correction),
        delete(key_paths("/papers/{key}/corrections/{{uuid:uuid}}"), status_code=200)(
            delete_correction
        ),
        get("/notes")(get_notes),
        get("/tasks")(get_tasks),
        put("/notes/{uuid:uuid}/task")(put_task),
        get("/notes/{uuid:uuid}")(get_note),
        put("/notes/{uuid:uuid}")(put_note),
        delete("/notes/{uuid:uuid}", status_code=200)(delete_note),
        get("/notes/{uuid:uuid}/revisions")(get_revisions),
        get("/tags")(get_tags),
        get("/tags/{name:path}")(get_tag),
        put("/tags/{name:path}")(put_tag),
        delete("/tags/{name:path}", status_code=200)(delete_tag),
        get("/tag-suggestions")(get_tag_suggestions),
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
        get("/ranking")(get_ranking),
        put("/ranking")(put_ranking),
        put("/ranking/{kind:str}/{name:path}")(put_preference),
        delete("/ranking/{kind:str}/{name:path}", status_code=200)(forget_preference),
        put("/seen")(put_seen),
        get("/changes")(get_changes),
        get("/events")(get_events),
        get("/suggestions")(get_suggestions),
        get("/trash")(get_trash),
        post("/trash/restore", status_code=200)(restore),
        delete("/trash", status_code=200)(empty_trash),
        get("/export", media_type="*/*", opt=EXPORT)(get_export),
        post("/citation-keys", status_code=200)(post_citation_keys),
        post("/import", status_code=200, request_max_body_size=MAX_IMPORT)(post_import),
        get("/imports")(get_imports),
        post("/imports/{number:int}/undo", status_code=200)(post_import_undo),
        get("/devices", opt=ADMIN)(get_devices),
        delete("/devices/{device:int}", opt=ADMIN)(revoke_device),
        post("/pairing-codes", opt=ADMIN)(new_code),
        post("/tokens", opt=ADMIN)(new_token),
        post("/feed-address", opt=ADMIN)(renew_feed_address),
    ],
)
