"""Editing notes: save, preview, resolve conflicts, delete, restore, and show earlier texts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.params import FromPath
from msgspec import Struct
from uuid_utils.compat import uuid7

from server.database.versioning import Edit
from server.errors import Conflict
from server.papers.note_links import resolve_links
from server.papers.page import read_paper
from server.papers.spans import anchors
from server.reading_list.notes import delete_note, put_note, read_note, read_revisions
from server.reading_list.trash import restore
from server.schema.papers import PaperPage
from server.schema.quote import Quote, find_quote, make_quote
from server.schema.reading_list import NoteEdit, NoteState, RevisionState
from server.schema.trash import Restore
from server.web.api.request import Key
from server.web.pages.layout import PageRequest, is_htmx, read_form, redirect_back, render


class NoteForm(Struct, kw_only=True):
    """A note as posted; `quote` is its passage, `start` where in the abstract this was selected."""

    text: str
    version: int = 0
    quote: str = ""
    start: str = ""
    here: str = ""


class VersionForm(Struct, kw_only=True):
    """The version of a note to act on."""

    version: int
    here: str = ""


class PreviewForm(Struct):
    """The text to preview."""

    text: str = ""


async def post_note(request: PageRequest, paper_key: Key, uuid: FromPath[UUID]) -> Response[Any]:
    """Save a note; if it was changed since, show both texts side by side and write nothing."""
    form = await read_form(request, NoteForm)
    page = await read_paper(paper_key, request.user.user)
    text = form.text.replace("\r\n", "\n")
    before = next((note for note in page.notes if note.id == uuid), None)
    data = NoteEdit(paper=page.key, text=text, quote=_quote(page, form, before))
    try:
        note = await put_note(_edit(request, form.version), uuid, data)
    except Conflict as conflict:
        now: NoteState = conflict.current
        status = 200 if is_htmx(request) else conflict.status
        return render(
            request,
            "conflict.html",
            status=status,
            page=page,
            mine=form,
            now=now,
            part=is_htmx(request),
        )
    return await _answer(request, page, note, form, is_new=before is None)


async def post_delete(request: PageRequest, uuid: FromPath[UUID]) -> Response[Any]:
    """Move a note to the trash."""
    form = await read_form(request, VersionForm)
    note = await delete_note(_edit(request, form.version), uuid)
    if not is_htmx(request):
        return redirect_back(form.here or f"/papers/{note.key}#notes")
    return render(request, "note.html", shape="deleted", note=note)


async def post_revive(request: PageRequest, uuid: FromPath[UUID]) -> Response[Any]:
    """Restore a note that was just deleted."""
    await restore(
        Edit(user=request.user.user, at=datetime.now(UTC)), Restore(kind="note", ref=str(uuid))
    )
    note = await read_note(uuid, request.user.user)
    page = await read_paper(note.key, request.user.user)
    return await _answer(request, page, note, NoteForm(text=""), is_new=False)


async def post_preview(request: PageRequest) -> Response[str]:
    """Render a text as the note will show it."""
    form = await read_form(request, PreviewForm)
    links = await resolve_links([form.text], request.user.user)
    return render(request, "note.html", shape="preview", text=form.text, links=links)


async def get_earlier(request: PageRequest, uuid: FromPath[UUID]) -> Response[str]:
    """Show the earlier texts of a note, each of which can be restored."""
    note = await read_note(uuid, request.user.user)
    now = RevisionState(
        version=note.version, text=note.text, quote=note.quote, written=note.updated
    )
    texts = [now, *await read_revisions(uuid, request.user.user)]
    links = await resolve_links((earlier.text for earlier in texts), request.user.user)
    return render(request, "earlier.html", note=note, texts=texts, links=links)


async def _answer(
    request: PageRequest, page: PaperPage, note: NoteState, form: NoteForm, *, is_new: bool
) -> Response[Any]:
    if not is_htmx(request):
        return redirect_back(form.here or f"/papers/{page.key}#note-{note.id}")
    page.links |= await resolve_links([note.text], request.user.user)
    return render(
        request,
        "note.html",
        shape="new" if is_new else "saved",
        page=page,
        note=note,
        anchored=anchors(page.abstract, [note]),
        new_note=uuid7(),
    )


def _quote(page: PaperPage, form: NoteForm, before: NoteState | None) -> Quote | None:
    """Return the quote of the form: unchanged, located in the abstract, or free text."""
    if not form.quote.strip():
        return None
    if before and before.quote and before.quote.exact.split() == form.quote.split():
        return before.quote
    sought = Quote(exact=form.quote, start=int(form.start) if form.start.isdecimal() else None)
    found = find_quote(page.abstract, sought)
    return make_quote(page.abstract, *found) if found else Quote(exact=form.quote)


def _edit(request: PageRequest, base: int) -> Edit:
    return Edit(user=request.user.user, at=datetime.now(UTC), base=base)
