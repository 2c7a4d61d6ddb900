"""Names for a paper's file that every platform, and a link in a vault, can bear. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from server.wire import PaperPage

MAX_NAME_BYTES = 120

# what Windows refuses, and what ends or splits a link: https://help.obsidian.md/links
_FORBIDDEN = re.compile(r"[#^\[\]|$\\/:*?\"<>]+")
# what could be more than a name within a link
_MARKUP = re.compile("[`{}%=~]")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: devices, whatever follows the first full stop
_DEVICE = re.compile(r"\A(con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?= *\.)", re.IGNORECASE)


def propose_names(page: PaperPage) -> Iterator[str]:
    """Give names for a paper's Markdown file, best first and without end, in NFC and of at most 120 bytes of UTF-8.

    A name is made of the title; one that is taken is told apart by the paper's key, then by a number.
    """
    key = page.key.replace("/", "-")
    yield _name(page.title.strip() or key, "")
    yield _name(page.title, f" ({key})")
    yield from (_name(page.title, f" ({key}) {number}") for number in count(2))


def title_names(title: str) -> Iterator[str]:
    """Give names for a file of a title, best first and without end."""
    yield _name(title, "")
    yield from (_name(title, f" {number}") for number in count(2))


def take_name(page: PaperPage, taken: set[str]) -> str:
    """Give the best name for a paper's file that is not among those taken, folded, and take it."""
    name = next(name for name in propose_names(page) if fold_name(name) not in taken)
    taken.add(fold_name(name))
    return name


def fold_name(name: str) -> str:
    """Give what two names share that are one file on a system that ignores case or the form of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def link_name(name: str) -> str:
    """Give the name of the note on a term or tag; a slash in it parts folders, as in nested tags."""
    parts = [_stem(_MARKUP.sub(" ", part), MAX_NAME_BYTES) for part in name.split("/")]
    return "/".join(part for part in parts if part) or "Untitled"


def _name(title: str, suffix: str) -> str:
    room = MAX_NAME_BYTES - len(f"{suffix}_.md".encode())  # a device's name gets a "_"
    return _DEVICE.sub(r"\1_", f"{_stem(title, room) or 'Untitled'}{suffix}.md")


def _stem(text: str, room: int) -> str:
    # no control, format or unassigned characters: they are invisible, or turn the direction of the rest
    visible = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    words = " ".join(_FORBIDDEN.sub(" ", unicodedata.normalize("NFC", visible)).split()).lstrip(".-~ ")
    return words.encode()[:room].decode(errors="ignore").rstrip(". ")
