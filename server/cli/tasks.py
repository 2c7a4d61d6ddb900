"""The commands `tasks` and `tasks tick`."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from rich.table import Table

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.printing import console, json_option, print_json
from server.database.versioning import Edit
from server.errors import Invalid, NotFound
from server.exports.note_tasks import find_tasks
from server.reading_list.notes import read_note
from server.reading_list.tasks import list_tasks, set_task
from server.schema.tasks import TaskEdit, TaskState


@click.group("tasks", invoke_without_command=True)
@click.option("--done", is_flag=True, help="print those that are done, not those that are open")
@click.option("--find", "words", default="", help="words of the task or of the paper's title")
@json_option
@store_options
@click.pass_context
def tasks_command(
    context: click.Context, /, done: bool, words: str, as_json: bool, **options: Any
) -> None:
    """Print the tasks of your notes, `- [ ]`, with the id by which tasks tick marks one as done."""
    if context.invoked_subcommand:
        return
    config = load_config(**options)

    async def work() -> list[TaskState]:
        user, tasks, cursor = await get_user_id(config), list[TaskState](), None
        while True:
            page = await list_tasks(user, done=done, words=words, cursor=cursor, limit=200)
            tasks += page.tasks
            if (cursor := page.next) is None:
                return tasks

    tasks = with_store(config, work)
    if as_json:
        print_json(tasks)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for task in tasks:
        table.add_row(f"{task.note}:{task.line}", task.key, task.text)
    console().print(table)


@tasks_command.command("tick")
@click.argument("task", metavar="ID")
@click.option("--open", "reopens", is_flag=True, help="mark it as open again")
@json_option
@store_options
def _tick(task: str, reopens: bool, as_json: bool, **options: Any) -> None:
    """Mark a task as done, by the ID that papermargin tasks prints."""
    note, line = _read_id(task)
    config = load_config(**options)

    async def work() -> TaskEdit:
        user = await get_user_id(config)
        text = (await read_note(note, user)).text
        found = next((each for each in find_tasks(text) if each.line == line), None)
        if found is None:
            raise NotFound(f"note {note} has no task on line {line}")
        data = TaskEdit(line=line, text=found.text, done=not reopens)
        await set_task(Edit(user=user, at=datetime.now(UTC), force=True), note, data)
        return data

    data = with_store(config, work)
    if as_json:
        print_json(data)
    else:
        click.echo(f"{'done' if data.done else 'open'}: {data.text}")


def _read_id(text: str) -> tuple[UUID, int]:
    note, _, line = text.rpartition(":")
    try:
        return UUID(note), int(line)
    except ValueError:
        raise Invalid(f"{text!r} is no task's id: papermargin tasks prints them") from None
