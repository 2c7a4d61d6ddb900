"""One's tags: renamed, coloured, merged and deleted."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from litestar import Response
from litestar.params import QueryParameter
from msgspec import Struct

from server.edits import Edit
from server.margin import list_tags
from server.pages.shell import Reading, back, read_form, render
from server.tags import delete_tag, merge_tags, put_tag
from server.wire import Colour, TagEdit, TagMerge, TagName


class TagForm(Struct, kw_only=True):
    """What to make of the tag `was`; without a colour it has none."""

    do: Literal["save", "merge", "delete"]
    was: str
    name: TagName = "-"
    colour: Colour = "#000000"
    coloured: bool = False
    version: int = 0


async def get_tags(request: Reading, deleted: Annotated[str, QueryParameter(max_length=100)] = "") -> Response[str]:
    """Show one's tags; the one that was just `deleted` can be had back."""
    return render(request, "tags.html", tags=await list_tags(request.user.user), deleted=deleted)


async def post_tag(request: Reading) -> Response[Any]:
    """Rename, colour, merge or delete a tag."""
    form = await read_form(request, TagForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), base=form.version)
    if form.do == "delete":
        await delete_tag(edit, form.was)
    elif form.do == "merge":
        await merge_tags(edit, TagMerge(names=[form.was], into=form.name))
    else:
        await put_tag(edit, form.was, TagEdit(name=form.name, colour=form.colour if form.coloured else None))
    return back(request, {"here": f"/tags?deleted={form.was}" if form.do == "delete" else "/tags"})
