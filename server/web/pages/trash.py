"""The trash page: restore one or many things, or empty it after a confirmation."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response
from litestar.params import FromQuery
from msgspec import Meta, Struct, field

from server.database.versioning import Edit
from server.papers.page import read_titles
from server.reading_list.trash import empty_trash, read_trash, restore
from server.schema.trash import Restore
from server.web.pages.layout import PageRequest, read_form, redirect_back, render

Item = Annotated[str, Meta(pattern="^(entry|note|tag|search|correction):.", max_length=320)]


class RestoreForm(Struct, kw_only=True):
    """Things to restore, each as its kind, a colon and its name, key or id."""

    item: list[Item] = field(default_factory=list)
    here: str = "/trash"


async def get_trash(request: PageRequest, ask: FromQuery[bool] = False) -> Response[str]:
    """Show the trash; with `ask`, also the confirmation before emptying it."""
    trash = await read_trash(request.user.user)
    keys = {
        thing.key for things in (trash.entries, trash.notes, trash.corrections) for thing in things
    }
    count = sum(len(getattr(trash, name)) for name in trash.__struct_fields__)
    return render(
        request, "trash.html", trash=trash, titles=await read_titles([*keys]), count=count, ask=ask
    )


async def post_restore(request: PageRequest) -> Response[Any]:
    """Restore things from the trash."""
    form = await read_form(request, RestoreForm)
    for item in form.item:
        kind, _, ref = item.partition(":")
        data = Restore(kind=kind, ref=ref)  # type: ignore[arg-type]
        await restore(Edit(user=request.user.user, at=datetime.now(UTC)), data)
    return redirect_back(form.here)


async def post_empty(request: PageRequest) -> Response[Any]:
    """Delete everything in the trash for good."""
    await empty_trash(Edit(user=request.user.user, at=datetime.now(UTC)))
    return redirect_back("/trash")
