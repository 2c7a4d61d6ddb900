"""What rules out a choice, whatever the weights say: brackets, units and human scores."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from nlp.results.numbers import Amount
from nlp.results.passage import Passage
from nlp.spans import Label, Mention

_IN_BRACKETS = r"\s*(?:\([^()]*\)\s*)?\(\s*\$?"
_OF = (
    r"(?:'s|\s+(?:of|at|scor\w+|reach\w*|achiev\w*|gets?|obtain\w*|attain\w*))"
    r"\s+(?:(?:only|just|merely|about|around|over|an?)\s+)*\$?"
)
_AND = re.compile(r"\b(?:and|or)\b|[&/]")
_BINDS: dict[Label, re.Pattern[str]] = {
    "METHOD": re.compile(rf"{_IN_BRACKETS}|{_OF}"),
    "DATASET": re.compile(_IN_BRACKETS),
    "METRIC": re.compile(rf"{_IN_BRACKETS}|\s*(?:of|at|is|:|=)?\s+(?:only\s+|just\s+)?\$?"),
}
_HUMAN = re.compile(
    r"\b(?:humans?|people|participants|experts|annotators)(?:\s+(?:performance|accuracy|score"
    r"|level|baseline)s?)?\s+(?:(?:participants|experts|annotators|can|who)\s+)?"
    r"(?:(?:of|at|is|reach|achiev|scor|attain|obtain|get)\w*\s+)?"
    r"(?:(?:over|about|around|only|an?|the)\s+)*$",
    re.IGNORECASE,
)
_GAIN = (
    r"(?:(?!(?:and|or|but|with|as)\b)[\w-]+\s+)?(?:increase|improvement|reduction|decrease|gain|boost"
    r"|drop|rise|decline|saving)s?\s+(?:in|of)\s+(?:the\s+|its\s+)?"
)
_CHANGED = re.compile(rf"\s*{_GAIN}(?!performance|results|baseline)(?=\w)", re.IGNORECASE)
_BEFORE_METRIC = re.compile(rf"\s+(?:(?:{_GAIN})|in\s+)?", re.IGNORECASE)
_COMPARED = re.compile(
    r"\s*(?:extra|additional|fewer|less|more|longer|shorter|larger|smaller|bigger)\b\s*"
    r"|\s*(?:lower|higher)\s+(?!than|performance)(?=\w)",
    re.IGNORECASE,
)
_ABOUT = (
    r"(?:(?:up to|up|over|about|around|nearly|only|just|more than|at least|an?|average|of"
    r"|approximately)\s+)*\$?$"
)
_NAMED = re.compile(
    r"\b(?:reduc|decreas|cut|sav|lower|shorten|shrink|minimi[sz])\w*\s+(?:[\w()-]+\s+){1,8}by\s+"
    rf"{_ABOUT}"
    r"|\b(?:rate|ratio|time|latency|throughput|speed(?:[ -]?up)?|error|cost|size|length|usage"
    rf"|consumption|footprint|reduction|saving)s?\s+(?:of|by|at|is)\s+{_ABOUT}",
    re.IGNORECASE,
)
_BYTES = frozenset(("kb", "kib", "mb", "mib", "gb", "gib", "tb", "tib"))
_TIME = re.compile(r"(?:ms|s|sec|second|millisecond|min|minute|hour|hr|day|week|month)s?|gpu.*")
_FITTING = {
    "bytes": r"memory|size|footprint|storage|\bv?ram\b|usage|consumption|disk|cache|bandwidth",
    "time": r"time|latency|duration|speed|delay|cost|ttft|hour|overhead|compute|budget|horizon|lag",
    "rate": r"fps|frame|speed|rate|throughput|real-time|tokens",
    "money": r"cost|price|budget|expen",
    "sound": r"psnr|snr|sdr|\bdb\b|ratio|gain|quality",
}
_FITS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _FITTING.items()}


def owner(passage: Passage, amount: Amount, label: Label) -> Mention | None:
    """Return the mention that a number belongs to by where it stands, or None.

    That is the metric right behind it ("7.9 FID", "a 3% gain in recall"), the dataset at its place
    in a list of as many ("81% and 37% on A and B"), what it follows in brackets ("BM25 (9.8%)"),
    the metric that it follows with "of", or the method that reaches it ("A and B reach 9% and 8%").
    """
    if label == "METRIC" and (metric := _metric_behind(passage, amount)):
        return metric
    if label == "DATASET" and (dataset := _dataset_in_list(passage, amount)):
        return dataset
    return _owner_before(passage, amount, label)


def _metric_behind(passage: Passage, amount: Amount) -> Mention | None:
    metrics = passage.peers["METRIC"]
    place = bisect_left(metrics, amount.end, key=attrgetter("start"))
    following = metrics[place : place + 1]
    if not following or not _BEFORE_METRIC.fullmatch(passage.text, amount.end, following[0].start):
        return None
    return following[0]


def _dataset_in_list(passage: Passage, amount: Amount) -> Mention | None:
    """Return the dataset at a number's place, if its sentence has one list of that size."""
    place, here = passage.lists.get(amount.start), passage.sentence(amount)
    if place is None:
        return None
    places = {
        passage.lists[dataset.start]: dataset
        for dataset in passage.peers["DATASET"]
        if dataset.start in passage.lists and passage.sentence(dataset) == here
    }
    alike = {other.series for other in places if other.size == place.size}
    return places.get(place._replace(series=alike.pop())) if len(alike) == 1 else None


