"""Terms as a user has them, in SQL: renamed, merged, hidden, and counted with their corrections.

A term that was merged into another one, its root, counts as that one everywhere; nothing is ever
merged into a part. A hidden root hides its parts. The user is `$1` in every statement.
"""

from msgspec.structs import replace

from nlp.spans import Mention
from server.database.connection import fetch
from server.identifiers import fold_term
from server.search.sql import papers_of

Naming = dict[tuple[str, str], str | None]
"""By label and fold, the name that a user gave a term; None stands for a hidden one."""

ROOTS = (
    "LEFT JOIN own_term m ON m.user_id = $1 AND m.term_id = pt.term_id "
    "JOIN term t ON t.id = COALESCE(m.into_id, pt.term_id) "
    "LEFT JOIN own_term o ON o.user_id = $1 AND o.term_id = t.id"
)
NAME = "COALESCE(o.name, t.name)"
SHOWN = "m.hidden IS NOT TRUE AND o.hidden IS NOT TRUE"

_PARTS_OF_T = (
    "SELECT t.id UNION SELECT z.term_id FROM own_term z WHERE z.user_id = $1 AND z.into_id = t.id"
)
# the store counts the papers of each term, so that only those of merged ones must be counted here
PAPERS = (
    "CASE WHEN EXISTS (SELECT 1 FROM own_term x WHERE x.user_id = $1 AND x.into_id = t.id) "
    f"THEN (SELECT COUNT(*) FROM ({papers_of(_PARTS_OF_T)}) counted) "
    "ELSE t.papers + (SELECT COALESCE(SUM(CASE WHEN c.added THEN 1 ELSE -1 END), 0) "
    "FROM corrected_term c WHERE c.user_id = $1 AND c.term_id = t.id) END"
)

_ENTRIES = "entry e ON e.user_id = $1 AND e.deleted IS NULL AND"

LISTED = (
    "(SELECT e.paper_id, e.status, e.added, y.term_id FROM paper_term y "
    f"JOIN {_ENTRIES} e.paper_id = y.paper_id WHERE NOT EXISTS (SELECT 1 FROM corrected_term c "
    "WHERE c.user_id = $1 AND c.paper_id = y.paper_id AND c.term_id = y.term_id) "
    "UNION ALL SELECT e.paper_id, e.status, e.added, c.term_id FROM corrected_term c "
    f"JOIN {_ENTRIES} e.paper_id = c.paper_id WHERE c.user_id = $1 AND c.added)"
)
"""Selects `paper_id`, `status`, `added` and `term_id` of the papers that the user has entries on,
as their corrections have it.
"""

_MERGED = (
    "SELECT into_id AS root, term_id AS part FROM own_term "
    "WHERE user_id = $1 AND into_id IS NOT NULL "
    "UNION SELECT into_id, into_id FROM own_term WHERE user_id = $1 AND into_id IS NOT NULL"
)
_FOUND = (
    "SELECT term_id, COUNT(*) AS n FROM hit JOIN paper_term y ON y.paper_id = hit.id "
    "GROUP BY term_id"
)


def own_terms(source: str, *columns: str) -> str:
    """Write the subquery that gives the rows of a table the terms that the user has for them.

    `source` is a table, or a subquery in brackets, with a column `term_id`. The rows keep the
    `columns` that are named, and have the `root`, `label`, `fold` and `name` of their term, and
    its `papers`: how many of the store mention it. Rows of hidden terms are left out.
    """
    kept = "".join(f"pt.{column}, " for column in columns)
    return (
        f"(SELECT {kept}t.id AS root, t.label, t.fold, {NAME} AS name, {PAPERS} AS papers "
        f"FROM {source} pt {ROOTS} WHERE {SHOWN}) own"
    )


def count_roots(
    found: str = _FOUND, *, papers: str | None = "SELECT id FROM hit", corrected: bool = False
) -> str:
    """Write the common tables that end in `counted`: how many of some papers mention a term.

    `papers` selects their row ids, None stands for all; `counted` has the roots of terms as
    `term_id`, with their number `n`. `found` counts the papers of each term as the pipeline
    extracted it, or, with `corrected`, as the user's corrections have it.
    """
    among = f"IN ({papers})" if papers else "IS NOT NULL"
    of_parts = papers_of("SELECT part FROM merged m WHERE m.root = r.root")
    if not corrected:
        found += (
            " UNION ALL SELECT c.term_id, CASE WHEN c.added THEN 1 ELSE -1 END "
            f"FROM corrected_term c WHERE c.user_id = $1 AND c.paper_id {among}"
        )
    return (
        f"named AS (SELECT term_id, CAST(SUM(n) AS INTEGER) AS n FROM ({found}) f GROUP BY term_id "
        f"HAVING SUM(n) > 0), merged AS ({_MERGED}), counted AS MATERIALIZED ("
        "SELECT * FROM named WHERE term_id NOT IN (SELECT part FROM merged) "
        f"UNION ALL SELECT root, (SELECT COUNT(*) FROM ({of_parts}) o WHERE o.paper_id {among}) "
        "FROM (SELECT DISTINCT root FROM merged) r)"
    )


async def read_naming(user: int) -> Naming:
    """Return what a user made of terms; terms that they left alone are not in it."""
    rows = await fetch(
        f"SELECT s.label, s.fold, {NAME} AS name, ({SHOWN}) AS shown FROM own_term pt {ROOTS} "
        "JOIN term s ON s.id = pt.term_id WHERE pt.user_id = $1",
        user,
    )
    return {(row["label"], row["fold"]): row["name"] if row["shown"] else None for row in rows}


def rename(mentions: list[Mention], naming: Naming) -> list[Mention]:
    """Return mentions under the names that a user gave their terms, without the hidden ones."""
    if not naming:
        return mentions
    named = [(m, naming.get((m.label, fold_term(m.term)), m.term)) for m in mentions]
    return [replace(mention, term=name) for mention, name in named if name is not None]
