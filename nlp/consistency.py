"""Consistency: within a text one surface has one label wherever it stands as whole words, the longest first."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from spacy.tokens import Doc, Span
from spacy.util import filter_spans


class Consistency:
    """Gives each surface the label that most of its mentions have, and marks its other places.

    A surface of several words is one in any case, "Video Generation" in a title as "video generation" below it; a
    single word is not, since "MATH" is not "math".
    """

    def __call__(self, doc: Doc) -> Doc:
        """Label every place of every mentioned surface alike."""
        if doc.ents:
            doc.ents = filter_spans(self.find(doc))
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give all places of the surfaces that are mentioned, each surface with one label."""
        texts = [token.text for token in doc]
        folded = [text.lower() for text in texts]
        votes: defaultdict[tuple[str, ...], Counter[int]] = defaultdict(Counter)
        sizes: defaultdict[str, set[int]] = defaultdict(set)
        for ent in doc.ents:
            surface = _surface(texts, folded, ent.start, len(ent))
            votes[surface][ent.label] += 1
            sizes[surface[0]].add(len(ent))
        labels = {surface: counts.most_common(1)[0][0] for surface, counts in votes.items()}
        for start in range(len(texts)):
            for size in sizes[texts[start]] | sizes[folded[start]]:
                label = labels.get(_surface(texts, folded, start, size))
                if label and start + size <= len(texts):
                    yield Span(doc, start, start + size, label=label)


def _surface(texts: list[str], folded: list[str], start: int, size: int) -> tuple[str, ...]:
    return tuple(texts[start : start + 1] if size == 1 else folded[start : start + size])
