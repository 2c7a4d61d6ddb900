"""Decide one label per term of a text, from all occurrences of its surface and its abbreviation."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp.rules.abbreviations import DEFINED
from nlp.spans import LABELS
from nlp.tagger.bilou import span_score

LONG_FORM_WEIGHT = 3.0
"""The weight of a long form's votes beside those of its abbreviation, which says less."""

Surface = tuple[str, ...]
"""The tokens of a surface: as written if it is one token, else in lower case."""


class Consistency:
    """Gives each surface one label in a text, and marks its other occurrences.

    Every mention votes with the tagger's probabilities of the labels. A label that a rule has set
    against the tagger counts as certain. The votes of an abbreviation and of the long form that it
    is defined with are added, so that both get the same label.

    A surface of several words matches in any case: "Video Generation" in a title is "video
    generation" in the abstract. A single word matches only as it is written, since "MATH" is not
    "math".
    """

    def __call__(self, doc: Doc) -> Doc:
        """Label every occurrence of every mentioned surface alike."""
        if doc.ents:
            doc.ents = filter_spans(self.find(doc))
        return doc

    def find(self, doc: Doc) -> Iterator[Span]:
        """Yield all occurrences of the surfaces that are mentioned, one label per term."""
        texts = [token.text for token in doc]
        folded = [text.lower() for text in texts]
        votes: defaultdict[Surface, Counter[str]] = defaultdict(Counter)
        sizes: defaultdict[str, set[int]] = defaultdict(set)
        for ent in doc.ents:
            surface = _surface(texts, folded, ent.start, len(ent))
            votes[surface].update(_vote(ent))
            sizes[surface[0]].add(len(ent))
        _join_forms(votes, _defined_surfaces(doc, texts, folded))
        labels = {surface: counts.most_common(1)[0][0] for surface, counts in votes.items()}
        for start in range(len(texts)):
            for size in sizes[texts[start]] | sizes[folded[start]]:
                label = labels.get(_surface(texts, folded, start, size))
                if label and start + size <= len(texts):
                    yield Span(doc, start, start + size, label=label)


def _vote(ent: Span) -> dict[str, float]:
    """Return the share of each label in a mention's vote."""
    own = ent.label_
    if own not in LABELS or not len(ent.doc.tensor):
        return {own: 1.0}
    scores = np.array(
        [
            span_score(Span(ent.doc, ent.start, ent.end, label=name), ent.doc.tensor)
            for name in LABELS
        ]
    )
    if LABELS[scores.argmax()] != own:
        return {own: 1.0}
    shares = np.exp(scores - scores.max())
    return {name: float(share) for name, share in zip(LABELS, shares / shares.sum(), strict=True)}


def _defined_surfaces(
    doc: Doc, texts: list[str], folded: list[str]
) -> Iterator[tuple[Surface, Surface]]:
    """Yield long form and abbreviation of each definition that token boundaries allow."""
    for long, short in doc.user_data.get(DEFINED, ()):
        whole, brief = doc.char_span(*long), doc.char_span(*short)
        if whole and brief:
            yield (
                _surface(texts, folded, whole.start, len(whole)),
                _surface(texts, folded, brief.start, len(brief)),
            )


def _join_forms(
    votes: defaultdict[Surface, Counter[str]], defined: Iterable[tuple[Surface, Surface]]
) -> None:
    """Add up the votes of abbreviations and long forms of which both are mentioned."""
    for long, short in defined:
        if long not in votes or short not in votes or long == short:
            continue
        joined = Counter(votes[short])
        for name, share in votes[long].items():
            joined[name] += LONG_FORM_WEIGHT * share  # type: ignore[assignment]
        votes[long] = votes[short] = joined


def _surface(texts: list[str], folded: list[str], start: int, size: int) -> Surface:
    return tuple(texts[start : start + 1] if size == 1 else folded[start : start + size])
