"""Forms on a card: status, rating and tags of one paper, or a bulk edit of many."""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Response
from litestar.di import NamedDependency
from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from server.database.serializers import find_paper
from server.database.versioning import Edit
from server.errors import Conflict
from server.papers.list import find_papers, find_rows, read_listed
from server.reading_list.bulk import (
    EntryChange,
    Undone,
    change_entries,
    count_done,
    keys_done,
    undo,
)
from server.reading_list.entries import put_entry
from server.reading_list.tags import tag_colours
from server.schema.reading_list import EntryEdit, EntryState, Status
from server.web.pages.layout import PageRequest, is_htmx, read_form, redirect_back, render

Key = NamedDependency[str]
Stars = Literal["", "0", "1", "2", "3", "4", "5"]


class EntryForm(Struct, kw_only=True):
    """The values of an entry's form, and those it had when it was rendered."""

    status: Status
    was_status: Status
    rating: Stars = ""
    was_rating: Stars = ""
    version: int = 0
    here: str = "/"


class TagsForm(Struct, kw_only=True):
    """A tag to add to a paper, or one to remove."""

    tag: str = ""
    untag: str = ""
    here: str = "/"


class BulkForm(Struct, kw_only=True):
    """A change of the ticked papers, or of `every` paper that the query finds."""

    do: Literal["status", "tag", "untag", "remove"]
    bulk_edit: UUID
    status: Status = "inbox"
    tag: str = ""
    key: list[str] = field(default_factory=list)
    every: bool = False
    q: str = ""
    all: bool = False
    here: str = "/"


class UndoForm(Struct, kw_only=True):
    """The id of a bulk edit to undo."""

    done: UUID
    here: str = "/"


async def post_entry(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Set status and rating.

    Raises `Conflict` if the same field was changed since; htmx gets the card with a warning
    instead.
    """
    form = await read_form(request, EntryForm)
    try:
        await _set(
            Edit(user=request.user.user, at=datetime.now(UTC), base=form.version), paper_key, form
        )
    except Conflict:
        if not is_htmx(request):
            raise
        return await _answer(request, paper_key, form.here, lost=form)
    return await _answer(request, paper_key, form.here)


async def post_tags(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Add a tag to a paper or remove one; other changes of its tags since then stay."""
    form = await read_form(request, TagsForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), force=True)
    names = [tuple(filter(None, [name.strip()])) for name in (form.tag, form.untag)]
    await change_entries(
        edit, [(await find_paper(paper_key)).id], EntryChange(tag=names[0], untag=names[1])
    )
    return await _answer(request, paper_key, form.here)


async def post_entries(request: PageRequest) -> Response[Any]:
    """Change many entries in one bulk edit, which the answer offers to undo."""
    form = await read_form(request, BulkForm)
    user = request.user.user
    papers = (
        await find_papers(user, form.q, everything=form.all)
        if form.every
        else await find_rows(form.key)
    )
    edit = Edit(user=user, at=datetime.now(UTC), id=form.bulk_edit)
    await change_entries(edit, papers, _change(form))
    if form.every or not is_htmx(request):
        return _reload(request, form.here, done=form.bulk_edit)
    return await _render_cards(request, form.key, bulk_edit=form.bulk_edit)


async def post_undo(request: PageRequest) -> Response[Any]:
    """Undo a bulk edit where its entries have not changed since; this is a bulk edit in turn."""
    form = await read_form(request, UndoForm)
    user = request.user.user
    edit = Edit(user=user, at=datetime.now(UTC), id=uuid4())
    undone = await undo(edit, form.done)
    if not is_htmx(request):
        return _reload(request, form.here, done=edit.id, kept=undone.kept)
    return await _render_cards(
        request, await keys_done(user, form.done), bulk_edit=form.done, undone=undone
    )


def _change(form: BulkForm) -> EntryChange:
    names = (form.tag,) if form.tag.strip() else ()
    return {
        "status": EntryChange(status=form.status),
        "tag": EntryChange(tag=names),
        "untag": EntryChange(untag=names),
        "remove": EntryChange(remove=True),
    }[form.do]


def _reload(request: PageRequest, here: str, **query: Any) -> Response[Any]:
    """Redirect to the page, which shows what was done; `query` is added to its address."""
    redirect = redirect_back(f"{here}{'&' if '?' in here else '?'}{urlencode(query)}")
    return (
        Response(None, status_code=200, headers={"HX-Redirect": redirect.url})
        if is_htmx(request)
        else redirect
    )


async def _render_cards(
    request: PageRequest, keys: list[str], *, bulk_edit: UUID, undone: Undone | None = None
) -> Response[Any]:
    """Render the changed parts of the given cards for htmx, and a message about the bulk edit."""
    user = request.user.user
    return render(
        request,
        "bulk-edit.html",
        listed=await read_listed(await find_rows(keys), user),
        colours=await tag_colours(user),
        bulk_edit=bulk_edit,
        next_bulk_edit=uuid4(),
        changed=await count_done(user, bulk_edit),
        undone=undone,
    )


async def _set(edit: Edit, key: str, form: EntryForm) -> EntryState:
    """Write the changed fields, also over a newer version that did not change these fields."""
    rating = int(form.rating) if form.rating else None
    data = EntryEdit(
        status=form.status if form.status != form.was_status else UNSET,
        rating=rating if form.rating != form.was_rating else UNSET,
    )
    try:
        return await put_entry(edit, key, data)
    except Conflict as conflict:
        now: EntryState = conflict.current
        touched = [
            data.status is not UNSET and now.status != form.was_status,
            data.rating is not UNSET
            and ("" if now.rating is None else str(now.rating)) != form.was_rating,
        ]
        if any(touched):
            raise
        return await put_entry(replace(edit, base=now.version), key, data)


async def _answer(
    request: PageRequest, key: str, here: str, *, lost: EntryForm | None = None
) -> Response[Any]:
    """Render the entry's part of the card for htmx; redirect back without scripts."""
    if not is_htmx(request):
        return redirect_back(here)
    user = request.user.user
    [listed] = await read_listed([(await find_paper(key)).id], user)
    return render(request, "entry.html", listed=listed, colours=await tag_colours(user), lost=lost)
