"""A user's tags: claimed by name, renamed, coloured, merged, deleted; whatever changes on an entry is told of it."""

from msgspec import UNSET
from tortoise.backends.base.client import BaseDBAsyncClient

from server.edits import TRASHED, Edit, check, clean_name, fold_name, is_applied, record
from server.errors import Invalid, NotFound
from server.models import Tag
from server.states import tag_state
from server.store import execute, writing
from server.wire import TagEdit, TagMerge, TagState


def clean_tag(name: str) -> str:
    """Give a tag's name as it is kept. Raises `Invalid` for an unusable one."""
    return clean_name(name, "a tag")


def fold_tag(name: str) -> str:
    """Give what two spellings of one tag share. Raises `Invalid`."""
    return fold_name(name, "a tag")


async def claim_tags(edit: Edit, names: list[str]) -> list[Tag]:
    """Give the user's tags of these names, making those that do not exist. Runs in the caller's write."""
    wanted = {fold_tag(name): clean_tag(name) for name in names}
    known = {tag.fold: tag for tag in await Tag.filter(user_id=edit.user, fold__in=list(wanted))}
    return [known.get(fold) or await _create(edit, name) for fold, name in wanted.items()]


async def put_tag(edit: Edit, name: str, wish: TagEdit) -> TagState:
    """Make, rename or colour a tag. Raises `Conflict`, `PreconditionMissing` and `Invalid`."""
    async with writing() as connection:
        tag = await _find_tag(edit.user, name)
        if await is_applied(edit):
            return await tag_state(tag or await _get_tag(edit.user, name if wish.name is UNSET else wish.name))
        new_name = clean_tag(name if wish.name is UNSET else wish.name)
        if tag is None:
            check(edit, 0, None)
            [tag] = await claim_tags(edit, [new_name])
        else:
            colour = tag.colour if wish.colour is UNSET else wish.colour
            renamed = wish.name is not UNSET and new_name != tag.name
            if not renamed and colour == tag.colour:
                return await tag_state(tag)
            check(edit, tag.version, await tag_state(tag))
            if renamed:
                await _rename(edit, connection, tag, new_name)
        tag.colour = tag.colour if wish.colour is UNSET else wish.colour
        return await _save(edit, tag)


async def merge_tags(edit: Edit, wish: TagMerge) -> TagState:
    """Give the entries of `names` the tag `into`, and move `names` to the trash. Raises `NotFound` and `Invalid`."""
    async with writing() as connection:
        if await is_applied(edit):
            return await tag_state(await _get_tag(edit.user, wish.into))
        [into] = await claim_tags(edit, [wish.into])
        folds = {fold_tag(name): name for name in wish.names}
        if into.fold in folds:
            raise Invalid(f"the tag {wish.into!r} cannot be merged into itself")
        for source in [await _get_tag(edit.user, name) for name in folds.values()]:
            await _copy_links(connection, source, into)
            await _trash(Edit(user=edit.user, at=edit.at), connection, source)
        return await _save(edit, into)


async def delete_tag(edit: Edit, name: str) -> TagState:
    """Take a tag off all entries and move it to the trash. Raises `NotFound`, `Conflict`, `PreconditionMissing`."""
    async with writing() as connection:
        tag = await _find_tag(edit.user, name) or await _find_trashed(edit.user, name)
        if tag is None:
            raise NotFound(f"no tag {name!r}")
        if tag.deleted or await is_applied(edit):
            return await tag_state(tag)
        check(edit, tag.version, await tag_state(tag))
        return await _trash(edit, connection, tag)


async def restore_tag(edit: Edit, name: str) -> TagState:
    """Bring the last deleted tag of a name back on the entries that bore it. Raises `NotFound`.

    Where a tag of that name was made since, the two become one.
    """
    async with writing() as connection:
        tag, successor = await _find_trashed(edit.user, name), await _find_tag(edit.user, name)
        if tag is None or await is_applied(edit):
            return await tag_state(successor or await _get_tag(edit.user, name))
        if successor:
            await _copy_links(connection, tag, successor)
            await tag.delete()
            tag = successor
        tag.fold, tag.deleted = fold_tag(name), None
        await _touch_entries(edit, connection, tag)
        return await _save(edit, tag)


async def _find_tag(user: int, name: str) -> Tag | None:
    return await Tag.get_or_none(user_id=user, fold=fold_tag(name), deleted=None)


async def _find_trashed(user: int, name: str) -> Tag | None:
    prefix = fold_tag(name) + TRASHED
    return await Tag.filter(user_id=user, fold__startswith=prefix).order_by("-deleted", "-id").first()


async def _get_tag(user: int, name: str) -> Tag:
    tag = await _find_tag(user, name)
    if tag is None:
        raise NotFound(f"no tag {name!r}")
    return tag


async def _create(edit: Edit, name: str) -> Tag:
    tag = await Tag.create(user_id=edit.user, name=name, fold=fold_tag(name), created=edit.at, updated=edit.at)
    await record(edit, "tag", tag.name, paper=None, version=1, main=False)
    return tag


async def _rename(edit: Edit, connection: BaseDBAsyncClient, tag: Tag, name: str) -> None:
    other = await _find_tag(edit.user, name)
    if other is not None and other.id != tag.id:
        raise Invalid(f"there is a tag {other.name!r} already: merge the two instead")
    await record(edit, "tag", tag.name, paper=None, version=tag.version + 1, deleted=True, main=False)
    tag.name, tag.fold = name, fold_tag(name)
    await _touch_entries(edit, connection, tag)


async def _trash(edit: Edit, connection: BaseDBAsyncClient, tag: Tag) -> TagState:
    await _touch_entries(edit, connection, tag)
    tag.fold, tag.deleted = f"{tag.fold}{TRASHED}{tag.id}", edit.at
    return await _save(edit, tag)


async def _save(edit: Edit, tag: Tag) -> TagState:
    tag.version, tag.updated = tag.version + 1, edit.at
    await tag.save()
    await record(edit, "tag", tag.name, paper=None, version=tag.version, deleted=tag.deleted is not None)
    return await tag_state(tag)


async def _copy_links(connection: BaseDBAsyncClient, source: Tag, target: Tag) -> None:
    await execute(
        connection,
        "INSERT INTO entry_tag (entry_id, tag_id) SELECT entry_id, CAST($1 AS INTEGER) FROM entry_tag "
        "WHERE tag_id = $2 AND entry_id NOT IN (SELECT entry_id FROM entry_tag WHERE tag_id = $1)",
        target.id,
        source.id,
    )


async def _touch_entries(edit: Edit, connection: BaseDBAsyncClient, tag: Tag) -> None:
    # an entry's state names its tags: who holds an older state must be told before writing it back
    bearers = "SELECT entry_id FROM entry_tag WHERE tag_id = $1"
    await execute(
        connection, f"UPDATE entry SET version = version + 1, updated = $2 WHERE id IN ({bearers})", tag.id, edit.at
    )
    await execute(
        connection,
        "INSERT INTO change (user_id, kind, ref, paper_key, version, deleted, at) "
        "SELECT e.user_id, 'entry', p.key, p.key, e.version, e.deleted IS NOT NULL, $2 "
        f"FROM entry e JOIN paper p ON p.id = e.paper_id WHERE e.id IN ({bearers})",
        tag.id,
        edit.at,
    )
