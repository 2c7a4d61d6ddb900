"""The tasks of all notes of a user, and marking one as done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from server.database.connection import fetch, moment
from server.database.models.reading_list import Note
from server.database.transactions import writing
from server.database.versioning import Edit
from server.errors import Invalid, NotFound
from server.exports.note_tasks import Task, find_tasks, mark_task
from server.reading_list.notes import put_note, read_cursor, write_cursor
from server.schema.reading_list import NoteEdit, NoteState
from server.schema.tasks import TaskEdit, TaskList, TaskState

BATCH = 100  # notes that are read at once

# the conditions of indexes, which have only the notes that may have such a task
_OPEN = "REPLACE(n.text, '[ ]', '') <> n.text"
_DONE = "REPLACE(LOWER(n.text), '[x]', '') <> LOWER(n.text)"


_Place = tuple[datetime, int]
"""When the last note of a page was created, and its row id."""


async def list_tasks(
    user: int, *, done: bool = False, words: str = "", cursor: str | None = None, limit: int = 50
) -> TaskList:
    """Return a page of the tasks that are open, or done, of the newest notes first.

    A page has all tasks of a note, and so a few more than `limit`. `words` have to be in the task
    or in the paper's title. Raises `Invalid` for a cursor that is not ours.
    """
    place = read_cursor(cursor) if cursor is not None else None
    sought = words.casefold().split()
    tasks: list[TaskState] = []
    while rows := await _read_notes(user, done=done, after=place):
        for row in rows:
            place = moment(row["created"]), row["id"]
            tasks += _tasks_of(row, sought, done=done)
            if len(tasks) >= limit:
                return TaskList(tasks=tasks, next=write_cursor(*place))
        if len(rows) < BATCH:
            break
    return TaskList(tasks=tasks, next=None)


async def set_task(edit: Edit, uuid: UUID, data: TaskEdit) -> NoteState:
    """Mark a task of a note as done or open.

    Raises `NotFound`, `Conflict` and `PreconditionMissing`, and `Invalid` if the note has no such
    task any more.
    """
    async with writing(edit.user, is_short=True):
        note = await Note.get_or_none(uuid=uuid, user_id=edit.user, deleted=None).prefetch_related(
            "paper"
        )
        if note is None:
            raise NotFound(f"no note {uuid}")
        task = _find_task(note.text, data)
        text = mark_task(note.text, task, is_done=data.done)
        new = NoteEdit(paper=note.paper.key, text=text, quote=note.quote)
        return await put_note(edit, uuid, new)


def _find_task(text: str, data: TaskEdit) -> Task:
    tasks = [task for task in find_tasks(text) if task.text == data.text]
    if not tasks:
        raise Invalid("the note has no such task any more: it was edited since")
    return min(tasks, key=lambda task: abs(task.line - data.line))


async def _read_notes(user: int, *, done: bool, after: _Place | None) -> list[dict[str, Any]]:
    values: list[Any] = [user]
    place = ""
    if after:
        values += after
        place = "AND n.created <= $2 AND (n.created, n.id) < ($2, $3) "
    return await fetch(
        "SELECT n.id, n.uuid, n.text, n.version, n.created, p.key, p.title FROM note n "
        "JOIN paper p ON p.id = n.paper_id WHERE n.user_id = $1 AND n.deleted IS NULL "
        f"AND {_DONE if done else _OPEN} {place}"
        f"ORDER BY n.created DESC, n.id DESC LIMIT {BATCH}",
        *values,
    )


def _tasks_of(row: dict[str, Any], sought: list[str], *, done: bool) -> list[TaskState]:
    whole = f"{row['title']}\n{row['text']}".casefold()
    if not all(word in whole for word in sought):
        return []  # before it is parsed
    title = row["title"].casefold()
    return [
        TaskState(
            note=UUID(str(row["uuid"])),
            key=row["key"],
            title=row["title"],
            line=task.line,
            text=task.text,
            done=task.is_done,
            version=row["version"],
        )
        for task in find_tasks(row["text"])
        if task.is_done == done
        and all(word in title or word in task.text.casefold() for word in sought)
    ]
