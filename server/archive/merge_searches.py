"""Merge an archive's saved searches and the user's changes of terms into the store."""

from itertools import count
from uuid import uuid4

from server.archive.counts import Tally, made_step
from server.archive.format import ArchivedSearch, ArchivedTerm
from server.database.models.changes import Change
from server.database.models.reading_list import SavedSearch
from server.database.models.terms import OwnTerm, Term
from server.database.versioning import TRASHED, Edit, record
from server.identifiers import fold_term
from server.reading_list.tags import fold_tag
from server.schema.imports import Step

TermKey = tuple[str, str]


async def merge_searches(
    edit: Edit, searches: list[ArchivedSearch], tally: Tally, steps: list[Step]
) -> None:
    """Merge saved searches; one whose name has another query is kept under a numbered name."""
    rows = await SavedSearch.filter(user_id=edit.user)
    alive = {row.fold: row for row in rows if row.deleted is None}
    trashed = {(fold_tag(row.name), row.created) for row in rows if row.deleted}
    for archived in searches:
        fold = fold_tag(archived.name)
        if archived.deleted and (fold, archived.created) in trashed:
            tally.same += 1
        elif archived.deleted:
            hidden = f"{fold}{TRASHED}{uuid4().hex}"
            made = await _create_search(edit, archived, archived.name, hidden)
            steps.append(made_step("saved_search", made, made.name))
            tally.created += 1
        elif row := await _merge_search(edit, archived, alive, tally):
            alive[row.fold] = row
            steps.append(made_step("saved_search", row, row.name))


async def _merge_search(
    edit: Edit, archived: ArchivedSearch, alive: dict[str, SavedSearch], tally: Tally
) -> SavedSearch | None:
    """Return the row that a search needed, or None where the store has it."""
    names = (archived.name if n == 1 else f"{archived.name[:90]} ({n})" for n in count(1))
    for name in names:
        row = alive.get(fold_tag(name))
        if row is None:
            tally.created += name == archived.name
            tally.beside += name != archived.name
            return await _create_search(edit, archived, name, fold_tag(name))
        if (row.query, row.sort) == (archived.query, archived.sort):
            tally.count(equal=row.digest == archived.digest)
            break
    return None


async def _create_search(edit: Edit, archived: ArchivedSearch, name: str, fold: str) -> SavedSearch:
    row = await SavedSearch.create(
        user_id=edit.user,
        name=name,
        fold=fold,
        query=archived.query,
        sort=archived.sort,
        digest=archived.digest,
        version=archived.version,
        created=archived.created,
        updated=archived.updated,
        deleted=archived.deleted,
    )
    await Change.create(
        user_id=edit.user,
        kind="search",
        ref=name,
        version=row.version,
        deleted=row.deleted is not None,
        at=edit.at,
    )
    return row


async def merge_terms(
    edit: Edit, terms: list[ArchivedTerm], tally: Tally, steps: list[Step]
) -> None:
    """Merge the user's changes of terms; where the store has one of its own, that one stays.

    This runs before the papers are imported, so that a term is named as in the archive and not as
    in the first paper that mentions it.
    """
    ids = await _term_ids(terms)
    rows = {row.term_id: row for row in await OwnTerm.filter(user_id=edit.user)}
    for archived in terms:
        into = ids[_key(*archived.into)] if archived.into else None
        row = rows.get(ids[_key(archived.label, archived.term)])
        if row:
            same = (row.name, row.into_id, row.hidden) == (archived.name, into, archived.hidden)
            tally.count(equal=same)
            continue
        made = await OwnTerm.create(
            user_id=edit.user,
            term_id=ids[_key(archived.label, archived.term)],
            name=archived.name,
            into_id=into,
            hidden=archived.hidden,
            version=archived.version,
            created=archived.created,
            updated=archived.updated,
        )
        ref = f"{archived.label.lower()}:{archived.term}"[:300]
        await record(edit, "term", ref, paper=None, version=archived.version)
        steps.append(made_step("own_term", made, ref))
        tally.created += 1


async def _term_ids(terms: list[ArchivedTerm]) -> dict[TermKey, int]:
    """Return the row id of each named term, creating terms that no stored paper mentions yet."""
    named = [
        pair
        for term in terms
        for pair in ((term.label, term.term), *([term.into] if term.into else []))
    ]
    names = {_key(label, name): name for label, name in named}
    folds = list({fold for _, fold in names})
    known = {(row.label, row.fold) for row in await Term.filter(fold__in=folds)}
    await Term.bulk_create(
        [Term(label=k[0], fold=k[1], name=names[k]) for k in names if k not in known]
    )
    return {(row.label, row.fold): row.id for row in await Term.filter(fold__in=folds)}


def _key(label: str, name: str) -> TermKey:
    return label, fold_term(name)
