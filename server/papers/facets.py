"""Counts beside the reading list: how many papers have each status, tag, term and year."""

from server.database.connection import fetch, is_postgres
from server.days import today
from server.papers.cards import COUNT_STORED
from server.papers.query import read_query
from server.schema.searches import FacetValue
from server.search.parser import STATES, TERM_FIELDS
from server.search.sql import Selection, is_awake, plan_states, select
from server.terms.overrides_sql import count_roots, own_terms

FACET_VALUES = 30

_OWN = "e.user_id = $1 AND e.deleted IS NULL"
_COUNTED = "FROM list_count l WHERE l.user_id = $1 AND l.facet"
"""What triggers keep of the user's list: how many of its papers have each item of a facet."""


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
        name: [] for name in ("status", "is", "tag", *TERM_FIELDS, "year", "has")
    }
    for count in _counts(selection):
        # one query each: SQLite takes a poor way through several in one
        rows = await fetch(count, *selection.values)
        for row in sorted(rows, key=lambda row: (-row["n"], row["value"])):
            # sorted here and not in SQL, where the engines may sort names differently
            if row["n"] and len(facets[row["facet"]]) < FACET_VALUES:
                facets[row["facet"]].append(FacetValue(row["value"], row["n"]))
    return facets


def _counts(selection: Selection) -> list[str]:
    """Write the statements that count the papers of each value of a facet.

    What is kept of the whole store, or of the user's whole list, is read instead of counted.
    """
    if selection.is_whole:
        return [_status_of_store(), _plans_of_list(everything=True), _tags_of_store(),
                _terms_of_store(), _others_of_store()]  # fmt: skip
    if selection.is_whole_list:
        return [_status_of_list(), _plans_of_list(), _tags_of_list(), _terms_of_list(),
                _others_of_list()]  # fmt: skip
    hits = f"WITH {_hit(selection)}"
    terms = f", {_name_terms(count_roots())}"
    counts = (_STATUS_OF_HITS, _plans_of_hits(), _TAGS_OF_HITS, terms, _others_of_hits())
    return [hits + count for count in counts]


def _hit(selection: Selection) -> str:
    """Write the common table of the papers of a selection, with the user's entries on them."""
    columns = f"{selection.paper} AS id, e.id AS entry, {_status()} AS status"
    return f"hit AS MATERIALIZED (SELECT {columns} {selection.body()})"


_STATUS_OF_HITS = (
    " SELECT 'status' AS facet, COALESCE(status, 'none') AS value, COUNT(*) AS n FROM hit "
    "WHERE COALESCE(status, 'none') <> 'snoozed' GROUP BY 2"
)
_TAGS_OF_HITS = (
    " SELECT 'tag' AS facet, t.name AS value, COUNT(*) AS n FROM hit "
    "JOIN entry_tag et ON et.entry_id = hit.entry "
    "JOIN tag t ON t.id = et.tag_id AND t.deleted IS NULL GROUP BY t.id, t.name"
)


def _plans_of_list(*, everything: bool = False) -> str:
    """Count the plans of the list, each by the index of its entries."""
    listed = _OWN if everything else f"{_OWN} AND e.status <> 'none'"
    return " UNION ALL ".join(
        f"SELECT 'is' AS facet, '{name}' AS value, COUNT(*) AS n FROM entry e "
        f"WHERE {listed} AND {condition}"
        for name, condition in plan_states(today()).items()
    )


def _plans_of_hits() -> str:
    counts = ", ".join(
        f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS {name}"
        for name, condition in plan_states(today()).items()
    )
    each = " UNION ALL ".join(
        f"SELECT 'is' AS facet, '{name}' AS value, CAST(COALESCE({name}, 0) AS INTEGER) AS n "
        "FROM planned"
        for name in STATES
    )
    return (
        f", planned AS MATERIALIZED (SELECT {counts} FROM entry e WHERE e.user_id = $1 AND "
        "(e.queue IS NOT NULL OR e.snoozed_until IS NOT NULL OR e.due IS NOT NULL) "
        f"AND e.id IN (SELECT entry FROM hit)) {each}"
    )


def _status_of_list() -> str:
    return (
        f"SELECT 'status' AS facet, e.status AS value, COUNT(*) AS n FROM entry e WHERE {_OWN} "
        f"AND e.status <> 'none' AND NOT {_is_put_off()} GROUP BY 2"
    )


def _status() -> str:
    """Write an entry's status; papers that are snoozed do not count for the inbox."""
    return f"CASE WHEN {_is_put_off()} THEN 'snoozed' ELSE e.status END"


def _is_put_off() -> str:
    return f"(e.status = 'inbox' AND NOT {is_awake(today())})"


def _status_of_store() -> str:
    return (
        f"WITH own AS (SELECT {_status()} AS status, COUNT(*) AS n FROM entry e WHERE {_OWN} "
        "GROUP BY 1), "
        "every AS (SELECT status AS value, n FROM own UNION ALL "
        f"SELECT 'none', ({COUNT_STORED}) - COALESCE((SELECT SUM(n) FROM own), 0)) "
        "SELECT 'status' AS facet, value, CAST(SUM(n) AS INTEGER) AS n FROM every "
        "WHERE value <> 'snoozed' GROUP BY 2"
    )


