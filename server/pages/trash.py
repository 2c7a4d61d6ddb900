"""The trash: what lies in it brought back, one or many, and all of it emptied after a question."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response
from litestar.params import FromQuery
from msgspec import Meta, Struct, field

from server.edits import Edit
from server.margin import read_titles, read_trash
from server.pages.shell import Reading, back, read_form, render
from server.trash import empty_trash, restore
from server.wire import Restore

Item = Annotated[str, Meta(pattern="^(entry|note|tag|search|correction):.", max_length=320)]


class RestoreForm(Struct, kw_only=True):
    """What to bring back, each as its kind, a colon and its name, key or id."""

    item: list[Item] = field(default_factory=list)
    here: str = "/trash"


async def get_trash(request: Reading, ask: FromQuery[bool] = False) -> Response[str]:
    """Show the trash, and with `ask` the question whether to empty it."""
    trash = await read_trash(request.user.user)
    keys = {thing.key for things in (trash.entries, trash.notes, trash.corrections) for thing in things}
    count = sum(len(getattr(trash, name)) for name in trash.__struct_fields__)
    return render(request, "trash.html", trash=trash, titles=await read_titles([*keys]), count=count, ask=ask)


async def post_restore(request: Reading) -> Response[Any]:
    """Bring things back."""
    form = await read_form(request, RestoreForm)
    for item in form.item:
        kind, _, ref = item.partition(":")
        wish = Restore(kind=kind, ref=ref)  # type: ignore[arg-type]
        await restore(Edit(user=request.user.user, at=datetime.now(UTC)), wish)
    return back(request, {"here": form.here})


async def post_empty(request: Reading) -> Response[Any]:
    """Delete for good what lies in the trash."""
    await empty_trash(Edit(user=request.user.user, at=datetime.now(UTC)))
    return back(request, {"here": "/trash"})
