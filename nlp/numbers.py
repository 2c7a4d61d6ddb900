"""Numbers with units as abstracts write them: "70.8\\%", "+0.8 points", "4.5x", "65-92%", "3.29 seconds". Pure."""

import re
from collections.abc import Iterator

from msgspec import Struct

_STAR = r"\*(?=\s?[A-Za-z])(?!\s(?:on|in|at|for|of|to|by|with|and|when|is)\b)"
_TIMES = rf"(?:[xX×](?!\s?\d)|{_STAR}|\\times|times|-?fold|- fold)"
_POINTS = r"(?:(?:absolute |percentage )?points?|pp|pts?)"
_UNITS = (
    rf"\s?(?:\\?%|percent(?:age)?)(?:\s?(?:{_POINTS}|p)(?![a-z]))?",
    rf"\s?{_TIMES}",
    rf"[\s-]?{_POINTS}",
    r"\s?(?:s/frame|ms|s|secs?|milliseconds?|seconds?|mins?|minutes?|hours?|hrs?|days?|weeks?|months?)",
    r"\s?(?:(?:GPU|TPU|[AH]\d00)[\s-]?)(?:hours?|days?)",
    r"\+?\s?(?:FPS|fps|Hz|kbps|K?\s?(?:tokens?|samples|images|frames)(?:\s?/\s?s(?:ec(?:ond)?)?| per second)(?:/GPU)?)",
    r"\s?(?:dB|[KMGT]i?B|[GT]FLOPs|cm|mm|km|Watts?|W|mJ|kWh|USD|dollars)|AP|G",
    r"\s?(?:\{?\\?(?:deg|circ)\}?|°)",
)
_AMOUNT = re.compile(
    r"(?:(?<![A-Za-z0-9.,_^@])|(?<=sim)|(?<=approx)|(?<=arrow))(?:(?<![A-Za-z][-–])|(?<=\dx[-–]))"
    r"(?P<sign>[+<~≈−](?=\s?\\?\$?\d)|(?<![\w%)}-])-(?=\d))?\s?(?P<currency>(?:\\\$|\$(?![\d.,]+(?:\\\w+|\\?%)?\$))(?=\d))?"
    rf"(?P<number>(?:\d{{1,3}}(?:,\d{{3}}){{1,5}}|\d{{1,15}})(?:\.\d{{1,15}})?)(?P<unit>{'|'.join(_UNITS)})?"
    r"(?:(?<=\*)|(?!(?!(?:right|long)arrow|p\\?m\\b|\\?sim)[A-Za-z0-9]|[.,]\d|-[A-Za-z]))"
)
_JOINT = re.compile(r"\s?(?:--?|–|—)\s?|\s?\$?\\?(?:sim|pm)\$?\s?|\s?[±~]\s?")
_FROM = re.compile(r"(?<!ranging )\bfrom\s*\S{0,3}$")


class Amount(Struct, frozen=True):
    """A number or a range as written at `start`-`end`; a range has no `number`; `unit` is folded, "" for none."""

    start: int
    end: int
    number: float | None
    unit: str
    signed: bool

    @property
    def is_measured(self) -> bool:
        """Tell a number with a unit, a range or a fraction from whole numbers, which mostly count."""
        return bool(self.unit) or self.number is None or not self.number.is_integer()


def find_amounts(text: str) -> Iterator[Amount]:
    """Give the numbers of a text with their signs and units; two that are joined to a range are one."""
    last: Amount | None = None
    for found in _AMOUNT.finditer(text):
        start = found.start("sign" if found["sign"] else "currency" if found["currency"] else "number")
        amount = Amount(
            start,
            found.end(),
            float(found["number"].replace(",", "")) * (-1 if found["sign"] in ("-", "−") else 1),
            _fold(found["unit"] or found["currency"] or ""),
            found["sign"] in ("+", "-", "−"),
        )
        if last and _joined(text, last, amount):
            amount = Amount(last.start, amount.end, None, amount.unit or last.unit, last.signed)
            last = None
        if last:
            yield last
        last = amount
    if last:
        yield last


def _joined(text: str, first: Amount, second: Amount) -> bool:
    """Tell whether two numbers make a range; "from 3 to 5" are two, the old one and the new."""
    between = text[first.end : second.start]
    if first.number is None or (first.unit and first.unit != second.unit):
        return False
    if between == " to ":
        return not _FROM.search(text[max(0, first.start - 20) : first.start])
    return bool(_JOINT.fullmatch(between))


def _fold(unit: str) -> str:
    unit = re.sub(r"[\s\\${}+-]", "", unit).lower()
    unit = {"×": "x", "*": "x", "times": "x", "fold": "x", "percent": "%", "percentage": "%"}.get(unit, unit)
    return "points" if re.fullmatch(rf"{_POINTS}|%.+", unit) or "point" in unit else unit
