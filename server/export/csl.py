"""CSL-JSON (https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables). Pure."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import msgspec

from server.export.reference import address, citation_key, read_tags, split_name, write_notes
from server.identity import parse_arxiv_id
from server.source import fold
from server.wire import PaperPage


async def render_csl(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Give an item a paper. Tags are its keyword, notes its annote, and both are whole in its custom part.

    Of these Zotero reads none, so for it they stand in the note as well, which it shows as Extra.
    """
    separator = b"[\n"
    async for page in pages:
        yield separator + msgspec.json.encode({name: value for name, value in _item(page).items() if value})
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _item(page: PaperPage) -> dict[str, Any]:
    arxiv_id, key = parse_arxiv_id(page.key), citation_key(page)
    tags, notes = read_tags(page), write_notes(page)
    return {
        "id": key,
        "citation-key": key,
        "type": "article",
        "title": fold(page.title),
        "author": [name for author in page.authors if (name := _name(author))],
        "issued": {"date-parts": [[page.published.year, page.published.month, page.published.day]]}
        if page.published
        else None,
        "abstract": fold(page.abstract),
        "DOI": fold(page.doi or ""),
        "URL": address(page.url),
        # what Zotero calls the archive id and the repository of a preprint
        "number": f"arXiv:{arxiv_id}" if arxiv_id else None,
        "publisher": "arXiv" if arxiv_id else None,
        "keyword": ", ".join(tags),
        "annote": "\n\n".join(notes),
        # without an id of its own, a paper would be given one that a note names
        "note": _write_extra(tags, notes) if arxiv_id else None,
        "custom": {"papermargin": {"tags": tags, "notes": notes}} if tags or notes else None,
    }


def _name(name: str) -> dict[str, str]:
    parts = split_name(name)
    if not parts.first:
        return {"literal": " ".join(parts.von + parts.last)} if parts.last else {}
    named = {"family": parts.last, "given": parts.first, "non-dropping-particle": parts.von}
    return {variable: " ".join(words) for variable, words in named.items() if words}


def _write_extra(tags: list[str], notes: list[str]) -> str:
    """Give tags and notes as text; quoted, for Zotero takes a line like "DOI: x" for the item's own data."""
    lines = [f"Tags: {', '.join(tags)}"] if tags else []
    for note in notes:
        lines += ["", *(f"> {line}" for line in note.split("\n"))]
    return "\n".join(lines).strip()
