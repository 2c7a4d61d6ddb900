"""A training batch: texts to train on in one stage, with the probabilities of their tags."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc

from nlp.tagger.bilou import TAGS, Tags, encode
from nlp.training.corpus import Place


@dataclass
class TrainingBatch:
    """The texts of one stage, their targets, the number of passes over them, the learning rate.

    `targets` holds for each text the probabilities of its tags, tokens × tags.
    """

    docs: Sequence[Doc]
    targets: Sequence[np.ndarray]
    passes: int
    rate: float


def one_hot_targets(
    docs: Sequence[Doc], spans: Sequence[Iterable[Place]], tags: Tags = TAGS
) -> list[np.ndarray]:
    """Return the targets of labelled texts, in which the right tag has the probability 1."""
    rows = np.eye(len(tags), dtype=np.float16)
    return [rows[encode(doc, known, tags)] for doc, known in zip(docs, spans, strict=True)]
