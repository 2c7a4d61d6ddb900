"""Borders: where mentions begin and end when the guidelines, or the brackets around them, leave no choice."""

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

_SIZE = re.compile(r"[ -]\d+(?:\.\d+)?[BM](?!\w)(?! param)")
_COMPOUND = re.compile(r"-(?:ups?|scores?)(?![\w-])")
_SCORE = re.compile(r"(?<=\w) scores?")
_NAME = re.compile(r"\S*(?:[A-Z]\S*[A-Z0-9]|[\d@^])\S*")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}


class Borders:
    """Moves borders: a size belongs to the name of a model, and "score" not to the name of a metric."""

    def __call__(self, doc: Doc) -> Doc:
        """Mend the borders of the mentions of a text."""
        if doc.ents:
            doc.ents = filter_spans(self.find(doc))
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the mentions with their borders mended; none that cannot be."""
        for ent in doc.ents:
            start, end = _enclosed(doc.text, ent.start_char, _end(ent))
            span = doc.char_span(start, end, label=ent.label_) if start < end else None
            if span:
                yield span


def _end(ent: Span) -> int:
    """Give where a mention ends: behind a size or the rest of its last word, before "score"."""
    text, end = ent.doc.text, ent.end_char
    if ent.label_ == "METHOD" and (size := _SIZE.match(text, end)):
        return size.end()
    if ent.label_ == "METRIC":
        if rest := _COMPOUND.match(text, end):
            return rest.end()
        name, *others = _SCORE.split(ent.text)
        if others == [""] and _NAME.fullmatch(name.rsplit(" ", 1)[-1]):
            return ent.start_char + len(name)
    return end


def _enclosed(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut a stretch of text before a bracket without its other half; one that lacks a last brace gets it."""
    opened: list[int] = []
    for place in range(start, end):
        if text[place] in _CLOSED_BY:
            opened.append(place)
        elif text[place] in _CLOSED_BY.values():
            if not opened or _CLOSED_BY[text[opened[-1]]] != text[place]:
                return start, _before(text, start, [*opened, place][0])
            opened.pop()
    if [text[place] for place in opened] == ["{"] and text[: opened[0]].endswith("^") and text.startswith("}", end):
        return start, end + 1
    return start, _before(text, start, opened[0]) if opened else end


def _before(text: str, start: int, place: int) -> int:
    """Give where the words before a lone bracket end; nothing is left of a formula that a brace cuts."""
    return start if text[place] in "{}" else start + len(text[start:place].rstrip())
