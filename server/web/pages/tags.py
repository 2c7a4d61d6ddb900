"""The tags page: rename, colour, merge and delete tags, and papers that might belong to one."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from server.database.versioning import Edit
from server.papers.list import find_rows, read_listed
from server.reading_list.tags import delete_tag, list_tags, merge_tags, put_tag, tag_colours
from server.schema.reading_list import Colour, TagEdit, TagMerge, TagName
from server.web.pages.entries import Done
from server.web.pages.layout import PageRequest, read_form, redirect_back, render


class TagForm(Struct, kw_only=True):
    """A change of the tag `was`; `coloured` says whether it has a colour."""

    do: Literal["save", "merge", "delete"]
    was: str
    name: TagName = "-"
    colour: Colour = "#000000"
    coloured: bool = False
    version: int = 0


async def get_tags(
    request: PageRequest, deleted: Annotated[str, QueryParameter(max_length=100)] = ""
) -> Response[str]:
    """Show all tags; a tag that was just `deleted` can be restored."""
    return render(request, "tags.html", tags=await list_tags(request.user.user), deleted=deleted)


async def get_suggestions(
    request: PageRequest,
    tag: Annotated[str, QueryParameter(min_length=1, max_length=100)],
    done: NamedDependency[Done],
) -> Response[str]:
    """Show the papers that might belong to a tag."""
    from server.ranking.tags import suggest_for_tag  # noqa: PLC0415 - NumPy slows down every start

    user = request.user.user
    found = await suggest_for_tag(user, tag)
    rows = await find_rows([paper.key for paper in found.suggested])
    return render(
        request,
        "tag-suggestions.html",
        found=found,
        papers=await read_listed(rows, user),
        colours=await tag_colours(user),
        bulk_edit=uuid4(),
        done=done,
    )


async def post_tag(request: PageRequest) -> Response[Any]:
    """Rename, colour, merge or delete a tag."""
    form = await read_form(request, TagForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), base=form.version)
    if form.do == "delete":
        await delete_tag(edit, form.was)
    elif form.do == "merge":
        await merge_tags(edit, TagMerge(names=[form.was], into=form.name))
    else:
        await put_tag(
            edit, form.was, TagEdit(name=form.name, colour=form.colour if form.coloured else None)
        )
    return redirect_back(f"/tags?deleted={form.was}" if form.do == "delete" else "/tags")
