from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from spacy.tokens import Doc, Span

from nlp.pipeline import blank
from nlp.tagger.bilou import TAGS
from nlp.tagger.confidence import Confidence

NLP = blank()


def sentence(word: str, label: str, probability: float) -> Doc:
    """Return a text whose second token is a mention with a probability from the tagger."""
    doc = NLP.make_doc(f"Our {word} works")
    rest = (1 - probability) / (len(TAGS) - 1)
    doc.tensor = np.log(np.full((len(doc), len(TAGS)), rest, dtype=np.float32))
    doc.tensor[1, TAGS.index(f"U-{label}")] = np.log(probability)
    doc.ents = [Span(doc, 1, 2, label=label)]
    return doc


def scores(confidence: Confidence, doc: Doc) -> list[float]:
    found: list[float] = confidence(doc).spans["mentions"].attrs["scores"]
    return found


def examples() -> Iterator[tuple[Doc, list[tuple[int, int, str]]]]:
    """Yield mentions with a probability of 0.9 or 0.6, of which half as many are right."""
    for probability, right, wrong in ((0.9, 45, 55), (0.6, 30, 70)):
        yield from (
            (sentence("Owlet", "METHOD", probability), [(4, 9, "METHOD")]) for _ in range(right)
        )
        yield from ((sentence("Owlet", "METHOD", probability), []) for _ in range(wrong))


def test_an_unfitted_confidence_is_the_taggers_probability() -> None:
    assert scores(Confidence(), sentence("Owlet", "METHOD", 0.9)) == [pytest.approx(0.9, abs=1e-3)]


def test_a_fitted_confidence_is_the_share_that_is_right() -> None:
    confidence = Confidence()
    confidence.fit(*zip(*examples(), strict=True))
    assert scores(confidence, sentence("Owlet", "METHOD", 0.9)) == [pytest.approx(0.45, abs=0.03)]
    assert scores(confidence, sentence("Owlet", "METHOD", 0.6)) == [pytest.approx(0.30, abs=0.03)]


def test_a_label_without_examples_keeps_its_curve() -> None:
    confidence = Confidence()
    confidence.fit(*zip(*examples(), strict=True))
    assert scores(confidence, sentence("PondQA", "DATASET", 0.8)) == [pytest.approx(0.8, abs=1e-3)]


def test_written_curves_are_read_back(tmp_path: Path) -> None:
    confidence = Confidence()
    confidence.curves["TASK"] = (2.0, -1.5, -0.5)
    confidence.to_disk(tmp_path / "confidence")
    assert Confidence().from_disk(tmp_path / "confidence").curves == confidence.curves
