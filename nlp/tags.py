"""Tags of tokens (BILOU): from mentions to tags, and from scores of tags to the best mentions."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np
from spacy.tokens import Doc, Span

from nlp.spans import LABELS

TAGS = ("O", *(f"{place}-{label}" for label in LABELS for place in "BILU"))
"""Outside, or the first, inner, last or only token of a mention."""

_NUMBER = {tag: number for number, tag in enumerate(TAGS)}
_NEVER = -1e4
_OPENS = np.array([tag[0] in "BI" for tag in TAGS])
_CONTINUES = np.array([tag[0] in "IL" for tag in TAGS])
_SAME = np.array([[one[2:] == other[2:] for other in TAGS] for one in TAGS])
_ALLOWED = (_OPENS[:, None] == _CONTINUES) & (_SAME | ~_OPENS[:, None])
_STEP = np.where(_ALLOWED, 0, _NEVER).astype(np.float32)
_FIRST = np.where(_CONTINUES, _NEVER, 0).astype(np.float32)
_LAST = np.where(_OPENS, _NEVER, 0).astype(np.float32)


def encode(doc: Doc, spans: Iterable[tuple[int, int, str]]) -> np.ndarray:
    """Give the tag number of each token; a mention that starts or ends within a token takes the whole of it."""
    tags = np.zeros(len(doc), dtype=np.int64)
    for start, end, label in spans:
        span = doc.char_span(start, end, label=label, alignment_mode="expand")
        if span and not tags[span.start : span.end].any():
            tags[span.start : span.end] = _NUMBER[f"I-{label}"]
            tags[span.start] = _NUMBER[f"B-{label}"]
            tags[span.end - 1] = _NUMBER[f"{'U' if len(span) == 1 else 'L'}-{label}"]
    return tags


def decode(doc: Doc, tags: np.ndarray) -> list[Span]:
    """Give the mentions that a well-formed row of tags tells."""
    names = [TAGS[tag] for tag in tags]
    firsts = accumulate((n if name[0] in "BU" else 0 for n, name in enumerate(names)), max)
    ends = zip(firsts, names, strict=True)
    return [Span(doc, first, n + 1, label=name[2:]) for n, (first, name) in enumerate(ends) if name[0] in "LU"]


def span_score(span: Span, scores: np.ndarray) -> float:
    """Give the log probability of a span's least sure token, from the log probabilities of all tokens' tags."""
    places = "U" if len(span) == 1 else "B" + "I" * (len(span) - 2) + "L"
    tags = [_NUMBER[f"{place}-{span.label_}"] for place in places]
    return float(scores[np.arange(span.start, span.end), tags].min())


def best_tags(scores: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Give each text's best well-formed row of tags (Viterbi), from the log probabilities of its tokens' tags."""
    lengths = np.array([len(rows) for rows in scores])
    padded = np.full((lengths.max(initial=0), len(scores), len(TAGS)), _NEVER, dtype=np.float32)
    padded[:, :, 0] = 0
    for number, rows in enumerate(scores):
        padded[: len(rows), number] = rows
    best, back = _FIRST + padded[:1].sum(0), []
    for rows in padded[1:]:
        ways = best[:, :, None] + _STEP
        back.append(ways.argmax(1))
        best = ways.max(1) + rows
    path = [(best + _LAST).argmax(1)]
    for pointers in reversed(back):
        path.append(np.take_along_axis(pointers, path[-1][:, None], 1)[:, 0])
    rows = np.array(path[::-1]).T
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]
