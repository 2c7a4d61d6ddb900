"""What a user's verdicts make of a paper's mentions. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec.structs import asdict, replace

from nlp.spans import Label, Mention, Result
from server.schema.terms import CorrectionState, TermChip
from server.terms.rows import first_role


def correct(
    mentions: list[Mention], text: str, corrections: Iterable[CorrectionState]
) -> list[Mention]:
    """Return the mentions of a text as a user wants them: without wrong ones, relabelled, with
    missing ones added.

    A verdict with a place means that place, one without means every occurrence of its surface; what
    it adds gives way to a mention that lies there already.
    """
    corrected = list(mentions)
    for verdict in corrections:
        label = verdict.label
        if label == "RESULT":
            continue
        if verdict.verdict == "missing":
            corrected += [
                new
                for new in _occurrences(label, verdict, text)
                if not any(_overlap(new, m) for m in corrected)
            ]
        else:
            corrected = [after for m in corrected for after in _judge(m, text, verdict)]
    return sorted(corrected, key=lambda mention: mention.start)


def correct_results(
    results: list[Result], text: str, corrections: Iterable[CorrectionState]
) -> list[Result]:
    """Return the results of a text as a user wants them: without wrong ones, and with mended ones.

    A verdict is about the number that stands in its place, however much of it is read as the value.
    """
    corrected = list(results)
    for verdict in corrections:
        if verdict.label == "RESULT" and _surface(verdict, text) == verdict.surface:
            corrected = [after for result in corrected for after in _mend(result, verdict)]
    return corrected


def chips(mentions: list[Mention], papers: dict[tuple[str, str], int]) -> list[TermChip]:
    """Return the terms of mentions in the order of the text; `papers` counts each term's papers."""
    named: dict[tuple[str, str], list[Mention]] = defaultdict(list)
    for mention in mentions:
        named[mention.label, mention.term].append(mention)
    return [
        TermChip(
            label=found[0].label,
            name=found[0].term,
            papers=papers.get(term, 1),
            first=found[0].start,
            role=first_role(mention.role for mention in found),
        )
        for term, found in named.items()
    ]


def _mend(result: Result, verdict: CorrectionState) -> Iterator[Result]:
    if (verdict.end or 0) <= result.start or result.end <= (verdict.start or 0):
        yield result
    elif mended := verdict.mended:
        yield replace(result, confidence=1.0, **asdict(mended))


def _surface(verdict: CorrectionState, text: str) -> str:
    return text[verdict.start : verdict.end]


def _judge(mention: Mention, text: str, verdict: CorrectionState) -> Iterator[Mention]:
    if mention.label != verdict.label or not _means(verdict, mention, text):
        yield mention
    elif verdict.verdict == "relabelled" and verdict.to_label:
        role = mention.role if verdict.to_label in ("METHOD", "DATASET") else None
        yield Mention(mention.start, mention.end, verdict.to_label, mention.term, 1.0, role)


def _means(verdict: CorrectionState, mention: Mention, text: str) -> bool:
    if verdict.start is not None and not verdict.everywhere:
        return (mention.start, mention.end) == (verdict.start, verdict.end)
    return text[mention.start : mention.end].casefold() == verdict.surface.casefold()


def _occurrences(label: Label, verdict: CorrectionState, text: str) -> Iterator[Mention]:
    if verdict.start is not None and verdict.end is not None and not verdict.everywhere:
        # the text may have changed since: a place that has other words now is left alone
        if _surface(verdict, text) == verdict.surface:
            yield Mention(verdict.start, verdict.end, label, verdict.surface)
        return
    for start in _whole_words(verdict.surface, text):
        yield Mention(start, start + len(verdict.surface), label, verdict.surface)


def _whole_words(surface: str, text: str) -> Iterator[int]:
    """Yield where a surface stands in a text as whole words: "RL" is not in "URL".

    Looking for the surface itself takes a tenth of the time of a pattern with its edges.
    """
    start = text.find(surface)
    while start >= 0:
        end = start + len(surface)
        is_whole = not (
            _is_of_word(text[max(start - 1, 0) : start]) or _is_of_word(text[end : end + 1])
        )
        if is_whole:
            yield start
        start = text.find(surface, end if is_whole else start + 1)


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end
