"""Exclusions: what is marked and is no mention: names in addresses, listed other names, and markup at the borders."""

import re
from collections.abc import Iterator
from importlib.resources import files

from spacy.tokens import Doc, Span

# an address ends at white space, or at a bracket or brace that LaTeX or Markdown put around it; what a macro refers to
# is one too
ADDRESS = re.compile(
    r"(?:https?://|www\.|(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?:com|org|io|ai|co|net|dev|edu|gov)/)[^\s<>{}()\[\]]*"
    r"|(?<![\w.-])[\w-]+\.(?:github|gitlab)\.io\b[^\s<>{}()\[\]]*|\bdoi:\S+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"
    r"|\\(?:cite[pt]?|(?:page|eq|c|auto)?ref|label|url|href|input|usepackage)(?:\[[^\[\]{}]*\])?\{[^{}]*\}"
)
HARDWARE = re.compile(
    r"(?:NVIDIA |GeForce )*(?:RTX|GTX)[ -]?\d{3,4}(?: ?Ti)?s?|(?:Apple )?M\d(?:[ -](?:Pro|Max|Ultra))"
    r"|Raspberry(?: Pi)?(?: \d\w?)?|Jetson[ -]\w+"
)
LONGEST = 200
"""The length of the longest mention; the longest that was ever labelled has 99 characters."""

MARKUP = re.compile(r"\s+|[{}$~]+|\\[A-Za-z]+\{?|</?[a-z][a-z0-9]*/?>")


class Exclusions:
    """Takes away what is marked and is no mention; a name listed in lower case is none in any case."""

    def __init__(self) -> None:
        self.others = set(files("nlp").joinpath("names", "others.txt").read_text("utf-8").splitlines())

    def __call__(self, doc: Doc) -> Doc:
        """Keep the mentions that are one."""
        if doc.ents:
            doc.ents = [*self.find(doc)]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the mentions, without markup at their borders, that are no listed other name and touch no address."""
        taken = {place for address in ADDRESS.finditer(doc.text) for place in range(*address.span())}
        for ent in filter(None, map(_trimmed, doc.ents)):
            if self._is_name(ent.text) and taken.isdisjoint((ent.start_char, ent.end_char - 1)):
                yield ent

    def _is_name(self, surface: str) -> bool:
        is_other = surface in self.others or surface.lower() in self.others or HARDWARE.fullmatch(surface)
        return not is_other and len(surface) <= LONGEST and any(map(str.isalnum, surface))


def _trimmed(span: Span) -> Span | None:
    """Give a span without the markup at its borders, None if it is nothing else."""
    kept = [token.i for token in span if not MARKUP.fullmatch(token.text)]
    return Span(span.doc, kept[0], kept[-1] + 1, label=span.label) if kept else None
