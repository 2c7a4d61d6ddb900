"""The terms that mentions name, and their rows in the store."""

from collections import defaultdict
from collections.abc import Iterable

from nlp.spans import LABELS, ROLES, Label, Mention, Role
from server.database.connection import fetch, places, write_connection
from server.database.models.terms import Term
from server.database.transactions import take_turn_of_terms
from server.identifiers import fold_term

MAX_TERM = 200  # characters: a longer span is no name that one would filter by
_LABELS = ", ".join(f"'{label}'" for label in LABELS)
ASKED = 5_000  # folds that are looked up at once: a statement has room for 32,000 values

TermKey = tuple[str, str]
"""A label and a folded name."""


def terms_of(mentions: Iterable[Mention]) -> dict[TermKey, list[Mention]]:
    """Return the terms that mentions name, each with its mentions."""
    terms: dict[TermKey, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.term and len(mention.term) <= MAX_TERM:
            terms[mention.label, fold_term(mention.term)].append(mention)
    return terms


def surfaces_of(mentions: Iterable[Mention], text: str) -> dict[Label, list[str]]:
    """Return how a text writes its mentions, by label and in the order of the mentions."""
    found = [(mention.label, text[mention.start : mention.end]) for mention in mentions]
    return {
        label: [*dict.fromkeys(surface for of, surface in found if of == label)] for label in LABELS
    }


def first_role(roles: Iterable[Role | None]) -> Role | None:
    """Return the role that counts where several names of one term have different ones."""
    return min(filter(None, roles), key=ROLES.index, default=None)


async def claim_terms(readings: Iterable[dict[TermKey, list[Mention]]]) -> dict[TermKey, int]:
    """Return the row of each term, making those that are new under the name by which they were met
    first.
    """
    names: dict[TermKey, str] = {}
    for terms in readings:
        for key, mentions in terms.items():
            names.setdefault(key, mentions[0].term)
    known = await _known_terms({fold for _, fold in names})
    fresh = [key for key in names if key not in known]
    if fresh and await take_turn_of_terms():
        known |= await _known_terms({fold for _, fold in fresh})
        fresh = [key for key in fresh if key not in known]
    if fresh:
        await Term.bulk_create(
            [Term(label=label, fold=fold, name=names[label, fold]) for label, fold in fresh]
        )
        known |= await _known_terms({fold for _, fold in fresh})
    return known


async def _known_terms(folds: set[str]) -> dict[TermKey, int]:
    wanted, known = sorted(folds), dict[TermKey, int]()
    for start in range(0, len(wanted), ASKED):
        some = wanted[start : start + ASKED]
        # with the labels, since the index begins with them: else SQLite would read all terms
        rows = await fetch(
            f"SELECT label, fold, id FROM term WHERE label IN ({_LABELS}) "
            f"AND fold IN ({places(len(some))})",
            *some,
            using=write_connection(),
        )
        known |= {(row["label"], row["fold"]): row["id"] for row in rows}
    return known
