"""A paper's status, rating and tags, set where the paper stands: plain forms, which htmx posts too."""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Response
from litestar.di import NamedDependency
from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from server.bulk import EntryChange, Undone, change_entries, count_done, keys_done, undo
from server.edits import Edit
from server.errors import Conflict
from server.library import put_entry
from server.margin import tag_colours
from server.pages.shell import Reading, back, is_part, read_form, render
from server.papers import find_papers, find_rows, read_listed
from server.states import find_paper
from server.wire import EntryEdit, EntryState, Status

Key = NamedDependency[str]
Stars = Literal["", "0", "1", "2", "3", "4", "5"]


class EntryForm(Struct, kw_only=True):
    """What a form asks of an entry, and what stood in it when it was drawn."""

    status: Status
    was_status: Status
    rating: Stars = ""
    was_rating: Stars = ""
    version: int = 0
    here: str = "/"


class TagsForm(Struct, kw_only=True):
    """A tag to put on a paper, or one to take off."""

    tag: str = ""
    untag: str = ""
    here: str = "/"


class BulkForm(Struct, kw_only=True):
    """What to do to the papers that were ticked, or to `every` one that the query finds."""

    do: Literal["status", "tag", "untag", "remove"]
    deed: UUID
    status: Status = "inbox"
    tag: str = ""
    key: list[str] = field(default_factory=list)
    every: bool = False
    q: str = ""
    all: bool = False
    here: str = "/"


class UndoForm(Struct, kw_only=True):
    """A deed to be taken back."""

    done: UUID
    here: str = "/"


async def post_entry(request: Reading, paper_key: Key) -> Response[Any]:
    """Set status and rating. Raises `Conflict` where something else set the same field since, unless htmx asks."""
    form = await read_form(request, EntryForm)
    try:
        await _set(Edit(user=request.user.user, at=datetime.now(UTC), base=form.version), paper_key, form)
    except Conflict:
        if not is_part(request):
            raise
        return await _answer(request, paper_key, form.here, lost=form)
    return await _answer(request, paper_key, form.here)


async def post_tags(request: Reading, paper_key: Key) -> Response[Any]:
    """Put a tag on a paper or take one off; whatever else was done to its tags since stays."""
    form = await read_form(request, TagsForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), force=True)
    names = [tuple(filter(None, [name.strip()])) for name in (form.tag, form.untag)]
    await change_entries(edit, [(await find_paper(paper_key)).id], EntryChange(tag=names[0], untag=names[1]))
    return await _answer(request, paper_key, form.here)


async def post_entries(request: Reading) -> Response[Any]:
    """Change many entries as one deed, which the answer offers to take back."""
    form = await read_form(request, BulkForm)
    reader = request.user.user
    papers = await find_papers(reader, form.q, everything=form.all) if form.every else await find_rows(form.key)
    edit = Edit(user=reader, at=datetime.now(UTC), id=form.deed)
    await change_entries(edit, papers, _wanted(form))
    if form.every or not is_part(request):
        return _anew(request, form.here, done=form.deed)
    return await _redraw(request, form.key, deed=form.deed)


async def post_undo(request: Reading) -> Response[Any]:
    """Take a deed back, where nothing changed its entries since; that is a deed in turn."""
    form = await read_form(request, UndoForm)
    reader = request.user.user
    edit = Edit(user=reader, at=datetime.now(UTC), id=uuid4())
    undone = await undo(edit, form.done)
    if not is_part(request):
        return _anew(request, form.here, done=edit.id, kept=undone.kept)
    return await _redraw(request, await keys_done(reader, form.done), deed=form.done, undone=undone)


def _wanted(form: BulkForm) -> EntryChange:
    names = (form.tag,) if form.tag.strip() else ()
    return {
        "status": EntryChange(status=form.status),
        "tag": EntryChange(tag=names),
        "untag": EntryChange(untag=names),
        "remove": EntryChange(remove=True),
    }[form.do]


def _anew(request: Reading, here: str, **told: Any) -> Response[Any]:
    """Lead back to the page anew, which tells what was done."""
    redirect = back(request, {"here": f"{here}{'&' if '?' in here else '?'}{urlencode(told)}"})
    return Response(None, status_code=200, headers={"HX-Redirect": redirect.url}) if is_part(request) else redirect


async def _redraw(request: Reading, keys: list[str], *, deed: UUID, undone: Undone | None = None) -> Response[Any]:
    """Give htmx the parts of cards that a deed changed, all of which the page shows, and word of the deed."""
    reader = request.user.user
    return render(
        request,
        "deed.html",
        listed=await read_listed(await find_rows(keys), reader),
        colours=await tag_colours(reader),
        deed=deed,
        next_deed=uuid4(),
        changed=await count_done(reader, deed),
        undone=undone,
    )


async def _set(edit: Edit, key: str, form: EntryForm) -> EntryState:
    """Write what the form's person changed; over a newer version only where that left those fields alone."""
    rating = int(form.rating) if form.rating else None
    wish = EntryEdit(
        status=form.status if form.status != form.was_status else UNSET,
        rating=rating if form.rating != form.was_rating else UNSET,
    )
    try:
        return await put_entry(edit, key, wish)
    except Conflict as conflict:
        now: EntryState = conflict.current
        touched = [
            wish.status is not UNSET and now.status != form.was_status,
            wish.rating is not UNSET and ("" if now.rating is None else str(now.rating)) != form.was_rating,
        ]
        if any(touched):
            raise
        return await put_entry(replace(edit, base=now.version), key, wish)


async def _answer(request: Reading, key: str, here: str, *, lost: EntryForm | None = None) -> Response[Any]:
    """Give the parts of the paper's card that show an entry to htmx, and anybody else the page they came from."""
    if not is_part(request):
        return back(request, {"here": here})
    reader = request.user.user
    [listed] = await read_listed([(await find_paper(key)).id], reader)
    return render(request, "entry.html", listed=listed, colours=await tag_colours(reader), lost=lost)
