"""Word pieces of BERT's uncased vocabulary, in windows that a small transformer can take."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from spacy.tokens import Doc

PIECES = 510
"""The most word pieces of a window: BERT's 512 positions less its two marks."""

SHAPES = 10
"""How many looks of a word are told apart."""

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


class Window:
    """A stretch of a text: its pieces between the two marks, their words' shapes, and where each word begins."""

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
        """Append the mark at the end."""
        self.pieces.append(mark)
        self.shapes.append(0)


class Vocabulary:
    """The pieces by their numbers, and the division of words into them."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.numbers = {piece: number for number, piece in enumerate(pieces)}
        self.split = lru_cache(maxsize=50_000)(self._split)

    def windows(self, docs: Sequence[Doc]) -> list[Window]:
        """Cut texts into windows of whole words."""
        return [window for number, doc in enumerate(docs) for window in self._windows_of(doc, number)]

    def _windows_of(self, doc: Doc, number: int) -> Iterator[Window]:
        window = Window(number, 0, self.numbers[START])
        for place, token in enumerate(doc):
            pieces = self.split(token.text)
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
        """Divide a part by always taking the longest known piece; one that cannot be divided is unknown."""
        pieces: list[int] = []
        start = 0
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
    """Number the look of a word: its case, whether it has digits, or none of letters."""
    letters = "".join(filter(str.isalpha, word))
    if not letters:
        return 9 if any(map(str.isdigit, word)) else 8
    case = 0 if letters.islower() else 1 if letters.isupper() else 2 if letters[1:].islower() else 3
    return 2 * case + any(map(str.isdigit, word))


def _parts(word: str) -> list[str]:
    """Give a word in lower case without accents, divided at punctuation and Chinese characters."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
    spaced = (f" {c} " if _stands_alone(c) else " " if c.isspace() else c for c in plain if _is_text(c))
    return "".join(spaced).split()


def _stands_alone(character: str) -> bool:
    ascii_sign = character.isascii() and character.isprintable() and not character.isalnum() and character != " "
    return ascii_sign or bool(_CHINESE.match(character)) or unicodedata.category(character).startswith("P")


def _is_text(character: str) -> bool:
    return character.isspace() or (unicodedata.category(character)[0] != "C" and character != "\ufffd")
