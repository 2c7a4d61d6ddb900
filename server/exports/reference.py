"""What the formats of reference managers share: names, dates, addresses, tags and notes.

All text is written in the form in which our own importers read it back unchanged.
"""

import re
from urllib.parse import quote

from bibtexparser.middlewares.names import NameParts, parse_single_name_into_parts

from server.schema.citations import Name
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.schema.sources import fold, printable, web_address

# they have a meaning of their own in a name of BibTeX
_NAME_MARKS = re.compile(r"[{}\\~,]")


def written_date(page: PaperPage) -> str:
    """Return the date as precise as it is known: "2024", "2024-03", "2024-03-05", a range, …"""
    return page.issued or (page.published.isoformat() if page.published else "")


def cited_names(page: PaperPage) -> dict[str, Name]:
    """Return the names of the user's bibliography, in parts, by how they are spoken."""
    return {fold(name.spoken): name for name in (page.citation.names if page.citation else [])}


def clean_name(name: str) -> str:
    """Return a name without the characters that have a meaning of their own in BibTeX names."""
    return fold(_NAME_MARKS.sub(" ", name))


def split_name(name: str) -> NameParts:
    """Split a name as BibTeX does: the family name is the last word, with particles before it."""
    return parse_single_name_into_parts(clean_name(name), strict=False)


def address(url: str | None) -> str | None:
    """Return a web address escaped so that it cannot end a field or a link; None for other text."""
    whole = web_address(url)
    return quote(whole, safe=":/?#@!$&'()*+,=%~") if whole else None


def read_introduced(page: PaperPage) -> list[str]:
    """Return the methods and datasets that a paper introduces, in the order of first mention."""
    introduced = [chip for chip in page.terms if chip.role == "introduced"]
    return [chip.name for chip in sorted(introduced, key=lambda chip: (chip.first, chip.name))]


def read_tags(page: PaperPage) -> list[str]:
    """Return the user's tags on a paper, each folded to one line."""
    entry = page.entry if page.entry and not page.entry.deleted else None
    return [tag for name in (entry.tags if entry else []) if (tag := fold(name))]


def read_notes(page: PaperPage) -> list[NoteState]:
    """Return the user's notes on a paper, oldest first, without those in the trash."""
    live = [note for note in page.notes if not note.deleted]
    return sorted(live, key=lambda note: (note.created, note.id))


def write_notes(page: PaperPage) -> list[str]:
    """Return each note as Markdown that begins with its quote; empty notes are left out."""
    return [text for note in read_notes(page) if (text := _write_note(note))]


def _write_note(note: NoteState) -> str:
    quoted = "\n".join(f"> {line}" for line in _lines(note.quote.exact)) if note.quote else ""
    return "\n\n".join(part for part in (quoted, "\n".join(_lines(note.text))) if part)


def _lines(text: str) -> list[str]:
    return printable(text).strip().replace("\r\n", "\n").replace("\r", "\n").split("\n")
