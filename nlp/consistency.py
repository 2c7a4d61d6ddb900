"""Consistency: within a text one surface has one label wherever it stands as whole words, the longest first."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from spacy.tokens import Doc, Span
from spacy.util import filter_spans


class Consistency:
    """Gives each surface the label that most of its mentions have, and marks its other places."""

    def __call__(self, doc: Doc) -> Doc:
        """Label every place of every mentioned surface alike."""
        if doc.ents:
            doc.ents = filter_spans(self.find(doc))
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Give all places of the surfaces that are mentioned, each surface with one label."""
        votes: defaultdict[tuple[str, ...], Counter[int]] = defaultdict(Counter)
        for ent in doc.ents:
            votes[_words(ent)][ent.label] += 1
        labels = {words: labels.most_common(1)[0][0] for words, labels in votes.items()}
        starting: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        for words in labels:
            starting[words[0]].append(words)
        texts = [token.text for token in doc]
        for start, text in enumerate(texts):
            for words in starting.get(text, ()):
                if tuple(texts[start : start + len(words)]) == words:
                    yield Span(doc, start, start + len(words), label=labels[words])


def _words(span: Span) -> tuple[str, ...]:
    return tuple(token.text for token in span)
