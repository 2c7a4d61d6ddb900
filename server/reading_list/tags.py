"""A user's tags: claimed by name, renamed, coloured, merged, deleted; whatever changes on an entry
is told of it.
"""

import msgspec
from msgspec import UNSET, Struct
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.connection import execute, fetch
from server.database.models.changes import Change
from server.database.models.reading_list import EntryTag, Tag
from server.database.serializers import (
    tag_state,
)
from server.database.transactions import writing
from server.database.versioning import (
    TRASHED,
    Edit,
    check,
    clean_name,
    fold_name,
    is_applied,
    record,
)
from server.errors import Invalid, NotFound
from server.schema.reading_list import (
    TagEdit,
    TagMerge,
    TagState,
)


class _Merge(Struct, frozen=True):
    """What merging a tag into another one did, by row ids: which entries got the other one."""

    source: int
    into: int
    entries: list[int]


_MERGE = msgspec.json.Decoder(_Merge)


def clean_tag(name: str) -> str:
    """Return a tag's name as it is kept. Raises `Invalid` for an unusable one."""
    return clean_name(name, "a tag")


def is_tag(name: str) -> bool:
    """Return whether a text can be the name of a tag."""
    try:
        return bool(clean_tag(name))
    except Invalid:
        return False


def fold_tag(name: str) -> str:
    """Return what two spellings of one tag share. Raises `Invalid`."""
    return fold_name(name, "a tag")


async def claim_tags(edit: Edit, names: list[str]) -> list[Tag]:
    """Return the user's tags of these names, making those that do not exist.

    Runs in the caller's write. Raises `Invalid` if one of them cannot be a tag's name.
    """
    wanted = {fold_tag(name): clean_tag(name) for name in names}
    known = {tag.fold: tag for tag in await Tag.filter(user_id=edit.user, fold__in=list(wanted))}
    return [known.get(fold) or await _create(edit, name) for fold, name in wanted.items()]


async def put_tag(edit: Edit, name: str, data: TagEdit) -> TagState:
    """Create, rename or colour a tag. Raises `Conflict`, `PreconditionMissing` and `Invalid`."""
    async with writing(edit.user) as connection:
        tag = await _find_tag(edit.user, name)
        new_name = clean_tag(name if data.name is UNSET else data.name)
        if await is_applied(edit):
            return await tag_state(tag or await _get_tag(edit.user, new_name))
        if tag is None:
            check(edit, 0, None)
            [tag] = await claim_tags(edit, [new_name])
        elif _is_as_wanted(tag, data, new_name):
            return await tag_state(tag)
        else:
            check(edit, tag.version, await tag_state(tag))
            if data.name is not UNSET and new_name != tag.name:
                await _rename(edit, connection, tag, new_name)
        if data.colour is not UNSET:
            tag.colour = data.colour
        return await _save(edit, tag)


def _is_as_wanted(tag: Tag, data: TagEdit, name: str) -> bool:
    is_named = data.name is UNSET or name == tag.name
    return is_named and (data.colour is UNSET or data.colour == tag.colour)


async def merge_tags(edit: Edit, data: TagMerge) -> TagState:
    """Return the entries of `names` the tag `into`, and move `names` to the trash.

    Raises `NotFound` and `Invalid`.
    """
    async with writing(edit.user) as connection:
        if await is_applied(edit):
            return await tag_state(await _get_tag(edit.user, data.into))
        [into] = await claim_tags(edit, [data.into])
        folds = {fold_tag(name): name for name in data.names}
        if into.fold in folds:
            raise Invalid(f"the tag {data.into!r} cannot be merged into itself")
        for source in [await _get_tag(edit.user, name) for name in folds.values()]:
            merge = _Merge(source.id, into.id, await _copy_links(source, into))
            await _trash(Edit(user=edit.user, at=edit.at), connection, source, merge)
        return await _save(edit, into)


