"""RIS (https://en.wikipedia.org/wiki/RIS_(file_format)) as Zotero, EndNote and Mendeley read it. Pure."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from html import escape
from typing import Any

import rispy

from server.export.reference import address, citation_key, read_tags, split_name, write_notes
from server.identity import parse_arxiv_id
from server.source import fold
from server.wire import PaperPage

_MARKED = re.compile(r"[\n<&]")


class _Writer(rispy.RisWriter):
    def set_header(self, count: int) -> str:
        """Give no number above a record: each is written by itself."""
        return ""


async def render_ris(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Give a record a paper, each value on one line, so that none can be taken for a tag.

    A note of several lines is HTML, as Zotero writes its notes.
    """
    async for page in pages:
        known = {name: value for name, value in _record(page).items() if value}
        yield (rispy.dumps([known], implementation=_Writer) + "\n").encode()


def _record(page: PaperPage) -> dict[str, Any]:
    arxiv_id, url = parse_arxiv_id(page.key), address(page.url)
    return {
        "type_of_reference": "GEN",
        "id": citation_key(page),
        "title": fold(page.title),
        "authors": [name for author in page.authors if (name := _write_name(author))],
        "year": str(page.published.year) if page.published else None,
        "date": f"{page.published:%Y/%m/%d}" if page.published else None,
        "abstract": fold(page.abstract),
        "doi": fold(page.doi or ""),
        # the parsers take a ; for the end of an address
        "urls": [url.replace(";", "%3B")] if url else [],
        "name_of_database": "arXiv" if arxiv_id else None,
        "accession_number": f"arXiv:{arxiv_id}" if arxiv_id else None,
        "keywords": read_tags(page),
        "notes": [_write_note(note) for note in write_notes(page)],
    }


def _write_name(name: str) -> str:
    parts = split_name(name)
    return ", ".join(" ".join(words) for words in (parts.von + parts.last, parts.first) if words)


def _write_note(note: str) -> str:
    """Give a note as it is, or as HTML if it has several lines or could be taken for HTML."""
    if not _MARKED.search(note):
        return fold(note)
    paragraphs = (map(fold, paragraph.split("\n")) for paragraph in re.split(r"\n\s*\n", escape(note, quote=False)))
    return "".join(f"<p>{'<br/>'.join(lines)}</p>" for lines in paragraphs)
