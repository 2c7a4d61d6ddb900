"""Render papers as bookmarks in Netscape's format, which browsers and all services read.

The format is described at https://learn.microsoft.com/previous-versions/aa753582(v=vs.85).
"""

from collections.abc import AsyncIterable, AsyncIterator

from markupsafe import Markup

from server.exports.reference import address, read_tags, write_notes
from server.schema.papers import PaperPage
from server.schema.sources import fold, printable

_HEAD = """<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
"""
_BOOKMARK = Markup('<DT><A HREF="{}" ADD_DATE="{}" TOREAD="{}" TAGS="{}">{}</A>\n')


async def render_bookmarks(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one bookmark per paper with an address, its tags as TAGS and its notes below it.

    A tag with a comma comes apart, and papers without an address are left out.
    """
    yield _HEAD.encode()
    async for page in pages:
        if url := _address(page):
            yield _write(page, url).encode()
    yield b"</DL><p>\n"


def _address(page: PaperPage) -> str | None:
    return address(page.url) or (address(f"https://doi.org/{page.doi}") if page.doi else None)


def _write(page: PaperPage, url: str) -> str:
    entry = page.entry if page.entry and not page.entry.deleted else None
    bookmark = _BOOKMARK.format(
        url,
        int(entry.added.timestamp()) if entry else "",
        int(entry is not None and entry.status == "inbox"),
        ",".join(read_tags(page)),
        fold(page.title) or page.key,
    )
    notes = "\n\n".join(write_notes(page))
    return bookmark + (Markup("<DD>{}\n").format(printable(notes)) if notes else "")
