"""Names for a paper's file that every platform, and a link in a vault, can bear. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from server.wire import PaperPage

MAX_NAME_BYTES = 120

# what Windows refuses, and what ends or splits a link: https://help.obsidian.md/links
_FORBIDDEN = re.compile(r"[#^\[\]|$\\/:*?\"<>]+")
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


def fold_name(name: str) -> str:
    """Give what two names share that are one file on a system that ignores case or the form of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _name(title: str, suffix: str) -> str:
    # no control, format or unassigned characters: they are invisible, or turn the direction of the rest
    visible = "".join(c for c in title if c.isspace() or unicodedata.category(c)[0] != "C")
    words = " ".join(_FORBIDDEN.sub(" ", unicodedata.normalize("NFC", visible)).split()).lstrip(".-~ ")
    room = MAX_NAME_BYTES - len(f"{suffix}_.md".encode())  # a device's name gets a "_"
    stem = words.encode()[:room].decode(errors="ignore").rstrip(". ") or "Untitled"
    return _DEVICE.sub(r"\1_", f"{stem}{suffix}.md")
