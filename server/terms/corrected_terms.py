"""What corrections make of the terms of papers, worked out whenever either changes and kept for
filters and counts.
"""

from collections import defaultdict
from collections.abc import Iterable

from tortoise.expressions import Q

from nlp.spans import Mention
from server.database.connection import execute_many, fetch, is_postgres, places, write_connection
from server.database.models.papers import decode_mentions
from server.database.models.terms import CorrectedTerm, Correction
from server.database.serializers import correction_state
from server.schema.terms import CorrectionState
from server.terms.apply_corrections import correct
from server.terms.rows import TermKey, claim_terms, first_role, terms_of

PAPERS = 500  # that are worked out at a time


async def bears_on(correction: Correction) -> set[int]:
    """Return the papers that a correction may change: its own, or all that have its surface."""
    return {
        correction.paper_id,
        *(await _papers_with(correction.surface) if correction.everywhere else ()),
    }


async def recount(some: Iterable[int], *, user: int | None = None) -> None:
    """Work out some papers for a user, or for everybody who corrected anything, in the caller's
    write.
    """
    papers, whose = sorted(some), Q() if user is None else Q(user_id=user)
    for start in range(0, len(papers), PAPERS):
        chunk = papers[start : start + PAPERS]
        # worked out anew rather than changed, so that it cannot drift from the corrections
        await CorrectedTerm.filter(whose, paper_id__in=chunk).delete()
        verdicts = await _verdicts(chunk, whose)
        if verdicts:
            await _keep(verdicts, chunk)


async def _verdicts(papers: list[int], whose: Q) -> dict[int, list[tuple[int, CorrectionState]]]:
    """Return by user the corrections that bear on some papers, each with its own paper."""
    verdicts: dict[int, list[tuple[int, CorrectionState]]] = defaultdict(list)
    bearing = Q(deleted=None) & (Q(everywhere=True) | Q(paper_id__in=papers))
    for row in await Correction.filter(whose, bearing).order_by("id"):
        verdicts[row.user_id].append((row.paper_id, correction_state(row, "")))
    return verdicts


async def _keep(verdicts: dict[int, list[tuple[int, CorrectionState]]], papers: list[int]) -> None:
    """Save by which terms a user's papers differ from what the pipeline extracted."""
    found: list[tuple[int, int, bool, dict[TermKey, list[Mention]]]] = []
    # columns instead of models, and only terms that change: a word may stand in half the store
    for row in await fetch(
        f"SELECT id, title, abstract, mentions FROM paper WHERE id IN ({places(len(papers))})",
        *papers,
        using=write_connection(),
    ):
        paper, text = row["id"], f"{row['title']}\n{row['abstract']}"
        mentions = decode_mentions(row["mentions"])
        for user, all_verdicts in verdicts.items():
            corrected = correct(mentions, text, _bearing(all_verdicts, paper))
            if corrected != mentions:
                before, after = terms_of(mentions), terms_of(corrected)
                found.append((user, paper, True, _without(after, before)))
                found.append((user, paper, False, _without(before, after)))
    if not found:
        return
    ids = await claim_terms(terms for *_, terms in found)
    rows = [
        (user, paper, ids[key], added, first_role(mention.role for mention in mentions))
        for user, paper, added, terms in found
        for key, mentions in terms.items()
    ]
    await execute_many(
        write_connection(),
        "INSERT INTO corrected_term (user_id, paper_id, term_id, added, role) "
        "VALUES ($1, $2, $3, $4, $5)",
        rows,
    )


def _bearing(verdicts: list[tuple[int, CorrectionState]], paper: int) -> list[CorrectionState]:
    return [verdict for number, verdict in verdicts if verdict.everywhere or number == paper]


def _without(
    terms: dict[TermKey, list[Mention]], others: dict[TermKey, list[Mention]]
) -> dict[TermKey, list[Mention]]:
    return {key: mentions for key, mentions in terms.items() if key not in others}


async def _papers_with(surface: str) -> list[int]:
    """Return the papers whose text has a surface in any case, or something like it: what is no
    ASCII stands for all.
    """
    escaped = "".join(f"\\{c}" if c in "\\%_" else c if c.isascii() else "%" for c in surface)
    like = "ILIKE" if is_postgres() else "LIKE"
    text = f"title || '\n' || abstract {like} $1 ESCAPE '\\'"
    rows = await fetch(f"SELECT id FROM paper WHERE {text}", f"%{escaped}%")
    return [row["id"] for row in rows]
