"""Learn a user's model from the list, and name what it goes by."""

import asyncio
from collections.abc import Iterable
from typing import Any

import numpy as np
from msgspec import Struct

from server.database.connection import fetch
from server.ranking.authors import fold_author, weigh_authors
from server.ranking.model import Example, Model, learn, stack
from server.ranking.preferences import list_preferences
from server.ranking.signals import (
    Effects,
    choose,
    find_sources,
    find_strongest,
    list_terms,
    list_words,
    measure_effects,
    name_numbers,
)
from server.ranking.storage import read_authors, read_statistics, read_texts, read_vectors
from server.ranking.user_model import Profile, UserModel
from server.ranking.vectors import PaperVector, number_of, numbers_of
from server.ranking.words import count_terms
from server.schema.ranking import PINNED, Preference, Signal
from server.schema.reading_list import Status
from server.terms.overrides_sql import LISTED, own_terms

BACKGROUND = 400  # newest papers of the store that stand for all that a user might not like
MAX_EXAMPLES = 2_000  # the newest of a list
MAX_SEEN = 500
MAX_TERMS = 500  # of the list, the most frequent, that are looked at as signals

STATUS_WEIGHTS: dict[Status, float] = {
    "none": 0.0,
    "inbox": 0.6,
    "reading": 1.0,
    "read": 1.0,
    "skipped": -1.0,
}
RATING_WEIGHTS = {1: -1.0, 2: -0.5, 3: 1.0, 4: 1.5, 5: 2.0}
NOTE_WEIGHT, TAG_WEIGHT = 0.5, 0.25
SEEN_WEIGHT = -0.1  # looked at in a listing and left there


class Material(Struct, frozen=True):
    """What a model is learnt from: vectors by row id, and how much the user likes each paper.

    `own` are papers of the list or left in a listing, `background` are recent other ones.
    """

    weights: dict[int, float]
    own: dict[int, PaperVector]
    background: dict[int, PaperVector]

    @property
    def vectors(self) -> dict[int, PaperVector]:
        return {**self.own, **self.background}

    @property
    def liked(self) -> list[int]:
        return [paper for paper in self.own if self.weights[paper] > 0]


async def learn_model(user: int) -> UserModel | None:
    """Learn a user's model from the store as it is; None for a list without a liked paper."""
    weights = await read_weights(user)
    background = await read_background([*weights])
    material = Material(weights, await read_vectors([*weights]), background)
    preferences = await list_preferences(user)
    muted = [each.name for each in preferences if each.choice == "muted" and each.kind != "author"]
    examples = [Example(vector, weights[paper]) for paper, vector in material.own.items()]
    model = await asyncio.to_thread(
        learn,
        examples,
        [*background.values()],
        await read_statistics(),
        muted=await _find_muted(muted, material),
    )
    if model is None:
        return None
    middle = stack([vector.meaning for vector in (background or material.own).values()]).mean(0)
    return UserModel(model, middle, await _describe(user, model, material, preferences))


async def read_weights(user: int) -> dict[int, float]:
    """Return how much a user likes each paper of the list, by row id; dislikes are below 0."""
    rows = await fetch(
        "SELECT e.paper_id, e.status, e.rating, "
        "EXISTS (SELECT 1 FROM note n WHERE n.user_id = $1 AND n.paper_id = e.paper_id "
        "AND n.deleted IS NULL) AS noted, "
        "EXISTS (SELECT 1 FROM entry_tag et WHERE et.entry_id = e.id) AS tagged "
        "FROM entry e WHERE e.user_id = $1 AND e.deleted IS NULL "
        f"ORDER BY e.updated DESC, e.id DESC LIMIT {MAX_EXAMPLES}",
        user,
    )
    weights = {row["paper_id"]: weigh_entry(row) for row in rows}
    seen = await fetch(
        "SELECT s.paper_id FROM seen s WHERE s.user_id = $1 AND NOT EXISTS (SELECT 1 FROM entry e "
        "WHERE e.user_id = $1 AND e.paper_id = s.paper_id AND e.deleted IS NULL) "
        f"ORDER BY s.id DESC LIMIT {MAX_SEEN}",
        user,
    )
    weights |= {row["paper_id"]: SEEN_WEIGHT for row in seen}
    return {paper: weight for paper, weight in sorted(weights.items()) if weight}


