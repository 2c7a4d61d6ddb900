"""A paper's status, rating and tags, set where the paper stands: plain forms, which htmx posts too."""

from datetime import UTC, datetime
from typing import Any, Literal

from litestar import Response
from litestar.di import NamedDependency
from msgspec import UNSET, Struct
from msgspec.structs import replace

from server.bulk import EntryChange, change_entries
from server.edits import Edit
from server.errors import Conflict
from server.library import put_entry
from server.margin import tag_colours
from server.pages.shell import Reading, back, is_part, read_form, render
from server.papers import read_listed
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
