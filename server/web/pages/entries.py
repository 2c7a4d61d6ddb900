"""Forms on a card: status, rating and tags of one paper, or a bulk edit of many."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Response
from litestar.params import FromQuery, QueryParameter
from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from server.database.serializers import find_paper
from server.database.versioning import Edit
from server.errors import Conflict, Invalid
from server.papers.days import list_day
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
from server.reading_list.queue import PlanDeed, plan_change
from server.reading_list.tags import tag_colours
from server.schema.reading_list import EntryEdit, EntryState, Status
from server.web.api.request import Key
from server.web.pages.layout import PageRequest, is_htmx, read_form, redirect_back, render

Stars = Literal["", "0", "1", "2", "3", "4", "5"]
CHANGED = "entries-changed"  # the event that htmx triggers, so that counts on the page follow


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
    """A change of the ticked papers, or of `every` paper of the day or that the query finds."""

    do: Literal["status", "rating", "tag", "untag", "plan", "remove"]
    bulk_edit: UUID
    status: Status = "inbox"
    rating: Stars = ""
    tag: str = ""
    plan: PlanDeed = "bottom"
    on: str = ""
    key: list[str] = field(default_factory=list)
    every: bool = False
    day: date | None = None
    q: str = ""
    all: bool = False
    here: str = "/"


class PlanForm(Struct, kw_only=True):
    """When to read a paper; some deeds need a day."""

    do: PlanDeed
    day: str = ""
    here: str = "/"


class UndoForm(Struct, kw_only=True):
    """The id of a bulk edit to undo."""

    done: UUID
    here: str = "/"


class Done(Struct, frozen=True):
    """An edit, how many papers it changed, and of how many an undo kept later changes."""

    edit: UUID | None
    changed: int
    kept: int


async def post_entry(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Set status and rating.

    Raises `Conflict` if the same field was changed since; htmx gets the card with a warning
    instead.
    """
    form = await read_form(request, EntryForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), id=uuid4(), base=form.version)
    try:
        await _set(edit, paper_key, form)
    except Conflict:
        if not is_htmx(request):
            raise
        return await answer_edit(request, paper_key, form.here, edit, lost=form)
    return await answer_edit(request, paper_key, form.here, edit)


async def post_tags(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Add a tag to a paper or remove one; other changes of its tags since then stay."""
    form = await read_form(request, TagsForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), id=uuid4(), force=True)
    names = [tuple(filter(None, [name.strip()])) for name in (form.tag, form.untag)]
    await change_entries(
        edit, [(await find_paper(paper_key)).id], EntryChange(tag=names[0], untag=names[1])
    )
    return await answer_edit(request, paper_key, form.here, edit)


async def post_plan(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Queue a paper, snooze it, or say when it is due, or take that back."""
    form = await read_form(request, PlanForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), id=uuid4(), force=True)
    change = plan_change(form.do, _read_day(form.day))
    await change_entries(edit, [(await find_paper(paper_key)).id], change)
    return await answer_edit(request, paper_key, form.here, edit)


async def post_entries(request: PageRequest) -> Response[Any]:
    """Change many entries in one bulk edit, which the answer offers to undo."""
    form = await read_form(request, BulkForm)
    user = request.user.user
    edit = Edit(user=user, at=datetime.now(UTC), id=form.bulk_edit)
    await change_entries(edit, await _selected(user, form), _change(form))
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


async def provide_done(
    request: PageRequest,
    edit: Annotated[UUID | None, QueryParameter(name="done")] = None,
    kept: FromQuery[int] = 0,
) -> Done:
    """Provide what an edit did that led back to a page, by the page's address."""
    changed = await count_done(request.user.user, edit) if edit else 0
    return Done(edit, changed, kept)


async def _selected(user: int, form: BulkForm) -> list[int]:
    if not form.every:
        return await find_rows(form.key)
    if form.day:
        return await list_day(form.day)
    return await find_papers(user, form.q, everything=form.all)


def _change(form: BulkForm) -> EntryChange:
    if form.do == "plan":
        return plan_change(form.plan, _read_day(form.on))
    names = (form.tag,) if form.tag.strip() else ()
    return {
        "status": EntryChange(status=form.status),
        "rating": EntryChange(rating=_read_stars(form.rating)),
        "tag": EntryChange(tag=names),
        "untag": EntryChange(untag=names),
        "remove": EntryChange(remove=True),
    }[form.do]


def _read_day(text: str) -> date | None:
    """Read the day of a form, which may be left out. Raises `Invalid`."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"{text!r} is no day: write 2026-03-05") from None


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
    answer = render(
        request,
        "bulk-edit.html",
        listed=await read_listed(await find_rows(keys), user),
        colours=await tag_colours(user),
        bulk_edit=bulk_edit,
        # the page's next bulk edit; an undo did not use its id up
        next_bulk_edit=None if undone else uuid4(),
        changed=await count_done(user, bulk_edit),
        undone=undone,
    )
    answer.headers["HX-Trigger"] = CHANGED
    return answer


async def _set(edit: Edit, key: str, form: EntryForm) -> EntryState:
    """Write the changed fields, also over a newer version that did not change these fields."""
    rating = _read_stars(form.rating)
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


def _read_stars(stars: Stars) -> int | None:
    return int(stars) if stars else None


async def answer_edit(
    request: PageRequest, key: str, here: str, edit: Edit, *, lost: EntryForm | None = None
) -> Response[Any]:
    """Render the entry's part of the card for htmx; redirect back without scripts.

    Both offer to undo the edit, if it changed something.
    """
    user = request.user.user
    changed = await count_done(user, edit.id) if edit.id else 0
    if not is_htmx(request):
        return _reload(request, here, done=edit.id) if changed else redirect_back(here)
    [listed] = await read_listed([(await find_paper(key)).id], user)
    colours = await tag_colours(user)
    answer = render(
        request,
        "entry.html",
        listed=listed,
        colours=colours,
        lost=lost,
        edit=edit.id,
        changed=changed,
    )
    answer.headers["HX-Trigger"] = CHANGED
    return answer
