"""Labels: a listed name has its listed label, and what the text calls a dataset or a benchmark is a DATASET."""

import re
from collections import defaultdict
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from nlp.names import read_names
from nlp.spans import LABELS

_DATA = r"(?:dataset|data set|benchmark|corpus|leaderboard|test ?set|test suite|testbed)s?\b"
_DATA_AFTER = re.compile(rf"\s?\)?,? {_DATA}|,? (?:is )?(?:an?|the first|the) (?:[\w-]+ ){{0,4}}?{_DATA}")
_DATA_BEFORE = re.compile(rf"\b{_DATA} (?:called |named |, |,)?\(?$")


class Labels:
    """Corrects the labels of mentions that the lists or the words around them know better."""

    def __init__(self) -> None:
        listed = defaultdict(set)
        for label in LABELS:
            for surface, _ in read_names(label):
                listed[surface.lower()].add(label)
        self.listed = {surface: labels.pop() for surface, labels in listed.items() if len(labels) == 1}

    def __call__(self, doc: Doc) -> Doc:
        """Label what is known."""
        doc.ents = [*self.find(doc)]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the mentions with their labels corrected."""
        text = doc.text
        for ent in doc.ents:
            label = self.listed.get(ent.text.lower(), ent.label_)
            if label == ent.label_ == "METHOD" and _is_called_data(text, ent):
                label = "DATASET"
            yield Span(doc, ent.start, ent.end, label=label)


def _is_called_data(text: str, ent: Span) -> bool:
    """Tell whether a name is called a data set where it stands: "NestBench, a benchmark of", "the dataset NestSet"."""
    if ent.text.islower():
        return False
    before = text[max(0, ent.start_char - 20) : ent.start_char]
    return bool(_DATA_AFTER.match(text, ent.end_char) or _DATA_BEFORE.search(before))
