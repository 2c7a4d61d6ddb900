"""Find papers like one, and tell how close papers are to a user's list, each with its reasons.

The ranking folder scores papers. The reasons are shared terms, those of at most one paper in
twenty, or of three; of papers that stand out also authors and the nearest papers of the list. A
user's changes of terms hold: a hidden or muted term is no reason, terms that were put into another
are one with it, and a mention that was struck out does not count.
"""

from collections import defaultdict
from typing import Any

from server.database.connection import day, fetch, places
from server.database.serializers import find_paper
from server.identifiers import fold_term
from server.papers.cards import COUNT_STORED
from server.ranking.preferences import read_muted_terms, read_settings
from server.ranking.scores import Scored, score_page
from server.schema.papers import Closeness, NearPaper, Related, SharedTerm
from server.terms.overrides_sql import NAME, PAPERS, ROOTS, SHOWN

RARE_SHARE, RARE_PAPERS = 1 / 20, 3
LEAST_SIMILARITY = 0.4  # of a related paper: below, two texts share a field at most
MAX_AUTHORS = 3  # named as a reason

_UNCORRECTED = (
    "NOT EXISTS (SELECT 1 FROM corrected_term c WHERE c.user_id = $1 AND c.paper_id = y.paper_id "
    "AND c.term_id = y.term_id)"
)
_OWN = "e.user_id = $1 AND e.deleted IS NULL AND e.status IN ('inbox', 'reading', 'read')"

Row = dict[str, Any]


async def related(key: str, user: int, *, limit: int = 8) -> list[Related]:
    """Return the papers of the whole store that are most like a paper, the most alike first.

    Each has the user's status and the rare terms that both papers mention. Raises `NotFound`.
    """
    paper = await find_paper(key)
    found = await find_like(paper.id, limit=limit)
    terms = defaultdict(list)
    for row in await _read_rare_terms([paper.id, *found], user):
        terms[row["paper_id"]].append(row)
    own = await _count_own([row["term_id"] for row in terms[paper.id]], user)
    rows = await _read_papers([*found], user)
    return [
        _relate(rows[other], similarity, terms[other], own)
        for other, similarity in found.items()
        if other in rows  # it may have been merged into another meanwhile
    ]


async def find_like(paper: int, *, limit: int) -> dict[int, float]:
    """Return the row ids of the papers of the store most like a paper, with their similarities.

    A similarity is 2 for the same text and about 0 for any other paper.
    """
    from server.ranking.nearest import find_alike  # noqa: PLC0415 - NumPy slows down every start

    alike = await find_alike(paper, limit=limit)
    return {one.paper: one.similarity for one in alike if one.similarity >= LEAST_SIMILARITY}


async def closest(keys: list[str], user: int) -> dict[str, Closeness]:
    """Return how close papers are to a user's list, by their keys.

    A score of 0 is that of an average paper, and 2 that of one of the closest in forty. The terms
    are the paper's rare ones that other papers of the list mention. Papers that have no score yet
    are left out: all of them, if the user's list says nothing.
    """
    if not keys:
        return {}
    rows = await fetch(f"SELECT id, key FROM paper WHERE key IN ({places(len(keys))})", *keys)
    names = {row["id"]: row["key"] for row in rows}
    close = await explain(await score_page(user, [*names]), user)
    return {names[paper]: closeness for paper, closeness in close.items()}


async def explain(
    scored: Scored | None, user: int, *, only_outstanding: bool = False
) -> dict[int, Closeness]:
    """Return how close papers are, by their row ids, with the terms they share with the list.

    Those that score as much as the user asks of one that stands out have all reasons; with
    `only_outstanding`, the others have none.
    """
    if scored is None or not scored.scores:
        return {}
    least = (await read_settings(user)).least
    close = {
        paper: Closeness(score=round(score, 3), terms=[], stands_out=score >= least)
        for paper, score in scored.scores.items()
    }
    outstanding = [paper for paper in close if close[paper].stands_out]
    await _add_terms(close, outstanding if only_outstanding else [*close], user)
    if outstanding:
        await _add_reasons(close, scored, outstanding, user)
    return close


async def _add_terms(close: dict[int, Closeness], papers: list[int], user: int) -> None:
    terms = await _read_rare_terms(papers, user)
    own = await _count_own([row["term_id"] for row in terms], user)
    muted = await read_muted_terms(user) if terms else set()
    for row in terms:
        others = own.get(row["term_id"], 0) - row["own"]
        if others > 0 and fold_term(row["name"]) not in muted:
            close[row["paper_id"]].terms.append(_share(row, others))


