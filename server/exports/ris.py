"""Render papers as RIS (https://en.wikipedia.org/wiki/RIS_(file_format)) for reference managers."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from html import escape
from typing import Any

import rispy

from server.exports.citation_keys import citation_key
from server.exports.reference import (
    address,
    cited_names,
    read_tags,
    split_name,
    write_notes,
    written_date,
)
from server.identifiers import parse_arxiv_id
from server.schema.citations import Name
from server.schema.papers import PaperPage
from server.schema.sources import fold

_TYPES = {
    "article": "JOUR", "inproceedings": "CPAPER", "conference": "CPAPER", "proceedings": "CONF",
    "book": "BOOK", "incollection": "CHAP", "inbook": "CHAP", "phdthesis": "THES",
    "mastersthesis": "THES", "thesis": "THES", "techreport": "RPRT", "report": "RPRT",
    "unpublished": "UNPB",
}  # fmt: skip
# BibTeX's names, and rispy's
_FIELDS = {
    "journal": "secondary_title", "journaltitle": "secondary_title", "booktitle": "secondary_title",
    "volume": "volume", "number": "number", "publisher": "publisher", "address": "place_published",
    "issn": "issn", "isbn": "issn", "edition": "edition", "language": "language",
}  # fmt: skip
# what is written as HTML: lines, markup, and what an import might take for a publisher's
_MARKED = re.compile(
    r"[\n<&]|\A\W*[\w ]{1,40}:|\A(?:https?://|dx\.|doi\.|10\.|(?:times )?cited|coden|isi |compil)",
    re.IGNORECASE,
)


class _Writer(rispy.RisWriter):
    def set_header(self, count: int) -> str:
        """Return no record number, because every record is written by itself."""
        return ""


async def render_ris(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one record per paper, each value on one line, so that none can be taken for a tag.

    A note of several lines is written as HTML, as Zotero writes its notes.
    """
    async for page in pages:
        known = {name: value for name, value in _record(page).items() if value}
        yield (rispy.dumps([known], implementation=_Writer) + "\n").encode()


def _record(page: PaperPage) -> dict[str, Any]:
    arxiv_id, url, tags = parse_arxiv_id(page.key), address(page.url), read_tags(page)
    return {
        **_citation(page),
        "type_of_reference": _type(page),
        "id": citation_key(page),
        "title": fold(page.title),
        "authors": _write_authors(page),
        **_write_date(page),
        "abstract": fold(page.abstract),
        "doi": fold(page.doi or ""),
        # the parsers take a ; for the end of an address
        "urls": [url.replace(";", "%3B")] if url else [],
        "name_of_database": "arXiv" if arxiv_id else None,
        "accession_number": f"arXiv:{arxiv_id}" if arxiv_id else None,
        "keywords": tags,
        # by this an import of ours knows that a ; in a tag separates nothing
        "database_provider": "Papermargin" if ";" in "".join(tags) else None,
        "notes": [_write_note(note) for note in write_notes(page)],
    }


def _type(page: PaperPage) -> str:
    citation = page.citation
    if citation is None:
        return "GEN"
    written = citation.verbatim.get("TY", "") if citation.format == "RIS" else ""
    return written or _TYPES.get(citation.type, "GEN")


def _citation(page: PaperPage) -> dict[str, Any]:
    """Return the fields of the user's bibliography that RIS has too."""
    if page.citation is None:
        return {}
    fields = page.citation.fields
    record: dict[str, Any] = {
        name: fold(fields[key]) for key, name in _FIELDS.items() if fields.get(key)
    }
    start, _, end = fields.get("pages", "").replace("\u2013", "-").replace("--", "-").partition("-")
    record |= {"start_page": start.strip(), "end_page": end.strip()}
    if page.citation.format == "RIS":
        kept = {tag: text for tag, text in page.citation.verbatim.items() if tag != "TY"}
        record["unknown_tag"] = {tag: [fold(text)] for tag, text in kept.items()}
    return record


def _write_date(page: PaperPage) -> dict[str, str]:
    parts = written_date(page).partition("/")[0].split("-")
    if not parts[0]:
        return {}
    is_season = len(parts) == 2 and int(parts[1]) > 12
    return {"year": parts[0], "date": parts[0] if is_season else "/".join(parts)}


def _write_authors(page: PaperPage) -> list[str]:
    names = cited_names(page)
    authors = [_write_author(author, names.get(fold(author))) for author in page.authors]
    return [author for author in authors if author]


def _write_author(author: str, name: Name | None) -> str:
    if name and name.family:
        return ", ".join(part for part in (name.family, name.given, name.suffix) if part)
    return fold(name.whole) if name and name.literal else _write_name(author)


def _write_name(name: str) -> str:
    parts = split_name(name)
    return ", ".join(" ".join(words) for words in (parts.von + parts.last, parts.first) if words)


def _write_note(note: str) -> str:
    """Return a note as it is, or as HTML if it has several lines or could be taken for HTML."""
    if not _MARKED.search(note):
        return fold(note)
    paragraphs = (
        map(fold, paragraph.split("\n"))
        for paragraph in re.split(r"\n\s*\n", escape(note, quote=False))
    )
    return "".join(f"<p>{'<br/>'.join(lines)}</p>" for lines in paragraphs)
