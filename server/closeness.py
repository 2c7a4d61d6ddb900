"""How close papers are to what a reader reads, by the rare terms that they share with the reader's own papers.

A term weighs ln(N / n) where n of the store's N papers mention it, the inverse document frequency of Spärck Jones
(https://doi.org/10.1108/eb026526). Only rare terms count: those of at most one paper in twenty, or of three. One's own
papers are those of the list that were not skipped. What a reader made of terms holds: a hidden term counts for nothing,
terms that were put into another are one with it, and a mention that was struck out is none.
"""

import math
from collections import Counter, defaultdict
from typing import Any

from server.cards import places
from server.naming import NAME, PAPERS, ROOTS, SHOWN
from server.states import find_paper
from server.store import day, fetch
from server.wire import Closeness, Related, SharedTerm

RARE_SHARE, RARE_PAPERS = 1 / 20, 3
RELATED_TERMS = 12  # of a paper's terms, the rarest

_UNCORRECTED = (
    "NOT EXISTS (SELECT 1 FROM corrected_term c WHERE c.user_id = $1 AND c.paper_id = y.paper_id "
    "AND c.term_id = y.term_id)"
)
_OWN = "e.user_id = $1 AND e.deleted IS NULL AND e.status IN ('inbox', 'reading', 'read')"


async def related(key: str, reader: int, *, limit: int = 8) -> list[Related]:
    """Give a reader's own papers that share a paper's rarest terms, the closest first. Raises `NotFound`.

    Their score is the sum of the weights of the terms shared.
    """
    paper = await find_paper(key)
    found = await _rare_terms([paper.id], reader)
    terms = {row["term_id"]: row for row in found[:RELATED_TERMS]}
    bearers = await _bearers("term_id, paper_id", [*terms], reader)
    others = [(row["paper_id"], row["term_id"]) for row in bearers if row["paper_id"] != paper.id]
    own_papers, shared = Counter(term for _, term in others), defaultdict(list)
    for own, term in sorted(others, key=lambda other: [*terms].index(other[1])):
        shared[own].append(terms[term])
    scores = {own: sum(row["weight"] for row in rows) for own, rows in shared.items()}
    best = sorted(scores, key=lambda own: (-scores[own], -own))[:limit]
    papers = await _papers(best, reader)
    return [
        Related(
            key=papers[own]["key"],
            title=papers[own]["title"],
            published=day(papers[own]["published"]),
            status=papers[own]["status"],
            score=round(scores[own], 3),
            terms=[_shared(row, own_papers[row["term_id"]]) for row in shared[own]],
        )
        for own in best
    ]


async def closest(keys: list[str], reader: int) -> dict[str, Closeness]:
    """Give how close papers are to a reader's own, by their keys; those that share no rare term are left out.

    The score is the sum of weight * ln(1 + m) over the paper's rare terms, where m other papers of the reader's own
    mention the term: what one reads much about counts more, though not in proportion.
    """
    rows = await fetch(f"SELECT id, key FROM paper WHERE key IN ({places(len(keys))})", *keys) if keys else []
    names = {row["id"]: row["key"] for row in rows}
    found = await _rare_terms([*names], reader)
    terms = [*{row["term_id"] for row in found}]
    counts = await _bearers("term_id, COUNT(*) AS own", terms, reader, then="GROUP BY term_id")
    own = {row["term_id"]: row["own"] for row in counts}
    close: dict[str, Closeness] = {}
    for row in found:
        others = own.get(row["term_id"], 0) - row["own"]
        if others > 0:
            closeness = close.setdefault(names[row["paper_id"]], Closeness(score=0.0, terms=[]))
            closeness.score = round(closeness.score + row["weight"] * math.log1p(others), 3)
            closeness.terms.append(_shared(row, others))
    return close


async def _rare_terms(papers: list[int], reader: int) -> list[dict[str, Any]]:
    """Give the rare terms of papers as a reader has them, the rarest first, and whether the paper is one's `own`."""
    if not papers:
        return []
    [store] = await fetch("SELECT COUNT(*) AS papers FROM paper")
    ids = places(len(papers), after=2)
    rows = await fetch(
        f"SELECT DISTINCT pt.paper_id, t.id AS term_id, t.label, {NAME} AS name, {PAPERS} AS papers, "
        f"EXISTS (SELECT 1 FROM entry e WHERE e.paper_id = pt.paper_id AND {_OWN}) AS own "
        f"FROM (SELECT y.paper_id, y.term_id FROM paper_term y WHERE y.paper_id IN ({ids}) AND {_UNCORRECTED} "
        "UNION ALL SELECT c.paper_id, c.term_id FROM corrected_term c WHERE c.user_id = $1 AND c.added "
        f"AND c.paper_id IN ({ids})) pt {ROOTS} WHERE {SHOWN} AND t.papers <= $2 ORDER BY 5, 4",
        reader,
        rare := max(RARE_PAPERS, int(store["papers"] * RARE_SHARE)),
        *papers,
    )
    return [
        {**row, "own": int(row["own"]), "weight": math.log(max(store["papers"] / max(row["papers"], 1), 1.0))}
        for row in rows
        if row["papers"] <= rare
    ]


async def _bearers(columns: str, terms: list[int], reader: int, *, then: str = "") -> list[dict[str, Any]]:
    """Read `columns` of the terms and of the reader's own papers that mention each."""
    if not terms:
        return []
    ids = places(len(terms), after=1)
    return await fetch(
        f"WITH s AS (SELECT id AS term_id, id AS part FROM term WHERE id IN ({ids}) "
        f"UNION SELECT into_id, term_id FROM own_term WHERE user_id = $1 AND into_id IN ({ids})), "
        "b AS (SELECT s.term_id, e.paper_id FROM s JOIN paper_term y ON y.term_id = s.part JOIN entry e "
        f"ON e.paper_id = y.paper_id WHERE {_OWN} AND {_UNCORRECTED} UNION SELECT s.term_id, e.paper_id FROM s "
        "JOIN corrected_term c ON c.term_id = s.part AND c.user_id = $1 AND c.added "
        f"JOIN entry e ON e.paper_id = c.paper_id WHERE {_OWN}) SELECT {columns} FROM b {then}",
        reader,
        *terms,
    )


async def _papers(ids: list[int], reader: int) -> dict[int, dict[str, Any]]:
    if not ids:
        return {}
    rows = await fetch(
        "SELECT p.id, p.key, p.title, p.published, e.status FROM paper p JOIN entry e ON e.paper_id = p.id "
        f"WHERE e.user_id = $1 AND p.id IN ({places(len(ids), after=1)})",
        reader,
        *ids,
    )
    return {row["id"]: row for row in rows}


def _shared(row: dict[str, Any], own: int) -> SharedTerm:
    return SharedTerm(label=row["label"], name=row["name"], papers=row["papers"], own=own)
