"""The reading queue: the papers that a user is going to read, in an order of their own."""

from datetime import date, timedelta
from typing import Literal

from server.database.connection import fetch
from server.database.models.papers import Paper
from server.database.models.reading_list import Entry
from server.database.serializers import entry_state, find_paper, tags_of
from server.database.transactions import writing
from server.database.versioning import Edit, record
from server.days import today
from server.errors import Invalid
from server.reading_list.bulk import EntryChange
from server.reading_list.entries import put_entry
from server.reading_list.plans import QUEUED, rank_between
from server.schema.reading_list import EntryEdit, EntryState, QueueMove
from server.search.sql import is_awake

PlanDeed = Literal["bottom", "top", "out", "tomorrow", "week", "snooze", "wake", "due", "undue"]
"""What can be done about when papers are read."""
Ranks = dict[int, float]
"""The ranks of the papers of a queue, by their row ids and in their order."""


async def move_paper(edit: Edit, key: str, move: QueueMove) -> EntryState:
    """Move a paper within a user's queue, or put it there.

    A paper that is not in the list joins it. Only if there is no rank left at the place, all papers
    of the queue get new ones. Raises `NotFound`, `Conflict`, `PreconditionMissing`, and `Invalid`
    if the move names no place, or another paper that is not in the queue.
    """
    async with writing(edit.user):
        paper = await find_paper(key)
        ranks = await _read_ranks(edit.user)
        place = await _find_place(edit.user, paper.id, move, [*ranks])
        others = {other: rank for other, rank in ranks.items() if other != paper.id}
        if paper.id in ranks and [*ranks].index(paper.id) == place:
            rank: float | None = ranks[paper.id]
        else:
            rank = _rank_at(place, [*others.values()])
        if rank is not None:
            return await put_entry(edit, key, EntryEdit(queue=rank))
        entry = await put_entry(edit, key, EntryEdit(queue=float(place)))
        await _rank_anew(edit, place, [*others])
        return entry


def plan_change(deed: PlanDeed, day: date | None = None) -> EntryChange:
    """Return the change that a deed makes; `week` snoozes until Monday.

    Raises `Invalid` for a deed that needs a day and has none, or a snooze until a day that is over.
    """
    now = today()
    if deed in ("snooze", "due") and day is None:
        raise Invalid("choose a day first")
    if deed == "snooze" and day and day <= now:
        raise Invalid(f"{day} is not ahead: snooze it until tomorrow or later")
    return {
        "bottom": EntryChange(queue="bottom"),
        "top": EntryChange(queue="top"),
        "out": EntryChange(queue=None),
        "tomorrow": EntryChange(snoozed_until=now + timedelta(days=1)),
        "week": EntryChange(snoozed_until=now + timedelta(days=7 - now.weekday())),
        "snooze": EntryChange(snoozed_until=day),
        "wake": EntryChange(snoozed_until=None),
        "due": EntryChange(due=day),
        "undue": EntryChange(due=None),
    }[deed]


async def _read_ranks(user: int) -> Ranks:
    rows = await fetch(
        f"SELECT e.paper_id, e.queue {QUEUED} ORDER BY e.queue, e.paper_id DESC", user
    )
    return {row["paper_id"]: row["queue"] for row in rows}


async def _find_place(user: int, paper: int, move: QueueMove, queue: list[int]) -> int:
    """Return how many other papers of the queue are before the place that a move asks for."""
    asked = [name for name in ("to", "before", "after") if getattr(move, name) is not None]
    if len(asked) != 1:
        raise Invalid("say where it is to be: one of `to`, `before` and `after`")
    others = [other for other in queue if other != paper]
    if move.to == "top":
        return 0
    if move.to == "bottom":
        return len(others)
    if move.to:
        return await _find_step(user, paper, queue, up=move.to == "up")
    return await _find_beside(paper, move, others)


async def _find_beside(paper: int, move: QueueMove, others: list[int]) -> int:
    target = await find_paper(move.before or move.after or "")
    if target.id == paper:
        raise Invalid("a paper cannot be before or after itself")
    if target.id not in others:
        raise Invalid(f"{target.key} is not in the queue")
    return others.index(target.id) + (move.after is not None)


async def _find_step(user: int, paper: int, queue: list[int], *, up: bool) -> int:
    """Return the place of a paper one step up or down, past those that are snoozed."""
    if paper not in queue:
        raise Invalid("it is not in the queue: move it to the top or the bottom")
    rows = await fetch(f"SELECT e.paper_id {QUEUED} AND {is_awake(today())}", user)
    shown = {row["paper_id"] for row in rows}
    place = queue.index(paper)
    steps = range(place - 1, -1, -1) if up else range(place + 1, len(queue))
    return next((step for step in steps if queue[step] in shown), place)


def _rank_at(place: int, ranks: list[float]) -> float | None:
    before = ranks[place - 1] if place else None
    return rank_between(before, ranks[place] if place < len(ranks) else None)


async def _rank_anew(edit: Edit, place: int, queue: list[int]) -> None:
    """Rank the papers of a queue evenly but for a place that another one has got.

    All of them are of the same edit, so that they are undone with it.
    """
    fresh = {paper: float(at + (at >= place)) for at, paper in enumerate(queue)}
    entries = await Entry.filter(user_id=edit.user, paper_id__in=queue).prefetch_related("paper")
    moved = [entry for entry in entries if entry.queue != fresh[entry.paper_id]]
    tags = await tags_of([entry.id for entry in moved])
    for entry in moved:
        paper: Paper = entry.paper
        before = entry_state(entry, paper.key, tags[entry.id])
        entry.queue, entry.version = fresh[entry.paper_id], entry.version + 1
        await entry.save(update_fields=["queue", "version"])
        await record(
            edit, "entry", paper.key, paper=paper.key, version=entry.version, before=before
        )
