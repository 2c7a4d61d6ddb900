"""Exports, citation keys and imports."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter, RawBody
from litestar.response import Stream

from server.archive.write import export_archive
from server.database.versioning import Edit
from server.papers.list import read_papers
from server.papers.query import read_query
from server.schema.api import FileReport, StyleName
from server.schema.citations import CitationKey, CitationKeyEdit, KeyAssignment, KeysAssigned
from server.schema.imports import ImportState, ImportUndone
from server.web.api.request import ApiRequest, Key
from server.web.disconnect import run_while_connected

MAX_IMPORT = 256_000_000  # bytes
ExportFormat = Literal[
    "json", "markdown", "bibtex", "biblatex", "ris", "csl", "csv", "jsonl", "html",
    "webannotation", "zotero", "readwise", "bookmarks",
]  # fmt: skip


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


def _download(content: AsyncIterator[bytes], kind: str, ending: str) -> Stream:
    # a `media_type` of the stream would give way to that of the route
    headers = {
        "content-disposition": f'attachment; filename="papermargin.{ending}"',
        "content-type": kind,
    }
    return Stream(content, headers=headers)
