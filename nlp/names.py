"""Known names: lists of well-known methods, datasets, metrics and tasks, and the component that marks some of them."""

from collections.abc import Iterator
from importlib.resources import files

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp.spans import Label


def read_names(label: Label) -> Iterator[tuple[str, str]]:
    """Give surface and term of each known name: `names/*.txt`, a surface a line, its term after a tab if it differs."""
    for line in files("nlp").joinpath("names", f"{label.lower()}s.txt").read_text("utf-8").splitlines():
        surface, _, term = line.partition("\t")
        yield surface, term or surface


FOUND: tuple[Label, ...] = ("METHOD", "DATASET")
"""The labels of which a listed name is a mention wherever it stands; tasks and metrics often are no more than words."""


class Names:
    """Marks known names where nothing is marked yet; one that is listed in lower case is found in any case."""

    def __init__(self, nlp: Language) -> None:
        self.matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self.surfaces: dict[str, set[str]] = {}
        for label in FOUND:
            for surface in {form for name, _ in read_names(label) for form in forms(name)}:
                self.matcher.add(label, [nlp.make_doc(surface)])
                self.surfaces.setdefault(label, set()).add(surface)

    def __call__(self, doc: Doc) -> Doc:
        """Mark the known names of a text, longest first."""
        doc.ents = [*doc.ents, *filter_spans(self.find(doc))]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the known names that touch no mention."""
        for span in self.matcher(doc, as_spans=True):
            listed = self.surfaces[span.label_]
            if (span.text in listed or span.text.lower() in listed) and not any(token.ent_type for token in span):
                yield span


def forms(name: str) -> tuple[str, ...]:
    """Give a name and, of one that is an ordinary phrase, its plural."""
    return (name, f"{name}s") if name.islower() and name[-1].isalpha() and name[-1] != "s" else (name,)
