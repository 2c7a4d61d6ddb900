"""Finding quotes in a changed text, and cutting a text into pieces at mentions and quotes."""

import string
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from nlp.spans import Mention
from server.papers.spans import anchors, cut_abstract
from server.schema.papers import PaperPage
from server.schema.quote import Quote, find_quote, make_quote
from server.schema.reading_list import NoteState

TEXT = "Moss grows slowly. Moss grows in bogs.\nIt is patient."
NOW = datetime(2026, 3, 5, tzinfo=UTC)
WORDS = st.text(string.ascii_lowercase[:3] + " \n", min_size=1, max_size=40)


def note(number: int, quote: Quote | None) -> NoteState:
    return NoteState(
        id=UUID(int=number), key="", text="", quote=quote, version=1, created=NOW, updated=NOW
    )


def page(abstract: str, mentions: list[Mention], notes: list[NoteState]) -> PaperPage:
    return PaperPage(
        key="", aliases=[], title="On Moss", abstract=abstract, authors=[], author_count=None,
        published=None, url=None, code_url=None, project_url=None, doi=None, organization=None,
        categories=[], upvotes=None, comments=None, extraction="done", extraction_version=None,
        seen=False, entry=None, notes=notes, corrections=[], mentions=mentions, terms=[],
        results=[], places=[],
    )  # fmt: skip


def test_a_repeated_quote_is_found_by_its_context() -> None:
    start = TEXT.rindex("Moss")
    assert find_quote(TEXT, make_quote(TEXT, start, start + 10)) == (start, start + 10)
    assert find_quote(TEXT, Quote(exact="Moss grows", prefix="slowly. ")) == (start, start + 10)


def test_the_position_decides_if_the_context_does_not() -> None:
    assert find_quote("ab ab ab", Quote(exact="ab", start=4)) == (3, 5)


def test_a_quote_is_found_when_its_white_space_differs() -> None:
    start = TEXT.index("bogs")
    assert find_quote(TEXT, Quote(exact="bogs.  It\tis")) == (start, start + len("bogs.\nIt is"))


def test_a_quote_whose_words_are_gone_is_not_found() -> None:
    assert find_quote(TEXT, Quote(exact="Fern")) is None
    assert find_quote(TEXT, Quote(exact=" \n ")) is None
    assert anchors(TEXT, [note(1, Quote(exact="Fern")), note(2, None)]) == {}


@given(WORDS, st.data())
def test_any_quoted_span_is_found_again(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = find_quote(text, make_quote(text, start, end))
    if not text[start:end].strip():
        assert found is None
    else:
        assert found is not None
        assert "".join(text[slice(*found)].split()) == "".join(text[start:end].split())


def test_pieces_have_their_mention_and_notes() -> None:
    offset = len("On Moss") + 1
    mentions = [Mention(0, 2, "TASK", "On"), Mention(offset, offset + 10, "METHOD", "Moss")]
    pieces = cut_abstract(page(TEXT, mentions, [note(1, Quote(exact="grows slowly"))]))
    told = [
        (piece.text, piece.mention.term if piece.mention else "", len(piece.notes))
        for piece in pieces
    ]
    assert told[:3] == [("Moss ", "Moss", 0), ("grows", "Moss", 1), (" slowly", "", 1)]


@given(
    WORDS,
    st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 60)), max_size=6),
    st.lists(WORDS, max_size=3),
)
def test_pieces_add_up_to_the_text_whatever_spans_overlap(
    text: str, spans: list[tuple[int, int]], quotes: list[str]
) -> None:
    mentions = [Mention(start, end, "METHOD", "x") for start, end in spans]
    notes = [note(number, Quote(exact=quote)) for number, quote in enumerate(quotes)]
    pieces = cut_abstract(page(text, mentions, notes))
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
