"""What a person does to many entries at once: one deed, which can be taken back as one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from server.edits import Edit, is_applied
from server.models import Change, Entry, EntryTag, Paper
from server.states import entry_state, tags_of
from server.store import reader as reading
from server.store import writing
from server.tags import claim_tags, fold_tag
from server.wire import EntryState, Status

BATCH = 400  # papers that are read and written by one statement each

_STATE = msgspec.json.Decoder(EntryState)
Item = TypeVar("Item")


class EntryChange(Struct, frozen=True, kw_only=True):
    """What to make of each entry; `status` None leaves it alone, `remove` moves it to the trash."""

    status: Status | None = None
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    remove: bool = False


class Undone(Struct, frozen=True):
    """How many entries are again as they were, and how many were changed since and stay as they are."""

    restored: int
    kept: int


class _Wish(Struct, frozen=True, kw_only=True):
    """What an entry is to be."""

    status: Status
    added: datetime
    rating: int | None = None
    tags: tuple[str, ...] = ()
    deleted: datetime | None = None


async def change_entries(edit: Edit, papers: Iterable[int], change: EntryChange) -> int:
    """Change a user's entries on papers, all of them or none, and give how many that changed.

    A paper without an entry gets one, in the inbox if no status is asked for, unless the change only takes away.
    Raises `Invalid` for a tag that cannot be.
    """
    count = 0
    async with writing():
        if await is_applied(edit):
            return await Change.filter(user_id=edit.user, edit=edit.id).count()
        for ids in _batches(papers):
            known, keys = await _states(edit.user, ids), await _keys(ids)
            wishes = {paper: _wish(known.get(paper), change, edit.at) for paper in ids if paper in keys}
            count += await _write(edit, {p: wish for p, wish in wishes.items() if wish}, known, keys)
    return count


async def count_done(reader: int, deed: UUID) -> int:
    """Give how many entries a deed of a reader changed."""
    return await Change.filter(user_id=reader, edit=deed, kind="entry").using_db(reading()).count()


async def keys_done(reader: int, deed: UUID) -> list[str]:
    """Give the keys of the papers whose entries a deed of a reader changed."""
    changes = Change.filter(user_id=reader, edit=deed, kind="entry").order_by("id")
    return [change.ref for change in await changes.using_db(reading())]


async def undo(edit: Edit, done: UUID) -> Undone:
    """Make the entries that the deed `done` changed what they were before it, where nothing changed them since.

    An entry that the deed made leaves the list again.
    """
    restored = total = 0
    async with writing():
        if not await is_applied(edit):
            for changes in _batches(await Change.filter(user_id=edit.user, edit=done, kind="entry").order_by("id")):
                papers = await Paper.filter(key__in=[change.ref for change in changes]).values_list("key", "id")
                ids = dict(cast(Any, papers))
                known = await _states(edit.user, [*ids.values()])
                wishes = {
                    ids[change.ref]: _before(change)
                    for change in changes
                    if change.ref in ids and (state := known.get(ids[change.ref])) and state.version == change.version
                }
                restored += await _write(edit, wishes, known, {paper: key for key, paper in ids.items()})
                total += len(changes)
    return Undone(restored, total - restored)


def _wish(current: EntryState | None, change: EntryChange, now: datetime) -> _Wish | None:
    """Give what a change makes of an entry; None for one that is not there and is not to be."""
    gives = bool(change.status or change.tag) and not change.remove
    if current is None:
        status = change.status or "inbox"
        return _Wish(status=status, tags=_retag([], change), added=now) if gives else None
    wish = _as_is(current)
    if change.remove:
        return replace(wish, deleted=wish.deleted or now)
    if wish.deleted and not gives:
        return wish
    outside = wish.deleted is not None or wish.status == "none"
    return replace(
        wish,
        status=change.status or ("inbox" if outside and gives else wish.status),
        tags=_retag(current.tags, change),
        added=now if outside and gives else wish.added,
        deleted=None,
    )


def _as_is(state: EntryState) -> _Wish:
    return _Wish(
        status=state.status, rating=state.rating, tags=tuple(state.tags), added=state.added, deleted=state.deleted
    )


def _before(change: Change) -> _Wish:
    if change.before:
        return _as_is(_STATE.decode(change.before))
    return _Wish(status="none", added=change.at)


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


async def _write(edit: Edit, wishes: dict[int, _Wish], known: dict[int, EntryState], keys: dict[int, str]) -> int:
    """Make the entries on papers what is wished of them, where they are not so already, and give how many were not."""
    news = {p: wish for p, wish in wishes.items() if p not in known or _as_is(known[p]) != wish}
    rows = [
        Entry(
            user_id=edit.user,
            paper_id=paper,
            status=wish.status,
            rating=wish.rating,
            version=known[paper].version + 1 if paper in known else 1,
            added=wish.added,
            updated=edit.at,
            deleted=wish.deleted,
        )
        for paper, wish in news.items()
    ]
    columns = ["status", "rating", "version", "added", "updated", "deleted"]
    await Entry.bulk_create(rows, on_conflict=["user_id", "paper_id"], update_fields=columns)
    await _link(edit, news)
    await Change.bulk_create(
        [
            Change(
                user_id=edit.user, kind="entry", ref=keys[row.paper_id], paper_key=keys[row.paper_id],
                version=row.version, deleted=row.deleted is not None, edit=edit.id, at=edit.at,
                before=_encode(known.get(row.paper_id), keys[row.paper_id]),
            )
            for row in rows
        ]
    )  # fmt: skip
    return len(rows)


async def _link(edit: Edit, wishes: dict[int, _Wish]) -> None:
    """Make the tags of entries those that are wished, all of whose papers' entries are there."""
    names = {name for wish in wishes.values() for name in wish.tags}
    tags = {fold_tag(tag.name): tag.id for tag in await claim_tags(edit, sorted(names))}
    entries = await Entry.filter(user_id=edit.user, paper_id__in=[*wishes]).values_list("paper_id", "id")
    wanted = {(entry, tags[fold_tag(name)]) for paper, entry in entries for name in wishes[paper].tags}
    links = EntryTag.filter(entry_id__in=[entry for _, entry in entries], tag__deleted=None)
    linked = {(entry, tag): link for link, entry, tag in await links.values_list("id", "entry_id", "tag_id")}
    await EntryTag.filter(id__in=[link for pair, link in linked.items() if pair not in wanted]).delete()
    await EntryTag.bulk_create([EntryTag(entry_id=entry, tag_id=tag) for entry, tag in wanted - linked.keys()])


def _encode(state: EntryState | None, key: str) -> str | None:
    return msgspec.json.encode(replace(state, key=key)).decode() if state else None


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = [*items]
    for start in range(0, len(left), BATCH):
        yield left[start : start + BATCH]
