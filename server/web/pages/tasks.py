"""The tasks of all notes, open or done, with a search; a task is ticked here or in its note."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from server.database.versioning import Edit
from server.papers.note_links import resolve_links
from server.papers.page import read_paper
from server.papers.spans import anchors
from server.reading_list.tasks import list_tasks, set_task
from server.schema.tasks import TaskEdit, TaskState
from server.web.pages.layout import PageRequest, is_htmx, read_form, redirect_back, render

PAGE = 50  # tasks


class TaskForm(Struct, kw_only=True):
    """A task and whether it is done; `shape` is what htmx swaps: a line of the page, or a note."""

    line: int
    text: str
    done: bool = False
    shape: str = "line"
    here: str = "/tasks"


async def get_tasks(
    request: PageRequest,
    q: Annotated[str, QueryParameter(max_length=500)] = "",
    show: FromQuery[Literal["open", "done"]] = "open",
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Response[str]:
    """Show the tasks that are open, or done."""
    user, done = request.user.user, show == "done"
    found = await list_tasks(user, done=done, words=q, cursor=cursor, limit=PAGE)
    links = await resolve_links((task.text for task in found.tasks), user)
    is_later = cursor is not None
    return render(
        request, "tasks.html", found=found, links=links, q=q, done=done, is_later=is_later
    )


async def post_task(request: PageRequest, uuid: FromPath[UUID]) -> Response[Any]:
    """Mark a task as done or open; other changes of its note since then stay."""
    form = await read_form(request, TaskForm)
    user = request.user.user
    edit = Edit(user=user, at=datetime.now(UTC), force=True)
    note = await set_task(edit, uuid, TaskEdit(line=form.line, text=form.text, done=form.done))
    if not is_htmx(request):
        return redirect_back(form.here)
    page = await read_paper(note.key, user)
    if form.shape == "note":
        return render(
            request,
            "note.html",
            shape="saved",
            page=page,
            note=note,
            anchored=anchors(page.abstract, [note]),
        )
    task = TaskState(
        note=note.id,
        key=page.key,
        title=page.title,
        line=form.line,
        text=form.text,
        done=form.done,
        version=note.version,
    )
    return render(request, "task.html", task=task, links=page.links, shape="line")
