"""Split texts into word pieces of BERT's uncased vocabulary, in windows of at most 512 pieces."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from spacy.tokens import Doc

PIECES = 510
"""The most word pieces of a window: BERT's 512 positions without its two special pieces."""

SHAPES = 10
"""The number of values of `word_shape`."""

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


class Window:
    """Consecutive words of a text, as the numbers of their pieces between two special pieces.

    `text` is the number of the text, `start` that of the first word, `shapes` the shape of each
    piece's word, and `firsts` the position of each word's first piece.
    """

    def __init__(self, text: int, start: int, mark: int) -> None:
        self.text = text
        self.start = start
        self.pieces = [mark]
        self.shapes = [0]
        self.firsts: list[int] = []

    def add(self, pieces: Sequence[int], shape: int) -> None:
        """Append one word."""
        self.firsts.append(len(self.pieces))
        self.pieces += pieces
        self.shapes += [shape] * len(pieces)

    def close(self, mark: int) -> None:
        """Append the special piece that ends a window."""
        self.pieces.append(mark)
        self.shapes.append(0)


class Vocabulary:
    """The numbers of the pieces, and the splitting of words into them."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.numbers = {piece: number for number, piece in enumerate(pieces)}
        self.split = lru_cache(maxsize=50_000)(self._split)

    def windows(self, docs: Sequence[Doc]) -> list[Window]:
        """Split texts into windows of whole words."""
        return [
            window for number, doc in enumerate(docs) for window in self._windows_of(doc, number)
        ]

    def _windows_of(self, doc: Doc, number: int) -> Iterator[Window]:
        window = Window(number, 0, self.numbers[START])
        for place, token in enumerate(doc):
            pieces = self.split(token.text)
            # the piece that opens the window does not count
            if len(window.pieces) - 1 + len(pieces) > PIECES:
                window.close(self.numbers[END])
                yield window
                window = Window(number, place, self.numbers[START])
            window.add(pieces, word_shape(token.text))
        if window.firsts:
            window.close(self.numbers[END])
            yield window

    def _split(self, word: str) -> tuple[int, ...]:
        pieces = [piece for part in _parts(word) for piece in self._longest(part)]
        return tuple(pieces[:PIECES]) or (self.numbers[UNKNOWN],)

    def _longest(self, part: str) -> list[int]:
        """Split a part greedily into the longest known pieces; it is unknown if that fails."""
        pieces: list[int] = []
        start = 0
        # BERT's tokenizer gives up on a longer word too
        while start < len(part) <= 100:
            prefix = "##" if start else ""
            ends = range(len(part), start, -1)
            end = next((end for end in ends if prefix + part[start:end] in self.numbers), None)
            if end is None:
                break
            pieces.append(self.numbers[prefix + part[start:end]])
            start = end
        return pieces if start == len(part) else [self.numbers[UNKNOWN]]


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary of one piece a line."""
    return Vocabulary(path.read_text("utf-8").splitlines())


def word_shape(word: str) -> int:
    """Return a number from 0 to 9 for a word's letter case and whether it contains digits.

    0 is lower case, 2 upper case, 4 capitalized, 6 mixed, 8 no letters; 1 more with digits.
    """
    has_digits = any(map(str.isdigit, word))
    letters = "".join(filter(str.isalpha, word))
    if not letters:
        case = 4
    elif letters.islower():
        case = 0
    elif letters.isupper():
        case = 1
    else:
        case = 2 if letters[1:].islower() else 3
    return 2 * case + has_digits


def _parts(word: str) -> list[str]:
    """Split a word, lower-cased and without accents, at punctuation and Chinese characters."""
    parts = [""]
    for character in unicodedata.normalize("NFD", word.lower()):
        category = unicodedata.category(character)
        if character.isspace():
            parts.append("")
        elif _stands_alone(character, category):
            parts += [character, ""]
        elif category[0] != "C" and category != "Mn" and character != "\ufffd":
            parts[-1] += character
    return [part for part in parts if part]


def _stands_alone(character: str, category: str) -> bool:
    """Check for the characters that BERT's tokenizer splits off, ASCII symbols such as "+" too."""
    if character.isascii():
        return character.isprintable() and not character.isalnum()
    return category.startswith("P") or bool(_CHINESE.match(character))
