"""Clues: what around a number tells whether it is a result, and of which metric, dataset and method. Pure."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import attrgetter

from nlp.numbers import Amount, find_amounts
from nlp.spans import LABELS, Label, Mention

Part = Amount | Mention

_WORD = re.compile(r"\w+|[^\w\s]")
_DIGITS = re.compile(r"\d+")
_SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!vs)(?<!al)(?<!Fig)[.!?]\s+(?=[A-Z0-9(\\$])|\n")
_RIVAL = re.compile(r"\b(?:than|over|vs|versus|against|outperform|surpass|exceed|beat|compared (?:to|with)|baseline)")
_REACH = 16
_LONG = 1500
_start = attrgetter("start")


class Page:
    """A text with its numbers and mentions, in order, and where its words and sentences are."""

    def __init__(self, text: str, mentions: Sequence[Mention]) -> None:
        self.text = text
        self.mentions = mentions
        taken = {place for mention in mentions for place in range(mention.start, mention.end)}
        self.amounts = [amount for amount in find_amounts(text) if amount.start not in taken]

    @cached_property
    def words(self) -> list[str]:
        """The words and signs of the text in lower case, their digits all alike."""
        return [_DIGITS.sub("0", word).lower() for word in _WORD.findall(self.text)]

    @cached_property
    def word_starts(self) -> list[int]:
        """The offsets of the words."""
        return [word.start() for word in _WORD.finditer(self.text)]

    @cached_property
    def sentence_starts(self) -> list[int]:
        """The offsets at which sentences begin; what has no end, as a table, is cut, so that the work stays linear."""
        starts = [0]
        for end in _SENTENCE_END.finditer(self.text):
            starts += [*range(starts[-1] + _LONG, end.end(), _LONG), end.end()]
        return [*starts, *range(starts[-1] + _LONG, len(self.text), _LONG)]

    @cached_property
    def peers(self) -> dict[Label, list[Mention]]:
        """The mentions by label."""
        return {label: [mention for mention in self.mentions if mention.label == label] for label in LABELS}

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each surface is mentioned."""
        return Counter(self.surface(mention).lower() for mention in self.mentions)

    @cached_property
    def labels(self) -> set[tuple[int, Label]]:
        """The labels that the mentions of each sentence have."""
        return {(self.sentence(mention), mention.label) for mention in self.mentions}

    def surface(self, part: Part) -> str:
        """Give a part of the text as written."""
        return self.text[part.start : part.end]

    def near(self, amount: Amount, label: Label) -> list[Mention]:
        """Give the mentions of a label that a number may belong to, each surface where it is nearest, in order."""
        peers = self.peers[label]
        place = bisect_right(peers, amount.start, key=_start)
        reach = [*peers[: max(0, place - _REACH)][:1], *peers[max(0, place - _REACH) : place + _REACH]]
        here = self.sentence(amount)
        reach.sort(key=lambda peer: (self.sentence(peer) == here, -abs(peer.start - amount.start)))
        return sorted({self.surface(peer).lower(): peer for peer in reach}.values(), key=_start)

    def sentence(self, part: Part) -> int:
        """Give the number of the sentence in which a part begins."""
        return bisect_right(self.sentence_starts, part.start)

    def in_sentence(self, part: Part) -> list[Amount]:
        """Give the numbers that begin in the same sentence as a part."""
        sentence = self.sentence(part)
        end = self.sentence_starts[sentence] if sentence < len(self.sentence_starts) else len(self.text)
        low = bisect_left(self.amounts, self.sentence_starts[sentence - 1], key=_start)
        return self.amounts[low : bisect_left(self.amounts, end, key=_start)]

    def bounds(self, part: Part) -> tuple[int, int]:
        """Give the numbers of a part's first word and of the word after it."""
        return bisect_left(self.word_starts, part.start), bisect_left(self.word_starts, part.end)

    def words_at(self, start: int, end: int) -> list[str]:
        """Give words by number, "^" where the text has none."""
        return [self.words[number] if 0 <= number < len(self.words) else "^" for number in range(start, end)]


