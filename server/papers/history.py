"""The history of a paper, read from the change records."""

from datetime import date, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from server.database.connection import fetch, moment, places
from server.database.serializers import find_paper, load_entry
from server.schema.api import WriteSource
from server.schema.reading_list import EntryState, Plan

NEWEST = 200  # changes of one paper that are listed

Value = TypeVar("Value")
_STATE = msgspec.json.Decoder(EntryState)


class HistoryItem(Struct, frozen=True, kw_only=True):
    """One change, and what it changed of an entry: the values before and after it."""

    at: datetime
    kind: str
    ref: str
    version: int
    deleted: bool
    status: tuple[str, str] | None = None
    rating: tuple[int | None, int | None] | None = None
    queue: tuple[float | None, float | None] | None = None
    snoozed_until: tuple[date | None, date | None] | None = None
    due: tuple[date | None, date | None] | None = None
    tagged: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()
    source: WriteSource | None = None


async def read_history(key: str, user: int) -> list[HistoryItem]:
    """Return what a user did about a paper, and the changes of the paper itself, the last first.

    Raises `NotFound`.
    """
    paper = await find_paper(key)
    aliases = await fetch("SELECT key FROM alias WHERE paper_id = $1", paper.id)
    keys = [paper.key, *(row["key"] for row in aliases)]
    rows = await fetch(
        "SELECT kind, ref, version, deleted, before, source, at FROM change "
        "WHERE (user_id = $1 OR user_id IS NULL) "
        f"AND paper_key IN ({places(len(keys), after=1)}) ORDER BY id DESC LIMIT {NEWEST}",
        user,
        *keys,
    )
    _, after = await load_entry(paper, user)
    items = []
    for row in rows:
        before = _STATE.decode(row["before"]) if row["before"] else None
        # a tag that was renamed or deleted changed the entry without a record of what it was before
        is_told = row["kind"] == "entry" and (before is not None or row["version"] == 1)
        item = _item(row)
        if is_told and after and not item.deleted:
            item = _compare(item, before, after)
        items.append(item)
        after = before if is_told else after
    return items


def _item(row: dict[str, Any]) -> HistoryItem:
    return HistoryItem(
        at=moment(row["at"]),
        kind=row["kind"],
        ref=row["ref"],
        version=row["version"],
        deleted=bool(row["deleted"]),
        source=row["source"],
    )


def _compare(item: HistoryItem, before: EntryState | None, after: EntryState) -> HistoryItem:
    """Add what an entry was before and after a change."""
    status = before.status if before else "none"
    rating = before.rating if before else None
    plan = before.plan if before else Plan()
    tags = before.tags if before else []
    return msgspec.structs.replace(
        item,
        status=_changed(status, after.status),
        rating=_changed(rating, after.rating),
        queue=_changed(plan.queue, after.queue),
        snoozed_until=_changed(plan.snoozed_until, after.snoozed_until),
        due=_changed(plan.due, after.due),
        tagged=tuple(tag for tag in after.tags if tag not in tags),
        untagged=tuple(tag for tag in tags if tag not in after.tags),
    )


def _changed(before: Value, after: Value) -> tuple[Value, Value] | None:
    return (before, after) if before != after else None
