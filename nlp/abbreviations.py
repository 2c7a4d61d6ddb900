"""Find abbreviations defined in brackets, as in "Low-Rank Adaptation (LoRA)". Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_SHORT = r"(?=[^()\[\]]*[A-Z])(?P<short>[^\s()\[\],;:]{1,12}[^\s()\[\],;:.])"
_BRACKET = re.compile(rf"(?<=\S)[\s~]?[(\[]{_SHORT}[)\]]")
_LONG = re.compile(r"[^()\[\]\n,;:]{2,120}\Z")
_WORD = re.compile(r"[^\s~/-]+")
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