async def delete_tag(edit: Edit, name: str) -> TagState:
    """Take a tag off all entries and move it to the trash.

    Raises `NotFound`, `Conflict`, `PreconditionMissing`.
    """
    async with writing(edit.user) as connection:
        tag = await _find_tag(edit.user, name) or await _find_trashed(edit.user, name)
        if tag is None:
            raise NotFound(f"no tag {name!r}")
        if tag.deleted or await is_applied(edit):
            return await tag_state(tag)
        check(edit, tag.version, await tag_state(tag))
        return await _trash(edit, connection, tag)


async def restore_tag(edit: Edit, name: str) -> TagState:
    """Bring the last deleted tag of a name back on the entries that bore it. Raises `NotFound`.

    If it was merged into another tag, that is undone.

    Where a tag of that name was made since, the two become one.
    """
    async with writing(edit.user) as connection:
        tag, successor = await _find_trashed(edit.user, name), await _find_tag(edit.user, name)
        if tag is None or await is_applied(edit):
            return await tag_state(successor or await _get_tag(edit.user, name))
        if successor:
            await _copy_links(tag, successor)
            await tag.delete()
            tag = successor
        else:
            await _undo_merge(edit, tag)
        tag.fold, tag.deleted = fold_tag(name), None
        await _touch_entries(edit, connection, tag)
        return await _save(edit, tag)


async def _find_tag(user: int, name: str) -> Tag | None:
    return await Tag.get_or_none(user_id=user, fold=fold_tag(name), deleted=None)


async def _find_trashed(user: int, name: str) -> Tag | None:
    prefix = fold_tag(name) + TRASHED
    return (
        await Tag.filter(user_id=user, fold__startswith=prefix).order_by("-deleted", "-id").first()
    )


async def _get_tag(user: int, name: str) -> Tag:
    tag = await _find_tag(user, name)
    if tag is None:
        raise NotFound(f"no tag {name!r}")
    return tag


async def _create(edit: Edit, name: str) -> Tag:
    tag = await Tag.create(
        user_id=edit.user, name=name, fold=fold_tag(name), created=edit.at, updated=edit.at
    )
    await record(edit, "tag", tag.name, paper=None, version=1, main=False)
    return tag


async def _rename(edit: Edit, connection: BaseDBAsyncClient, tag: Tag, name: str) -> None:
    """Rename a tag and all below it, `a/b` with `a`. Raises `Invalid`."""
    depth = tag.name.count("/") + 1
    children = await Tag.filter(
        user_id=edit.user, fold__startswith=f"{tag.fold}/", deleted=None
    ).order_by("id")
    moved = {child: "/".join([name, *child.name.split("/")[depth:]]) for child in children}
    await _check_free(edit, {tag: name, **moved})
    # first out of the way: a child may get the name that another one has until now
    for child in children:
        await Tag.filter(id=child.id).update(fold=f"{TRASHED}{child.id}")
    await _set_name(edit, connection, tag, name)
    for child, new_name in moved.items():
        await _set_name(edit, connection, child, new_name)
        await _save(Edit(user=edit.user, at=edit.at), child)


async def _check_free(edit: Edit, names: dict[Tag, str]) -> None:
    """Raise `Invalid` if a tag that is not renamed itself has one of the new names."""
    renamed = {tag.id for tag in names}
    folds = [fold_tag(name) for name in names.values()]
    for other in await Tag.filter(user_id=edit.user, fold__in=folds):
        if other.id not in renamed:
            raise Invalid(f"there is a tag {other.name!r} already: merge the two instead")


async def _set_name(edit: Edit, connection: BaseDBAsyncClient, tag: Tag, name: str) -> None:
    await record(
        edit, "tag", tag.name, paper=None, version=tag.version + 1, deleted=True, main=False
    )
    tag.name, tag.fold = clean_tag(name), fold_tag(name)
    await _touch_entries(edit, connection, tag)