def _tags_of_list() -> str:
    return _named_tags(f"SELECT l.item AS tag_id, l.papers AS n {_COUNTED} = 'tag'")


def _tags_of_store() -> str:
    """Count the tags of the list, and of the papers that are tagged without being in it."""
    return _named_tags(
        f"SELECT tag_id, CAST(SUM(n) AS INTEGER) AS n FROM (SELECT l.item AS tag_id, l.papers AS n "
        f"{_COUNTED} = 'tag' UNION ALL SELECT et.tag_id, 1 FROM entry e "
        f"JOIN entry_tag et ON et.entry_id = e.id WHERE {_OWN} AND e.status = 'none') f "
        "GROUP BY tag_id"
    )


def _named_tags(counted: str) -> str:
    return (
        f"SELECT 'tag' AS facet, t.name AS value, c.n FROM ({counted}) c "
        "JOIN tag t ON t.id = c.tag_id AND t.deleted IS NULL"
    )


def _terms_of_list() -> str:
    """Count the terms of the list, whose counts have the user's corrections already."""
    frequent = " UNION ALL ".join(
        f"SELECT l.item AS term_id, l.papers AS n {_COUNTED} = '{label}' AND l.papers >= "
        + _least(f"SELECT l.papers {_COUNTED} = '{label}' AND {_left_alone('l.item')}", "l.papers")
        for label in TERM_FIELDS
    )
    listed = f"SELECT e.paper_id FROM entry e WHERE {_OWN} AND e.status <> 'none'"
    return f"WITH {_name_terms(count_roots(frequent, papers=listed, corrected=True))}"


def _terms_of_store() -> str:
    """Count the terms of the store, each of which knows the number of its papers."""
    corrected = "SELECT c.term_id FROM corrected_term c WHERE c.user_id = $1"
    frequent = " UNION ALL ".join(
        f"SELECT t.id AS term_id, t.papers AS n FROM term t WHERE t.label = '{label}' "
        "AND t.papers > 0 AND t.papers >= "
        + _least(
            f"SELECT t.papers FROM term t WHERE t.label = '{label}' AND t.papers > 0 "
            f"AND {_left_alone('t.id')} AND t.id NOT IN ({corrected})",
            "t.papers",
        )
        for label in TERM_FIELDS.values()
    )
    found = (
        f"{frequent} UNION SELECT t.id, t.papers FROM term t "
        f"WHERE t.papers > 0 AND t.id IN ({corrected})"
    )
    return f"WITH {_name_terms(count_roots(found, papers=None))}"


def _left_alone(term: str) -> str:
    """Write that a user has made nothing of a term."""
    return f"{term} NOT IN (SELECT o.term_id FROM own_term o WHERE o.user_id = $1)"


def _least(papers: str, order: str) -> str:
    """Write how many papers a term needs to be among the first.

    Terms that the user has changed may rise or vanish, and so do not count among the first.
    """
    return f"COALESCE(({papers} ORDER BY {order} DESC LIMIT 1 OFFSET {FACET_VALUES - 1}), 1)"


def _name_terms(counted: str) -> str:
    """Write what gives the terms that are counted the names that the user has for them."""
    return (
        f"{counted}, ranked AS (SELECT LOWER(label) AS facet, name AS value, n, "
        "ROW_NUMBER() OVER (PARTITION BY label ORDER BY n DESC, name) AS rank "
        f"FROM {own_terms('counted', 'n')} WHERE n > 0) "
        f"SELECT facet, value, n FROM ranked WHERE rank <= {FACET_VALUES}"
    )


def _others_of_list() -> str:
    return (
        f"SELECT 'year' AS facet, CAST(l.item AS TEXT) AS value, l.papers AS n {_COUNTED} = 'year' "
        f"UNION ALL SELECT 'has', l.facet, l.papers {_COUNTED} IN ('code', 'note')"
    )


def _others_of_store() -> str:
    return (
        "SELECT 'year' AS facet, CAST(year AS TEXT) AS value, papers AS n FROM paper_year "
        "WHERE year <> 0 UNION ALL "
        "SELECT 'has', 'code', CAST(COALESCE(SUM(with_code), 0) AS INTEGER) FROM paper_year "
        "UNION ALL SELECT 'has', 'note', "
        "(SELECT COUNT(DISTINCT n.paper_id) FROM note n WHERE n.user_id = $1 AND n.deleted IS NULL)"
    )


def _others_of_hits() -> str:
    """Count the papers of each year, those with code, and those with a note of the user's."""
    year = (
        "CAST(EXTRACT(YEAR FROM p.published) AS TEXT)"
        if is_postgres()
        else "substr(p.published, 1, 4)"
    )
    return (
        f", dated AS MATERIALIZED (SELECT {year} AS value, COUNT(*) AS n, "
        "COUNT(p.code_url) AS with_code FROM hit JOIN paper p ON p.id = hit.id GROUP BY 1) "
        "SELECT 'year' AS facet, value, n FROM dated WHERE value IS NOT NULL UNION ALL "
        "SELECT 'has', 'code', CAST(COALESCE(SUM(with_code), 0) AS INTEGER) FROM dated UNION ALL "
        "SELECT 'has', 'note', (SELECT COUNT(*) FROM hit WHERE EXISTS (SELECT 1 FROM note n "
        "WHERE n.user_id = $1 AND n.deleted IS NULL AND n.paper_id = hit.id))"
    )
