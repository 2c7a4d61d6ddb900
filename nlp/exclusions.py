"""Exclusions: names that are no mentions: those inside an address, and listed organisations, hardware and software."""

import re
from collections.abc import Iterator
from importlib.resources import files

from spacy.tokens import Doc, Span

# an address ends at white space, or at a bracket or brace that LaTeX or Markdown put around it
ADDRESS = re.compile(
    r"(?:https?://|www\.|(?<![\w.])[\w-]+(?:\.[\w-]+)*\.(?:com|org|io|ai|co|net|dev|edu|gov)/)[^\s<>{}()\[\]]*"
    r"|(?<![\w.])[\w-]+\.(?:github|gitlab)\.io\b|[\w.+-]+@[\w-]+\.[\w.]+"
)


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
        """Give the mentions that are no listed other name and touch no address."""
        addresses = [place for address in ADDRESS.finditer(doc.text) for place in range(*address.span())]
        taken = set(addresses)
        for ent in doc.ents:
            is_other = ent.text in self.others or ent.text.lower() in self.others
            if not is_other and taken.isdisjoint((ent.start_char, ent.end_char - 1)):
                yield ent