def amount_clues(page: Page, amount: Amount) -> Iterator[str]:
    """Give the clues to whether a number is a result."""
    start, end = page.bounds(amount)
    left, right = page.words_at(start - 10, start), page.words_at(end, end + 10)
    kind = _kind(amount)
    sentence = page.sentence(amount)
    yield from ("bias", f"unit={amount.unit}", f"kind={kind}", f"signed={amount.signed}")
    yield from (f"-{distance}={word}" for distance, word in enumerate(left[:-4:-1], start=1))
    yield from (f"+{distance}={word}" for distance, word in enumerate(right[:3], start=1))
    yield from (f"-2-1={' '.join(left[-2:])}", f"+1+2={' '.join(right[:2])}")
    yield from (f"unit,-1={amount.unit} {left[-1]}", f"unit,+1={amount.unit} {right[0]}")
    yield from (f"left={word}" for word in {*left})
    yield from (f"right={word}" for word in {*right})
    yield from (f"sentence has {label}={(sentence, label) in page.labels} {kind}" for label in LABELS)
    yield from (f"in title={sentence == 1}", f"quarter={4 * amount.start // len(page.text)}")
    yield f"peers={min(3, len(page.in_sentence(amount)))}"


def link_clues(page: Page, amount: Amount, peers: Sequence[Mention]) -> Iterator[list[str]]:
    """Give the clues to whether a result belongs to each of some mentions of one label, and last to none of them."""
    here = page.sentence(amount)
    near = [peer for peer in peers if page.sentence(peer) == here]
    numbers = page.in_sentence(amount)
    title = page.text.partition("\n")[0].lower()
    for place, mention in enumerate(peers):
        surface = page.surface(mention).lower()
        head = surface.split()[-1]
        clues = [f"head={head}", f"unit,head={amount.unit} {head}", f"only={len(peers) == 1}", f"place={min(3, place)}"]
        clues += [f"in title={surface in title}", f"starts title={title.startswith(surface)}"]
        clues += [f"times={min(4, page.counts[surface])}", *_left_and_right(page, mention)]
        clues += [f"apart={_side(amount, mention)}{max(-3, min(page.sentence(mention) - here, 2))}"]
        yield [*clues, *(_nearness(page, amount, mention, near, numbers) if mention in near else ())]
    yield [*_none_clues(page, amount, near)]


def _left_and_right(page: Page, mention: Mention) -> Iterator[str]:
    """Give the clues around a mention; "outperforms", "than" or "over" before it tell a rival."""
    start, end = page.bounds(mention)
    left = page.words_at(start - 3, start)
    yield from (f"-1={left[-1]}", f"+1={page.words_at(end, end + 1)[0]}")
    yield f"rival={bool(_RIVAL.search(' '.join(left)))}"


def _nearness(
    page: Page, amount: Amount, mention: Mention, near: Sequence[Mention], numbers: Sequence[Amount]
) -> Iterator[str]:
    """Give the clues of a mention in the number's own sentence: how far, what is between, whose turn it is."""
    side = _side(amount, mention)
    (start, end), (first, after) = page.bounds(mention), page.bounds(amount)
    between = page.words_at(end, first) if side == "<" else page.words_at(after, start)
    same_side = [peer for peer in near if _side(amount, peer) == side]
    rank = same_side.index(mention)
    low, high = sorted((amount.start, mention.start))
    yield f"distance={side}{len(between) if len(between) < 6 else 6 + min(len(between) // 4, 8)}"
    yield f"between={side}{' '.join(between[:4])}"
    yield from (f"between has={side}{word}" for word in {*between})
    yield f"rank={side}{min(3, len(same_side) - 1 - rank if side == '<' else rank)}"
    yield f"alone={side}{len(near) == 1}"
    yield f"numbers between={side}{min(3, sum(low < other.start < high for other in numbers))}"
    yield f"in turn={side}{len(near) > 1 and numbers.index(amount) == rank}"


def _none_clues(page: Page, amount: Amount, near: Sequence[Mention]) -> Iterator[str]:
    start, end = page.bounds(amount)
    yield from ("none", f"none unit={amount.unit}", f"none near={min(2, len(near))}", f"none signed={amount.signed}")
    yield from (f"none left={word}" for word in page.words_at(start - 2, start))
    yield from (f"none +{distance}={word}" for distance, word in enumerate(page.words_at(end, end + 3), start=1))


def _side(amount: Amount, mention: Mention) -> str:
    return "<" if mention.start < amount.start else ">"


def _kind(amount: Amount) -> str:
    """Sort numbers: a range, a number with a unit, a fraction, a year, or a whole number by its digits."""
    if amount.number is None:
        return "range"
    if amount.unit:
        return "measure"
    if amount.number != int(amount.number):
        return "fraction"
    return "year" if 1990 < amount.number < 2050 else f"{len(str(abs(int(amount.number))))} digits"
