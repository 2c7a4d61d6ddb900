"""All notes: by date or by paper, searched."""

from typing import Annotated, Literal

from litestar import Response
from litestar.params import FromQuery, QueryParameter

from server.margin import list_noted, list_notes, read_titles
from server.pages.shell import Reading, render
from server.wire import NotedPaper, NotedPapers

PAGE = 40

Order = Literal["date", "paper"]


async def get_notes(
    request: Reading,
    q: Annotated[str, QueryParameter(max_length=500)] = "",
    by: FromQuery[Order] = "date",
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Response[str]:
    """Show notes: each under its paper's title, or a paper's together."""
    reader = request.user.user
    found = await (list_noted(reader, q, cursor, PAGE) if by == "paper" else _by_date(reader, q, cursor))
    return render(request, "notes.html", found=found, q=q, by=by, is_later=cursor is not None)


async def _by_date(reader: int, words: str, cursor: str | None) -> NotedPapers:
    found = await list_notes(reader, words, cursor, PAGE)
    titles = await read_titles([note.key for note in found.notes])
    papers = [NotedPaper(key=note.key, title=titles[note.key], notes=[note]) for note in found.notes]
    return NotedPapers(papers=papers, next=found.next)
