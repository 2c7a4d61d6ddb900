"""Notes under the pen: written, previewed, in conflict, thrown away, and as they were before."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct
from uuid_utils.compat import uuid7

from server.edits import Edit
from server.errors import Conflict
from server.library import delete_note, put_note
from server.margin import read_note, read_revisions
from server.pages.shell import Reading, back, is_part, read_form, render
from server.papers import read_paper
from server.passages import anchors
from server.quote import Quote, find_quote, make_quote
from server.trash import restore
from server.wire import NoteEdit, NoteState, PaperPage, Restore, RevisionState

Key = NamedDependency[str]


class NoteForm(Struct, kw_only=True):
    """A note as it was written; `quote` is the passage that it stands beside, `start` where that was picked."""

    text: str
    version: int = 0
    quote: str = ""
    start: str = ""
    here: str = ""


class VersionForm(Struct, kw_only=True):
    """Which version of a note is meant."""

    version: int
    here: str = ""


class PreviewForm(Struct):
    """A text that is being written."""

    text: str = ""


async def post_note(request: Reading, paper_key: Key, uuid: FromPath[UUID]) -> Response[Any]:
    """Keep a note; where it was changed since, both texts are shown side by side, and nothing is written."""
    form = await read_form(request, NoteForm)
    page = await read_paper(paper_key, request.user.user)
    text = form.text.replace("\r\n", "\n")
    before = next((note for note in page.notes if note.id == uuid), None)
    wish = NoteEdit(paper=page.key, text=text, quote=_quote(page, form, before))
    try:
        note = await put_note(_edit(request, form.version), uuid, wish)
    except Conflict as conflict:
        now: NoteState = conflict.current
        status = 200 if is_part(request) else conflict.status
        return render(request, "conflict.html", status=status, page=page, mine=form, now=now, part=is_part(request))
    return await _answer(request, page, note, form, is_new=before is None)


async def post_delete(request: Reading, uuid: FromPath[UUID]) -> Response[Any]:
    """Move a note to the trash."""
    form = await read_form(request, VersionForm)
    note = await delete_note(_edit(request, form.version), uuid)
    if not is_part(request):
        return back(request, {"here": form.here or f"/papers/{note.key}#notes"})
    return render(request, "note.html", shape="deleted", note=note)


async def post_revive(request: Reading, uuid: FromPath[UUID]) -> Response[Any]:
    """Bring a note back that was just thrown away."""
    await restore(Edit(user=request.user.user, at=datetime.now(UTC)), Restore(kind="note", ref=str(uuid)))
    note = await read_note(uuid, request.user.user)
    page = await read_paper(note.key, request.user.user)
    return await _answer(request, page, note, NoteForm(text=""), is_new=False)


async def post_preview(request: Reading) -> Response[str]:
    """Give a text as it will be read."""
    form = await read_form(request, PreviewForm)
    return render(request, "note.html", shape="preview", text=form.text)


async def get_earlier(request: Reading, uuid: FromPath[UUID]) -> Response[str]:
    """Show a note's earlier texts, each of which can be had back."""
    note = await read_note(uuid, request.user.user)
    now = RevisionState(version=note.version, text=note.text, quote=note.quote, written=note.updated)
    texts = [now, *await read_revisions(uuid, request.user.user)]
    return render(request, "earlier.html", note=note, texts=texts)


async def _answer(request: Reading, page: PaperPage, note: NoteState, form: NoteForm, *, is_new: bool) -> Response[Any]:
    if not is_part(request):
        return back(request, {"here": form.here or f"/papers/{page.key}#note-{note.id}"})
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
    """Give the quote of the passage that the form names: the note's own, one of the abstract, or words of neither."""
    if not form.quote.strip():
        return None
    if before and before.quote and before.quote.exact.split() == form.quote.split():
        return before.quote
    sought = Quote(exact=form.quote, start=int(form.start) if form.start.isdecimal() else None)
    found = find_quote(page.abstract, sought)
    return make_quote(page.abstract, *found) if found else Quote(exact=form.quote)


def _edit(request: Reading, base: int) -> Edit:
    return Edit(user=request.user.user, at=datetime.now(UTC), base=base)
