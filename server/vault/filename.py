"""Names of papers' files that are valid on every platform and in links."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from server.schema.papers import PaperPage

# file systems allow 255, but Windows counts the folders too
MAX_NAME_BYTES = 120

# what Windows refuses, and what ends or splits a link: https://help.obsidian.md/links
_FORBIDDEN = re.compile(r"[#^\[\]|$\\/:*?\"<>]+")
# what could be more than a name within a link or a tag
_MARKUP = re.compile(r"[`{}%=~#^\[\]|$\\<>]|(?<![^/])\.+(?=/|$)")
_TO_FULL_WIDTH = 0xFF01 - ord("!")  # https://www.unicode.org/charts/PDF/UFF00.pdf
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: devices, whatever follows the
# first full stop
_DEVICE = re.compile(r"\A(con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?= *\.)", re.IGNORECASE)


def propose_names(page: PaperPage) -> Iterator[str]:
    """Yield names for a paper's file without end, best first, in NFC and at most 120 bytes of
    UTF-8.

    The name is the title. If it is taken, the paper's key is added, then a number.
    """
    key = page.key.replace("/", "-")
    yield _name(page.title.strip() or key, "")
    yield _name(page.title, f" ({key})")
    yield from (_name(page.title, f" ({key}) {number}") for number in count(2))


def title_names(title: str) -> Iterator[str]:
    """Yield names for a file with this title without end, best first."""
    yield _name(title, "")
    yield from (_name(title, f" {number}") for number in count(2))


def take_name(page: PaperPage, taken: set[str]) -> str:
    """Return the best name for a paper's file that is not in `taken`, and add its folded form."""
    name = next(name for name in propose_names(page) if fold_name(name) not in taken)
    taken.add(fold_name(name))
    return name


def fold_name(name: str) -> str:
    """Return the form in which names are equal on systems that ignore case or normalization."""
    # decomposed before the case is folded, as macOS compares names
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def link_name(name: str) -> str:
    """Return the name of a term's or tag's page; a slash in it separates folders."""
    parts = [_stem(part, MAX_NAME_BYTES) for part in widen_markup(name).split("/")]
    return "/".join(part for part in parts if part) or "Untitled"


def widen_markup(name: str) -> str:
    """Return a name with the full-width form of each sign that has a meaning in a link.

    So `[[x]]`, `../x` and `x` stay three names, and each can be read.
    """
    return _MARKUP.sub(
        lambda found: "".join(chr(ord(sign) + _TO_FULL_WIDTH) for sign in found[0]), name
    )


def _name(title: str, suffix: str) -> str:
    room = MAX_NAME_BYTES - len(f"{suffix}_.md".encode())  # a device's name gets a "_"
    return _DEVICE.sub(r"\1_", f"{_stem(title, room) or 'Untitled'}{suffix}.md")


def _stem(text: str, room: int) -> str:
    # no control, format or unassigned characters: they are invisible, or turn the direction of the
    # rest
    visible = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    words = " ".join(_FORBIDDEN.sub(" ", unicodedata.normalize("NFC", visible)).split()).lstrip(
        ".-~ "
    )
    return words.encode()[:room].decode(errors="ignore").rstrip(". ")
