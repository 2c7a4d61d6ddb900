"""What a user makes of terms: renames, merges and hides them, and takes that back; nobody else sees
any of it.

A new name that means another term (see `fold_term`) is a term of its own, made if need be, into
which the old one is put: so one name finds both. A row is about a root, or puts a part into one,
never both at once.
"""

from msgspec import UNSET, Struct

from nlp.spans import LABELS
from server.database.models.terms import OwnTerm, Term
from server.database.transactions import writing
from server.database.versioning import Edit, check, clean_name, is_applied, record
from server.errors import Invalid, NotFound
from server.identifiers import fold_term
from server.schema.terms import TermEdit, TermState


class _Wanted(Struct):
    """What a row of one's own is to say."""

    name: str | None
    into: Term | None
    hidden: bool


async def find_term(label: str, name: str) -> Term:
    """Return the term of a label in any case and a name in any spelling. Raises `NotFound`."""
    fold = fold_term(name)
    known = label.upper() in LABELS and fold
    term = await Term.get_or_none(label=label.upper(), fold=fold) if known else None
    if term is None:
        raise NotFound(f"no {label.lower()} {name!r} in the store")
    return term


async def put_term(edit: Edit, label: str, name: str, data: TermEdit) -> TermState:
    """Rename, merge or hide a term, or some of that taken back.

    Raises `NotFound`, `Conflict`, `PreconditionMissing` and `Invalid`.
    """
    async with writing():
        term = await find_term(label, name)
        row = await _own(edit.user, term)
        current = term_state(term, row)
        if await is_applied(edit):
            return current
        wanted = await _wanted(edit, term, row, data)
        if row and (row.name, row.into_id, row.hidden) == (
            wanted.name,
            wanted.into and wanted.into.id,
            wanted.hidden,
        ):
            return current
        check(edit, row.version if row else 0, current)
        if wanted.into:
            await _move_parts(edit, term, wanted.into)
        return await _save(edit, term, row, wanted)


async def forget_term(edit: Edit, label: str, name: str) -> TermState:
    """Take back all that a user made of a term.

    Raises `NotFound`, `Conflict` and `PreconditionMissing`.
    """
    async with writing(edit.user):
        term = await find_term(label, name)
        row = await _own(edit.user, term)
        current = term_state(term, row)
        if row is None or await is_applied(edit):
            return current
        check(edit, row.version, current)
        return await _save(edit, term, row, _Wanted(None, None, False))


def term_state(term: Term, row: OwnTerm | None) -> TermState:
    """Serialize what a user made of a term; the `into` of its row must have been read."""
    return TermState(
        label=term.label,  # type: ignore[arg-type]
        term=term.name,
        name=(row and row.name) or term.name,
        into=row.into.name if row and row.into_id else None,
        hidden=bool(row and row.hidden),
        version=row.version if row else 0,
    )


async def _own(user: int, term: Term) -> OwnTerm | None:
    return await OwnTerm.get_or_none(user_id=user, term_id=term.id).prefetch_related("into")


async def _wanted(edit: Edit, term: Term, row: OwnTerm | None, data: TermEdit) -> _Wanted:
    wanted = _Wanted(row.name, row.into, row.hidden) if row else _Wanted(None, None, False)
    if data.hidden is not UNSET:
        wanted = _Wanted(wanted.name, None if data.hidden else wanted.into, data.hidden)
    if data.into is not UNSET:
        wanted = _Wanted(None, await _root(edit, term, data.into) if data.into else None, False)
    if data.name is not UNSET:
        wanted = await _renamed(edit, term, data.name, hidden=wanted.hidden)
    return wanted


async def _renamed(edit: Edit, term: Term, new_name: str | None, *, hidden: bool) -> _Wanted:
    """Return what a new name makes of a term; None gives it its own name back."""
    name: str = clean_name(new_name, "a term") if new_name else term.name
    if fold_term(name) != term.fold:
        return _Wanted(None, await _new_name(edit, term, name), False)
    return _Wanted(name if name != term.name else None, None, hidden)


async def _root(edit: Edit, term: Term, name: str) -> Term:
    """Return the term that another one can be put into under a name.

    Raises `NotFound` and `Invalid`.
    """
    target = await find_term(term.label, name)
    row = await _own(edit.user, target)
    root: Term = row.into if row and row.into_id else target
    if root.id == term.id:
        raise Invalid(f"{term.name} cannot be merged into itself")
    if row and row.hidden:
        raise Invalid(f"{target.name} is hidden: show it again first")
    return root


async def _new_name(edit: Edit, term: Term, name: str) -> Term:
    """Return the term that bears a new name, made if need be.

    Raises `Invalid` where it is there already.
    """
    if not fold_term(name):
        raise Invalid("a term's name needs a letter or a digit")
    target, _ = await Term.get_or_create({"name": name}, label=term.label, fold=fold_term(name))
    used = target.papers or await OwnTerm.exists(user_id=edit.user, into_id=target.id)
    if used or await OwnTerm.exists(user_id=edit.user, term_id=target.id, into_id__isnull=False):
        raise Invalid(
            f"there is a {term.label.lower()} {target.name!r} already: merge the two instead"
        )
    if target.name != name:
        await _save(
            _consequence(edit), target, await _own(edit.user, target), _Wanted(name, None, False)
        )
    return target


async def _move_parts(edit: Edit, term: Term, into: Term) -> None:
    for part in await OwnTerm.filter(user_id=edit.user, into_id=term.id).prefetch_related("term"):
        await _save(_consequence(edit), part.term, part, _Wanted(None, into, False))


async def _save(edit: Edit, term: Term, row: OwnTerm | None, wanted: _Wanted) -> TermState:
    version = row.version + 1 if row else 1
    untouched = not (wanted.name or wanted.into or wanted.hidden)
    ref = f"{term.label.lower()}:{term.name}"[:300]
    await record(edit, "term", ref, paper=None, version=version, deleted=untouched)
    if untouched:
        if row:
            await row.delete()
        return term_state(term, None)
    if row is None:
        row = OwnTerm(user_id=edit.user, term_id=term.id, created=edit.at)
    row.update_from_dict({field: getattr(wanted, field) for field in wanted.__struct_fields__})
    row.version, row.updated = version, edit.at
    await row.save()
    return term_state(term, row)


def _consequence(edit: Edit) -> Edit:
    return Edit(user=edit.user, at=edit.at)
