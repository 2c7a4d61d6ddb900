"""Abbreviations that a text defines in brackets, "Low-Rank Adaptation (LoRA)", and the label that both forms share."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

_SHORT = r"(?=[^()\[\]]*[A-Z])(?P<short>[^\s()\[\],;:]{1,12}[^\s()\[\],;:.])"
_BRACKET = re.compile(rf"(?<=\S)[\s~]?[(\[]{_SHORT}[)\]]")
_LONG = re.compile(r"[^()\[\]\n,;:]{2,120}\Z")
_WORD = re.compile(r"[^\s~/-]+")
_TAIL = re.compile(
    r"[)\]] (?:(?:image|video|speech) )?(?:generation|synthesis|reconstruction|segmentation|recognition|translation"
    r"|detection|grounding|navigation|comprehension|automation|caching|cache|decoding)\b"
)
_SMALL = {"a", "an", "and", "as", "by", "for", "from", "in", "of", "on", "or", "the", "to", "via", "with"}


DEFINED = "abbreviations"
"""Where a text's abbreviations are kept in its `user_data`."""


class Abbreviation(NamedTuple):
    """A short form and the long form before it, as (start, end) in the text."""

    long: tuple[int, int]
    short: tuple[int, int]


def find_abbreviations(text: str) -> Iterator[Abbreviation]:
    """Give the abbreviations that a text defines.

    The short form's letters are the initials of the words before the bracket; or else, as Schwartz and Hearst (2003)
    have it, they stand in those words in this order, the first at the start of one, within five words more than
    letters, or twice as many.
    """
    for found in _BRACKET.finditer(text):
        before = _LONG.search(text, max(0, found.start() - 120), found.start())
        letters = [letter for letter in found["short"].lower() if letter.isalnum()]
        if not before or len(letters) < 2 or found["short"].isdigit():
            continue
        start = _start_by_initials(before[0], letters)
        if start is None:
            start = _start_by_letters(before[0].lower(), letters)
        if start is not None:
            yield Abbreviation((before.start() + start, before.end()), found.span("short"))


class Abbreviations:
    """Marks both forms of an abbreviation where one is marked, with the label and the borders of the long form.

    A term that goes on behind the bracket, "point cloud (PCD) reconstruction", is marked as a whole.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Mark abbreviations and their long forms alike."""
        doc.user_data[DEFINED] = [*find_abbreviations(doc.text)]
        found = filter_spans(self.find(doc))
        taken = {token.i for span in found for token in span}
        doc.ents = [*found, *(ent for ent in doc.ents if taken.isdisjoint(range(ent.start, ent.end)))]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the forms of the abbreviations of which a form is a mention; none that lies within a longer one."""
        mention_at = {place: ent for ent in doc.ents for place in range(ent.start_char, ent.end_char)}
        for long, short in doc.user_data[DEFINED]:
            whole, brief = mention_at.get(long[1] - 1), mention_at.get(short[0])
            known = whole or brief
            if known and (tail := _tail(doc, short, mention_at)):
                forms = [doc.char_span(long[0], tail[0], label=tail[1])]
            elif known and not (brief and (brief.start_char, brief.end_char) != short):
                forms = [doc.char_span(start, end, label=known.label) for start, end in (long, short)]
            else:
                forms = []
            yield from filter(None, forms)


def _tail(doc: Doc, short: tuple[int, int], mention_at: dict[int, Span]) -> tuple[int, str] | None:
    """Give where a term ends that goes on behind the bracket around its abbreviation, and its label; None if none."""
    brief, after = mention_at.get(short[0]), mention_at.get(short[1] + 2)
    if brief and brief.start_char >= short[0] - 1 and brief.end_char > short[1] + 1:
        return brief.end_char, brief.label_
    if found := _TAIL.match(doc.text, short[1]):
        return found.end(), "TASK"
    if brief and after and after.start_char == short[1] + 2 and after.text.islower():
        return after.end_char, after.label_
    return None


def _start_by_initials(long: str, letters: list[str]) -> int | None:
    """Give where the words begin whose initials the letters are, small words left out or not."""
    for skip in (_SMALL, set[str]()):
        words = [word for word in _WORD.finditer(long) if word[0].lower() not in skip][-len(letters) :]
        if [word[0][0].lower() for word in words] == letters:
            return words[0].start()
    return None


def _start_by_letters(long: str, letters: list[str]) -> int | None:
    """Give where the first letter stands when each is looked for from the end, before the one after it."""
    words = [word.start() for word in _WORD.finditer(long)][-min(len(letters) + 5, 2 * len(letters)) :]
    place = len(long)
    for letter in reversed(letters[1:]):
        place = long.rfind(letter, 0, place)
        if place < 0:
            return None
    start = next((start for start in reversed(words) if start < place and long[start] == letters[0]), None)
    compound = max(long.rfind(" ", 0, start), long.rfind("~", 0, start)) + 1 if start else 0
    return compound if start and long[compound] == letters[0] else start
