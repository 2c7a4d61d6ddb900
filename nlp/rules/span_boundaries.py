"""Move the boundaries of mentions where the guidelines or unbalanced brackets require it."""

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


class SpanBoundaries:
    """Includes the size in a model's or dataset's name, and excludes "score" from a metric's."""

    def __call__(self, doc: Doc) -> Doc:
        """Move the boundaries of a text's mentions."""
        if doc.ents:
            doc.ents = filter_spans(self.find(doc))
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the mentions with their boundaries moved, without those that cannot be mended."""
        text = doc.text
        for ent in doc.ents:
            end = _balanced_end(text, ent.start_char, _end(text, ent))
            whole: Span | None = ent
            if end != ent.end_char:
                whole = doc.char_span(ent.start_char, end, label=ent.label_)
            if whole:
                yield whole


def _end(text: str, ent: Span) -> int:
    """Return where a mention ends: after a size or the rest of its last word, before "score"."""
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


def _balanced_end(text: str, start: int, end: int) -> int:
    """Return the end of a mention, cut before a bracket that is not balanced inside it.

    A closing brace after the mention is added if it ends a superscript: "Nest^{2" becomes
    "Nest^{2}".
    """
    opened: list[int] = []
    for place in range(start, end):
        if text[place] in _CLOSED_BY:
            opened.append(place)
        elif text[place] in _CLOSED_BY.values():
            if not opened or _CLOSED_BY[text[opened[-1]]] != text[place]:
                return _before(text, start, [*opened, place][0])
            opened.pop()
    if not opened:
        return end
    is_superscript = text[opened[0] - 1 : opened[0] + 1] == "^{"
    if len(opened) == 1 and is_superscript and text.startswith("}", end):
        return end + 1
    return _before(text, start, opened[0])


def _before(text: str, start: int, place: int) -> int:
    """Return the end of the words before a bracket, or `start` if a brace cuts a formula."""
    return start if text[place] in "{}" else start + len(text[start:place].rstrip())
