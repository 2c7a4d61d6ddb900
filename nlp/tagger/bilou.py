"""BILOU tags of tokens: encode mentions as tags, and decode scores of tags to mentions."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate

import numpy as np
from spacy.tokens import Doc, Span

from nlp.spans import LABELS

Tags = tuple[str, ...]


def tags_of(labels: Iterable[str]) -> Tags:
    """Return the tags for labels: outside, or the first, inner, last or only token of a mention."""
    return ("O", *(f"{place}-{label}" for label in labels for place in "BILU"))


TAGS = tags_of(LABELS)

_NUMBER = {tag: number for number, tag in enumerate(TAGS)}

_NEVER = -1e4
"""The score of what the grammar forbids; -inf would turn sums into NaN."""


def encode(doc: Doc, spans: Iterable[tuple[int, int, str]], tags: Tags = TAGS) -> np.ndarray:
    """Return the tag number of each token of a text.

    A mention that starts or ends inside a token is extended to the whole token. Of mentions that
    overlap, the first is kept.
    """
    row = np.zeros(len(doc), dtype=np.int64)
    for start, end, label in spans:
        span = doc.char_span(start, end, label=label, alignment_mode="expand")
        if span and not row[span.start : span.end].any():
            row[span.start : span.end] = tags.index(f"I-{label}")
            row[span.start] = tags.index(f"B-{label}")
            row[span.end - 1] = tags.index(f"{'U' if len(span) == 1 else 'L'}-{label}")
    return row


def decode(doc: Doc, row: np.ndarray, tags: Tags = TAGS) -> list[Span]:
    """Return the mentions that a well-formed row of tag numbers marks."""
    names = [tags[number] for number in row]
    # for each token, where the mention begins that ends there, if one does
    firsts = accumulate((n if name[0] in "BU" else 0 for n, name in enumerate(names)), max)
    ends = zip(firsts, names, strict=True)
    return [
        Span(doc, first, n + 1, label=name[2:])
        for n, (first, name) in enumerate(ends)
        if name[0] in "LU"
    ]


def span_score(span: Span, scores: np.ndarray) -> float:
    """Return the log probability of a span's least certain token.

    `scores` holds the log probabilities of the tags, tokens × tags.
    """
    places = "U" if len(span) == 1 else "B" + "I" * (len(span) - 2) + "L"
    tags = [_NUMBER[f"{place}-{span.label_}"] for place in places]
    return float(scores[np.arange(span.start, span.end), tags].min())


def best_tags(scores: Sequence[np.ndarray], tags: Tags = TAGS) -> list[np.ndarray]:
    """Return each text's most probable well-formed row of tags (Viterbi).

    `scores` holds the log probabilities of each text's tags, tokens × tags. All texts of a batch
    are decoded together, padded to the longest with the tag "O".
    """
    step, first, last = _grammar(tags)
    lengths = np.array([len(rows) for rows in scores])
    padded = np.full((lengths.max(initial=0), len(scores), len(tags)), _NEVER, dtype=np.float32)
    # the padding of a short text costs nothing, and is cut off below
    padded[:, :, 0] = 0
    for number, rows in enumerate(scores):
        padded[: len(rows), number] = rows
    best, back = first + padded[:1].sum(0), []
    for rows in padded[1:]:
        ways = best[:, :, None] + step
        back.append(ways.argmax(1))
        best = ways.max(1) + rows
    path = [(best + last).argmax(1)]
    for pointers in reversed(back):
        path.append(np.take_along_axis(pointers, path[-1][:, None], 1)[:, 0])
    rows = np.array(path[::-1]).T
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]


@cache
def _grammar(tags: Tags) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scores of the steps between tags and of first and last tags: 0 or `_NEVER`."""
    opens = np.array([tag[0] in "BI" for tag in tags])
    continues = np.array([tag[0] in "IL" for tag in tags])
    same = np.array([[one[2:] == other[2:] for other in tags] for one in tags])
    allowed = (opens[:, None] == continues) & (same | ~opens[:, None])
    costs = (
        np.where(allowed, 0, _NEVER),
        np.where(continues, _NEVER, 0),
        np.where(opens, _NEVER, 0),
    )
    step, first, last = (cost.astype(np.float32) for cost in costs)
    return step, first, last
