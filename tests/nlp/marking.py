"""Marks surfaces of a text as mentions, as a component before the one under test would."""

from spacy.tokens import Doc, Span


def mark(doc: Doc, surface: str, label: str) -> Span:
    """Give the last place of a surface, out to the borders of its tokens, as a mention."""
    start = doc.text.rindex(surface)
    span = doc.char_span(start, start + len(surface), label=label, alignment_mode="expand")
    assert span
    return span
