"""Coined names: words whose spelling tells that somebody made them up, as authors name their methods and benchmarks."""

import re
from collections.abc import Iterator
from importlib.resources import files

from spacy.tokens import Doc, Span

from nlp.spans import Label

_LONGEST = 40
_WORD = re.compile(r"(?<![\w\\/@.$^_-])[A-Za-z0-9]+(?:[-+.][A-Za-z0-9]+)*\+*(?![\w/@])")
# two capitals after small letters or digits and letters mixed, four capitals; not a size, a year or a plain compound
_COINED = re.compile(
    r"(?=.*[A-Z])(?:.*[a-z][A-Z].*|.*[A-Z]{2}.*[a-z]{2}.*|[A-Z]{4,}s?|.*[A-Za-z].*\d.*|\d.*[A-Z].*[a-z].*)"
)
_COMPOUND = re.compile(
    r"(?:[A-Za-z]?[a-z]+|AI|GUI|GPU|\dD)(?:-(?:[A-Za-z]?[a-z]+|AI|GUI|GPU|\dD))+|\d[\d.]*[A-Za-z]{1,2}(?:-[a-z]+)?"
)
_DATA_NAME = re.compile(
    r".*(?:[Bb]ench|BENCH|Eval|QA|Arena|Gym|Set|Data|[Cc]orpus|\d+[KM]|Verified|[Ww]eb|CoT-\d+\w)(?:[-+ ]?[\w.+]{1,4})?"
)
_DATA_NOUN = (
    r"\b(?:benchmarks?|data ?sets?|corpus|corpora|leaderboards?|test ?bed|challenges?|test ?sets?|test suite)\b"
)
_DATA_AFTER = re.compile(
    rf"(?:,? (?:is )?an? |: an? |,? the first |[)\s]*)(?:[\w-]+ ){{0,5}}?{_DATA_NOUN}", re.IGNORECASE
)
_DATA_BEFORE = re.compile(
    rf"{_DATA_NOUN}(?: named| called|,? such as| like|,? including|:|,| \(e\.g\.,)?(?: [\w-]+,| [\w-]+ and|,)* ?\(?$"
)


class CoinedNames:
    """Marks coined names where nothing is marked yet, as DATASET if the text calls them one, else as METHOD."""

    def __init__(self) -> None:
        self.others = set(files("nlp").joinpath("names", "others.txt").read_text("utf-8").splitlines())

    def __call__(self, doc: Doc) -> Doc:
        """Mark the coined names of a text."""
        doc.ents = [*doc.ents, *self.find(doc)]
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give the coined names that touch no mention, each with the one label of all its places."""
        text = doc.text
        places: dict[str, list[tuple[int, int]]] = {}
        for word in _WORD.finditer(text):
            if self._is_coined(word[0]):
                places.setdefault(word[0], []).append(word.span())
        for name, spans in places.items():
            label = _label(name, text, spans)
            for start, end in spans:
                span = doc.char_span(start, end, label=label)
                if span and not any(token.ent_type or token.like_url for token in span):
                    yield span

    def _is_coined(self, word: str) -> bool:
        if len(word) > _LONGEST or word in self.others:
            return False
        return bool(_COINED.fullmatch(word)) and not _COMPOUND.fullmatch(word)


def _label(name: str, text: str, places: list[tuple[int, int]]) -> Label:
    """Tell a data set from a method by the name's ending and the words around its places."""
    if _DATA_NAME.fullmatch(name):
        return "DATASET"
    called = any(
        _DATA_AFTER.match(text, end, end + 60) or _DATA_BEFORE.search(text[max(0, start - 60) : start])
        for start, end in places
    )
    return "DATASET" if called else "METHOD"
