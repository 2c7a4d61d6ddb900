"""Keep vectors, term statistics and models in the store, and read them back.

What was read is cached with the open store; a revision says when the store has something newer.
"""

import zlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
from msgspec import Struct, field
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext, require_context

from server.database.connection import execute_many, fetch, places
from server.database.models.json_columns import decode_strings
from server.database.models.ranking import RankingModel, TermStatistics
from server.database.transactions import writing
from server.ranking.model import Model
from server.ranking.user_model import Profile, UserModel
from server.ranking.vectors import (
    TERMS,
    VERSION,
    PaperVector,
    Statistics,
    make_vector,
    pack,
    unpack,
)
from server.ranking.word_vectors import WIDTH, Floats

MANY = 500  # papers that are read with one query
STALE = "v.id IS NULL OR v.version <> $1 OR v.size <> LENGTH(p.title) + LENGTH(p.abstract)"


class PaperText(Struct, frozen=True):
    """The text that a paper's vector is made of; `size` counts its characters as the store does."""

    paper: int
    text: str
    size: int


class _Weights(Struct):
    """A model as the store holds it: the terms that have a weight, and the rest."""

    terms: bytes
    values: bytes
    meaning: bytes
    bias: float
    middle: bytes
    profile: Profile


class _Cache(Struct):
    statistics: tuple[UUID, Statistics] | None = None
    models: dict[int, tuple[UUID, UUID, UserModel]] = field(default_factory=dict)


_caches: WeakKeyDictionary[TortoiseContext, _Cache] = WeakKeyDictionary()


async def find_stale(keys: Sequence[str] | None = None) -> list[int]:
    """Return the row ids of papers whose vector is missing or outdated, newest first.

    Looks at the papers of `keys` only, if given: to look at all takes long in a large store.
    """
    chosen = f"AND p.key IN ({places(len(keys), after=1)}) " if keys else ""
    rows = await fetch(
        "SELECT p.id FROM paper p LEFT JOIN paper_vector v ON v.paper_id = p.id "
        f"WHERE ({STALE}) {chosen}ORDER BY p.id DESC",
        VERSION,
        *(keys or []),
    )
    return [row["id"] for row in rows]


async def read_texts(papers: Sequence[int]) -> list[PaperText]:
    """Read the texts of papers by their row ids."""
    rows = await _read_columns("title, abstract, LENGTH(title) + LENGTH(abstract) AS size", papers)
    return [PaperText(row["id"], f"{row['title']}\n{row['abstract']}", row["size"]) for row in rows]


async def read_authors(papers: Sequence[int]) -> dict[int, list[str]]:
    """Read the authors' names of papers by their row ids."""
    rows = await _read_columns("authors", papers)
    return {row["id"]: decode_strings(row["authors"]) for row in rows}


