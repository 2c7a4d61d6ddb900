"""Say why papers stand out for a user: authors of papers that they like, and the nearest papers."""

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct
from tortoise.context import TortoiseContext, require_context

from server.ranking.authors import fold_author
from server.ranking.model import stack
from server.ranking.scores import Scored
from server.ranking.storage import read_vectors
from server.ranking.user_model import UserModel
from server.ranking.vectors import Row, TermMatrix
from server.ranking.word_vectors import Floats

CANDIDATES = 8  # nearest by meaning, which the terms put in order
NEAREST = 2


class Reasons(Struct, frozen=True):
    """Why a paper stands out: its authors that speak for it, and the nearest papers of the list.

    `nearest` are row ids with their similarities: 2 for the same text, about 0 for any other paper.
    """

    authors: list[str]
    nearest: list[tuple[int, float]]


class _Liked(Struct):
    """The liked papers of a user's list, kept until another model is learnt.

    Each row of `terms` and of `directions` has length 1.
    """

    model: UserModel
    papers: list[int]
    terms: TermMatrix
    directions: Floats


_liked: WeakKeyDictionary[TortoiseContext, dict[int, _Liked]] = WeakKeyDictionary()


async def find_reasons(user: int, scored: Scored, papers: Sequence[int]) -> dict[int, Reasons]:
    """Return the reasons for some of the papers that were scored for a user, by their row ids."""
    model = scored.model
    liked = await _read_liked(user, model)
    vectors = [scored.vectors[paper] for paper in papers]
    terms = model.text.statistics.weigh(vectors)
    directions = _direct(stack([vector.meaning for vector in vectors]), model.middle)
    return {
        paper: Reasons(
            authors=_choose_authors(scored.authors.get(paper, []), model.profile.authors),
            nearest=_find_nearest(paper, terms.row(number), directions[number], liked),
        )
        for number, paper in enumerate(papers)
    }


def _choose_authors(names: Sequence[str], effects: Mapping[str, float]) -> list[str]:
    """Return the authors that speak for a paper, the strongest first."""
    known = [name for name in names if effects.get(fold_author(name), 0) > 0]
    return sorted(known, key=lambda name: -effects[fold_author(name)])


async def _read_liked(user: int, model: UserModel) -> _Liked:
    kept = _liked.setdefault(require_context(), {})
    if user not in kept or kept[user].model is not model:
        vectors = await read_vectors(model.profile.liked)
        meanings = stack([vector.meaning for vector in vectors.values()])
        terms = model.text.statistics.weigh([*vectors.values()])
        kept[user] = _Liked(model, [*vectors], terms, _direct(meanings, model.middle))
    return kept[user]


def _find_nearest(
    paper: int, terms: Row, direction: Floats, liked: _Liked
) -> list[tuple[int, float]]:
    """Return the papers of a list most like a paper, by the cosines of meanings plus of terms."""
    cosines = liked.directions @ direction
    nearest = [row for row in np.argsort(-cosines)[: CANDIDATES + 1] if liked.papers[row] != paper]
    similarities = cosines[nearest] + liked.terms.select(nearest).compare(terms)
    best = np.argsort(-similarities, kind="stable")[:NEAREST]
    return [(liked.papers[nearest[n]], float(similarities[n])) for n in best]


def _direct(meanings: Floats, middle: Floats) -> Floats:
    """Return the directions in which meanings lie from the average paper, of length 1."""
    centred = meanings - middle
    directions: Floats = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-3)
    return directions
