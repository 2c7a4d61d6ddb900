"""What rules out a choice, whatever the weights say: brackets, units and human scores."""

import re

from nlp.results.numbers import Amount
from nlp.results.passage import Passage
from nlp.spans import Label, Mention

_IN_BRACKETS = r"\s*(?:\([^()]*\)\s*)?\(\s*\$?"
_OF = (
    r"(?:'s|\s+(?:of|at|with|scor\w+|reach\w*|achiev\w*|gets?|obtain\w*|attain\w*))"
    r"\s+(?:(?:only|just|merely|about|around|over|an?)\s+)*\$?"
)
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
    """Return the mention that a number follows in brackets, as in "BM25 (9.8%)", or with "of".

    The numbers of a list belong to the mention that the first one belongs to.
    """
    place = passage.lists.get(amount.start)
    # in "A (81%, 37% on X, Y)" all numbers are of A, but each is of another dataset
    start = place.series if place and label != "DATASET" else amount.start
    before = [mention for mention in passage.peers[label] if mention.end <= start]
    # a mention of any label in between would own the number instead
    if not before or any(before[-1].end <= other.start < start for other in passage.mentions):
        return None
    return before[-1] if _BINDS[label].fullmatch(passage.text, before[-1].end, start) else None


def is_human(passage: Passage, amount: Amount) -> bool:
    """Return whether a number is the score of humans."""
    start, _ = passage.sentence_bounds(amount)
    return bool(_HUMAN.search(passage.text[start : amount.start]))


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
