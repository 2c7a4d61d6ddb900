"""Find abbreviations defined in brackets, as in "Low-Rank Adaptation (LoRA)", and label them."""

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
    r"[)\]] (?:(?:image|video|speech) )?(?:generation|synthesis|reconstruction|segmentation"
    r"|recognition|translation|detection|grounding|navigation|comprehension|automation|caching"
    r"|cache|decoding)\b"
)
_SMALL = frozenset(
    (
        "a",
        "an",
        "and",
        "as",
        "by",
        "for",
        "from",
        "in",
        "of",
        "on",
        "or",
        "the",
        "to",
        "via",
        "with",
    )
)

DEFINED = "abbreviations"
"""The key of a text's abbreviations in `Doc.user_data`."""


class Abbreviation(NamedTuple):
    """A short form and the long form before it, as (start, end) in the text."""

    long: tuple[int, int]
    short: tuple[int, int]


def find_abbreviations(text: str) -> Iterator[Abbreviation]:
    """Yield the abbreviations that a text defines.

    Either the short form's letters are the initials of the words before the bracket. Or, after
    Schwartz and Hearst (2003), they occur in those words in this order, the first at the start of a
    word, with at most five more words than letters and at most twice as many.
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
    """Marks both forms of an abbreviation where one is marked, with the label of the long form.

    A term that goes on after the bracket, "point cloud (PCD) reconstruction", is marked as a whole.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Mark abbreviations and their long forms alike."""
        doc.user_data[DEFINED] = [*find_abbreviations(doc.text)]
        found = filter_spans(self.find(doc))
        taken = {token.i for span in found for token in span}
        others = [ent for ent in doc.ents if taken.isdisjoint(range(ent.start, ent.end))]
        doc.ents = [*found, *others]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the forms of each abbreviation of which a form is a mention.

        Nothing is yielded for an abbreviation that is part of a longer mention.
        """
        mention_at = {
            place: ent for ent in doc.ents for place in range(ent.start_char, ent.end_char)
        }
        for abbreviation in doc.user_data[DEFINED]:
            yield from filter(None, _marked_forms(doc, abbreviation, mention_at))


def _marked_forms(
    doc: Doc, abbreviation: Abbreviation, mention_at: dict[int, Span]
) -> list[Span | None]:
    """Return the spans to mark for one abbreviation; None for one that token boundaries forbid."""
    long, short = abbreviation
    whole, brief = mention_at.get(long[1] - 1), mention_at.get(short[0])
    known = whole or brief
    if not known:
        return []
    if tail := _tail(doc, short, mention_at):
        return [doc.char_span(long[0], tail[0], label=tail[1])]
    if brief and (brief.start_char, brief.end_char) != short:
        return []
    return [doc.char_span(start, end, label=known.label) for start, end in (long, short)]


def _tail(doc: Doc, short: tuple[int, int], mention_at: dict[int, Span]) -> tuple[int, str] | None:
    """Return the end and the label of a term that goes on after the bracket, or None."""
    brief, after = mention_at.get(short[0]), mention_at.get(short[1] + 2)
    if brief and brief.start_char >= short[0] - 1 and brief.end_char > short[1] + 1:
        return brief.end_char, brief.label_
    if found := _TAIL.match(doc.text, short[1]):
        return found.end(), "TASK"
    if brief and after and after.start_char == short[1] + 2 and after.text.islower():
        return after.end_char, after.label_
    return None


def _start_by_initials(long: str, letters: list[str]) -> int | None:
    """Return where the words begin whose initials are the letters, skipping small words or not."""
    for skip in (_SMALL, frozenset[str]()):
        words = [word for word in _WORD.finditer(long) if word[0].lower() not in skip]
        words = words[-len(letters) :]
        if [word[0][0].lower() for word in words] == letters:
            return words[0].start()
    return None


def _start_by_letters(long: str, letters: list[str]) -> int | None:
    """Match the letters from the last to the first in the long form; return the start of its term.

    The start of a hyphenated word is returned if it begins with the first letter too.
    """
    most_words = min(len(letters) + 5, 2 * len(letters))
    starts = [word.start() for word in _WORD.finditer(long)][-most_words:]
    place = len(long)
    for letter in reversed(letters[1:]):
        place = long.rfind(letter, 0, place)
        if place < 0:
            return None
    matching = (s for s in reversed(starts) if s < place and long[s] == letters[0])
    start = next(matching, None)
    if not start:
        return start
    compound = max(long.rfind(" ", 0, start), long.rfind("~", 0, start)) + 1
    return compound if long[compound] == letters[0] else start
