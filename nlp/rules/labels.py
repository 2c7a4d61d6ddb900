"""Correct labels by the lists of names, by words like "dataset" beside a name, and by its end."""

import re
from collections import defaultdict
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from nlp.rules.name_lists import read_names
from nlp.spans import LABELS

_DATA = r"(?:dataset|data set|benchmark|corpus|leaderboard|test ?set|test suite|testbed)s?\b"
_DATA_AFTER = re.compile(
    rf"\s?\)?,? {_DATA}|,? (?:is )?(?:an?|the first|the) (?:[\w-]+ ){{0,4}}?{_DATA}"
)
_DATA_BEFORE = re.compile(rf"\b{_DATA} (?:called |named |, |,)?\(?$")
_METRIC_HEAD = re.compile(
    r"(?:scores?|iou|mrr|f1|psnr|bleu|\b(?:rates?|costs?|accurac(?:y|ies)|latenc(?:y|ies)|speeds?"
    r"|consumption|footprints?|agreement|index|indices|throughput|perplexity|usage))$",
    re.IGNORECASE,
)
"""The last word, or the end of a name, with which hardly anything but metrics ends."""

_METRIC_AFTER = re.compile(r"\)?,? (?:is )?an? (?:[\w-]+,? ){0,3}?metric\b(?! (?:is|learning)\b)")


class Labels:
    """Gives listed names their listed label, and others DATASET or METRIC if the text says so.

    It does by calling a name a dataset or a metric, or the name ends as metrics do.
    """

    def __init__(self) -> None:
        listed = defaultdict(set)
        for label in LABELS:
            for surface, _ in read_names(label):
                listed[surface.lower()].add(label)
        # A name on the lists of two labels decides nothing.
        self.listed = {
            surface: labels.pop() for surface, labels in listed.items() if len(labels) == 1
        }

    def __call__(self, doc: Doc) -> Doc:
        """Correct the labels of a text's mentions."""
        doc.ents = [*self.find(doc)]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield the mentions with their labels corrected."""
        text = doc.text
        for ent in doc.ents:
            listed = self.listed.get(ent.text.lower())
            label = listed or ent.label_
            if label == ent.label_ == "METHOD":
                if _is_called_data(text, ent):
                    label = "DATASET"
                elif not listed and _is_metric(text, ent):
                    label = "METRIC"
            yield Span(doc, ent.start, ent.end, label=label)


def _is_called_data(text: str, ent: Span) -> bool:
    """Check for patterns such as "NestBench, a benchmark of" and "the dataset NestSet"."""
    if ent.text.islower():
        return False
    before = text[max(0, ent.start_char - 20) : ent.start_char]
    return bool(_DATA_AFTER.match(text, ent.end_char) or _DATA_BEFORE.search(before))


def _is_metric(text: str, ent: Span) -> bool:
    """Check for patterns such as "Nest Quality Index" and "NestGap, a novel metric"."""
    return bool(_METRIC_HEAD.search(ent.text) or _METRIC_AFTER.match(text, ent.end_char))
