"""The terms that mentions name, and their rows in the store."""

from collections import defaultdict
from collections.abc import Iterable

from nlp.spans import Mention
from server.identity import fold_term
from server.models import Term

MAX_TERM = 200  # characters: a longer span is no name that one would filter by

TermKey = tuple[str, str]
"""A label and a folded name."""


def terms_of(mentions: Iterable[Mention]) -> dict[TermKey, list[Mention]]:
    """Give the terms that mentions name, each with its mentions."""
    terms: dict[TermKey, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.term and len(mention.term) <= MAX_TERM:
            terms[mention.label, fold_term(mention.term)].append(mention)
    return terms


async def claim_terms(readings: Iterable[dict[TermKey, list[Mention]]]) -> dict[TermKey, int]:
    """Give the row of each term, making those that are new under the name by which they were met first."""
    names: dict[TermKey, str] = {}
    for terms in readings:
        for key, mentions in terms.items():
            names.setdefault(key, mentions[0].term)
    folds = sorted({fold for _, fold in names})
    known = {(term.label, term.fold): term.id for term in await Term.filter(fold__in=folds)}
    await Term.bulk_create(
        [Term(label=label, fold=fold, name=names[label, fold]) for label, fold in names if (label, fold) not in known]
    )
    return {(term.label, term.fold): term.id for term in await Term.filter(fold__in=folds)}
