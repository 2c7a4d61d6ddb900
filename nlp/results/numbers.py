"""Find numbers with units as abstracts write them: "70.8\\%", "+0.8 points", "4.5x", "65-92%"."""

import re
from collections.abc import Iterator

from msgspec import Struct

_STAR = r"\*(?=\s?[A-Za-z])(?!\s(?:on|in|at|for|of|to|by|with|and|when|is)\b)"
_TIMES = rf"(?:[xX×](?!\s?\d)|{_STAR}|\$?\\?times|\{{\\?times\}}(?!\s?\d)|-?fold|- fold)"
_POINTS = r"(?:(?:absolute |percentage )?points?|pp|pts?)"
_UNITS = (
    rf"\$?\s?(?:\\?%|percent(?:age)?)(?:\s?(?:{_POINTS}|p)(?![a-z]))?",
    rf"\s?{_TIMES}",
    rf"[\s-]?{_POINTS}",
    r"\s?(?:s/frame|ms|s|secs?|milliseconds?|seconds?|mins?|minutes?|hours?|hrs?"
    r"|days?|weeks?|months?)",
    r"\s?(?:(?:GPU|TPU|[AH]\d00)[\s-]?)(?:hours?|days?)",
    r"\+?\s?(?:FPS|fps|Hz|kbps|K?\s?(?:tokens?|samples|images|frames)"
    r"(?:\s?/\s?s(?:ec(?:ond)?)?| per second)(?:/GPU)?)",
    r"\s?(?:dB|[KMGT]i?B|[GT]FLOPs|cm|mm|km|Watts?|W|mJ|kWh|USD|dollars)|AP|G",
    r"\s?(?:\{?\\?(?:deg|circ)\}?|°)",
    r"\s(?:thousand|million|billion|trillion)",
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,15})?"
# a decimal with a space in it, as in "53. 6%"
_TORN = r"\d{1,2}\. \d{1,2}(?=\s?\\?%)"
_POWER = (
    r"(?:\s?(?:[x×]|\\times|times)\s?10\^\{?(?P<power>[-−]?\d{1,3})\}?|[eE](?P<e>[-+]?\d{1,3}))"
)
_AMOUNT = re.compile(
    r"(?:(?<![A-Za-z0-9.,_^@/])|(?<=[\d%]/)|(?<=sim)|(?<=approx)|(?<=arrow))"
    r"(?:(?<![A-Za-z][-–])|(?<=\dx[-–]))"
    r"(?P<sign>[+<>≤≥~≈−](?=\s?\\?\$?\d)|(?<![\w%)}-])-(?=\d))?\s?"
    r"(?P<currency>(?:\\\$|\$(?!10\^|[\d.,]+(?:\\\w+|\\?%)?\$))(?=\d))?"
    rf"(?:(?P<ten>10)\^\{{?(?P<tenth>[-−]?\d{{1,3}})\}}?"
    r"|(?P<part>\d{1,6})/(?P<whole>\d{1,6})(?![\d/]|\s?\\?%|\.\d)"
    rf"|(?P<number>{_TORN}|{_DIGITS})(?:{_POWER})?(?P<unit>{'|'.join(_UNITS)})?)"
    r"(?:(?<=\*)|(?!(?!(?:right|long)arrow|p\\?m\\b|\\?sim)[A-Za-z0-9]|[.,]\d|-[A-Za-z]))"
)
# the "(1)" and "2)" of a list
_ITEM = re.compile(r"(?<!\w)\(\d{1,2}\)|(?<![^.,;:\s])[\s.,;:]\d{1,2}\)")
_DASH = re.compile(r"\s?(?:--?|–|—)\s?|\s?\$?\\?sim\$?\s?|\s?~\s?")
_PLUS_MINUS = re.compile(r"\s?\$?(?:\\?pm|±|\+/-)\$?\s?")
_FROM = re.compile(r"(?<!ranging )(?<!range )(?<!varying )(?<!anywhere )\bfrom\b[^.,;()\d]{0,40}$")
_LATEX = (
    (r"\s*\\(?=[%$])|(?<=[\w.%])\$|\s?\$(?=\\times)|[{}]", ""),
    (r"\s?(?:\\times|times|\*)(?:\s(?=10))?", "×"),
    (r"\\?sim", "~"),
    (r"\\?pm", "±"),
    (r"(?<=\d\.) (?=\d)", ""),
    (r"\s+", " "),
)
_SYNONYMS = dict.fromkeys(("×", "*", "times", "fold"), "x")
_SYNONYMS |= {"percent": "%", "percentage": "%", "dollars": "usd"}


class Amount(Struct, frozen=True):
    """A number or a range as written at `start`-`end`.

    `number` is None for a range, and the value itself of one with a deviation ("80.2 ± 0.1").
    `unit` is normalized, "" for none; a count out of a total ("17/20") has the unit "/20".
    """

    start: int
    end: int
    number: float | None
    unit: str
    signed: bool

    @property
    def is_measured(self) -> bool:
        """Whether it has a unit, is a range or a fraction; bare whole numbers mostly count."""
        return bool(self.unit) or self.number is None or not self.number.is_integer()


def find_amounts(text: str) -> Iterator[Amount]:
    """Yield the numbers of a text with their signs and units; two joined to a range are one."""
    last: Amount | None = None
    for found in _AMOUNT.finditer(text):
        amount = _read(found)
        if _ITEM.match(text, amount.start - 1):
            continue
        if last and (joint := _join(text, last, amount)):
            yield joint
            last = None
        else:
            if last:
                yield last
            last = amount
    if last:
        yield last


def clean_value(written: str) -> str:
    """Return a value without its LaTeX commands and stray spaces: "62%" for "62\\\\%"."""
    for pattern, replacement in _LATEX:
        written = re.sub(pattern, replacement, written)
    return written.strip()


def _read(found: re.Match[str]) -> Amount:
    """Return the number that the pattern matched, without the white space around it."""
    groups = ("sign", "currency", "ten", "part", "number")
    first = next(name for name in groups if found[name])
    number = _number(found)
    unit = f"/{found['whole']}" if found["whole"] else found["unit"] or found["currency"] or ""
    return Amount(
        found.start(first),
        found.end(),
        -number if found["sign"] in ("-", "−") else number,
        _normalize(unit),
        found["sign"] in ("+", "-", "−"),
    )


def _number(found: re.Match[str]) -> float:
    digits = found["number"] or found["part"] or "1"
    power = (found["power"] or found["e"] or found["tenth"] or "0").replace("−", "-")
    return float(f"{re.sub('[, ]', '', digits)}e{power}")


def _join(text: str, first: Amount, second: Amount) -> Amount | None:
    """Return the range that two numbers make; "from 3 to 5" are two, the old and the new."""
    between = text[first.end : second.start]
    if first.number is None or (first.unit and first.unit != second.unit):
        return None
    unit = second.unit or first.unit
    if _PLUS_MINUS.fullmatch(between):
        return Amount(first.start, second.end, first.number, unit, first.signed)
    if not between and text[second.start] == "~":
        return Amount(first.start, second.end, None, unit, first.signed)
    is_change = _FROM.search(text[max(0, first.start - 60) : first.start])
    if _DASH.fullmatch(between) or (between == " to " and not is_change):
        return Amount(first.start, second.end, None, unit, first.signed)
    return None


def _normalize(unit: str) -> str:
    if "$" in unit[-1:]:
        return "usd"
    unit = re.sub(r"[\s\\${}+-]", "", unit).lower()
    unit = _SYNONYMS.get(unit, unit)
    return "points" if re.fullmatch(rf"{_POINTS}|%.+", unit) or "point" in unit else unit
