"""Links in notes as Obsidian and Logseq write them: `[[target]]`, to a paper or a day.

https://help.obsidian.md/links, and in Logseq also `[label]([[target]])`.
"""

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

# what stands in code is no link
_CODE = r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
_LINK = re.compile(
    rf"{_CODE}"
    r"|\[(?P<name>[^\[\]|\n]+)\]\(\[\[(?P<page>[^\[\]|\n]+)\]\]\)"
    r"|\[\[(?P<target>[^\[\]|#\n]+)(?P<part>#[^\[\]|\n]+)?(?:\|(?P<label>[^\[\]\n]+))?\]\]",
    re.DOTALL,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_JOURNAL = re.compile(r"(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})(?:st|nd|rd|th), (?P<year>\d{4})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class NoteLink(Struct, frozen=True):
    """A link in a note: its text from `start` to `end`, what it leads to, and what it shows.

    `part` is the heading or block within the target that it leads to, with its `#`.
    """

    text: str
    start: int
    end: int
    target: str
    part: str
    label: str | None

    @property
    def shown(self) -> str:
        """What a reader sees of the link."""
        return self.label or f"{self.target}{self.part}"


def find_links(text: str) -> Iterator[NoteLink]:
    """Yield the links of a note, without those that stand in code."""
    for found in _LINK.finditer(text) if "[[" in text else ():
        if page := found["page"]:
            yield NoteLink(found[0], *found.span(), page.strip(), "", found["name"])
        elif target := found["target"]:
            part, label = found["part"] or "", found["label"]
            yield NoteLink(found[0], *found.span(), target.strip(), part, label)


def parse_day(target: str) -> date | None:
    """Return the day of a daily note: `2026-05-01`, or in Logseq's journal `May 1st, 2026`."""
    try:
        if _DAY.fullmatch(target):
            return date.fromisoformat(target)
        if (found := _JOURNAL.fullmatch(target)) and found["month"] in _MONTHS:
            month = _MONTHS.index(found["month"]) + 1
            return date(int(found["year"]), month, int(found["day"]))
    except ValueError:
        pass
    return None


def journal_page(day: date) -> str:
    """Return the name of the page of a day in Logseq's journal, as it is unless configured."""
    return f"{_MONTHS[day.month - 1]} {day.day}{_ENDINGS.get(day.day, 'th')}, {day.year}"
