"""Find the split or setting of a result, such as "test-dev", "5-shot" or "zero-shot"."""

import re
from bisect import bisect_left
from operator import attrgetter

from nlp.results.numbers import Amount
from nlp.results.passage import Passage

_SPLIT = (
    r"\btest[- ](?:dev|std|clean|other|mini)\b|\b(?:dev|val)[- ](?:clean|other)\b"
    r"|\b(?:test|dev|development|validation|val)[- ](?:set|split)s?\b"
)
_SETTING = re.compile(
    rf"(?P<split>{_SPLIT})|\b(?:zero|one|few|many|\d{{1,3}})[- ]shot\b"
    r"|\b(?:few|many|medium|full)[- ](?:data|resource) (?:setting|regime)\b"
    r"|\b(?:low|high)[- ]resource setting\b|\b(?:un|semi-)supervised setting\b"
    r"|\b(?:out-of|in)[- ]domain\b|\bout-of-distribution\b",
    re.IGNORECASE,
)
_NEAREST = 2  # settings on each side of a number
_CLAUSE = re.compile(r";|\bwhile\b|\bwhereas\b")
_PHRASE = re.compile(r",|\b(?:and|or)\b")
# "In the 5-shot setting, A reaches 64%"
_LEADING = re.compile(
    r"(?:^|[;,]\s+)(?:in|on|under|with|for|at)\s+(?:[\w-]+\s+){0,3}$", re.IGNORECASE
)


def find_setting(passage: Passage, amount: Amount) -> str | None:
    """Return the only setting that a number may belong to by where it stands, or None.

    Between them are no other numbers, but for those in one list with it, and no end of a clause.
    A setting that is not a split stands in the same phrase, or leads the sentence.
    """
    first, last = passage.sentence_bounds(amount)
    settings = [*_SETTING.finditer(passage.text, first, last)]
    place = bisect_left(settings, amount.start, key=re.Match.start)
    found = {
        setting[0].lower(): setting[0]
        for setting in settings[max(0, place - _NEAREST) : place + _NEAREST]
        if _belongs(passage, amount, setting, first)
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _belongs(passage: Passage, amount: Amount, setting: re.Match[str], first: int) -> bool:
    start, end = min(amount.end, setting.end()), max(amount.start, setting.start())
    between, of_start = passage.text[start:end], attrgetter("start")
    first_other, behind = (bisect_left(passage.amounts, n, key=of_start) for n in (start, end))
    others = passage.amounts[first_other:behind]
    if _CLAUSE.search(between) or not all(_share_a_list(passage, amount, each) for each in others):
        return False
    is_leading = setting.end() <= amount.start and _LEADING.search(
        passage.text[first : setting.start()]
    )
    return bool(setting["split"] or is_leading or not _PHRASE.search(between))


def _share_a_list(passage: Passage, one: Amount, other: Amount) -> bool:
    place, beside = passage.lists.get(one.start), passage.lists.get(other.start)
    return bool(place and beside and place.series == beside.series)
