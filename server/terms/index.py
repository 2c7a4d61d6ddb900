"""The terms of the store as a user has them: an index of each label, all about one, and what the
user changed.
"""

from typing import cast

from nlp.spans import Label
from server.database.connection import day, fetch, is_postgres, read_connection
from server.database.models.terms import OwnTerm, Term
from server.identifiers import fold_term
from server.schema.sources import printable
from server.schema.terms import (
    Moment,
    MonthCount,
    RoleCount,
    TermCount,
    TermList,
    TermPage,
    TermSort,
    TermState,
)
from server.search.parser import ROLE_FIELDS, All, Field
from server.search.sql import Selection, select
from server.terms.overrides import find_term, term_state
from server.terms.overrides_sql import count_roots, own_terms

_ORDERS: dict[TermSort, str] = {
    "own": "own DESC, papers DESC, folded, root.id",
    "papers": "papers DESC, own DESC, folded, root.id",
    "name": "folded, root.id",
}


async def list_terms(
    user: int,
    label: str,
    words: str = "",
    *,
    sort: TermSort = "own",
    after: int = 0,
    limit: int = 100,
) -> TermList:
    """Return the terms of a label that papers mention, of those that hold `words`, without the
    first `after`.
    """
    listed = (
        "SELECT e.paper_id FROM entry e "
        "WHERE e.user_id = $1 AND e.deleted IS NULL AND e.status <> 'none'"
    )
    own = (
        "SELECT l.item AS term_id, l.papers AS n FROM list_count l "
        "WHERE l.user_id = $1 AND l.facet = LOWER($2)"
    )
    terms = own_terms("(SELECT id AS term_id FROM term WHERE label = $2)")
    rows = await fetch(
        f"WITH {count_roots(own, papers=listed, corrected=True)}, "
        f"root AS (SELECT DISTINCT root AS id, fold, name, papers FROM {terms}) "
        "SELECT name, LOWER(name) AS folded, papers, COALESCE(n, 0) AS own, "
        "COUNT(*) OVER () AS total FROM root LEFT JOIN counted ON counted.term_id = root.id "
        "WHERE papers > 0 AND (fold LIKE $3 ESCAPE '\\' OR $3 = '%%') "
        f"ORDER BY {_ORDERS[sort]} LIMIT $4 OFFSET $5",
        user,
        label.upper(),
        f"%{_like(fold_term(printable(words)))}%",
        limit + 1,
        after,
    )
    return TermList(
        terms=[
            TermCount(cast(Label, label.upper()), row["name"], row["papers"], row["own"])
            for row in rows[:limit]
        ],
        total=rows[0]["total"] if rows else 0,
        next=after + limit if len(rows) > limit else None,
    )


async def read_term(label: str, name: str, user: int) -> TermPage:
    """Return everything on a term; one that was put into another has all of that one.

    Raises `NotFound`.
    """
    term = await find_term(label, name)
    row = await _own_term(user, term)
    root: Term = row.into if row and row.into_id else term
    own = row if root is term else await _own_term(user, root)
    state = term_state(term, row)
    state.name = (own and own.name) or root.name
    named = Field(label.lower(), "=", root.name)
    selection = select(All((named,)), user=user, everything=True, postgres=is_postgres())
    months = await _months(selection)
    return TermPage(
        state=state,
        parts=await _part_states(user, root),
        papers=sum(month.papers for month in months),
        own=sum(month.own for month in months),
        first=await _edge(selection, "ASC"),
        last=await _edge(selection, "DESC"),
        months=[month for month in months if month.month],
        roles=await _count_roles(named, user),
    )


async def list_own_terms(user: int) -> list[TermState]:
    """Return all that a user made of terms, the last changed first."""
    rows = OwnTerm.filter(user_id=user).order_by("-updated", "-id").prefetch_related("term", "into")
    return [term_state(row.term, row) for row in await rows.using_db(read_connection())]


async def _own_term(user: int, term: Term) -> OwnTerm | None:
    return await OwnTerm.get_or_none(user_id=user, term_id=term.id).prefetch_related("into")


async def _part_states(user: int, root: Term) -> list[TermState]:
    """Return the states of the terms that were merged into a root, in alphabetical order."""
    rows = OwnTerm.filter(user_id=user, into_id=root.id).prefetch_related("term", "into")
    states = [term_state(row.term, row) for row in await rows.using_db(read_connection())]
    return sorted(states, key=lambda state: state.term.casefold())


async def _months(selection: Selection) -> list[MonthCount]:
    month = "COALESCE(SUBSTR(CAST(p.published AS TEXT), 1, 7), '')"
    rows = await fetch(
        f"SELECT {month} AS month, COUNT(*) AS papers, COUNT(CASE WHEN e.status <> 'none' THEN 1 "
        f"END) AS own {selection.body()} GROUP BY 1 ORDER BY 1",
        *selection.values,
    )
    return [MonthCount(row["month"], row["papers"], row["own"]) for row in rows]


async def _count_roles(term: Field, user: int) -> list[RoleCount]:
    """Count the papers in which a method or dataset has each role; roles of none are left out."""
    if term.name not in ("method", "dataset"):
        return []
    counts = []
    for field, role in ROLE_FIELDS.items():
        query = All((term, Field(field, "=", term.value)))
        selection = select(query, user=user, everything=True, postgres=is_postgres())
        [row] = await fetch(f"SELECT COUNT(*) AS n {selection.body()}", *selection.values)
        counts.append(RoleCount(role, row["n"]))
    return [count for count in counts if count.papers]


async def _edge(selection: Selection, order: str) -> Moment | None:
    rows = await fetch(
        f"SELECT p.key, p.title, p.published {selection.body('p.published IS NOT NULL')} "
        f"ORDER BY p.published {order}, p.id {order} LIMIT 1",
        *selection.values,
    )
    return Moment(rows[0]["key"], rows[0]["title"], day(rows[0]["published"])) if rows else None


def _like(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\%_" else c for c in text)
