"""A lesson: texts to learn from and what is known of each token's tag."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc

from nlp.corpus import Place
from nlp.tags import TAGS, Tags, encode


@dataclass
class Lesson:
    """Texts to learn from in one stage and the probabilities of their tags, for a number of passes at a rate."""

    docs: Sequence[Doc]
    targets: Sequence[np.ndarray]
    passes: int
    rate: float


def certain(docs: Sequence[Doc], spans: Sequence[Iterable[Place]], tags: Tags = TAGS) -> list[np.ndarray]:
    """Give the tag probabilities of labelled texts, tokens × tags: one or nothing."""
    sure = np.eye(len(tags), dtype=np.float16)
    return [sure[encode(doc, known, tags)] for doc, known in zip(docs, spans, strict=True)]
