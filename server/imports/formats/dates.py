"""Dates as files write them, with the precision that they have."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from msgspec import Struct

from server.schema.sources import calendar_day, fold

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = "|".join(f"{month}[a-z]*" for month in _MONTHS)
# Extended Date/Time Format, https://www.loc.gov/standards/datetime/: 21 to 24 are the seasons
_SEASONS = {"spring": "21", "summer": "22", "autumn": "23", "fall": "23", "winter": "24"}
_NUMERIC = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?:[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?)?(?!\d)"
)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")
_DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?P<month>{_NAMED})\.?,?\s+(?P<year>\d{{4}})",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_NAMED})\.?(?:\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?)?,?\s+(?P<year>\d{{4}})",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}}),?\s+(?P<month>{_NAMED})\.?(?:\s+(?P<day>\d{{1,2}})(?!\d))?", re.IGNORECASE
)
_RANGE = re.compile(r"(\d{4}(?:-\d{2}){0,2})\s*/\s*(\d{4}(?:-\d{2}){0,2}|\.\.)?")
_SEASON = re.compile("|".join(_SEASONS), re.IGNORECASE)
_SEASON_CODE = re.compile(r"(\d{4})-2[1-4]")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_EPOCH = re.compile(r"\d{9,16}(?:\.\d+)?")


class PartialDate(Struct, frozen=True):
    """A date as precise as it was written.

    `text` is in the Extended Date/Time Format: "2024", "2024-03", "2024-03-05", "2024-21" for
    spring, "2024-03/2024-04". `first` is its first day, by which papers are sorted.
    """

    text: str
    first: date


def read_date(text: str) -> PartialDate | None:
    """Return the date that a text has, None if it has none."""
    text = fold(text).strip("{}")
    if code := _SEASON_CODE.fullmatch(text):
        year = read_date(code[1])
        return year and PartialDate(text, year.first)
    if span := _RANGE.fullmatch(text):
        first = read_date(span[1])
        return first and PartialDate(f"{first.text}/{span[2] or ''}", first.first)
    best, season = _find_best(text), _SEASON.search(text)
    if best and season and len(best.text) == 4:
        return PartialDate(f"{best.text}-{_SEASONS[season[0].lower()]}", best.first)
    return best


def _find_best(text: str) -> PartialDate | None:
    """Return the most precise date that a text has in any of the usual forms."""
    patterns = (_NUMERIC, _DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST)
    matches = [_COMPACT.fullmatch(text), *(pattern.search(text) for pattern in patterns)]
    dates = [found for match in matches if match and (found := _make(match))]
    return max(dates, key=lambda found: len(found.text), default=None)


def read_parts(year: str, month: str = "", day: str = "") -> PartialDate | None:
    """Return the date of separate fields; BibTeX's month may hold the day too, as in `10~feb`."""
    found = _YEAR.search(year)
    if found is None:
        return read_date(year)
    parts = [found[0], *_read_month(month, day)]
    season = month if len(parts) == 1 else ""
    return read_date(f"{season} {'-'.join(parts)}") or read_date(found[0])


def _read_month(month: str, day: str) -> list[str]:
    """Return the numbers of a month and a day, as far as they are known."""
    words = re.findall(r"[a-z]+|\d+", month.lower())
    names = [str(number) for word in words if (number := _month_number(word))]
    numbers = [word for word in words if word.isdigit()]
    wanted = [*names[:1], *numbers[:1]] if names else numbers[:1]
    return [*wanted, day] if day and len(wanted) == 1 else wanted


def read_moment(text: str) -> datetime | None:
    """Return a time in ISO 8601 or in seconds since 1970, or the start of a day, UTC by default."""
    text = fold(text)
    if _EPOCH.fullmatch(text):
        return _from_epoch(text)
    try:
        # BibDesk writes a space before the offset
        moment = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text))
    except ValueError:
        day = read_date(text)
        if day is None or len(day.text) != 10:
            return None
        moment = datetime.combine(day.first, datetime.min.time())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_epoch(text: str) -> datetime | None:
    # seconds, milliseconds or microseconds, told by their number of digits
    seconds = float(text)
    while seconds > 1e11:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _make(found: re.Match[str]) -> PartialDate | None:
    parts = found.groupdict()
    for known in _precisions(parts):
        numbers = [int(part) for part in known]
        whole = [*numbers, 1, 1][:3]
        if first := calendar_day("{:04}-{:02}-{:02}".format(*whole)):
            written = [f"{numbers[0]:04}", *(f"{number:02}" for number in numbers[1:])]
            return PartialDate("-".join(written), first)
    return None


def _precisions(parts: dict[str, str | None]) -> Iterator[list[str]]:
    """Yield year, month and day, then fewer of them, for an impossible date."""
    year, month, day = parts["year"] or "", parts["month"], parts["day"]
    if month and not month.isdigit():
        month = str(_month_number(month))
    if month in _SEASONS.values():
        month = None
    if month and day:
        yield [year, month, day]
    if month:
        yield [year, month]
    yield [year]


def _month_number(word: str) -> int:
    """Return the number of a month's name or abbreviation, 0 for another word."""
    return _MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in _MONTHS else 0