async def _add_reasons(
    close: dict[int, Closeness], scored: Scored, papers: list[int], user: int
) -> None:
    from server.ranking.reasons import find_reasons  # noqa: PLC0415 - NumPy slows down every start

    reasons = await find_reasons(user, scored, papers)
    near = {
        paper: [other for other, similarity in found.nearest if similarity >= LEAST_SIMILARITY]
        for paper, found in reasons.items()
    }
    rows = await _read_papers([*{other for others in near.values() for other in others}], user)
    for paper, found in reasons.items():
        close[paper].authors = found.authors[:MAX_AUTHORS]
        close[paper].nearest = [
            NearPaper(rows[other]["key"], rows[other]["title"])
            for other in near[paper]
            if other in rows
        ]


def _relate(row: Row, similarity: float, terms: list[Row], own: dict[int, int]) -> Related:
    return Related(
        key=row["key"],
        title=row["title"],
        published=day(row["published"]),
        status=row["status"] or "none",
        score=round(similarity, 3),
        terms=[_share(term, own[term["term_id"]]) for term in terms if term["term_id"] in own],
    )


async def _read_rare_terms(papers: list[int], user: int) -> list[Row]:
    """Read the rare terms of papers as a user has them, the rarest first.

    `own` says whether the paper that mentions it is in the user's list.
    """
    if not papers:
        return []
    [store] = await fetch(COUNT_STORED)
    ids = places(len(papers), after=2)
    rows = await fetch(
        f"SELECT DISTINCT pt.paper_id, t.id AS term_id, t.label, {NAME} AS name, "
        f"{PAPERS} AS papers, EXISTS (SELECT 1 FROM entry e WHERE e.paper_id = pt.paper_id "
        f"AND {_OWN}) AS own FROM (SELECT y.paper_id, y.term_id FROM paper_term y "
        f"WHERE y.paper_id IN ({ids}) AND {_UNCORRECTED} "
        "UNION ALL SELECT c.paper_id, c.term_id FROM corrected_term c WHERE c.user_id = $1 "
        f"AND c.added AND c.paper_id IN ({ids})) pt {ROOTS} "
        f"WHERE {SHOWN} AND t.papers <= $2 ORDER BY 5, 4",
        user,
        rare := max(RARE_PAPERS, int(store["papers"] * RARE_SHARE)),
        *papers,
    )
    return [{**row, "own": int(row["own"])} for row in rows if row["papers"] <= rare]


async def _count_own(terms: list[int], user: int) -> dict[int, int]:
    """Count the papers of a user's list that mention each term; 0 if none does."""
    wanted = [*dict.fromkeys(terms)]
    if not wanted:
        return {}
    ids = places(len(wanted), after=1)
    rows = await fetch(
        f"WITH s AS (SELECT id AS term_id, id AS part FROM term WHERE id IN ({ids}) "
        f"UNION SELECT into_id, term_id FROM own_term WHERE user_id = $1 AND into_id IN ({ids})), "
        "b AS (SELECT s.term_id, e.paper_id FROM s JOIN paper_term y ON y.term_id = s.part "
        f"JOIN entry e ON e.paper_id = y.paper_id WHERE {_OWN} AND {_UNCORRECTED} "
        "UNION SELECT s.term_id, e.paper_id FROM s "
        "JOIN corrected_term c ON c.term_id = s.part AND c.user_id = $1 AND c.added "
        f"JOIN entry e ON e.paper_id = c.paper_id WHERE {_OWN}) "
        "SELECT term_id, COUNT(*) AS own FROM b GROUP BY term_id",
        user,
        *wanted,
    )
    return dict.fromkeys(wanted, 0) | {row["term_id"]: row["own"] for row in rows}


async def _read_papers(ids: list[int], user: int) -> dict[int, Row]:
    if not ids:
        return {}
    rows = await fetch(
        "SELECT p.id, p.key, p.title, p.published, e.status FROM paper p LEFT JOIN entry e "
        "ON e.paper_id = p.id AND e.user_id = $1 AND e.deleted IS NULL "
        f"WHERE p.id IN ({places(len(ids), after=1)})",
        user,
        *ids,
    )
    return {row["id"]: row for row in rows}


def _share(row: Row, own: int) -> SharedTerm:
    return SharedTerm(label=row["label"], name=row["name"], papers=row["papers"], own=own)
