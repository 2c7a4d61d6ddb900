"""Find papers that might belong to a tag, by a model of the papers that have it.

Nothing is tagged by this: a user adds what fits.
"""

import asyncio
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from tortoise.context import TortoiseContext, require_context

from server.database.connection import fetch, places
from server.database.versioning import fold_name
from server.errors import NotFound
from server.ranking.learning import MAX_EXAMPLES, read_background
from server.ranking.model import Example, Model, learn
from server.ranking.storage import read_statistics, read_vectors
from server.ranking.vectors import PaperVector, Statistics
from server.schema.ranking import SuggestedPaper, TagSuggestions

LEAST_PAPERS = 5  # with a tag, from which it can be told what they share
LEAST_SCORE = 1.0  # one paper in six has it
OTHERS_WEIGHT = -0.1  # of papers of the list without the tag, which may only not have it yet
NEWEST = 1_000  # papers of the store that are looked at beside those of the list

Row = dict[str, Any]
_Known = tuple[frozenset[int], int, Model]

_models: WeakKeyDictionary[TortoiseContext, dict[int, _Known]] = WeakKeyDictionary()


async def suggest_for_tag(user: int, name: str, *, limit: int = 10) -> TagSuggestions:
    """Return the papers of the list and of the newest of the store that might belong to a tag.

    A tag also has the papers of the tags below it, and needs `LEAST_PAPERS` of them. Raises
    `NotFound`.
    """
    tag = await _find_tag(user, name)
    listed = await _read_listed(user, tag["fold"])
    tagged = [row["id"] for row in listed if row["tagged"]]
    found = TagSuggestions(tag=tag["name"], papers=len(tagged), needed=LEAST_PAPERS, suggested=[])
    if len(tagged) < LEAST_PAPERS:
        return found
    others = [row["id"] for row in listed if not row["tagged"]]
    model = await _learn(tag["id"], tagged, others)
    if model is not None:
        candidates = {*others, *await _read_newest()}.difference(tagged)
        found.suggested = await _choose(model, candidates, {*others}, limit)
    return found


async def _find_tag(user: int, name: str) -> Row:
    rows = await fetch(
        "SELECT id, name, fold FROM tag WHERE user_id = $1 AND fold = $2 AND deleted IS NULL",
        user,
        fold_name(name, "a tag"),
    )
    if not rows:
        raise NotFound(f"no tag {name!r}")
    return rows[0]


async def _read_listed(user: int, fold: str) -> list[Row]:
    """Read the newest papers of a user's list, and whether each has a tag or one below it."""
    below = f"{fold}/"
    return await fetch(
        "SELECT e.paper_id AS id, EXISTS (SELECT 1 FROM entry_tag et "
        "JOIN tag t ON t.id = et.tag_id WHERE et.entry_id = e.id AND t.deleted IS NULL "
        f"AND (t.fold = $2 OR SUBSTR(t.fold, 1, {len(below)}) = $3)) AS tagged FROM entry e "
        "WHERE e.user_id = $1 AND e.deleted IS NULL AND e.status <> 'none' "
        f"ORDER BY e.updated DESC, e.id DESC LIMIT {MAX_EXAMPLES}",
        user,
        fold,
        below,
    )


async def _read_newest() -> list[int]:
    rows = await fetch(f"SELECT paper_id FROM paper_vector ORDER BY paper_id DESC LIMIT {NEWEST}")
    return [row["paper_id"] for row in rows]


async def _learn(tag: int, tagged: list[int], others: list[int]) -> Model | None:
    """Learn the model of a tag, or return the one learnt before of the same papers."""
    statistics = await read_statistics()
    kept = _models.setdefault(require_context(), {})
    known = kept.get(tag)
    if known and known[:2] == (frozenset(tagged), statistics.papers):
        return known[2]
    vectors = await read_vectors([*tagged, *others])
    background = await read_background([*tagged, *others])
    model = await asyncio.to_thread(
        learn_tag,
        [vectors[paper] for paper in tagged if paper in vectors],
        [vectors[paper] for paper in others if paper in vectors],
        [*background.values()],
        statistics,
    )
    if model is not None:
        kept[tag] = (frozenset(tagged), statistics.papers, model)
    return model


def learn_tag(
    tagged: Iterable[PaperVector],
    others: Iterable[PaperVector],
    background: list[PaperVector],
    statistics: Statistics,
) -> Model | None:
    """Learn what papers of a tag have that others of the list, and recent papers, have not."""
    examples = [Example(vector, 1.0) for vector in tagged]
    examples += [Example(vector, OTHERS_WEIGHT) for vector in others]
    return learn(examples, background, statistics)


async def _choose(
    model: Model, candidates: Iterable[int], listed: set[int], limit: int
) -> list[SuggestedPaper]:
    vectors = await read_vectors(sorted(candidates))
    scores = zip(vectors, model.score([*vectors.values()]), strict=True)
    best = sorted(
        ((float(score), id) for id, score in scores if score >= LEAST_SCORE), reverse=True
    )
    chosen = {id: score for score, id in best[:limit]}
    if not chosen:
        return []
    rows = await fetch(
        f"SELECT id, key, title FROM paper WHERE id IN ({places(len(chosen))})", *chosen
    )
    known = {row["id"]: row for row in rows}
    return [
        SuggestedPaper(
            key=known[id]["key"],
            title=known[id]["title"],
            score=round(score, 3),
            listed=id in listed,
        )
        for id, score in chosen.items()
        if id in known
    ]
