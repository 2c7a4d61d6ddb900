"""Spans of a paper's abstract: the mentions of terms, and what notes quote."""

from collections.abc import Iterable
from itertools import chain, pairwise
from uuid import UUID

from msgspec import Struct

from nlp.spans import Mention
from server.schema.papers import PaperPage
from server.schema.quote import find_quote
from server.schema.reading_list import NoteState


class Piece(Struct, frozen=True):
    """A stretch of text in which nothing begins or ends, the mention around it, and the notes that
    quote it.
    """

    text: str
    mention: Mention | None
    notes: tuple[UUID, ...]


def cut_abstract(page: PaperPage) -> list[Piece]:
    """Return a paper's abstract in pieces."""
    offset = len(page.title) + 1  # mentions count the characters of title, newline, abstract
    mentions = [
        Mention(m.start - offset, m.end - offset, m.label, m.term, m.confidence)
        for m in page.mentions
        if m.start >= offset
    ]
    return _cut(page.abstract, mentions, anchors(page.abstract, page.notes))


def anchors(text: str, notes: Iterable[NoteState]) -> dict[UUID, tuple[int, int]]:
    """Return where the quotes of notes stand in a text, leaving out those that are gone from it."""
    spans = {note.id: find_quote(text, note.quote) for note in notes if note.quote}
    return {note: span for note, span in spans.items() if span}


def _cut(text: str, mentions: list[Mention], quotes: dict[UUID, tuple[int, int]]) -> list[Piece]:
    inner = [mention for mention in mentions if 0 <= mention.start < mention.end <= len(text)]
    spans = [(mention.start, mention.end) for mention in inner] + [*quotes.values()]
    edges = sorted({0, len(text), *chain.from_iterable(spans)})
    return [_piece(text, start, end, inner, quotes) for start, end in pairwise(edges)]


def _piece(
    text: str, start: int, end: int, mentions: list[Mention], quotes: dict[UUID, tuple[int, int]]
) -> Piece:
    around = (mention for mention in mentions if mention.start <= start and end <= mention.end)
    notes = (note for note, (first, last) in quotes.items() if first <= start and end <= last)
    return Piece(text[start:end], next(around, None), tuple(notes))
