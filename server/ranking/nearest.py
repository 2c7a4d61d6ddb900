"""Find the papers of the store that are most like one, by an exact search."""

import asyncio
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct
from tortoise.context import TortoiseContext, require_context

from server.ranking.storage import ensure_vector, read_meanings, read_statistics, read_vectors
from server.ranking.vectors import PaperVector
from server.ranking.word_vectors import WIDTH, Floats

CHUNK = 5_000  # vectors that are read at once
CANDIDATES = 100  # nearest by meaning, which the terms put in order


class Alike(Struct, frozen=True):
    """A paper and how like another it is: 2 for the same text, about 0 for any other paper."""

    paper: int
    similarity: float


class _Meanings:
    """The meanings of all papers as one matrix, 38 MB for 100,000, kept with the open store."""

    def __init__(self) -> None:
        self.last = 0
        self.papers = np.zeros(0, np.int64)
        self.rows = np.zeros((0, WIDTH), np.float32)
        self.middle = np.zeros(WIDTH, np.float32)
        self.lengths = np.zeros(0, np.float32)
        self._turn = asyncio.Lock()

    async def update(self) -> None:
        """Read the vectors that were stored since the last call."""
        async with self._turn:
            while rows := await read_meanings(self.last, CHUNK):
                self.last = rows[-1][0]
                papers = np.array([paper for _, paper, _ in rows])
                kept = ~np.isin(self.papers, papers)  # a paper may have a new vector
                self.papers = np.concatenate([self.papers[kept], papers])
                fresh = np.array([meaning for _, _, meaning in rows], np.float32)
                self.rows = np.concatenate([self.rows[kept], fresh])
                self.middle = self.rows.mean(0)
                # |r - m|, without a second matrix
                squares = np.einsum("ij,ij->i", self.rows, self.rows)
                squares += self.middle @ self.middle - 2 * (self.rows @ self.middle)
                self.lengths = np.sqrt(np.maximum(squares, 1e-6))

    def compare(self, meaning: Floats) -> Floats:
        """Return the cosine of every paper with a meaning, both seen from the average paper."""
        centred = meaning - self.middle
        length = max(float(np.linalg.norm(centred)), 1e-3)
        cosines: Floats = (self.rows @ centred - self.middle @ centred) / (self.lengths * length)
        return cosines


_meanings: WeakKeyDictionary[TortoiseContext, _Meanings] = WeakKeyDictionary()


async def find_alike(paper: int, *, limit: int) -> list[Alike]:
    """Return the papers most like a paper, of the whole store, the most alike first.

    The papers nearest by meaning are put in order by the cosine of meanings plus that of terms. A
    paper that has no vector yet is found once the background has made it.
    """
    vector = await ensure_vector(paper)
    if vector is None or not len(vector.terms):
        return []  # nothing is known of what it says
    meanings = _meanings.setdefault(require_context(), _Meanings())
    await meanings.update()
    cosines = meanings.compare(vector.meaning.astype(np.float32))
    cosines[meanings.papers == paper] = -np.inf
    wanted = max(CANDIDATES, limit)
    nearest = np.arange(len(cosines))
    if len(nearest) > wanted:
        # a partition, which is faster than sorting: the terms decide the order
        nearest = np.argpartition(-cosines, wanted)[:wanted]
    found = {int(meanings.papers[row]): float(cosines[row]) for row in nearest}
    return (await _sort(vector, {id: c for id, c in found.items() if c > -np.inf}))[:limit]


async def _sort(vector: PaperVector, cosines: dict[int, float]) -> list[Alike]:
    vectors = await read_vectors([*cosines])
    if not vectors:
        return []
    statistics = await read_statistics()
    query = statistics.weigh([vector]).sum_rows(np.ones(1, np.float32))
    terms = statistics.weigh([*vectors.values()]).dot(query)
    alike = [
        Alike(paper, cosines[paper] + float(cosine))
        for paper, cosine in zip(vectors, terms, strict=True)
    ]
    return sorted(alike, key=lambda one: (-one.similarity, -one.paper))
