"""Mark metrics by their form ("pass@1", "AP70"), and listed ones by a number ("2.1x speedup")."""

import re
from collections.abc import Iterator

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp.results.numbers import find_amounts
from nlp.rules.known_names import forms
from nlp.rules.name_lists import read_names

_AT_RANK = re.compile(
    r"(?<![\w@.-])(?:[A-Za-z][\w-]*@(?:\d+(?:\.\d+)?\w*|[kKnNmM]|[A-Z][a-z]+)|m?AP_?\d\d)"
    r"(?![\w@])"
)

_REACH = 2
"""The number of tokens allowed between a number and the metric that it is a value of."""


class MetricPatterns:
    """Marks metrics with a rank in place of overlapping mentions, and listed ones where none is.

    A listed metric is often an ordinary word. A number with a unit or a fraction beside it shows
    that it is used as a metric.
    """

    def __init__(self, nlp: Language) -> None:
        self.surfaces = {form for name, _ in read_names("METRIC") for form in forms(name)}
        self.matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self.matcher.add("METRIC", [nlp.make_doc(surface) for surface in self.surfaces])

    def __call__(self, doc: Doc) -> Doc:
        """Mark the metrics of a text."""
        found = filter_spans([*_at_ranks(doc), *self.find(doc)])
        taken = {token.i for span in found for token in span}
        others = [ent for ent in doc.ents if taken.isdisjoint(range(ent.start, ent.end))]
        doc.ents = [*found, *others]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the listed metrics beside a number that do not overlap a mention."""
        free = [
            span
            for span in self.matcher(doc, as_spans=True)
            if not any(token.ent_type for token in span)
        ]
        measured = _beside_numbers(doc) if free else set()
        for span in free:
            listed = span.text in self.surfaces or span.text.lower() in self.surfaces
            if listed and not measured.isdisjoint((span.start, span.end - 1)):
                yield span


def _at_ranks(doc: Doc) -> Iterator[Span]:
    """Yield metrics with a rank or threshold ("Recall@5") that are not part of a longer metric."""
    metrics = {token.i for ent in doc.ents if ent.label_ == "METRIC" for token in ent}
    for found in _AT_RANK.finditer(doc.text):
        span = doc.char_span(*found.span(), label="METRIC")
        if span and not metrics.issuperset(range(span.start, span.end)):
            yield span


def _beside_numbers(doc: Doc) -> set[int]:
    """Return the tokens within reach of a measured number: one with a unit, range or fraction."""
    places: set[int] = set()
    for amount in find_amounts(doc.text):
        if not amount.is_measured:
            continue
        if span := doc.char_span(amount.start, amount.end, alignment_mode="expand"):
            places |= {*range(span.start - _REACH - 1, span.end + _REACH + 1)}
    return places
