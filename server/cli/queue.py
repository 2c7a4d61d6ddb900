"""The command `queue`, with what puts papers there, moves, snoozes and takes them out."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

import click
from rich.table import Table

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.papers import UNFETCHED, list_line
from server.cli.printing import console, json_option, print_json
from server.database.serializers import find_paper
from server.database.versioning import Edit
from server.days import today
from server.errors import Invalid
from server.papers.list import list_papers
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.entries import read_entry
from server.reading_list.queue import PlanDeed, move_paper, plan_change
from server.schema.papers import ListedPaper
from server.schema.reading_list import EntryState, QueueMove

Place = Literal["top", "bottom", "up", "down"]
Changed = tuple[list[EntryState], date]
"""Entries that a command changed, and the user's day, whose time zone is in the store."""
NAMED_DAYS: dict[str, PlanDeed] = {"tomorrow": "tomorrow", "monday": "week", "none": "wake"}


@click.group("queue", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 200), default=200, help="print at most this many")
@json_option
@store_options
@click.pass_context
def queue_command(context: click.Context, /, limit: int, as_json: bool, **options: Any) -> None:
    """Print the reading queue, the next paper first; put papers there, move or snooze them."""
    if context.invoked_subcommand:
        return
    config = load_config(**options)

    async def work() -> tuple[list[ListedPaper], date]:
        user = await get_user_id(config)
        found = await list_papers(user, "is:queued", sort="queue", limit=limit)
        return found.papers, today()

    papers, now = with_store(config, work)
    if as_json:
        print_json([list_line(paper) for paper in papers])
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for place, paper in enumerate(papers, 1):
        due = paper.card.entry.due if paper.card.entry else None
        table.add_row(str(place), paper.key, _due(due, now), paper.title or UNFETCHED)
    console().print(table)


@queue_command.command("add")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--top", is_flag=True, help="put them before all others")
@json_option
@store_options
def _add(keys: tuple[str, ...], top: bool, as_json: bool, **options: Any) -> None:
    """Put papers into the queue, in this order."""
    _change(keys, plan_change("top" if top else "bottom"), as_json=as_json, **options)


@queue_command.command("remove")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@json_option
@store_options
def _remove(keys: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Take papers out of the queue; they stay in the list."""
    _change(keys, plan_change("out"), as_json=as_json, **options)


@queue_command.command("move")
@click.argument("key")
@click.argument("place", required=False, type=click.Choice(get_args(Place)))
@click.option("--before", metavar="KEY", help="put it right before this paper")
@click.option("--after", metavar="KEY", help="put it right after this paper")
@json_option
@store_options
def _move(
    key: str,
    place: Place | None,
    before: str | None,
    after: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Move a paper to another place of the queue."""
    if sum(each is not None for each in (place, before, after)) != 1:
        raise click.UsageError(f"say one of {', '.join(get_args(Place))}, --before and --after")
    config = load_config(**options)

    async def work() -> Changed:
        edit = Edit(user=await get_user_id(config), at=datetime.now(UTC), force=True)
        move = QueueMove(to=place, before=before, after=after)
        return [await move_paper(edit, key, move)], today()

    _print(with_store(config, work), as_json=as_json)


@queue_command.command("snooze")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--until", required=True, help="tomorrow, monday, a day such as 2026-03-05, or none")
@json_option
@store_options
def _snooze(keys: tuple[str, ...], until: str, as_json: bool, **options: Any) -> None:
    """Keep papers out of queue, inbox and triage until a day."""

    def change() -> EntryChange:
        deed = NAMED_DAYS.get(until.lower())
        return plan_change(deed) if deed else plan_change("snooze", _read_day(until))

    _change(keys, change, as_json=as_json, **options)


@queue_command.command("due")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--on", required=True, help="a day such as 2026-03-05, or none")
@json_option
@store_options
def _set_due(keys: tuple[str, ...], on: str, as_json: bool, **options: Any) -> None:
    """Say by which day papers are to be read."""
    is_none = on.lower() == "none"
    change = plan_change("undue") if is_none else plan_change("due", _read_day(on))
    _change(keys, change, as_json=as_json, **options)


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text!r} is no day: write 2026-03-05") from None


def _change(
    keys: tuple[str, ...],
    change: EntryChange | Callable[[], EntryChange],
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Change entries; days of the user are counted once the store, with their zone, is open."""
    config = load_config(**options)

    async def work() -> Changed:
        user = await get_user_id(config)
        papers = [await find_paper(key) for key in keys]
        wanted = change() if callable(change) else change
        edit = Edit(user=user, at=datetime.now(UTC), force=True)
        await change_entries(edit, [paper.id for paper in papers], wanted)
        return [await read_entry(paper.key, user) for paper in papers], today()

    _print(with_store(config, work), as_json=as_json)


def _print(changed: Changed, *, as_json: bool) -> None:
    entries, now = changed
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        words = [
            "in the queue" if entry.queue is not None else "",
            f"snoozed until {entry.snoozed_until}" if entry.snoozed_until else "",
            _due(entry.due, now),
        ]
        click.echo(f"{entry.key} {entry.status} {', '.join(filter(None, words))}".rstrip())


def _due(day: date | None, now: date) -> str:
    return f"{'was due' if day < now else 'due'} {day}" if day else ""
