"""Tasks of notes as the API reads and writes them."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class TaskState(Struct, kw_only=True):
    """A task of a note: `key` and `title` are those of the note's paper, `line` is where the task
    begins in the note, counted from 0, and `text` its Markdown.
    """

    note: UUID
    key: str
    title: str
    line: int
    text: str
    done: bool
    version: int


class TaskList(Struct, kw_only=True):
    """One page of tasks, those of the newest notes first; `next` is the cursor of the one after."""

    tasks: list[TaskState]
    next: str | None


class TaskEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """The task to mark as done or open: the line that it begins on, and its text as it was read.

    If the note has changed since, the task is found by its text.
    """

    line: Annotated[int, Meta(ge=0)]
    text: Annotated[str, Meta(max_length=1_000_000)]
    done: bool
