"""What a reader made of terms, read: which are hidden, which count as another, and what each is called.

A term that was put into another one, its root, shows as that one everywhere; nothing is ever put into a part. A hidden
root hides its parts.
"""

from msgspec.structs import replace

from nlp.spans import Mention
from server.identity import fold_term
from server.search import papers_of
from server.store import fetch

Naming = dict[tuple[str, str], str | None]
"""By label and fold, the name that a reader gave a term; None stands for a hidden one."""

ROOTS = (
    "LEFT JOIN own_term m ON m.user_id = $1 AND m.term_id = pt.term_id "
    "JOIN term t ON t.id = COALESCE(m.into_id, pt.term_id) "
    "LEFT JOIN own_term o ON o.user_id = $1 AND o.term_id = t.id"
)
"""Joins the root `t` of the term that a row `pt` names, as the reader `$1` has it; its name is `NAME`."""

NAME = "COALESCE(o.name, t.name)"
SHOWN = "m.hidden IS NOT TRUE AND o.hidden IS NOT TRUE"

_ENTRIES = "entry e ON e.user_id = $1 AND e.deleted IS NULL AND"

LISTED = (
    f"(SELECT e.paper_id, e.status, e.added, y.term_id FROM paper_term y JOIN {_ENTRIES} e.paper_id = y.paper_id "
    "WHERE NOT EXISTS (SELECT 1 FROM corrected_term c WHERE c.user_id = $1 AND c.paper_id = y.paper_id "
    "AND c.term_id = y.term_id) UNION ALL SELECT e.paper_id, e.status, e.added, c.term_id FROM corrected_term c "
    f"JOIN {_ENTRIES} e.paper_id = c.paper_id WHERE c.user_id = $1 AND c.added)"
)
"""Selects the terms of the papers that the reader `$1` has entries on, as their corrections have it."""

PARTS = (
    "SELECT into_id AS root, term_id AS part FROM own_term WHERE user_id = $1 AND into_id IS NOT NULL "
    "UNION SELECT into_id, into_id FROM own_term WHERE user_id = $1 AND into_id IS NOT NULL"
)
"""Selects the roots that others were put into, and the terms that each is made of, itself among them."""

PAPERS = (
    "CASE WHEN EXISTS (SELECT 1 FROM own_term x WHERE x.user_id = $1 AND x.into_id = t.id) THEN "
    "(SELECT COUNT(*) FROM ("
    + papers_of("SELECT t.id UNION SELECT z.term_id FROM own_term z WHERE z.user_id = $1 AND z.into_id = t.id")
    + ") counted) ELSE t.papers + (SELECT COALESCE(SUM(CASE WHEN c.added THEN 1 ELSE -1 END), 0) "
    "FROM corrected_term c WHERE c.user_id = $1 AND c.term_id = t.id) END"
)
"""Counts the papers of the store that mention a root `t` or a part of it, as the reader's corrections have it."""


FOUND = "SELECT term_id, COUNT(*) AS n FROM hit JOIN paper_term pt ON pt.paper_id = hit.id GROUP BY term_id"
"""Counts the papers of `hit`, which has their ids, that mention each term, as the pipeline read it."""


def count_roots(found: str = FOUND) -> str:
    """Write the tables that end in `counted`: how many `n` papers of `hit` mention each root, as the reader has terms.

    `found` counts them for each term as the pipeline read it.
    """
    named = (
        f"SELECT term_id, CAST(SUM(n) AS INTEGER) AS n FROM ({found} UNION ALL SELECT c.term_id, "
        "CASE WHEN c.added THEN 1 ELSE -1 END FROM corrected_term c WHERE c.user_id = $1 "
        "AND c.paper_id IN (SELECT id FROM hit)) f GROUP BY term_id HAVING SUM(n) > 0"
    )
    return (
        f"named AS ({named}), merged AS ({PARTS}), counted AS MATERIALIZED ("
        "SELECT * FROM named WHERE term_id NOT IN (SELECT part FROM merged) UNION ALL "
        f"SELECT root, (SELECT COUNT(*) FROM ({papers_of('SELECT part FROM merged m WHERE m.root = r.root')}) o "
        "WHERE o.paper_id IN (SELECT id FROM hit)) "
        "FROM (SELECT DISTINCT root FROM merged) r)"
    )


async def read_naming(reader: int) -> Naming:
    """Give what a reader made of terms; terms that they left alone are not in it."""
    rows = await fetch(
        f"SELECT s.label, s.fold, {NAME} AS name, ({SHOWN}) AS shown FROM own_term pt {ROOTS} "
        "JOIN term s ON s.id = pt.term_id WHERE pt.user_id = $1",
        reader,
    )
    return {(row["label"], row["fold"]): row["name"] if row["shown"] else None for row in rows}


def rename(mentions: list[Mention], naming: Naming) -> list[Mention]:
    """Give mentions under the names that a reader gave their terms, without those of hidden ones."""
    if not naming:
        return mentions
    named = [(m, naming.get((m.label, fold_term(m.term)), m.term)) for m in mentions]
    return [replace(mention, term=name) for mention, name in named if name is not None]
