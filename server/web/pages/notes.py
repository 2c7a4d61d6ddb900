"""All notes by date or by paper, with a search."""

from typing import Annotated, Literal

from litestar import Response
from litestar.params import FromQuery, QueryParameter

from server.papers.note_links import resolve_links
from server.papers.page import read_titles
from server.reading_list.notes import list_noted, list_notes
from server.schema.reading_list import NotedPaper, NotedPapers
from server.web.pages.layout import PageRequest, render

PAGE = 40

Order = Literal["date", "paper"]


async def get_notes(
    request: PageRequest,
    q: Annotated[str, QueryParameter(max_length=500)] = "",
    by: FromQuery[Order] = "date",
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Response[str]:
    """Show notes by date, or grouped by paper."""
    user = request.user.user
    found = await (
        list_noted(user, q, cursor, PAGE) if by == "paper" else _by_date(user, q, cursor)
    )
    notes = [note for paper in found.papers for note in paper.notes]
    links = await resolve_links((note.text for note in notes), user)
    is_later = cursor is not None
    return render(request, "notes.html", found=found, links=links, q=q, by=by, is_later=is_later)


async def _by_date(user: int, words: str, cursor: str | None) -> NotedPapers:
    found = await list_notes(user, words, cursor, PAGE)
    titles = await read_titles([note.key for note in found.notes])
    papers = [
        NotedPaper(key=note.key, title=titles[note.key], notes=[note]) for note in found.notes
    ]
    return NotedPapers(papers=papers, next=found.next)
