"""Features of a number and of the mentions that it may belong to, each looked at by itself."""

import re
from collections.abc import Iterator, Sequence

from nlp.results.numbers import Amount
from nlp.results.passage import Passage
from nlp.spans import LABELS, Mention

_RIVAL = re.compile(
    r"\b(?:than|over|vs|versus|against|outperform|surpass|exceed|beat|compared (?:to|with))"
    r"|\bbaseline"
)


def amount_features(passage: Passage, amount: Amount) -> Iterator[str]:
    """Yield the features that decide whether a number is a result."""
    start, end = passage.bounds(amount)
    left, right = passage.words_at(start - 10, start), passage.words_at(end, end + 10)
    kind = _kind(amount)
    sentence = passage.sentence(amount)
    yield from ("bias", f"unit={amount.unit}", f"kind={kind}", f"signed={amount.signed}")
    yield from (f"-{distance}={word}" for distance, word in enumerate(left[:-4:-1], start=1))
    yield from (f"+{distance}={word}" for distance, word in enumerate(right[:3], start=1))
    yield from (f"-2-1={' '.join(left[-2:])}", f"+1+2={' '.join(right[:2])}")
    yield from (f"unit,-1={amount.unit} {left[-1]}", f"unit,+1={amount.unit} {right[0]}")
    yield from (f"left={word}" for word in {*left})
    yield from (f"right={word}" for word in {*right})
    yield from (
        f"sentence has {label}={(sentence, label) in passage.labels} {kind}" for label in LABELS
    )
    yield from (f"in title={sentence == 1}", f"quarter={4 * amount.start // len(passage.text)}")
    yield f"peers={min(3, len(passage.in_sentence(amount)))}"


def link_features(
    passage: Passage, amount: Amount, peers: Sequence[Mention]
) -> Iterator[list[str]]:
    """Yield the features that link a result to each of some mentions, and last to none of them."""
    here = passage.sentence(amount)
    near = [peer for peer in peers if passage.sentence(peer) == here]
    numbers = passage.in_sentence(amount)
    title = passage.text.partition("\n")[0].lower()
    for place, mention in enumerate(peers):
        surface = passage.surface(mention).lower()
        head = surface.split()[-1]
        features = [
            f"head={head}",
            f"unit,head={amount.unit} {head}",
            f"only={len(peers) == 1}",
            f"place={min(3, place)}",
        ]
        features += [f"in title={surface in title}", f"starts title={title.startswith(surface)}"]
        features += [f"times={min(4, passage.counts[surface])}", *_left_and_right(passage, mention)]
        apart = max(-3, min(passage.sentence(mention) - here, 2))
        features += [f"apart={_side(amount, mention)}{apart}"]
        yield [
            *features,
            *(_nearness(passage, amount, mention, near, numbers) if mention in near else ()),
        ]
    yield [*_none_features(passage, amount, near)]


def _left_and_right(passage: Passage, mention: Mention) -> Iterator[str]:
    """Yield features around a mention; "outperforms", "than" or "over" before it mark a rival."""
    start, end = passage.bounds(mention)
    left = passage.words_at(start - 3, start)
    yield from (f"-1={left[-1]}", f"+1={passage.words_at(end, end + 1)[0]}")
    yield f"rival={bool(_RIVAL.search(' '.join(left)))}"


def _nearness(
    passage: Passage,
    amount: Amount,
    mention: Mention,
    near: Sequence[Mention],
    numbers: Sequence[Amount],
) -> Iterator[str]:
    """Yield features of a mention in the number's own sentence: distance, words between, rank."""
    side = _side(amount, mention)
    (start, end), (first, after) = passage.bounds(mention), passage.bounds(amount)
    between = passage.words_at(end, first) if side == "<" else passage.words_at(after, start)
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


def _none_features(passage: Passage, amount: Amount, near: Sequence[Mention]) -> Iterator[str]:
    start, end = passage.bounds(amount)
    yield from (
        "none",
        f"none unit={amount.unit}",
        f"none near={min(2, len(near))}",
        f"none signed={amount.signed}",
    )
    yield from (f"none left={word}" for word in passage.words_at(start - 2, start))
    yield from (
        f"none +{distance}={word}"
        for distance, word in enumerate(passage.words_at(end, end + 3), start=1)
    )


def _side(amount: Amount, mention: Mention) -> str:
    return "<" if mention.start < amount.start else ">"


def _kind(amount: Amount) -> str:
    """Classify a number: range, with a unit, fraction, year, or whole number by its digits."""
    if amount.number is None:
        return "range"
    if amount.unit:
        return "measure"
    if amount.number != int(amount.number):
        return "fraction"
    return "year" if 1990 < amount.number < 2050 else f"{len(str(abs(int(amount.number))))} digits"
