"""A paper's text cut where something begins or ends in it: the mentions of terms, and what notes quote. Pure."""

from collections.abc import Iterable
from itertools import pairwise
from uuid import UUID

from msgspec import Struct

from nlp.spans import Mention
from server.quote import find_quote
from server.wire import NoteState, PaperPage


class Piece(Struct, frozen=True):
    """A stretch of text in which nothing begins or ends, the mention around it, and the notes that quote it."""

    text: str
    mention: Mention | None
    notes: tuple[UUID, ...]


def cut_abstract(page: PaperPage) -> list[Piece]:
    """Give a paper's abstract in pieces."""
    offset = len(page.title) + 1  # mentions count the characters of title, newline, abstract
    mentions = [
        Mention(m.start - offset, m.end - offset, m.label, m.term, m.confidence)
        for m in page.mentions
        if m.start >= offset
    ]
    return _cut(page.abstract, mentions, anchors(page.abstract, page.notes))


def anchors(text: str, notes: Iterable[NoteState]) -> dict[UUID, tuple[int, int]]:
    """Give where the quotes of notes stand in a text; those that are gone from it are left out."""
    spans = {note.id: find_quote(text, note.quote) for note in notes if note.quote}
    return {note: span for note, span in spans.items() if span}


def _cut(text: str, mentions: list[Mention], quotes: dict[UUID, tuple[int, int]]) -> list[Piece]:
    inner = [mention for mention in mentions if 0 <= mention.start < mention.end <= len(text)]
    spans = [(mention.start, mention.end) for mention in inner] + [*quotes.values()]
    edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
    return [
        Piece(
            text[start:end],
            next((mention for mention in inner if mention.start <= start and end <= mention.end), None),
            tuple(note for note, (first, last) in quotes.items() if first <= start and end <= last),
        )
        for start, end in pairwise(edges)
    ]
