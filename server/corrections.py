"""What a reader's verdicts make of a paper's mentions. Pure."""

import re
from collections.abc import Iterable, Iterator

from nlp.spans import Mention
from server.wire import CorrectionState, TermChip


def correct(mentions: list[Mention], text: str, corrections: Iterable[CorrectionState]) -> list[Mention]:
    """Give the mentions of a text as a reader wants them: without wrong ones, relabelled, with missing ones added.

    A verdict with a place means that place, one without means every occurrence of its surface; what it adds gives way
    to a mention that lies there already.
    """
    corrected = list(mentions)
    for verdict in corrections:
        if verdict.verdict == "missing":
            corrected += [new for new in _occurrences(verdict, text) if not any(_overlap(new, m) for m in corrected)]
        else:
            corrected = [after for m in corrected for after in _judge(m, text, verdict)]
    return sorted(corrected, key=lambda mention: mention.start)


def chips(mentions: list[Mention], papers: dict[tuple[str, str], int]) -> list[TermChip]:
    """Give the terms of mentions in the order of the text; `papers` counts each term's papers."""
    first: dict[tuple[str, str], Mention] = {}
    for mention in mentions:
        first.setdefault((mention.label, mention.term), mention)
    return [
        TermChip(label=mention.label, name=mention.term, papers=papers.get(term, 1), first=mention.start)
        for term, mention in first.items()
    ]


def _judge(mention: Mention, text: str, verdict: CorrectionState) -> Iterator[Mention]:
    if mention.label != verdict.label or not _means(verdict, mention, text):
        yield mention
    elif verdict.verdict == "relabelled" and verdict.to_label:
        yield Mention(mention.start, mention.end, verdict.to_label, mention.term, 1.0)


def _means(verdict: CorrectionState, mention: Mention, text: str) -> bool:
    if verdict.start is not None and not verdict.everywhere:
        return (mention.start, mention.end) == (verdict.start, verdict.end)
    return text[mention.start : mention.end].casefold() == verdict.surface.casefold()


def _occurrences(verdict: CorrectionState, text: str) -> Iterator[Mention]:
    if verdict.start is not None and verdict.end is not None and not verdict.everywhere:
        if text[verdict.start : verdict.end] == verdict.surface:
            yield Mention(verdict.start, verdict.end, verdict.label, verdict.surface)
        return
    for found in re.finditer(rf"(?<!\w){re.escape(verdict.surface)}(?!\w)", text):
        yield Mention(found.start(), found.end(), verdict.label, verdict.surface)


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end
