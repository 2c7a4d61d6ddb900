from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from spacy.tokens import Doc, Span

from nlp.confidence import Confidence
from nlp.pipeline import blank
from nlp.tags import TAGS

NLP = blank()


def sentence(word: str, label: str, probability: float) -> Doc:
    """A text whose second token is a mention that the tagger gave a probability."""
    doc = NLP.make_doc(f"Our {word} works")
    rest = (1 - probability) / (len(TAGS) - 1)
    doc.tensor = np.log(np.full((len(doc), len(TAGS)), rest, dtype=np.float32))
    doc.tensor[1, TAGS.index(f"U-{label}")] = np.log(probability)
    doc.ents = [Span(doc, 1, 2, label=label)]
    return doc


def scores(confidence: Confidence, doc: Doc) -> list[float]:
    found: list[float] = confidence(doc).spans["mentions"].attrs["scores"]
    return found


def lessons() -> Iterator[tuple[Doc, list[tuple[int, int, str]]]]:
    """Mentions of which the tagger is either nine tenths or six tenths sure, and that are half as often right."""
    for probability, right, wrong in ((0.9, 45, 55), (0.6, 30, 70)):
        yield from ((sentence("Owlet", "METHOD", probability), [(4, 9, "METHOD")]) for _ in range(right))
        yield from ((sentence("Owlet", "METHOD", probability), []) for _ in range(wrong))


def test_before_it_is_fitted_the_confidence_is_the_taggers_own() -> None:
    assert scores(Confidence(), sentence("Owlet", "METHOD", 0.9)) == [pytest.approx(0.9, abs=1e-3)]


def test_a_fitted_confidence_tells_how_many_are_right() -> None:
    confidence = Confidence()
    confidence.fit(*zip(*lessons(), strict=True))
    assert scores(confidence, sentence("Owlet", "METHOD", 0.9)) == [pytest.approx(0.45, abs=0.03)]
    assert scores(confidence, sentence("Owlet", "METHOD", 0.6)) == [pytest.approx(0.30, abs=0.03)]


def test_a_label_that_no_text_has_keeps_a_curve() -> None:
    confidence = Confidence()
    confidence.fit(*zip(*lessons(), strict=True))
    assert scores(confidence, sentence("PondQA", "DATASET", 0.8)) == [pytest.approx(0.8, abs=1e-3)]


def test_curves_that_were_written_are_read_back(tmp_path: Path) -> None:
    confidence = Confidence()
    confidence.curves["TASK"] = (2.0, -1.5, -0.5)
    confidence.to_disk(tmp_path / "confidence")
    assert Confidence().from_disk(tmp_path / "confidence").curves == confidence.curves
