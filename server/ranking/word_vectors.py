"""Look up the word vectors that the fast pipeline ships, without loading the pipeline.

The table is floret's (https://github.com/explosion/floret): a word's vector is the mean of the rows
of its padded character n-grams, each n-gram having `hash_count` rows given by its MurmurHash3.
"""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.ranking.words import count_words

FOLDER = Path(__file__).parents[2] / "nlp" / "model" / "vocab"
WIDTH = 96
CACHED_WORDS = 20_000

Floats = NDArray[np.float32]

_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0x87C37B91114253D5, 0x4CF5AD432745937F


def embed(text: str) -> Floats:
    """Return the mean of a text's word vectors, of length 1; zeros for a text without words.

    A word that occurs n times counts 1 + ln n.
    """
    counts = count_words(text)
    total = np.zeros(WIDTH, np.float32)
    for word, count in sorted(counts.items()):
        total += embed_word(word) * np.float32(1 + np.log(count))
    return unit(total)


@lru_cache(CACHED_WORDS)
def embed_word(word: str) -> Floats:
    """Return a word's vector, of length 1."""
    table, config = _read_table()
    padded = f"{config['bow']}{word}{config['eow']}"
    grams = [
        padded[start : start + size]
        for size in range(config["minn"], config["maxn"] + 1)
        for start in range(len(padded) - size + 1)
    ]
    rows = [
        part % len(table)
        for gram in [padded, *grams]
        for part in _hash(gram.encode(), config["hash_seed"])[: config["hash_count"]]
    ]
    vector: Floats = table[rows].mean(0)
    return unit(vector)


def unit(vector: Floats) -> Floats:
    """Scale a vector to length 1; zeros stay zeros."""
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


@lru_cache(1)
def _read_table() -> tuple[Floats, dict[str, int]]:
    # read only the pages that are needed: most words hash to few rows
    table = np.load(FOLDER / "vectors", mmap_mode="r")
    return table, json.loads((FOLDER / "vectors.cfg").read_text("utf-8"))


def _hash(data: bytes, seed: int) -> tuple[int, int, int, int]:
    """Return MurmurHash3_x64_128 of some bytes as four numbers of 32 bits, as floret splits it.

    The algorithm is Austin Appleby's (https://github.com/aappleby/smhasher), in the public domain.
    """
    first = second = seed
    whole = len(data) - len(data) % 16
    for start in range(0, whole, 16):
        first ^= _mix_first(int.from_bytes(data[start : start + 8], "little"))
        first = ((_rotate(first, 27) + second) * 5 + 0x52DCE729) & _MASK
        second ^= _mix_second(int.from_bytes(data[start + 8 : start + 16], "little"))
        second = ((_rotate(second, 31) + first) * 5 + 0x38495AB5) & _MASK
    second ^= _mix_second(int.from_bytes(data[whole + 8 :], "little"))
    first ^= _mix_first(int.from_bytes(data[whole : whole + 8], "little"))
    first, second = first ^ len(data), second ^ len(data)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    first, second = _finish(first), _finish(second)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    low = 0xFFFFFFFF
    return first & low, first >> 32, second & low, second >> 32


def _mix_first(block: int) -> int:
    return _rotate(block * _FIRST & _MASK, 31) * _SECOND & _MASK


def _mix_second(block: int) -> int:
    return _rotate(block * _SECOND & _MASK, 33) * _FIRST & _MASK


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _finish(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
