"""The terms of the store as a reader has them: an index of each label, all about one, and what the reader changed."""

from server.identity import fold_term
from server.models import OwnTerm, Term
from server.naming import NAME, PAPERS, ROOTS, SHOWN, count_roots
from server.query import All, Field
from server.search import Selection, select
from server.source import printable
from server.store import day, fetch, is_postgres
from server.store import reader as reading
from server.terms import find_term, term_state
from server.wire import Moment, MonthCount, TermCount, TermList, TermPage, TermSort, TermState

_ORDERS: dict[TermSort, str] = {
    "own": "own DESC, papers DESC, folded, root.id",
    "papers": "papers DESC, own DESC, folded, root.id",
    "name": "folded, root.id",
}


async def list_terms(
    reader: int,
    label: str,
    words: str = "",
    *,
    sort: TermSort = "own",
    after: int = 0,
    limit: int = 100,
) -> TermList:
    """Give the terms of a label that papers mention, of those that hold `words`, without the first `after`."""
    rows = await fetch(
        "WITH hit AS MATERIALIZED (SELECT e.paper_id AS id FROM entry e WHERE e.user_id = $1 AND e.deleted IS NULL "
        f"AND e.status <> 'none'), {count_roots()}, root AS (SELECT DISTINCT t.id, t.fold, {NAME} AS name, "
        f"{PAPERS} AS papers FROM (SELECT id AS term_id FROM term WHERE label = $2) pt {ROOTS} WHERE {SHOWN}) "
        "SELECT name, LOWER(name) AS folded, papers, COALESCE(n, 0) AS own, COUNT(*) OVER () AS total FROM root "
        "LEFT JOIN counted ON counted.term_id = root.id WHERE papers > 0 AND (fold LIKE $3 ESCAPE '\\' OR $3 = '%%') "
        f"ORDER BY {_ORDERS[sort]} LIMIT $4 OFFSET $5",
        reader,
        label.upper(),
        f"%{_like(fold_term(printable(words)))}%",
        limit + 1,
        after,
    )
    return TermList(
        terms=[TermCount(label.upper(), row["name"], row["papers"], row["own"]) for row in rows[:limit]],  # type: ignore[arg-type]
        total=rows[0]["total"] if rows else 0,
        next=after + limit if len(rows) > limit else None,
    )


async def read_term(label: str, name: str, reader: int) -> TermPage:
    """Give everything on a term; one that was put into another has all of that one. Raises `NotFound`."""
    term = await find_term(label, name)
    row = await OwnTerm.get_or_none(user_id=reader, term_id=term.id).prefetch_related("into")
    root: Term = row.into if row and row.into_id else term
    own = row if root is term else await OwnTerm.get_or_none(user_id=reader, term_id=root.id)
    parts = await OwnTerm.filter(user_id=reader, into_id=root.id).prefetch_related("term").using_db(reading())
    query = All((Field(label.lower(), "=", root.name),))
    selection = select(query, reader=reader, everything=True, postgres=is_postgres())
    months = await _months(selection)
    state = term_state(term, row)
    state.name = (own and own.name) or root.name
    return TermPage(
        state=state,
        parts=sorted((_part_state(part, root) for part in parts), key=lambda part: part.term.casefold()),
        papers=sum(month.papers for month in months),
        own=sum(month.own for month in months),
        first=await _edge(selection, "ASC"),
        last=await _edge(selection, "DESC"),
        months=[month for month in months if month.month],
    )


async def list_own_terms(reader: int) -> list[TermState]:
    """Give all that a reader made of terms, the last changed first."""
    rows = OwnTerm.filter(user_id=reader).order_by("-updated", "-id").prefetch_related("term", "into")
    return [term_state(row.term, row) for row in await rows.using_db(reading())]


def _part_state(row: OwnTerm, root: Term) -> TermState:
    row.into = root
    return term_state(row.term, row)


async def _months(selection: Selection) -> list[MonthCount]:
    month = "COALESCE(SUBSTR(CAST(p.published AS TEXT), 1, 7), '')"
    rows = await fetch(
        f"SELECT {month} AS month, COUNT(*) AS papers, COUNT(CASE WHEN e.status <> 'none' THEN 1 END) AS own "
        f"{selection.body()} GROUP BY 1 ORDER BY 1",
        *selection.values,
    )
    return [MonthCount(row["month"], row["papers"], row["own"]) for row in rows]


async def _edge(selection: Selection, order: str) -> Moment | None:
    rows = await fetch(
        f"SELECT p.key, p.title, p.published {selection.body('p.published IS NOT NULL')} "
        f"ORDER BY p.published {order}, p.id {order} LIMIT 1",
        *selection.values,
    )
    return Moment(rows[0]["key"], rows[0]["title"], day(rows[0]["published"])) if rows else None


def _like(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\%_" else c for c in text)
