"""A text with its numbers and mentions: words, sentences, and lists such as "A, B and C"."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from nlp.results.numbers import Amount, find_amounts
from nlp.spans import LABELS, Label, Mention

Part = Amount | Mention

_WORD = re.compile(r"\w+|[^\w\s]")
_DIGITS = re.compile(r"\d+")
_SENTENCE_END = re.compile(
    r"(?<!e\.g)(?<!i\.e)(?<!vs)(?<!al)(?<!Fig)(?<!\d)[.!?]\s+(?=[A-Z0-9(\\$])"
    r"|(?<=\d)[.!?]\s+(?=[A-Z(\\$])|\n"
)
_SEPARATOR = re.compile(
    r"\s*(?:\([^()]*\)\s*)?(?:,?\s*(?:and|or|&|as well as)|[,/;])"
    r"\s*(?:(?:on|in|for|of|to|with|by|at|an?|the|over|up)\s+){0,3}"
)
_INTRODUCED = re.compile(
    r"(?:introduc|propos|present|develop|dubbed|called|named|coined|we call|term(?:ed)?)\w*"
    r"[^.,;]{0,40}$",
    re.IGNORECASE,
)
_REACH = 16
_LONG = 1500
_start = attrgetter("start")


class Place(NamedTuple):
    """Where a part stands in a list: where that starts, the rank of the part, and the size."""

    series: int
    rank: int
    size: int


class Passage:
    """A text with its numbers and mentions in order, and the offsets of its words and sentences."""

    def __init__(self, text: str, mentions: Sequence[Mention]) -> None:
        self.text = text
        self.mentions = mentions
        taken = {place for mention in mentions for place in range(mention.start, mention.end)}
        self.amounts = [amount for amount in find_amounts(text) if amount.start not in taken]

    @cached_property
    def words(self) -> list[str]:
        """The words and signs of the text in lower case, with every number replaced by 0."""
        return [_DIGITS.sub("0", word).lower() for word in _WORD.findall(self.text)]

    @cached_property
    def word_starts(self) -> list[int]:
        """The offsets of the words."""
        return [word.start() for word in _WORD.finditer(self.text)]

    @cached_property
    def sentence_starts(self) -> list[int]:
        """The offsets at which sentences begin.

        Text without sentence ends, such as a table, is cut so that the work stays linear.
        """
        starts = [0]
        for end in _SENTENCE_END.finditer(self.text):
            starts += [*range(starts[-1] + _LONG, end.end(), _LONG), end.end()]
        return [*starts, *range(starts[-1] + _LONG, len(self.text), _LONG)]

    @cached_property
    def peers(self) -> dict[Label, list[Mention]]:
        """The mentions by label."""
        return {
            label: [mention for mention in self.mentions if mention.label == label]
            for label in LABELS
        }

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each surface is mentioned."""
        return Counter(self.surface(mention).lower() for mention in self.mentions)

    @cached_property
    def labels(self) -> set[tuple[int, Label]]:
        """The labels that the mentions of each sentence have."""
        return {(self.sentence(mention), mention.label) for mention in self.mentions}

    @cached_property
    def introduced(self) -> set[str]:
        """The surfaces, in lower case, that the paper introduces by a verb or before a colon."""
        return {
            self.surface(mention).lower()
            for mention in self.mentions
            if _INTRODUCED.search(self.text, max(0, mention.start - 60), mention.start)
            or (mention.start == 0 and self.text[mention.end :].lstrip().startswith(":"))
        }

    @cached_property
    def lists(self) -> dict[int, Place]:
        """The place of each number or mention that stands in a list, by its offset.

        Members of a list are of one label, or numbers, and only commas, "and" and a few
        prepositions stand between them.
        """
        places: dict[int, Place] = {}
        kinds: list[Sequence[Part]] = [self.amounts, *self.peers.values()]
        for parts in kinds:
            for series in self._series(parts):
                places |= {
                    part.start: Place(series[0].start, rank, len(series))
                    for rank, part in enumerate(series)
                }
        return places

    def _series(self, parts: Sequence[Part]) -> list[list[Part]]:
        found: list[list[Part]] = []
        for part in parts:
            last = found[-1][-1] if found else None
            if last and _SEPARATOR.fullmatch(self.text, last.end, max(last.end, part.start)):
                found[-1].append(part)
            else:
                found.append([part])
        return [series for series in found if len(series) > 1]

    def surface(self, part: Part) -> str:
        """Return a part of the text as written."""
        return self.text[part.start : part.end]

    def near(self, amount: Amount, label: Label) -> list[Mention]:
        """Return the mentions of a label that a number may belong to, in order.

        Of mentions with the same surface only the nearest is returned.
        """
        peers = self.peers[label]
        place = bisect_right(peers, amount.start, key=_start)
        reach = [
            *peers[: max(0, place - _REACH)][:1],
            *peers[max(0, place - _REACH) : place + _REACH],
        ]
        here = self.sentence(amount)
        reach.sort(key=lambda peer: (self.sentence(peer) == here, -abs(peer.start - amount.start)))
        return sorted({self.surface(peer).lower(): peer for peer in reach}.values(), key=_start)

    def sentence(self, part: Part) -> int:
        """Return the number of the sentence in which a part begins, from 1."""
        return bisect_right(self.sentence_starts, part.start)

    def sentence_bounds(self, part: Part) -> tuple[int, int]:
        """Return the offsets of the sentence in which a part begins, without white space."""
        number = self.sentence(part)
        start = self.sentence_starts[number - 1]
        following = self.sentence_starts[number : number + 1]
        sentence = self.text[start : following[0] if following else len(self.text)]
        return start, start + len(sentence.rstrip())

    def in_sentence(self, part: Part) -> list[Amount]:
        """Return the numbers that begin in the same sentence as a part."""
        start, end = self.sentence_bounds(part)
        low = bisect_left(self.amounts, start, key=_start)
        return self.amounts[low : bisect_left(self.amounts, end, key=_start)]

    def bounds(self, part: Part) -> tuple[int, int]:
        """Return the indices of a part's first word and of the word after it."""
        return bisect_left(self.word_starts, part.start), bisect_left(self.word_starts, part.end)

    def words_at(self, start: int, end: int) -> list[str]:
        """Return words by index, with "^" where the text has none."""
        return [
            self.words[number] if 0 <= number < len(self.words) else "^"
            for number in range(start, end)
        ]
