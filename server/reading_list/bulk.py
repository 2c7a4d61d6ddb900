"""Bulk edits: many entries changed at once, and undone as one."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from server.database.connection import read_connection
from server.database.models.changes import Change
from server.database.models.papers import Paper
from server.database.models.reading_list import Entry, EntryTag
from server.database.serializers import entry_state, tags_of
from server.database.transactions import writing
from server.database.versioning import Edit, is_applied
from server.reading_list.plans import given, open_ranks
from server.reading_list.tags import claim_tags, fold_tag
from server.schema.reading_list import EntryState, Plan, Status

BATCH = 400  # papers that are read and written by one statement each

_STATE = msgspec.json.Decoder(EntryState)
Item = TypeVar("Item")


class EntryChange(Struct, frozen=True, kw_only=True):
    """What to make of each entry; `remove` moves it to the trash.

    `status` None and UNSET leave it alone; None takes its rating, snooze or due date away. `queue`
    puts it at an end of the reading queue, in the order of the papers, or with None takes it out.
    What is in the queue already goes to the top, but not to the bottom.
    """

    status: Status | None = None
    rating: int | UnsetType | None = UNSET
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    remove: bool = False
    queue: Literal["top", "bottom"] | UnsetType | None = UNSET
    snoozed_until: date | UnsetType | None = UNSET
    due: date | UnsetType | None = UNSET


class Undone(Struct, frozen=True):
    """How many entries are again as they were, and how many were changed since and stay as they
    are.
    """

    restored: int
    kept: int


class _Target(Struct, frozen=True, kw_only=True):
    """What an entry is to be."""

    status: Status
    added: datetime
    rating: int | None = None
    tags: tuple[str, ...] = ()
    plan: Plan = Plan()
    deleted: datetime | None = None


async def change_entries(edit: Edit, papers: Iterable[int], change: EntryChange) -> int:
    """Change a user's entries on papers, all of them or none, and give how many that changed.

    A paper without an entry gets one, in the inbox if no status is asked for, unless the change
    only takes away. Raises `Invalid` for a tag that cannot be.
    """
    count = 0
    wanted = [*papers]
    async with writing(edit.user):
        if await is_applied(edit):
            return await Change.filter(user_id=edit.user, edit=edit.id).count()
        ranks = await _open_ranks(edit, wanted, change)
        for ids in _batches(wanted):
            known, keys = await _states(edit.user, ids), await _keys(ids)
            targets = {
                paper: target
                for paper in ids
                if paper in keys
                and (target := _target(known.get(paper), change, edit.at, ranks.get(paper)))
            }
            count += await _write(edit, targets, known, keys)
    return count


async def count_done(user: int, bulk_edit: UUID) -> int:
    """Return how many entries a bulk edit changed."""
    return (
        await Change.filter(user_id=user, edit=bulk_edit, kind="entry")
        .using_db(read_connection())
        .count()
    )


async def keys_done(user: int, bulk_edit: UUID) -> list[str]:
    """Return the keys of the papers whose entries a bulk edit changed."""
    changes = Change.filter(user_id=user, edit=bulk_edit, kind="entry").order_by("id")
    return [change.ref for change in await changes.using_db(read_connection())]


async def undo(edit: Edit, done: UUID) -> Undone:
    """Make the entries that the bulk edit `done` changed what they were before it, where nothing
    changed them since.

    An entry that the bulk edit made leaves the list again. Raises `Invalid` if the id of `edit` was
    used for another request.
    """
    restored = total = 0
    async with writing(edit.user):
        if not await is_applied(edit):
            for changes in _batches(
                await Change.filter(user_id=edit.user, edit=done, kind="entry").order_by("id")
            ):
                papers = await Paper.filter(key__in=[change.ref for change in changes]).values_list(
                    "key", "id"
                )
                ids = dict(cast(Any, papers))
                known = await _states(edit.user, [*ids.values()])
                left = await _left_by(edit.user, changes)
                targets = {
                    ids[change.ref]: _before(change)
                    for change in changes
                    if change.ref in ids
                    and (state := known.get(ids[change.ref]))
                    and _is_as_left(state, change, left.get(change.ref))
                }
                restored += await _write(
                    edit, targets, known, {paper: key for key, paper in ids.items()}
                )
                total += len(changes)
    return Undone(restored, total - restored)


async def _open_ranks(edit: Edit, papers: list[int], change: EntryChange) -> dict[int, float]:
    """Return the ranks at the end of the queue to which a change puts papers."""
    if change.queue is None or change.queue is UNSET:
        return {}
    return await open_ranks(edit.user, papers, top=change.queue == "top")


def _target(
    current: EntryState | None, change: EntryChange, now: datetime, rank: float | None
) -> _Target | None:
    """Return what a change makes of an entry; None for one that is not there and is not to be.

    `rank` is its place in the queue if the change puts it there.
    """
    if _gives(change) and not (current and current.is_listed):
        return _listed(current, change, now, rank)
    if current is None:
        return None
    if change.remove or current.deleted:
        return replace(_as_is(current), deleted=current.deleted or now)
    tags = _retag(current.tags, change)
    return replace(
        _as_is(current),
        status=change.status or current.status,
        rating=_rate(current, change),
        tags=tags,
        plan=_plan(current, change, change.status or current.status, rank),
    )


def _gives(change: EntryChange) -> bool:
    """Return whether a change gives a paper something, and does not only take away."""
    given_values = (change.rating, change.queue, change.snoozed_until, change.due)
    gives = any(value is not None and value is not UNSET for value in given_values)
    return (gives or bool(change.status or change.tag)) and not change.remove


def _plan(
    current: EntryState | None, change: EntryChange, status: Status, rank: float | None
) -> Plan:
    plan = current.plan.carry_over(before=current.status, after=status) if current else Plan()
    queue = plan.queue
    if change.queue is None or change.queue == "top" or (rank is not None and queue is None):
        queue = rank
    return Plan(queue, given(change.snoozed_until, plan.snoozed_until), given(change.due, plan.due))


def _rate(current: EntryState | None, change: EntryChange) -> int | None:
    if not isinstance(change.rating, UnsetType):
        return change.rating
    return current.rating if current else None


def _listed(
    current: EntryState | None, change: EntryChange, now: datetime, rank: float | None
) -> _Target:
    """Return the entry of a paper that comes, or comes back, to the list."""
    status = change.status or "inbox"
    return _Target(
        status=status,
        rating=_rate(current, change),
        tags=_retag(current.tags if current else [], change),
        plan=_plan(current, change, status, rank),
        added=now,
    )


async def _left_by(user: int, changes: list[Change]) -> dict[str, Change]:
    """Return the change that followed each of some changes, by the key of its paper."""
    last = {change.ref: change.id for change in changes}
    later = Change.filter(
        user_id=user, kind="entry", ref__in=[*last], id__gt=min(last.values())
    ).order_by("-id")
    return {change.ref: change for change in await later if change.id > last[change.ref]}


def _is_as_left(state: EntryState, change: Change, following: Change | None) -> bool:
    """Return whether an entry is as a change left it, also if later ones were undone."""
    if following is None or following.before is None:
        return state.version == change.version
    return _as_is(_STATE.decode(following.before)) == _as_is(state)


def _as_is(state: EntryState) -> _Target:
    return _Target(
        status=state.status,
        rating=state.rating,
        tags=tuple(state.tags),
        plan=state.plan,
        added=state.added,
        deleted=state.deleted,
    )


def _before(change: Change) -> _Target:
    if change.before:
        return _as_is(_STATE.decode(change.before))
    return _Target(status="none", added=change.at)


def _retag(tags: list[str], change: EntryChange) -> tuple[str, ...]:
    names = {fold_tag(name): name for name in (*change.tag, *tags)}
    for name in change.untag:
        names.pop(fold_tag(name), None)
    return tuple(sorted(names.values(), key=str.casefold))


async def _states(user: int, papers: list[int]) -> dict[int, EntryState]:
    entries = await Entry.filter(user_id=user, paper_id__in=papers)
    tags = await tags_of([entry.id for entry in entries])
    return {entry.paper_id: entry_state(entry, "", tags[entry.id]) for entry in entries}


async def _keys(papers: list[int]) -> dict[int, str]:
    return dict(cast(Any, await Paper.filter(id__in=papers).values_list("id", "key")))


async def _write(
    edit: Edit, targets: dict[int, _Target], known: dict[int, EntryState], keys: dict[int, str]
) -> int:
    """Make the entries on papers what is wanted of them, where they are not so already, and give
    how many were not.
    """
    news = {
        p: target for p, target in targets.items() if p not in known or _as_is(known[p]) != target
    }
    rows = [
        Entry(
            user_id=edit.user,
            paper_id=paper,
            status=target.status,
            rating=target.rating,
            version=known[paper].version + 1 if paper in known else 1,
            added=target.added,
            updated=edit.at,
            deleted=target.deleted,
            **asdict(target.plan),
        )
        for paper, target in news.items()
    ]
    columns = ["status", "rating", "version", "added", "updated", "deleted"]
    columns += Plan.__struct_fields__
    await Entry.bulk_create(rows, on_conflict=["user_id", "paper_id"], update_fields=columns)
    await _link(edit, news)
    await Change.bulk_create(
        [
            Change(
                user_id=edit.user,
                kind="entry",
                ref=keys[row.paper_id],
                paper_key=keys[row.paper_id],
                version=row.version,
                deleted=row.deleted is not None,
                edit=edit.id,
                source=edit.source,
                at=edit.at,
                before=_encode(known.get(row.paper_id), keys[row.paper_id]),
            )
            for row in rows
        ]
    )
    return len(rows)


async def _link(edit: Edit, targets: dict[int, _Target]) -> None:
    """Make the tags of entries, which exist, those of their targets."""
    names = {name for target in targets.values() for name in target.tags}
    tags = {fold_tag(tag.name): tag.id for tag in await claim_tags(edit, sorted(names))}
    rows = Entry.filter(user_id=edit.user, paper_id__in=[*targets])
    entries = dict(cast(Any, await rows.values_list("id", "paper_id")))
    wanted = {
        (entry, tags[fold_tag(name)])
        for entry, paper in entries.items()
        for name in targets[paper].tags
    }
    links = EntryTag.filter(entry_id__in=[*entries], tag__deleted=None)
    linked = {
        (entry, tag): link
        for link, entry, tag in await links.values_list("id", "entry_id", "tag_id")
    }
    unwanted = [link for pair, link in linked.items() if pair not in wanted]
    await EntryTag.filter(id__in=unwanted).delete()
    await EntryTag.bulk_create(
        EntryTag(entry_id=entry, tag_id=tag) for entry, tag in wanted - linked.keys()
    )


def _encode(state: EntryState | None, key: str) -> str | None:
    return msgspec.json.encode(replace(state, key=key)).decode() if state else None


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = [*items]
    for start in range(0, len(left), BATCH):
        yield left[start : start + BATCH]
