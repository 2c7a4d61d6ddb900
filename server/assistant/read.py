"""What assistants can read: each function answers one tool, for one user."""

from datetime import date, datetime

from nlp.spans import Label
from server.assistant.answers import (
    Boards,
    Day,
    FoundPapers,
    FoundTerms,
    Quoted,
    ReadingWeek,
    RelatedPaper,
    RelatedPapers,
    ShownNote,
    ShownPaper,
    ShownTerm,
    TermNotes,
    show_board,
    show_found,
    show_note,
    show_paper,
    show_ranked,
)
from server.days import day_of, midnight
from server.errors import NotFound
from server.papers.days import neighbours, newest_day
from server.papers.days import read_day as read_papers_of_day
from server.papers.list import list_papers
from server.papers.page import read_paper as read_page
from server.papers.related import closest, related
from server.reading_list.notes import list_notes
from server.reading_list.statistics import count_ages, count_topics, count_weeks
from server.schema.reading_list import NoteState
from server.schema.searches import Sort
from server.search.parser import write_field
from server.terms.index import list_terms as list_index
from server.terms.index import read_term
from server.terms.leaderboard import read_boards

MANY = 50  # notes or papers in one answer
PAGE_OF_NOTES = 200


async def search(
    user: int, query: str, *, everything: bool, sort: Sort | None, cursor: str | None, limit: int
) -> FoundPapers:
    """Return a page of the papers that a query finds. Raises `QueryError` and `Invalid`."""
    page = await list_papers(
        user, query, sort=sort, cursor=cursor, limit=limit, everything=everything
    )
    return FoundPapers(
        papers=[show_found(paper) for paper in page.papers],
        total=page.total,
        exact=page.exact,
        next=page.next,
        corrected=page.corrected,
    )


async def read_paper(user: int, key: str) -> ShownPaper:
    """Return a paper with the user's notes and its mentions. Raises `NotFound`."""
    return show_paper(await read_page(key, user))


async def list_terms(user: int, label: Label, words: str, *, after: int, limit: int) -> FoundTerms:
    """Return a page of the terms of a label, those of the user's list first."""
    found = await list_index(user, label, words, after=after, limit=limit)
    terms = [ShownTerm(term.label, term.name, term.papers, term.own) for term in found.terms]
    return FoundTerms(terms=terms, total=found.total, next=found.next)


async def read_board(user: int, dataset: str) -> Boards:
    """Return what papers report on a dataset. Raises `NotFound`."""
    page = await read_term("dataset", dataset, user)
    name = page.state.into or page.state.term
    boards = await read_boards([name, *(part.term for part in page.parts)], user)
    return Boards(dataset=page.state.name, boards=[show_board(board) for board in boards])


async def read_day(user: int, day: date | None) -> Day:
    """Return the papers of a day, or of the newest one, the closest to the user's list first.

    Raises `NotFound` if the store has no page of the day.
    """
    day = day or await newest_day()
    papers = await read_papers_of_day(day, user) if day else []
    if day is None or not papers:
        raise NotFound(f"the store has no Daily Papers of {day}" if day else "the store has no day")
    close = await closest([paper.key for paper in papers], user)
    ranked = [
        show_ranked(paper, position, close.get(paper.key))
        for position, paper in enumerate(papers, start=1)
    ]
    beside = await neighbours(day)
    return Day(
        day=day,
        before=beside.before,
        after=beside.after,
        # papers without a score come last, in the order of the page
        papers=sorted(ranked, key=lambda one: -one.score if one.score is not None else 1e6),
    )


async def find_related(user: int, key: str) -> RelatedPapers:
    """Return the papers that are most like a paper. Raises `NotFound`."""
    return RelatedPapers(
        [
            RelatedPaper(
                paper=one.key,
                title=Quoted(one.title),
                published=one.published,
                status=one.status,
                similarity=one.score,
                reasons=[term.name for term in one.terms],
            )
            for one in await related(key, user)
        ]
    )


async def notes_on_term(user: int, label: Label, name: str) -> TermNotes:
    """Return notes on papers that mention a term, and those that name it. Raises `NotFound`."""
    page = await read_term(label, name, user)
    query = write_field(label.lower(), page.state.into or page.state.term)
    found = await list_papers(user, f"{query} has:note", limit=MANY, everything=True)
    notes = {note.id: note for paper in found.papers for note in paper.card.notes}
    notes |= {note.id: note for note in (await list_notes(user, page.state.name, None, MANY)).notes}
    return TermNotes(term=page.state.name, notes=_newest([*notes.values()]))


async def read_week(user: int, now: datetime) -> ReadingWeek:
    """Return what the user added, read and wrote since Monday, and what they read about."""
    day = day_of(now)
    week = (await count_weeks(user, day))[-1]
    added = await list_papers(user, f"added:>={week.monday}", sort="added", limit=MANY)
    notes = (await list_notes(user, "", None, PAGE_OF_NOTES)).notes
    begin = midnight(week.monday)
    topics = await count_topics(user, "METHOD", day)
    return ReadingWeek(
        monday=week.monday,
        added=week.added,
        read=week.read,
        waiting=sum(await count_ages(user, now)),
        papers=[show_found(paper) for paper in added.papers],
        notes=_newest([note for note in notes if note.updated >= begin]),
        topics=[topic.name for topic in topics.topics],
    )


def _newest(notes: list[NoteState]) -> list[ShownNote]:
    newest = sorted(notes, key=lambda note: note.updated, reverse=True)
    return [show_note(note) for note in newest[:MANY]]
