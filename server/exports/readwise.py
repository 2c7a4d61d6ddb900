"""Render notes as Readwise's CSV (https://readwise.io/import_csv), one row per note.

Readwise passes them on into vaults, so what the user did not type is neutralized here too.
"""

from collections.abc import AsyncIterable, AsyncIterator

from server.exports.foreign_code import neutralize
from server.exports.reference import address, read_notes, read_tags
from server.exports.table import write_cell, write_row
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.schema.sources import fold

_COLUMNS = ("Highlight", "Title", "Author", "URL", "Note", "Location", "Date", "Document tags")


async def render_readwise(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield a header and one row per note: its quote as the highlight, or else its text.

    Papers without notes are left out, because Readwise has no place for them.
    """
    yield write_row(_COLUMNS)
    async for page in pages:
        for number, note in enumerate(read_notes(page), 1):
            if note.quote or note.text.strip():
                yield write_row(tuple(map(write_cell, _row(page, note, number))))


def _row(page: PaperPage, note: NoteState, number: int) -> tuple[object, ...]:
    text = neutralize(note.text) if note.source else note.text
    return (
        neutralize(note.quote.exact) if note.quote else text,
        neutralize(fold(page.title)) or page.key,
        "; ".join(neutralize(fold(name)) for name in page.authors),
        address(page.url) or "",
        text if note.quote else "",
        number,
        note.created.isoformat(sep=" ", timespec="seconds"),
        "; ".join(map(neutralize, read_tags(page))),
    )