def _owner_before(passage: Passage, amount: Amount, label: Label) -> Mention | None:
    """Return the mention that a number follows in brackets or after a few words.

    The numbers of a list belong to the mention that the first one belongs to.
    """
    place = passage.lists.get(amount.start)
    # in "A (81%, 37% on X, Y)" all numbers are of A, but each is of another dataset
    start = place.series if place and label != "DATASET" else amount.start
    before = [mention for mention in passage.peers[label] if mention.end <= start]
    # a mention of any label in between would own the number instead
    if not before or any(before[-1].end <= other.start < start for other in passage.mentions):
        return None
    binding = _BINDS[label].fullmatch(passage.text, before[-1].end, start)
    if not binding:
        return None
    return _method(passage, amount, before, binding[0]) if label == "METHOD" else before[-1]


def _method(
    passage: Passage, amount: Amount, methods: Sequence[Mention], binding: str
) -> Mention | None:
    """Return the last of some methods, or that at a number's place if it ends a list of as many.

    What is in brackets is of the last. A signed number has none: "A (+3%)" often tells how much
    better than A the paper's method is.
    """
    if amount.signed:
        return None
    place, last = passage.lists.get(amount.start), passage.lists.get(methods[-1].start)
    if "(" in binding or place is None or last is None or last.rank < last.size - 1:
        return methods[-1]
    # a comma alone may divide clauses: "With A, B reaches 9% and 8%"
    if not _AND.search(passage.text, methods[-2].end, methods[-1].start):
        return methods[-1]
    return methods[place.rank - place.size] if place.size == last.size else None


def is_human(passage: Passage, amount: Amount) -> bool:
    """Return whether a number is the score of humans."""
    start, _ = passage.sentence_bounds(amount)
    return bool(_HUMAN.search(passage.text[start : amount.start]))


def names_a_quantity(passage: Passage, amount: Amount) -> bool:
    """Return whether the text names beside a number what was measured or has changed.

    Such as "86% extra space", "a 24% improvement in consistency", "reduces the use of X by 50%".
    A task or a dataset is not what was measured.
    """
    start, end = passage.sentence_bounds(amount)
    if _NAMED.search(passage.text[start : amount.start]):
        return True
    found = next(
        filter(None, (p.match(passage.text, amount.end, end) for p in (_CHANGED, _COMPARED))), None
    )
    if found is None:
        return False
    places = (*passage.peers["TASK"], *passage.peers["DATASET"])
    return not any(place.start <= found.end() < place.end for place in places)


def fits(unit: str, metric: str) -> bool:
    """Return whether a metric can be measured in a unit: no FID in seconds, no FPS in gigabytes."""
    kind = _kind_of(unit)
    return kind is None or bool(_FITS[kind].search(metric))


def _kind_of(unit: str) -> str | None:
    if unit in _BYTES:
        return "bytes"
    if _TIME.fullmatch(unit):
        return "time"
    if "/s" in unit or "persec" in unit or unit in ("fps", "hz"):
        return "rate"
    return {"usd": "money", "db": "sound"}.get(unit)
