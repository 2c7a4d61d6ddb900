"""Remove what is not a mention: names in addresses, other names, markup, other sentences."""

import re
from collections.abc import Iterator
from importlib.resources import files

from spacy.tokens import Doc, Span

# An address ends at white space, or at a bracket or brace that LaTeX or Markdown put around it.
# The argument of a macro that refers to something (\cite, \ref) counts as an address too.
ADDRESS = re.compile(
    r"(?:https?://|www\."
    r"|(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?:com|org|io|ai|co|net|dev|edu|gov)/)[^\s<>{}()\[\]]*"
    r"|(?<![\w.-])[\w-]+\.(?:github|gitlab)\.io\b[^\s<>{}()\[\]]*|\bdoi:\S+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"
    r"|\\(?:cite[pt]?|(?:page|eq|c|auto)?ref|label|url|href|input|usepackage)"
    r"(?:\[[^\[\]{}]*\])?\{[^{}]*\}"
)
HARDWARE = re.compile(
    r"(?:NVIDIA |GeForce )*(?:RTX|GTX)[ -]?\d{3,4}(?: ?Ti)?s?"
    r"|(?:Apple )?M\d(?:[ -](?:Pro|Max|Ultra))"
    r"|Raspberry(?: Pi)?(?: \d\w?)?|Jetson[ -]\w+"
)
LONGEST = 200
"""The most characters of a mention; the longest that was ever labelled has 99."""

MARKUP = re.compile(r"\s+|[{}$~]+|\\[A-Za-z]+\{?|</?[a-z][a-z0-9]*/?>|[,.;:!?\"'“”‘’`…|/–—-]+")
"""Tokens with which no mention begins or ends: white space, LaTeX, tags and punctuation."""

SENTENCE_END = re.compile(
    r"\n|(?<![A-Z])(?<!\bvs)(?<!\bal)(?<!\bSt)(?<!\be\.g)(?<!\bi\.e)[.!?][\"”)]?\s+(?=[A-Z])"
)
"""The end of a title or a sentence; an initial ("J. Smith") and a few abbreviations end none."""


class Exclusions:
    """Removes mentions that are not one; a name listed in lower case is excluded in any case."""

    def __init__(self) -> None:
        listed = files("nlp").joinpath("names", "others.txt").read_text("utf-8")
        self.others = set(listed.splitlines())

    def __call__(self, doc: Doc) -> Doc:
        """Remove what is not a mention from a text."""
        if doc.ents:
            doc.ents = [*self.find(doc)]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the mentions that are kept, inside one sentence and without markup at the ends."""
        addresses = [range(*found.span()) for found in ADDRESS.finditer(doc.text)]
        taken = {place for address in addresses for place in address}
        for ent in filter(None, map(_trimmed, map(_first_sentence, doc.ents))):
            if self._is_name(ent.text) and taken.isdisjoint(range(ent.start_char, ent.end_char)):
                yield ent

    def _is_name(self, surface: str) -> bool:
        if surface in self.others or surface.lower() in self.others:
            return False
        if HARDWARE.fullmatch(surface) or len(surface) > LONGEST:
            return False
        return any(map(str.isalnum, surface))


def _first_sentence(span: Span) -> Span:
    """Return the part of a span before the first end of a sentence inside it."""
    text, end = span.text, len(span.text.rstrip())
    ends = (found.start() for found in SENTENCE_END.finditer(text) if 0 < found.start() < end - 1)
    cut = next(ends, None)
    if cut is None:
        return span
    kept = [token.i for token in span if token.idx < span.start_char + cut]
    return Span(span.doc, kept[0], kept[-1] + 1, label=span.label)


def _trimmed(span: Span) -> Span | None:
    """Return a span without the markup at its ends, or None if nothing else is left."""
    kept = [token.i for token in span if not MARKUP.fullmatch(token.text)]
    return Span(span.doc, kept[0], kept[-1] + 1, label=span.label) if kept else None
