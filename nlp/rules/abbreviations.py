"""Label the abbreviations that a text defines in brackets like their long forms."""

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp.abbreviations import Abbreviation, find_abbreviations

_TAIL = re.compile(
    r"[)\]] (?:(?:image|video|speech) )?(?:generation|synthesis|reconstruction|segmentation"
    r"|recognition|translation|detection|grounding|navigation|comprehension|automation|caching"
    r"|cache|decoding)\b"
)

DEFINED = "abbreviations"
"""The key of a text's abbreviations in `Doc.user_data`."""


class Abbreviations:
    """Marks both forms of an abbreviation where one is marked, with the label of the long form.

    A term that goes on after the bracket, "point cloud (PCD) reconstruction", is marked as a whole.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Mark abbreviations and their long forms alike."""
        doc.user_data[DEFINED] = [*find_abbreviations(doc.text)]
        found = filter_spans(self.find(doc))
        taken = {token.i for span in found for token in span}
        others = [ent for ent in doc.ents if taken.isdisjoint(range(ent.start, ent.end))]
        doc.ents = [*found, *others]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the forms of each abbreviation of which a form is a mention.

        Nothing is yielded for an abbreviation that is part of a longer mention.
        """
        mention_at = {
            place: ent for ent in doc.ents for place in range(ent.start_char, ent.end_char)
        }
        for abbreviation in doc.user_data[DEFINED]:
            yield from filter(None, _marked_forms(doc, abbreviation, mention_at))


def _marked_forms(
    doc: Doc, abbreviation: Abbreviation, mention_at: dict[int, Span]
) -> list[Span | None]:
    """Return the spans to mark for one abbreviation; None for one that token boundaries forbid."""
    long, short = abbreviation
    whole, brief = mention_at.get(long[1] - 1), mention_at.get(short[0])
    known = whole or brief
    if not known:
        return []
    if tail := _tail(doc, short, mention_at):
        return [doc.char_span(long[0], tail[0], label=tail[1])]
    if brief and (brief.start_char, brief.end_char) != short:
        return []
    return [doc.char_span(start, end, label=known.label) for start, end in (long, short)]


def _tail(doc: Doc, short: tuple[int, int], mention_at: dict[int, Span]) -> tuple[int, str] | None:
    """Return the end and the label of a term that goes on after the bracket, or None."""
    brief, after = mention_at.get(short[0]), mention_at.get(short[1] + 2)
    if brief and brief.start_char >= short[0] - 1 and brief.end_char > short[1] + 1:
        return brief.end_char, brief.label_
    if found := _TAIL.match(doc.text, short[1]):
        return found.end(), "TASK"
    if brief and after and after.start_char == short[1] + 2 and after.text.islower():
        return after.end_char, after.label_
    return None
