"""Measures: metrics that their look gives away, "pass@1", or a number beside a listed name, "a 2.1x speedup"."""

import re
from collections.abc import Iterator

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp.names import forms, read_names
from nlp.numbers import find_amounts

_AT_RANK = re.compile(r"(?<![\w@.-])[A-Za-z][\w-]*@(?:\d+(?:\.\d+)?\w*|[kKnNmM]|[A-Z][a-z]+)(?![\w@])")

_REACH = 2
"""How many tokens may stand between a number and the metric that it is a value of."""


class Measures:
    """Marks metrics in place of what else touches them, and listed ones where nothing is marked yet.

    A listed metric is often no more than a word; a number with a unit or a fraction beside it tells that it measures.
    """

    def __init__(self, nlp: Language) -> None:
        self.surfaces = {form for name, _ in read_names("METRIC") for form in forms(name)}
        self.matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self.matcher.add("METRIC", [nlp.make_doc(surface) for surface in self.surfaces])

    def __call__(self, doc: Doc) -> Doc:
        """Mark the metrics of a text."""
        found = filter_spans([*_at_ranks(doc), *self.find(doc)])
        taken = {token.i for span in found for token in span}
        doc.ents = [*found, *(ent for ent in doc.ents if taken.isdisjoint(range(ent.start, ent.end)))]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the listed metrics beside a number that touch no mention."""
        free = [span for span in self.matcher(doc, as_spans=True) if not any(token.ent_type for token in span)]
        measured = _beside_numbers(doc) if free else set()
        for span in free:
            listed = span.text in self.surfaces or span.text.lower() in self.surfaces
            if listed and not measured.isdisjoint((span.start, span.end - 1)):
                yield span


def _at_ranks(doc: Doc) -> Iterator[Span]:
    """Give the measures that tell a rank or a threshold, "Recall@5", unless they are part of a longer metric."""
    metrics = {token.i for ent in doc.ents if ent.label_ == "METRIC" for token in ent}
    for found in _AT_RANK.finditer(doc.text):
        span = doc.char_span(*found.span(), label="METRIC")
        if span and not metrics.issuperset(range(span.start, span.end)):
            yield span


def _beside_numbers(doc: Doc) -> set[int]:
    """Give the tokens within reach of the ends of a measured number: one with a unit, a range or a fraction."""
    places: set[int] = set()
    for amount in find_amounts(doc.text):
        if amount.is_measured and (span := doc.char_span(amount.start, amount.end, alignment_mode="expand")):
            places |= {*range(span.start - _REACH - 1, span.end + _REACH + 1)}
    return places
