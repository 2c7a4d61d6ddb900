"""The reading queue: what a user is going to read, in an order of their own."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct, ValidationError, convert

from server.database.versioning import Edit
from server.errors import Invalid
from server.papers.list import list_papers
from server.papers.next_up import read_next_up
from server.reading_list.queue import move_paper
from server.reading_list.tags import tag_colours
from server.schema.reading_list import QueueMove
from server.web.pages.entries import Done, answer_edit
from server.web.pages.layout import PageRequest, is_compact, read_form, render

PAGE = 100  # papers
MAX_SHOWN = 1_000  # of a longer queue, the list shows the rest


class MoveForm(Struct, kw_only=True):
    """Where a paper is to be, and its key: "top 2401.01234"; for `before` and `after`, `beside` is
    the key of the other paper.
    """

    move: str
    beside: str = ""
    here: str = "/queue"


async def get_queue(
    request: PageRequest,
    done: NamedDependency[Done],
    shown: Annotated[int, QueryParameter(ge=1, le=MAX_SHOWN)] = PAGE,
) -> Response[str]:
    """Show the papers of the queue, the next one first."""
    user = request.user.user
    return render(
        request,
        "queue.html",
        found=await list_papers(user, "is:queued", sort="queue", limit=shown),
        next=await read_next_up(user),
        more=min(shown + PAGE, MAX_SHOWN) if shown < MAX_SHOWN else None,
        colours=await tag_colours(user),
        compact=is_compact(request),
        bulk_edit=uuid4(),
        done=done,
    )


async def post_queue(request: PageRequest) -> Response[Any]:
    """Move a paper within the queue; the answer offers to undo that."""
    form = await read_form(request, MoveForm)
    place, _, key = form.move.partition(" ")
    asked = {place: form.beside} if place in ("before", "after") else {"to": place}
    try:
        move = convert(asked, QueueMove)
    except ValidationError:
        raise Invalid(f"{place!r} is no place in the queue") from None
    edit = Edit(user=request.user.user, at=datetime.now(UTC), id=uuid4(), force=True)
    await move_paper(edit, key, move)
    return await answer_edit(request, key, form.here, edit)
