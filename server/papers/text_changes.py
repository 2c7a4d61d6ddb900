"""Compare two texts of a paper: sentence by sentence, and within a sentence word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from msgspec import Struct

from server.schema.versions import NumberChange, SentenceChange, TextPiece

ALIKE = 0.5  # of two sentences that are one: the share of their words that both have

# a full stop after one of these ends no sentence
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|et al|etc|vs|cf|Fig|Eq|Sec|Tab|resp|approx|No)\.$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"“(\[]?[A-Z0-9$\\])")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|\w+|\s+|[^\w\s]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Sentence(Struct, frozen=True):
    """A sentence, and its characters in the text that it is of."""

    start: int
    end: int
    text: str


class SentencePair(Struct, frozen=True):
    """A sentence of the earlier text and the one of the later text that took its place."""

    before: Sentence | None
    after: Sentence | None


def is_same_text(before: str, after: str) -> bool:
    """Return whether two texts are the same, white space aside."""
    return before.split() == after.split() or _squeeze(before) == _squeeze(after)


def is_cut_short(text: str, whole: str) -> bool:
    """Return whether a text is the beginning of another one, as some pages show it."""
    return _squeeze(whole).startswith(_squeeze(text).rstrip("….")) if text.strip() else True


def split_sentences(text: str) -> list[Sentence]:
    """Return the sentences of a text in their order."""
    sentences, start = [], 0
    for gap in _SENTENCE_END.finditer(text):
        if not _ABBREVIATED.search(text, start, gap.start()):
            sentences.append(Sentence(start, gap.start(), text[start : gap.start()]))
            start = gap.end()
    return [*sentences, Sentence(start, len(text), text[start:])] if text[start:] else sentences


def pair_sentences(before: str, after: str) -> list[SentencePair]:
    """Return the sentences of two texts side by side, in the order of the earlier text.

    Equal sentences are paired first, then those that are alike, wherever they stand. An added one
    comes before the pair of the sentence that it stands before.
    """
    old, new = split_sentences(before), split_sentences(after)
    partners = _match_equal(old, new)
    partners |= _match_alike(old, new, partners)
    pairs = [
        SentencePair(sentence, new[partners[n]] if n in partners else None)
        for n, sentence in enumerate(old)
    ]
    places = {partner: pairs[n] for n, partner in partners.items()}
    for n in reversed(range(len(new))):
        if n not in places:
            places[n] = SentencePair(None, new[n])
            following = places.get(n + 1)
            pairs.insert(pairs.index(following) if following else len(pairs), places[n])
    return pairs


def compare_texts(before: str, after: str) -> list[SentenceChange]:
    """Return the sentences that changed, in the order of the texts."""
    changes = []
    for pair in pair_sentences(before, after):
        old = pair.before.text if pair.before else ""
        new = pair.after.text if pair.after else ""
        if not is_same_text(old, new):
            changes.append(SentenceChange(before=old, after=new, pieces=cut_pieces(old, new)))
    return changes


def cut_pieces(before: str, after: str) -> list[TextPiece]:
    """Return two sentences as one row of pieces: what both have, and what only one has."""
    pieces = []
    for kind, old, new in _match_words(before, after):
        if kind == "equal":
            pieces.append(TextPiece("same", new))
            continue
        if old:
            pieces.append(TextPiece("removed", old))
        if new:
            pieces.append(TextPiece("added", new))
    return pieces


def find_number_changes(before: str, after: str) -> list[NumberChange]:
    """Return the numbers of a sentence that became others.

    Numbers are paired only where as many stood at the same place before, so that none is claimed to
    have become one of another meaning.
    """
    found = []
    for kind, old, new in _match_words(before, after):
        olds, news = _NUMBER.findall(old), _NUMBER.findall(new)
        if kind == "replace" and len(olds) == len(news):
            found += [NumberChange(a, b) for a, b in zip(olds, news, strict=True) if a != b]
    return found


def find_numbers(text: str) -> set[str]:
    """Return the numbers of a text as they are written."""
    return {*_NUMBER.findall(text)}


def cuts_number(text: str, place: tuple[int, int]) -> bool:
    """Return whether a place in a text begins or ends within a number."""
    numbers = [number.span() for number in _NUMBER.finditer(text)]
    return any(start < border < end for start, end in numbers for border in place)


def _match_words(before: str, after: str) -> Iterator[tuple[str, str, str]]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield kind, "".join(old[a:b]), "".join(new[c:d])


def _match_equal(old: list[Sentence], new: list[Sentence]) -> dict[int, int]:
    """Return the places of sentences that both texts have, by their places in the earlier one."""
    matcher = SequenceMatcher(
        None,
        [_squeeze(sentence.text) for sentence in old],
        [_squeeze(sentence.text) for sentence in new],
        autojunk=False,
    )
    return {
        block.a + n: block.b + n
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    }


def _match_alike(old: list[Sentence], new: list[Sentence], taken: dict[int, int]) -> dict[int, int]:
    """Pair the sentences that are left, the most alike first."""
    words = [_words(sentence.text) for sentence in new]
    ratios = [
        (SequenceMatcher(None, _words(sentence.text), words[m], autojunk=False).ratio(), n, m)
        for n, sentence in enumerate(old)
        if n not in taken
        for m in range(len(new))
        if m not in taken.values()
    ]
    found: dict[int, int] = {}
    for ratio, n, m in sorted(ratios, key=lambda each: -each[0]):
        if ratio >= ALIKE and n not in found and m not in found.values():
            found[n] = m
    return found


def _words(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text) if not token.isspace()]


def _squeeze(text: str) -> str:
    return "".join(text.split())