async def _read_columns(columns: str, papers: Sequence[int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for start in range(0, len(papers), MANY):
        part = papers[start : start + MANY]
        rows += await fetch(
            f"SELECT id, {columns} FROM paper WHERE id IN ({places(len(part))}) ORDER BY id", *part
        )
    return rows


async def save_vectors(made: Sequence[tuple[PaperText, PaperVector]]) -> None:
    """Store vectors in place of those that the papers had, and count their terms.

    What was learnt of vectors that were made another way is dropped, to be learnt again.
    """
    ids = [text.paper for text, _ in made]
    async with writing() as connection:
        # papers that were merged into others meanwhile are gone
        rows = await fetch(
            f"SELECT id FROM paper WHERE id IN ({places(len(ids))})", *ids, using=connection
        )
        alive = {row["id"] for row in rows}
        former = await _read_rows(ids, using=connection)
        statistics = await read_statistics(using=connection)
        # a paper that gets a new vector is counted once, by the new one
        statistics.remove([unpack(row["terms"], row["meaning"]) for row in former])
        statistics.add([vector for text, vector in made if text.paper in alive])
        await execute_many(
            connection,
            "DELETE FROM paper_vector WHERE paper_id = $1",
            [(row["paper_id"],) for row in former],
        )
        await execute_many(
            connection,
            "INSERT INTO paper_vector (paper_id, version, size, terms, meaning) "
            "VALUES ($1, $2, $3, $4, $5)",
            [
                (text.paper, VERSION, text.size, *pack(vector))
                for text, vector in made
                if text.paper in alive
            ],
        )
        await save_statistics(statistics)
        if any(row["version"] != VERSION for row in former):
            await RankingModel.all().delete()


async def read_vectors(papers: Sequence[int]) -> dict[int, PaperVector]:
    """Read the vectors of papers by their row ids; one that has none yet is left out."""
    vectors: dict[int, PaperVector] = {}
    for start in range(0, len(papers), MANY):
        vectors |= {
            row["paper_id"]: unpack(row["terms"], row["meaning"])
            for row in await _read_rows(papers[start : start + MANY])
            if row["version"] == VERSION
        }
    return vectors


async def ensure_vector(paper: int) -> PaperVector | None:
    """Return a paper's vector, made on the spot if it has none yet; None for an unknown paper."""
    if vector := (await read_vectors([paper])).get(paper):
        return vector
    texts = await read_texts([paper])
    return make_vector(texts[0].text) if texts else None


async def read_statistics(using: BaseDBAsyncClient | None = None) -> Statistics:
    """Return in how many papers each term occurs. Callers in a transaction get a copy to change."""
    rows = await fetch("SELECT revision FROM term_statistics WHERE id = 1", using=using)
    if not rows:
        return Statistics()
    cache, revision = _cache(), UUID(str(rows[0]["revision"]))
    if cache.statistics is None or cache.statistics[0] != revision or using:
        [row] = await fetch(
            "SELECT papers, frequencies, revision FROM term_statistics WHERE id = 1", using=using
        )
        read = Statistics()
        read.papers = row["papers"]
        read.frequencies = np.frombuffer(zlib.decompress(row["frequencies"]), "<i4").copy()
        if using:
            return read
        cache.statistics = (UUID(str(row["revision"])), read)
    return cache.statistics[1]


async def save_model(user: int, model: UserModel | None, *, change: int, papers: int) -> None:
    """Store what was learnt of a user's list up to a change; None if there was nothing to learn.

    Does nothing if another server has learnt up to a later change meanwhile.
    """
    async with writing(user) as connection:
        # the change may be gone since a backup was restored
        later = await fetch(
            "SELECT 1 FROM ranking_model m JOIN change c ON c.id = m.change "
            "WHERE m.user_id = $1 AND m.change > $2",
            user,
            change,
            using=connection,
        )
        if later:
            return
        await RankingModel.filter(user_id=user).delete()
        weights = _pack_model(model) if model else b""
        await RankingModel.create(
            user_id=user, change=change, papers=papers, revision=uuid4(), weights=weights
        )


async def read_model(user: int) -> UserModel | None:
    """Return what was learnt of a user's list; None if nothing was, or the ranking is off."""
    rows = await fetch(
        "SELECT m.revision, s.revision AS counted FROM ranking_model m, term_statistics s "
        "WHERE m.user_id = $1 AND s.id = 1 AND NOT EXISTS "
        "(SELECT 1 FROM ranking_settings c WHERE c.user_id = $1 AND NOT c.enabled)",
        user,
    )
    if not rows:
        return None
    cache, revision = _cache(), UUID(str(rows[0]["revision"]))
    counted = UUID(str(rows[0]["counted"]))
    if (found := cache.models.get(user)) and found[:2] == (revision, counted):
        return found[2]
    read = await fetch("SELECT weights FROM ranking_model WHERE user_id = $1", user)
    if not read or not read[0]["weights"]:
        return None
    model = _unpack_model(read[0]["weights"], await read_statistics())
    cache.models[user] = (revision, counted, model)
    return model


async def read_meanings(after: int, limit: int) -> list[tuple[int, int, Floats]]:
    """Return the row id, the paper and the meaning of vectors after a row id, in their order."""
    rows = await fetch(
        f"SELECT id, paper_id, meaning FROM paper_vector WHERE id > $1 ORDER BY id LIMIT {limit}",
        after,
    )
    return [
        (row["id"], row["paper_id"], np.frombuffer(row["meaning"], "<f2").astype(np.float32))
        for row in rows
    ]


def _cache() -> _Cache:
    return _caches.setdefault(require_context(), _Cache())


async def _read_rows(
    papers: Sequence[int], using: BaseDBAsyncClient | None = None
) -> list[dict[str, Any]]:
    """Read the vectors of papers as they are stored, outdated ones too."""
    if not papers:
        return []
    return await fetch(
        "SELECT paper_id, version, terms, meaning FROM paper_vector "
        f"WHERE paper_id IN ({places(len(papers))})",
        *papers,
        using=using,
    )


async def save_statistics(statistics: Statistics) -> None:
    """Store in how many papers each term occurs, within the caller's write."""
    packed = zlib.compress(statistics.frequencies.astype("<i4").tobytes(), 1)
    values: dict[str, Any] = {
        "papers": statistics.papers,
        "frequencies": packed,
        "revision": uuid4(),
    }
    if not await TermStatistics.filter(id=1).update(**values):
        await TermStatistics.create(id=1, **values)


def _pack_model(model: UserModel) -> bytes:
    text, terms = model.text, np.flatnonzero(model.text.terms)
    return msgspec.msgpack.encode(
        _Weights(
            terms.astype("<u4").tobytes(),
            text.terms[terms].astype("<f4").tobytes(),
            text.meaning.astype("<f4").tobytes(),
            text.bias,
            model.middle.astype("<f4").tobytes(),
            model.profile,
        )
    )


def _unpack_model(data: bytes, statistics: Statistics) -> UserModel:
    read = msgspec.msgpack.decode(data, type=_Weights)
    terms = np.zeros(TERMS, np.float32)
    terms[np.frombuffer(read.terms, "<u4")] = np.frombuffer(read.values, "<f4")
    text = Model(statistics, terms, _unpack_meaning(read.meaning), read.bias)
    return UserModel(text, _unpack_meaning(read.middle), read.profile)


def _unpack_meaning(data: bytes) -> Floats:
    return np.frombuffer(data, "<f4").astype(np.float32).reshape(WIDTH)
