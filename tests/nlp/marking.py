"""Mark surfaces of a text as mentions, as a component before the one under test would."""

from spacy.tokens import Doc, Span


def mark(doc: Doc, surface: str, label: str) -> Span:
    """Return the last occurrence of a surface, extended to whole tokens, as a mention."""
    start = doc.text.rindex(surface)
    span = doc.char_span(start, start + len(surface), label=label, alignment_mode="expand")
    assert span
    return span