def weigh_entry(row: dict[str, Any]) -> float:
    """Return how much an entry speaks for similar papers; a rating counts before the status."""
    status: Status = row["status"]
    weight = RATING_WEIGHTS.get(row["rating"], STATUS_WEIGHTS[status])
    if weight < 0:
        return weight
    return weight + NOTE_WEIGHT * bool(row["noted"]) + TAG_WEIGHT * bool(row["tagged"])


async def read_background(known: Iterable[int]) -> dict[int, PaperVector]:
    """Read the vectors of the newest papers of the store that are not among those `known`."""
    without = [*known]
    rows = await fetch(
        "SELECT paper_id FROM paper_vector ORDER BY paper_id DESC "
        f"LIMIT {BACKGROUND + len(without)}"
    )
    others = np.setdiff1d([row["paper_id"] for row in rows], without)[-BACKGROUND:]
    vectors = await read_vectors([int(id) for id in others])
    return {id: vectors[id] for id in sorted(vectors)}


async def _find_muted(names: list[str], material: Material) -> list[int]:
    """Return the numbers of muted names, and of all pairs of words that have a muted word."""
    numbers = {number for name in names for number in numbers_of(name)}
    words = {word for name in names if len(terms := [*count_terms(name)]) == 1 for word in terms}
    if words:
        numbers |= await _find_pairs(words, material)
    return sorted(numbers)


async def _find_pairs(words: set[str], material: Material) -> set[int]:
    """Return the numbers of all pairs of words in the papers that have one of some words."""
    sought = [number_of(word) for word in words]
    having = [
        paper for paper, vector in material.vectors.items() if np.isin(sought, vector.terms).any()
    ]
    terms = [term for text in (await _texts_of(having)).values() for term in count_terms(text)]
    pairs = {term for term in terms if " " in term and not words.isdisjoint(term.split(" "))}
    return {number_of(pair) for pair in pairs}


async def _describe(
    user: int, model: Model, material: Material, preferences: list[Preference]
) -> Profile:
    effects = await asyncio.to_thread(measure_effects, model, [*material.vectors.values()])
    written = await read_authors([*material.own])
    authors, counts = weigh_authors(written, material.weights)
    _prefer(authors, preferences)
    spelled = {fold_author(name): name for names in written.values() for name in names}
    kinds = (
        await _name_words(effects, material),
        list_terms(effects, await _count_terms(user)),
        [
            Signal(kind="author", name=spelled[author], effect=effect, papers=counts[author])
            for author, effect in authors.items()
            if author in spelled
        ],
    )
    strongest = [choose(signals) for signals in kinds]
    return Profile(
        pinned=_list_pinned(preferences),
        authors=authors,
        liked=material.liked,
        pros=[signal for pros, _ in strongest for signal in pros],
        cons=[signal for _, cons in strongest for signal in cons],
    )


def _prefer(authors: dict[str, float], preferences: list[Preference]) -> None:
    """Give pinned authors their effect, and muted ones none."""
    for each in preferences:
        if each.kind == "author":
            authors.pop(fold_author(each.name), None)
            if each.choice == "pinned":
                authors[fold_author(each.name)] = PINNED


def _list_pinned(preferences: list[Preference]) -> list[list[int]]:
    """Return the numbers of each pinned word or term."""
    names = [each.name for each in preferences if each.choice == "pinned" and each.kind != "author"]
    return [numbers for name in names if (numbers := numbers_of(name))]


async def _name_words(effects: Effects, material: Material) -> list[Signal]:
    papers = [*material.vectors]
    sources = find_sources(effects, find_strongest(effects))
    wanted = sorted({place for found in sources.values() for place in found})
    texts = await _texts_of([papers[place] for place in wanted])
    named = {place: texts[papers[place]] for place in wanted if papers[place] in texts}
    return list_words(effects, name_numbers(sources, named), len(material.own))


async def _texts_of(papers: list[int]) -> dict[int, str]:
    return {each.paper: each.text for each in await read_texts(papers)}


async def _count_terms(user: int) -> dict[str, int]:
    """Return the most frequent terms of a user's list, and how many of its papers mention each."""
    rows = await fetch(
        "SELECT name, COUNT(DISTINCT paper_id) AS papers "
        f"FROM {own_terms(LISTED, 'paper_id')} GROUP BY name ORDER BY 2 DESC, 1 LIMIT {MAX_TERMS}",
        user,
    )
    return {row["name"]: row["papers"] for row in rows}
