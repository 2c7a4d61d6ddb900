"""Counts beside the reading list: how many papers have each status, tag, term and year."""

from server.database.connection import fetch, is_postgres
from server.papers.cards import COUNT_STORED
from server.papers.query import read_query
from server.schema.searches import FacetValue
from server.search.parser import TERM_FIELDS
from server.search.sql import Selection, select
from server.terms.overrides_sql import count_roots, own_terms

FACET_VALUES = 30

_OWN = "e.user_id = $1 AND e.deleted IS NULL"


async def list_facets(
    user: int, query: str = "", *, everything: bool = False
) -> dict[str, list[FacetValue]]:
    """Return by what the papers of a query can be narrowed, and how many each value leaves.

    Raises `QueryError`.
    """
    return await count_facets(
        select(await read_query(query), user=user, everything=everything, postgres=is_postgres())
    )


async def count_facets(selection: Selection) -> dict[str, list[FacetValue]]:
    """Count the papers of a selection by each value of each facet, the most frequent first."""
    facets: dict[str, list[FacetValue]] = {
        name: [] for name in ("status", "tag", *TERM_FIELDS, "year", "has")
    }
    for count in _counts(selection):
        # one query each: SQLite takes a poor way through several in one
        rows = await fetch(f"WITH {_hit(selection)}{count}", *selection.values)
        for row in sorted(rows, key=lambda row: (-row["n"], row["value"])):
            # sorted here and not in SQL, where the engines may sort names differently
            if row["n"] and len(facets[row["facet"]]) < FACET_VALUES:
                facets[row["facet"]].append(FacetValue(row["value"], row["n"]))
    return facets


def _counts(selection: Selection) -> list[str]:
    """Write what counts the papers of each value of a facet; each follows `_hit`."""
    return [
        _count_status(selection),
        _count_tags(selection),
        _count_terms(selection),
        _count_others(selection),
    ]


def _hit(selection: Selection) -> str:
    """Write the common table of the papers of a selection, with the user's entries on them."""
    if selection.is_whole:  # what is stored of all papers is counted without them
        return "hit AS (SELECT id FROM paper)"
    columns = f"{selection.paper} AS id, e.id AS entry, e.status AS status"
    return f"hit AS MATERIALIZED (SELECT {columns} {selection.body()})"


def _count_status(selection: Selection) -> str:
    if not selection.is_whole:
        status = "COALESCE(status, 'none')"
        return f" SELECT 'status' AS facet, {status} AS value, COUNT(*) AS n FROM hit GROUP BY 2"
    return (
        f", own AS (SELECT e.status, COUNT(*) AS n FROM entry e WHERE {_OWN} GROUP BY 1), "
        "every AS (SELECT status AS value, n FROM own UNION ALL "
        f"SELECT 'none', ({COUNT_STORED}) - COALESCE((SELECT SUM(n) FROM own), 0)) "
        "SELECT 'status' AS facet, value, CAST(SUM(n) AS INTEGER) AS n FROM every GROUP BY 2"
    )


def _count_tags(selection: Selection) -> str:
    if selection.is_whole:
        source, own = "entry e JOIN entry_tag et ON et.entry_id = e.id", f" WHERE {_OWN}"
    else:
        source, own = "hit JOIN entry_tag et ON et.entry_id = hit.entry", ""
    return (
        f" SELECT 'tag' AS facet, t.name AS value, COUNT(*) AS n FROM {source} JOIN tag t "
        f"ON t.id = et.tag_id AND t.deleted IS NULL{own} GROUP BY t.id, t.name"
    )


def _count_terms(selection: Selection) -> str:
    """Count the papers of each term, as the user has terms; of all papers each term knows its
    number.
    """
    known = "SELECT id AS term_id, papers AS n FROM term WHERE papers > 0"
    return (
        f", {count_roots(known) if selection.is_whole else count_roots()}, "
        "ranked AS (SELECT LOWER(label) AS facet, name AS value, n, "
        "ROW_NUMBER() OVER (PARTITION BY label ORDER BY n DESC, name) AS rank "
        f"FROM {own_terms('counted', 'n')} WHERE n > 0) "
        f"SELECT facet, value, n FROM ranked WHERE rank <= {FACET_VALUES}"
    )


def _count_others(selection: Selection) -> str:
    """Count the papers of each year, those with code, and those with a note of the user's."""
    year = (
        "CAST(EXTRACT(YEAR FROM p.published) AS TEXT)"
        if is_postgres()
        else "substr(p.published, 1, 4)"
    )
    noted = "FROM note n WHERE n.user_id = $1 AND n.deleted IS NULL"
    if selection.is_whole:
        dated = "SELECT CAST(NULLIF(year, 0) AS TEXT) AS value, papers AS n, with_code"
        dated += " FROM paper_year"
        noted = f"SELECT COUNT(DISTINCT n.paper_id) {noted}"
    else:
        dated = f"SELECT {year} AS value, COUNT(*) AS n, COUNT(p.code_url) AS with_code"
        dated += " FROM hit JOIN paper p ON p.id = hit.id GROUP BY 1"
        noted = f"SELECT COUNT(*) FROM hit WHERE EXISTS (SELECT 1 {noted} AND n.paper_id = hit.id)"
    return (
        f", dated AS MATERIALIZED ({dated}) "
        "SELECT 'year' AS facet, value, n FROM dated WHERE value IS NOT NULL UNION ALL "
        "SELECT 'has', 'code', CAST(COALESCE(SUM(with_code), 0) AS INTEGER) FROM dated UNION ALL "
        f"SELECT 'has', 'note', ({noted})"
    )
