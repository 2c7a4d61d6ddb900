"""Render papers as CSL-JSON.

https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables
"""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import msgspec

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
    "article": "article-journal", "inproceedings": "paper-conference",
    "conference": "paper-conference", "book": "book", "incollection": "chapter",
    "inbook": "chapter", "phdthesis": "thesis", "mastersthesis": "thesis", "thesis": "thesis",
    "techreport": "report", "report": "report", "unpublished": "manuscript",
}  # fmt: skip
# BibTeX's names, and CSL's
_FIELDS = {
    "booktitle": "container-title", "journal": "container-title",
    "journaltitle": "container-title", "volume": "volume", "number": "issue", "pages": "page",
    "address": "publisher-place", "issn": "ISSN", "isbn": "ISBN", "series": "collection-title",
    "edition": "edition", "language": "language",
}  # fmt: skip


async def render_csl(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one item per paper, with tags as keyword and notes as annote.

    Both also stand unjoined in the custom part. Zotero reads none of these, so they are repeated in
    `note`, which it shows as Extra.
    """
    separator = b"[\n"
    async for page in pages:
        yield separator + msgspec.json.encode(
            {name: value for name, value in _item(page).items() if value}
        )
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _item(page: PaperPage) -> dict[str, Any]:
    arxiv_id, key = parse_arxiv_id(page.key), citation_key(page)
    tags, notes = read_tags(page), write_notes(page)
    url, publisher = _cited(page, "url"), fold(_cited(page, "publisher"))
    return {
        "id": key,
        "citation-key": key,
        **_citation(page),
        "type": _type(page),
        "title": fold(page.title),
        "author": _write_authors(page),
        "issued": _write_date(page),
        "abstract": fold(page.abstract),
        "DOI": fold(page.doi or ""),
        "URL": address(url) or address(page.url),
        # what Zotero calls the archive id and the repository of a preprint
        "number": arxiv_id and f"arXiv:{arxiv_id}",
        "publisher": publisher or (arxiv_id and "arXiv"),
        "keyword": ", ".join(tags),
        "annote": "\n\n".join(notes),
        # without an id of its own, a paper would be given one that a note names
        "note": arxiv_id and _write_extra(tags, notes),
        "custom": {"papermargin": {"tags": tags, "notes": notes}} if tags or notes else None,
    }


def _cited(page: PaperPage, name: str) -> str:
    return page.citation.fields.get(name, "") if page.citation else ""


def _type(page: PaperPage) -> str:
    return _TYPES.get(page.citation.type, "article") if page.citation else "article"


def _citation(page: PaperPage) -> dict[str, str]:
    """Return the fields of the user's bibliography that CSL has too."""
    fields = page.citation.fields if page.citation else {}
    return {name: fold(fields[key]) for key, name in _FIELDS.items() if fields.get(key)}


def _write_date(page: PaperPage) -> dict[str, Any] | None:
    dates = [
        [int(part) for part in date.split("-") if part.isdigit()]
        for date in written_date(page).split("/")
    ]
    parts = [date for date in dates if date]
    if not parts:
        return None
    if len(parts[0]) == 2 and parts[0][1] > 12:
        return {"date-parts": [parts[0][:1]], "season": parts[0][1] - 20}
    return {"date-parts": parts}


def _write_authors(page: PaperPage) -> list[dict[str, str]]:
    names = cited_names(page)
    authors = [_write_author(author, names.get(fold(author))) for author in page.authors]
    return [author for author in authors if author]


def _write_author(author: str, name: Name | None) -> dict[str, str]:
    if name and name.literal:
        return {"literal": fold(name.whole)}
    if name is None or not name.family:
        return _name(author)
    parts = split_name(f"{name.given} {name.family}" if name.given else name.family)
    von = " ".join(parts.von)
    family = name.family.removeprefix(von).strip()
    named = {
        "family": family,
        "given": name.given,
        "suffix": name.suffix,
        "non-dropping-particle": von if family != name.family else "",
    }
    return {variable: text for variable, text in named.items() if text}


def _name(name: str) -> dict[str, str]:
    parts = split_name(name)
    if not parts.first:
        return {"literal": " ".join(parts.von + parts.last)} if parts.last else {}
    named = {"family": parts.last, "given": parts.first, "non-dropping-particle": parts.von}
    return {variable: " ".join(words) for variable, words in named.items() if words}


def _write_extra(tags: list[str], notes: list[str]) -> str:
    """Return tags and notes as text, notes quoted: Zotero takes a line like "DOI: x" for data."""
    lines = [f"Tags: {', '.join(tags)}"] if tags else []
    for note in notes:
        lines += ["", *(f"> {line}" for line in note.split("\n"))]
    return "\n".join(lines).strip()
