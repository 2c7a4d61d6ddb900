"""What a user keeps: entries, notes, tasks, tags, and the trash."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from server.reading_list import entries, notes, tags, trash
from server.reading_list.entries import read_entry
from server.reading_list.notes import list_notes, read_note, read_revisions
from server.reading_list.queue import move_paper
from server.reading_list.tags import list_tags, read_tag
from server.reading_list.tasks import list_tasks, set_task
from server.reading_list.trash import read_trash
from server.schema.reading_list import (
    EntryEdit,
    EntryState,
    NoteEdit,
    NoteList,
    NoteState,
    QueueMove,
    RevisionState,
    SeenEdit,
    SeenReply,
    TagEdit,
    TagMerge,
    TagState,
)
from server.schema.tasks import TaskEdit, TaskList
from server.schema.trash import Restore, Trash, TrashReply
from server.web.api.request import ApiRequest, Cursor, Key, Limit, Versioned, versioned
from server.web.paths import sent_name


async def get_entry(request: ApiRequest, paper_key: Key) -> Response[EntryState]:
    """Return your entry for a paper."""
    return versioned(await read_entry(paper_key, request.user.user))


async def put_entry(
    paper_key: Key, edit: Versioned, data: JSONBody[EntryEdit]
) -> Response[EntryState]:
    """Set status, rating, tags, place in the reading queue, snooze or due date."""
    return versioned(await entries.put_entry(edit, paper_key, data))


async def put_queue(
    paper_key: Key, edit: Versioned, data: JSONBody[QueueMove]
) -> Response[EntryState]:
    """Move a paper within the reading queue, or put it there.

    The version is that of the entry. `GET /papers` with the query `is:queued` and the sort `queue`
    is the queue, and an entry with `queue` null takes a paper out of it.
    """
    return versioned(await move_paper(edit, paper_key, data))


async def delete_entry(paper_key: Key, edit: Versioned) -> Response[EntryState]:
    """Move an entry to the trash."""
    return versioned(await entries.delete_entry(edit, paper_key))


async def get_notes(
    request: ApiRequest,
    q: Annotated[str, QueryParameter(max_length=500)] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> NoteList:
    """Return your notes, newest first; `q` holds words that each must contain."""
    return await list_notes(request.user.user, q, cursor, limit)


async def get_tasks(
    request: ApiRequest,
    q: Annotated[
        str, QueryParameter(max_length=500, description="words of the task or the paper's title")
    ] = "",
    done: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TaskList:
    """Return the open tasks of your notes, or those that are done."""
    return await list_tasks(request.user.user, done=done, words=q, cursor=cursor, limit=limit)


async def put_task(
    uuid: FromPath[UUID], edit: Versioned, data: JSONBody[TaskEdit]
) -> Response[NoteState]:
    """Mark a task of a note as done or open. The version is that of the note."""
    return versioned(await set_task(edit, uuid, data))


async def get_note(request: ApiRequest, uuid: FromPath[UUID]) -> Response[NoteState]:
    """Return a note."""
    return versioned(await read_note(uuid, request.user.user))


async def put_note(
    uuid: FromPath[UUID], edit: Versioned, data: JSONBody[NoteEdit]
) -> Response[NoteState]:
    """Create or change a note."""
    return versioned(await notes.put_note(edit, uuid, data))


async def delete_note(uuid: FromPath[UUID], edit: Versioned) -> Response[NoteState]:
    """Move a note to the trash."""
    return versioned(await notes.delete_note(edit, uuid))


async def get_revisions(request: ApiRequest, uuid: FromPath[UUID]) -> list[RevisionState]:
    """Return the earlier texts of a note."""
    return await read_revisions(uuid, request.user.user)


async def get_tags(request: ApiRequest) -> list[TagState]:
    """Return your tags."""
    return await list_tags(request.user.user)


async def get_tag(request: ApiRequest, name: FromPath[str]) -> Response[TagState]:
    """Return a tag."""
    return versioned(await read_tag(sent_name(request, name), request.user.user))


async def put_tag(
    request: ApiRequest, name: FromPath[str], edit: Versioned, data: JSONBody[TagEdit]
) -> Response[TagState]:
    """Create, rename or colour a tag."""
    return versioned(await tags.put_tag(edit, sent_name(request, name), data))


async def delete_tag(
    request: ApiRequest, name: FromPath[str], edit: Versioned
) -> Response[TagState]:
    """Remove a tag from all entries and move it to the trash."""
    return versioned(await tags.delete_tag(edit, sent_name(request, name)))


async def merge_tags(edit: Versioned, data: JSONBody[TagMerge]) -> Response[TagState]:
    """Merge several tags into one."""
    return versioned(await tags.merge_tags(edit, data))


async def put_seen(edit: Versioned, data: JSONBody[SeenEdit]) -> SeenReply:
    """Mark papers as seen or not seen."""
    return SeenReply(changed=await entries.set_seen(edit, data))


async def get_trash(request: ApiRequest) -> Trash:
    """Return what is in the trash."""
    return await read_trash(request.user.user)


async def restore(edit: Versioned, data: JSONBody[Restore]) -> Response[trash.Restored]:
    """Restore something from the trash."""
    return versioned(await trash.restore(edit, data))


async def empty_trash(edit: Versioned) -> TrashReply:
    """Delete everything in the trash for good."""
    return TrashReply(deleted=await trash.empty_trash(edit))
