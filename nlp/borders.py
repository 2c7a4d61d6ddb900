"""Borders: where mentions begin and end when the guidelines, or the brackets around them, leave no choice."""

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

_SIZE = re.compile(r"[ -]\d+(?:\.\d+)?[BM](?!\w)(?! param)")
_SIDE = re.compile(r"(?<=\d)\s?[x×]\s?\d+(?!\w)")
_COMPOUND = re.compile(r"-(?:ups?|scores?)(?![\w-])")
_SCORE = re.compile(r"(?<=\w) scores?")
_NAME = re.compile(r"\S*(?:[A-Z]\S*[A-Z0-9]|[\d@^])\S*")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}


class Borders:
    """Moves borders: a size belongs to the name of a model or dataset, and "score" not to the name of a metric."""

    def __call__(self, doc: Doc) -> Doc:
        """Mend the borders of the mentions of a text."""
        if doc.ents:
            doc.ents = filter_spans(self.find(doc))
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the mentions with their borders mended; none that cannot be."""
        text = doc.text
        for ent in doc.ents:
            end = _enclosed(text, ent.start_char, _end(text, ent))
            whole = ent if end == ent.end_char else doc.char_span(ent.start_char, end, label=ent.label_)
            if whole:
                yield whole


def _end(text: str, ent: Span) -> int:
    """Give where a mention ends: behind a size or the rest of its last word, before "score"."""
    end = ent.end_char
    if ent.label_ == "METHOD" and (size := _SIZE.match(text, end)):
        return size.end()
    if ent.label_ == "DATASET" and (side := _SIDE.match(text, end)):
        return side.end()
    if ent.label_ == "METRIC":
        if rest := _COMPOUND.match(text, end):
            return rest.end()
        name, *others = _SCORE.split(text[ent.start_char : end])
        if others == [""] and _NAME.fullmatch(name.rsplit(" ", 1)[-1]):
            return ent.start_char + len(name)
    return end


def _enclosed(text: str, start: int, end: int) -> int:
    """Give the end of a stretch of text, cut before a bracket without its other half; a last brace is added."""
    opened: list[int] = []
    for place in range(start, end):
        if text[place] in _CLOSED_BY:
            opened.append(place)
        elif text[place] in _CLOSED_BY.values():
            if not opened or _CLOSED_BY[text[opened[-1]]] != text[place]:
                return _before(text, start, [*opened, place][0])
            opened.pop()
    if len(opened) == 1 and text[opened[0] - 1 : opened[0] + 1] == "^{" and text.startswith("}", end):
        return end + 1
    return _before(text, start, opened[0]) if opened else end


def _before(text: str, start: int, place: int) -> int:
    """Give where the words before a lone bracket end; nothing is left of a formula that a brace cuts."""
    return start if text[place] in "{}" else start + len(text[start:place].rstrip())
