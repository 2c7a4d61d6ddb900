"""Find the split or setting of a result, such as "test-dev", "5-shot" or "zero-shot"."""

import re

from nlp.results.passage import Passage

_SETTING = re.compile(
    r"\b(?:zero|one|few|many|\d{1,3})[- ]shot\b"
    r"|\btest[- ](?:dev|std|clean|other|mini)\b|\b(?:dev|val)[- ](?:clean|other)\b"
    r"|\b(?:test|dev|development|validation|val|training)[- ](?:set|split)s?\b"
    r"|\b(?:few|many|medium|full)[- ](?:data|resource) (?:setting|regime)\b"
    r"|\b(?:low|high)[- ]resource setting\b|\b(?:un|semi-)supervised setting\b"
    r"|\b(?:out-of|in)[- ]domain\b|\bout-of-distribution\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;]|\bwhile\b|\bwhereas\b")


def find_setting(passage: Passage, start: int, end: int, sentence: tuple[int, int]) -> str | None:
    """Return the only setting in the clause of a number at `start`-`end`, or else in its sentence.

    None if there is none, or several that the number might belong to.
    """
    first, last = sentence
    breaks = [found.span() for found in _CLAUSE.finditer(passage.text, first, last)]
    low = max((after for _, after in breaks if after <= start), default=first)
    high = min((before for before, _ in breaks if before >= end), default=last)
    for bounds in ((low, high), sentence):
        found = {name.lower(): name for name in _SETTING.findall(passage.text, *bounds)}
        if found:
            return next(iter(found.values())) if len(found) == 1 else None
    return None