async def _trash(
    edit: Edit, connection: BaseDBAsyncClient, tag: Tag, merge: _Merge | None = None
) -> TagState:
    await _touch_entries(edit, connection, tag)
    tag.fold, tag.deleted = f"{tag.fold}{TRASHED}{tag.id}", edit.at
    return await _save(edit, tag, merge)


async def _save(edit: Edit, tag: Tag, before: _Merge | None = None) -> TagState:
    tag.version, tag.updated = tag.version + 1, edit.at
    await tag.save()
    deleted = tag.deleted is not None
    await record(
        edit, "tag", tag.name, paper=None, version=tag.version, deleted=deleted, before=before
    )
    return await tag_state(tag)


async def _copy_links(source: Tag, target: Tag) -> list[int]:
    """Give the entries of one tag another one too, and return the row ids of those that got it."""
    bearers = await EntryTag.filter(tag_id=source.id).values_list("entry_id", flat=True)
    has = {*await EntryTag.filter(tag_id=target.id).values_list("entry_id", flat=True)}
    new: list[int] = [entry for entry in bearers if entry not in has]  # type: ignore[misc]
    await EntryTag.bulk_create(EntryTag(entry_id=entry, tag_id=target.id) for entry in new)
    return new


async def _undo_merge(edit: Edit, tag: Tag) -> None:
    """Take the tag that a deleted one was merged into off the entries that got it by that."""
    row = (
        await Change.filter(user_id=edit.user, kind="tag", ref=tag.name, before__isnull=False)
        .order_by("-id")
        .first()
    )
    merge = _MERGE.decode(row.before) if row and row.before else None
    if merge and merge.source == tag.id:
        await EntryTag.filter(tag_id=merge.into, entry_id__in=merge.entries).delete()


async def _touch_entries(edit: Edit, connection: BaseDBAsyncClient, tag: Tag) -> None:
    # an entry's state names its tags: who holds an older state must be told before writing it back
    bearers = "SELECT entry_id FROM entry_tag WHERE tag_id = $1"
    await execute(
        connection,
        f"UPDATE entry SET version = version + 1, updated = $2 WHERE id IN ({bearers})",
        tag.id,
        edit.at,
    )
    await execute(
        connection,
        "INSERT INTO change (user_id, kind, ref, paper_key, version, deleted, at) "
        "SELECT e.user_id, 'entry', p.key, p.key, e.version, e.deleted IS NOT NULL, $2 "
        f"FROM entry e JOIN paper p ON p.id = e.paper_id WHERE e.id IN ({bearers})",
        tag.id,
        edit.at,
    )


async def list_tags(user: int) -> list[TagState]:
    """Return a user's tags in alphabetical order."""
    rows = await fetch(
        "SELECT t.name, t.colour, t.version, COUNT(e.id) AS papers FROM tag t "
        "LEFT JOIN entry_tag et ON et.tag_id = t.id LEFT JOIN entry e ON e.id = et.entry_id "
        "AND e.deleted IS NULL WHERE t.user_id = $1 AND t.deleted IS NULL "
        "GROUP BY t.id, t.name, t.colour, t.version, t.fold ORDER BY t.fold",
        user,
    )
    return [
        TagState(name=r["name"], colour=r["colour"], papers=r["papers"], version=r["version"])
        for r in rows
    ]


async def tag_colours(user: int) -> dict[str, str]:
    """Return the colour of each of a user's tags that has one, by the tag's name."""
    rows = await fetch(
        "SELECT name, colour FROM tag WHERE user_id = $1 AND deleted IS NULL AND colour IS NOT "
        "NULL",
        user,
    )
    return {row["name"]: row["colour"] for row in rows}


async def read_tag(name: str, user: int) -> TagState:
    """Return a tag. Raises `NotFound`."""
    tag = await Tag.get_or_none(user_id=user, fold=fold_tag(name), deleted=None)
    if tag is None:
        raise NotFound(f"no tag {name!r}")
    return await tag_state(tag)
