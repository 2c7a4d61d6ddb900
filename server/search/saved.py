"""A user's saved searches: kept under a name, renamed, changed, deleted and brought back."""

from msgspec import UNSET
from msgspec.structs import replace

from server.database.models.reading_list import SavedSearch
from server.database.serializers import search_state
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
from server.schema.searches import SearchEdit, SearchState
from server.search.parser import parse_query

_WHAT = "a saved search"


async def put_search(edit: Edit, name: str, data: SearchEdit) -> SearchState:
    """Keep a query under a name, or change or rename what is kept.

    Raises `QueryError`, which points at the place where a query cannot be read, `Conflict`,
    `PreconditionMissing` and `Invalid`.
    """
    if data.query is not UNSET:
        parse_query(data.query)
    new_name = clean_name(name if data.name is UNSET else data.name, _WHAT)
    async with writing(edit.user):
        row = await find_search(edit.user, name)
        if await is_applied(edit):
            return search_state(row or await get_search(edit.user, new_name))
        if row is None:
            return await _create(edit, new_name, data)
        current = search_state(row)
        wanted = _wanted(current, data if data.name is UNSET else replace(data, name=new_name))
        if wanted == current:
            return current
        check(edit, row.version, current)
        if wanted.name != row.name:
            await _rename(edit, row, wanted.name)
        row.query, row.sort, row.digest = wanted.query, wanted.sort, wanted.digest
        return await _save(edit, row)


async def delete_search(edit: Edit, name: str) -> SearchState:
    """Move a saved search to the trash. Raises `NotFound`, `Conflict` and `PreconditionMissing`."""
    async with writing(edit.user):
        row = await find_search(edit.user, name) or await _find_trashed(edit.user, name)
        if row is None:
            raise NotFound(f"no saved search {name!r}")
        if row.deleted or await is_applied(edit):
            return search_state(row)
        check(edit, row.version, search_state(row))
        row.fold, row.deleted = f"{row.fold}{TRASHED}{row.id}", edit.at
        return await _save(edit, row)


async def restore_search(edit: Edit, name: str) -> SearchState:
    """Bring the last deleted search of a name back.

    Raises `NotFound`, and `Invalid` where its name was taken since.
    """
    async with writing(edit.user):
        row, successor = await _find_trashed(edit.user, name), await find_search(edit.user, name)
        if row is None or await is_applied(edit):
            return search_state(successor or await get_search(edit.user, name))
        if successor:
            raise Invalid(f"there is a saved search {successor.name!r} again: rename it first")
        row.fold, row.deleted = fold_name(name, _WHAT), None
        return await _save(edit, row)


async def find_search(user: int, name: str) -> SavedSearch | None:
    """Return a user's saved search, whatever the case of its name; None where there is none.

    Raises `Invalid` if it cannot be the name of one.
    """
    return await SavedSearch.get_or_none(user_id=user, fold=fold_name(name, _WHAT), deleted=None)


async def get_search(user: int, name: str) -> SavedSearch:
    """Return a user's saved search. Raises `NotFound`."""
    row = await find_search(user, name)
    if row is None:
        raise NotFound(f"no saved search {name!r}")
    return row


async def _find_trashed(user: int, name: str) -> SavedSearch | None:
    prefix = fold_name(name, _WHAT) + TRASHED
    return (
        await SavedSearch.filter(user_id=user, fold__startswith=prefix)
        .order_by("-deleted", "-id")
        .first()
    )


async def _create(edit: Edit, name: str, data: SearchEdit) -> SearchState:
    check(edit, 0, None)
    if data.query is UNSET:
        raise Invalid(f"there is no saved search {name!r} yet: a new one needs a query")
    await _refuse_taken(edit, name)
    row = SavedSearch(
        user_id=edit.user,
        name=name,
        fold=fold_name(name, _WHAT),
        query=data.query,
        sort=None if data.sort is UNSET else data.sort,
        digest=data.digest is True,
        version=0,
        created=edit.at,
    )
    return await _save(edit, row)


async def _rename(edit: Edit, row: SavedSearch, name: str) -> None:
    await _refuse_taken(edit, name, but=row)
    await record(
        edit, "search", row.name, paper=None, version=row.version + 1, deleted=True, main=False
    )
    row.name, row.fold = name, fold_name(name, _WHAT)


async def _refuse_taken(edit: Edit, name: str, *, but: SavedSearch | None = None) -> None:
    other = await find_search(edit.user, name)
    if other is not None and (but is None or other.id != but.id):
        raise Invalid(f"there is a saved search {other.name!r} already")


async def _save(edit: Edit, row: SavedSearch) -> SearchState:
    row.version, row.updated = row.version + 1, edit.at
    await row.save()
    await record(
        edit, "search", row.name, paper=None, version=row.version, deleted=row.deleted is not None
    )
    return search_state(row)


def _wanted(current: SearchState, data: SearchEdit) -> SearchState:
    given = {
        name: value
        for name in data.__struct_fields__
        if (value := getattr(data, name)) is not UNSET
    }
    return replace(current, **given)
