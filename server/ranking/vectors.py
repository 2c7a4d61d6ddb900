"""The vector of a paper: the terms of its text by number, how often each occurs, and its meaning.

Terms are numbered by a hash, so that a vector never changes when other papers come or go.
"""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.ranking.word_vectors import Floats, embed
from server.ranking.words import count_terms

TERMS = 2**18
"""How many numbers terms share; two rare terms with one number cost next to nothing."""

VERSION = 1
"""Raised when vectors of the same form are made another way: then all papers get new ones."""

_FREQUENT = 1 + np.log(np.maximum(np.arange(256), 1))  # by how often a term occurs in a paper

Numbers = NDArray[np.int32]
Row = tuple[Numbers, Floats]
"""The terms of a sparse row, rising, and their values."""


class PaperVector(Struct, frozen=True):
    """A paper as the models see it.

    `terms` are rising term numbers, `counts` how often each occurs, `meaning` has `WIDTH` numbers
    and length 1. A paper without text has no terms and a meaning of zeros.
    """

    terms: Numbers
    counts: NDArray[np.uint8]
    meaning: NDArray[np.float16]


def make_vector(text: str) -> PaperVector:
    """Make the vector of a paper from its title and abstract."""
    found: dict[int, int] = {}
    for term, count in count_terms(text).items():
        number = number_of(term)
        found[number] = found.get(number, 0) + count
    terms = np.array(sorted(found), np.int32)
    # a count is stored in one byte
    counts = np.array([min(found[number], 255) for number in sorted(found)], np.uint8)
    # what is stored, so that a fresh vector equals one read back
    return PaperVector(terms, counts, embed(text).astype(np.float16))


def number_of(term: str) -> int:
    """Return the number of a term, from 0 to `TERMS` - 1."""
    return crc32(term.encode("utf-8", "replace")) % TERMS


def pack(vector: PaperVector) -> tuple[bytes, bytes]:
    """Write a vector as two columns: 5 bytes a term, and 2 bytes a number of the meaning."""
    terms = vector.terms.astype("<i4").tobytes() + vector.counts.tobytes()
    return terms, vector.meaning.astype("<f2").tobytes()


def unpack(terms: bytes, meaning: bytes) -> PaperVector:
    """Read what `pack` wrote, without copying it."""
    size = len(terms) // 5
    return PaperVector(
        np.frombuffer(terms, "<i4", size),
        np.frombuffer(terms, np.uint8, size, 4 * size),
        np.frombuffer(meaning, "<f2"),
    )


def numbers_of(name: str) -> list[int]:
    """Return the numbers that stand for a name of one or more words.

    These are those of its pairs of neighbours, which say more than single words do; a name without
    pairs is stood for by its words, and one of words without a topic by nothing.
    """
    terms = count_terms(name)
    pairs = [term for term in terms if " " in term]
    return sorted({number_of(term) for term in pairs or terms})


class TermMatrix(Struct, frozen=True):
    """Sparse rows: row r has `values[starts[r]:starts[r + 1]]`, at the columns `terms`."""

    starts: NDArray[np.int64]
    terms: Numbers
    values: Floats

    def without(self, terms: Sequence[int]) -> "TermMatrix":
        """Return the rows with some terms counting nothing."""
        values = np.where(np.isin(self.terms, terms), np.float32(0), self.values)
        return TermMatrix(self.starts, self.terms, values)

    def row(self, number: int) -> Row:
        """Return one of the rows."""
        part = slice(self.starts[number], self.starts[number + 1])
        return self.terms[part], self.values[part]

    def select(self, numbers: Sequence[int]) -> "TermMatrix":
        """Return some of the rows."""
        rows = [self.row(number) for number in numbers]
        sizes = np.array([len(terms) for terms, _ in rows], np.int64)
        return TermMatrix(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]),
            np.concatenate([np.zeros(0, np.int32), *(terms for terms, _ in rows)]),
            np.concatenate([np.zeros(0, np.float32), *(values for _, values in rows)]),
        )

    def dot(self, weights: Floats) -> Floats:
        """Return each row's product with one weight per term."""
        return self._sum(self.values * weights[self.terms])

    def compare(self, row: Row) -> Floats:
        """Return each row's product with a sparse one: their cosine, where both have length 1."""
        terms, values = row
        if not len(terms):
            return np.zeros(len(self.starts) - 1, np.float32)
        places = np.minimum(np.searchsorted(terms, self.terms), len(terms) - 1)
        is_shared = terms[places] == self.terms
        return self._sum(np.where(is_shared, values[places] * self.values, np.float32(0)))

    def _sum(self, products: Floats) -> Floats:
        """Return the sum of each row's products."""
        # as in the classifier: `reduceat` is wrong for rows without terms
        totals = np.concatenate([np.zeros(1), np.cumsum(products, dtype=np.float64)])
        sums: Floats = (totals[self.starts[1:]] - totals[self.starts[:-1]]).astype(np.float32)
        return sums

    def sum_rows(self, weights: Floats) -> Floats:
        """Return the sum of all rows, each multiplied by its weight, as one number per term."""
        repeated = np.repeat(weights, np.diff(self.starts))
        return np.bincount(self.terms, self.values * repeated, TERMS).astype(np.float32)


class Statistics:
    """In how many papers each term occurs."""

    def __init__(self) -> None:
        self.papers = 0
        self.frequencies = np.zeros(TERMS, np.int32)
        self._rarity: Floats | None = None

    def add(self, vectors: Sequence[PaperVector]) -> None:
        """Count some more papers."""
        self.papers += len(vectors)
        self._rarity = None
        for vector in vectors:
            self.frequencies[vector.terms] += 1

    def remove(self, vectors: Sequence[PaperVector]) -> None:
        """Take papers that were counted back."""
        self.papers -= len(vectors)
        self._rarity = None
        for vector in vectors:
            self.frequencies[vector.terms] -= 1

    def weigh(self, vectors: Sequence[PaperVector]) -> TermMatrix:
        """Weigh each paper's terms by TF-IDF, and scale each row to length 1.

        A term that occurs c times in a paper and in n of N papers weighs
        (1 + ln c) * (ln((1 + N) / (1 + n)) + 1).
        """
        sizes = np.array([len(vector.terms) for vector in vectors], np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        terms = np.concatenate([np.zeros(0, np.int32), *(vector.terms for vector in vectors)])
        counts = np.concatenate([np.zeros(0, np.uint8), *(vector.counts for vector in vectors)])
        if self._rarity is None:  # looked up below, since logarithms take most of the time
            self._rarity = np.log((1 + self.papers) / (1 + self.frequencies)) + 1
        values = _FREQUENT[counts] * self._rarity[terms]
        squares = np.concatenate([np.zeros(1), np.cumsum(values * values)])
        lengths = np.sqrt(squares[starts[1:]] - squares[starts[:-1]])
        values /= np.repeat(np.where(lengths > 0, lengths, 1), sizes)
        return TermMatrix(starts, terms, values.astype(np.float32))
