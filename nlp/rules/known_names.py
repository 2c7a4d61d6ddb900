"""Lists of well-known methods, datasets, metrics and tasks, and the component that marks them."""

from collections.abc import Iterator

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp.rules.name_lists import read_names
from nlp.spans import Label

FOUND: tuple[Label, ...] = ("METHOD", "DATASET")
"""The labels whose listed names are mentions wherever they stand.

Names of tasks and metrics are often ordinary words, so they are left to the tagger.
"""


class KnownNames:
    """Marks known names where nothing is marked yet.

    A name that is listed in lower case is found in any case, others only as they are listed.
    """

    def __init__(self, nlp: Language) -> None:
        self.matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self.surfaces: dict[str, set[str]] = {}
        for label in FOUND:
            for surface in {form for name, _ in read_names(label) for form in forms(name)}:
                self.matcher.add(label, [nlp.make_doc(surface)])
                self.surfaces.setdefault(label, set()).add(surface)

    def __call__(self, doc: Doc) -> Doc:
        """Mark the known names of a text, the longest first."""
        doc.ents = [*doc.ents, *filter_spans(self.find(doc))]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the known names that do not overlap a mention."""
        for span in self.matcher(doc, as_spans=True):
            listed = self.surfaces[span.label_]
            is_listed = span.text in listed or span.text.lower() in listed
            if is_listed and not any(token.ent_type for token in span):
                yield span


def forms(name: str) -> tuple[str, ...]:
    """Return a name and, if it is an ordinary phrase, its plural."""
    if name.islower() and name[-1].isalpha() and name[-1] != "s":
        return (name, f"{name}s")
    return (name,)
