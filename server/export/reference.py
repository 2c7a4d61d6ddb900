"""What the formats of reference managers have in common: a paper's citation key, names, address and a person's words.

Pure. All text comes out in the form in which our own readers of these formats give it back.
"""

import re
from urllib.parse import quote

from anyascii import anyascii
from bibtexparser.middlewares.names import NameParts, parse_single_name_into_parts

from server.identity import normalize_title
from server.source import fold, printable, web_address
from server.wire import NoteState, PaperPage

MAX_KEY_WORD = 40

_FILLERS = {"a", "an", "the", "on", "of", "in", "at", "to", "for", "from", "with", "and", "is", "are", "do", "does"}
# they have a meaning of their own in a name of BibTeX
_NAME_MARKS = re.compile(r"[{}\\~,]")


def citation_key(page: PaperPage) -> str:
    """Give `birch2025lantern-2501.10000`: surname, year, the title's first word that says something, the paper's key.

    The last makes it unique, and the same in every export whatever other papers are in it.
    """
    surname = " ".join(split_name(page.authors[0]).last) if page.authors else ""
    words = [_ascii(word) for word in normalize_title(page.title).split()]
    title = next((word for word in words if word and word not in _FILLERS), "")
    stem = f"{_ascii(surname)[:MAX_KEY_WORD]}{page.published.year if page.published else ''}{title[:MAX_KEY_WORD]}"
    return "-".join(part for part in (stem, page.key.replace("/", "-")) if part)


def clean_name(name: str) -> str:
    """Give a name without the signs that BibTeX takes for more than letters; a comma would turn its order around."""
    return fold(_NAME_MARKS.sub(" ", name))


def split_name(name: str) -> NameParts:
    """Take a name apart as BibTeX does: the last word and the small ones before it ("van der") are the family's."""
    return parse_single_name_into_parts(clean_name(name), strict=False)


def address(url: str | None) -> str | None:
    """Give a web address with nothing in it that could end a field or a link, None for any other text."""
    whole = web_address(url)
    return quote(whole, safe=":/?#@!$&'()*+,=%~") if whole else None


def read_tags(page: PaperPage) -> list[str]:
    """Give the person's tags on a paper, each on one line."""
    entry = page.entry if page.entry and not page.entry.deleted else None
    return [tag for name in (entry.tags if entry else []) if (tag := fold(name))]


def read_notes(page: PaperPage) -> list[NoteState]:
    """Give the person's notes on a paper in the order of writing, without those in the trash."""
    live = [note for note in page.notes if not note.deleted]
    return sorted(live, key=lambda note: (note.created, note.id))


def write_notes(page: PaperPage) -> list[str]:
    """Give each note as one Markdown text, which starts with what it quotes; notes without text are left out."""
    return [text for note in read_notes(page) if (text := _write_note(note))]


def _write_note(note: NoteState) -> str:
    quoted = "\n".join(f"> {line}" for line in _lines(note.quote.exact)) if note.quote else ""
    return "\n\n".join(part for part in (quoted, "\n".join(_lines(note.text))) if part)


def _lines(text: str) -> list[str]:
    return printable(text).strip().replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _ascii(word: str) -> str:
    return re.sub("[^a-z0-9]", "", anyascii(word).lower())
