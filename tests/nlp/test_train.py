"""Training in small: our own sentences, a narrow network, a few seconds."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vectors import Vectors

from nlp.network import make_batch, tag_scores
from nlp.pipeline import blank
from nlp.tagger import NumpyOperators, SpanTagger
from nlp.tags import TAGS, encode

torch = pytest.importorskip("torch", reason="training needs the packages of papermargin[train]")
student = pytest.importorskip("nlp.student")

NAMES = {"METHOD": ["Owlet", "Heron", "Bittern"], "DATASET": ["MiniCaps", "PondQA"], "METRIC": ["BLEU", "recall"]}
PATTERN = "{METHOD}: Small Eyes\nWe train {METHOD} on {DATASET} and report {METRIC} for it."


@pytest.fixture(scope="module")
def nlp() -> Language:
    nlp = blank()
    table = np.random.default_rng(7).normal(size=(200, 8)).astype(np.float32)
    nlp.vocab.vectors = Vectors(data=table, strings=nlp.vocab.strings, mode="floret", minn=3, maxn=4, attr="LOWER")
    return nlp


@pytest.fixture(scope="module")
def lesson(nlp: Language) -> "student.Lesson":
    docs, targets = [], []
    for names in product(*NAMES.values()):
        chosen = dict(zip(NAMES, names, strict=True))
        doc = nlp.make_doc(PATTERN.format(**chosen))
        spans = [(m.start(), m.end(), label) for label, name in chosen.items() for m in re.finditer(name, doc.text)]
        docs.append(doc)
        targets.append(np.eye(len(TAGS), dtype=np.float16)[encode(doc, spans)])
    return student.Lesson(docs, targets, passes=8, rate=0.01)


def trained(lesson: "student.Lesson", *, seed: int = 1) -> dict[str, "torch.Tensor"]:
    weights = student.new_weights(16, 8, seed=seed)
    return student.train_student(weights, lesson, seed=seed, dropout=0.1, words=40, log=lambda line: None)


def tagger_of(nlp: Language, weights: dict[str, "torch.Tensor"]) -> SpanTagger:
    tagger = SpanTagger(nlp.vocab)
    tagger.weights = {name: value.numpy() for name, value in weights.items()}
    return tagger


def mentions(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_a_network_learns_the_names_of_a_few_sentences(nlp: Language, lesson: "student.Lesson") -> None:
    doc = tagger_of(nlp, trained(lesson))(nlp.make_doc(PATTERN.format(METHOD="Heron", DATASET="PondQA", METRIC="BLEU")))
    assert mentions(doc) == [("Heron", "METHOD"), ("Heron", "METHOD"), ("PondQA", "DATASET"), ("BLEU", "METRIC")]


def test_one_seed_trains_one_model(lesson: "student.Lesson") -> None:
    first, again, other = trained(lesson), trained(lesson), trained(lesson, seed=2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["tag"], other["tag"])


def test_numpy_scores_as_torch_does(nlp: Language) -> None:
    docs = [nlp.make_doc(text) for text in ("Owlet beats Heron.", "", "PondQA: a pond of questions, asked by Owlet")]
    weights = student.new_weights(16, 8, seed=3)
    by_torch = tag_scores(weights, student.torch_batch(docs), student.TorchOperators()).numpy()
    arrays = {name: value.numpy() for name, value in weights.items()}
    np.testing.assert_allclose(tag_scores(arrays, make_batch(docs), NumpyOperators()), by_torch, rtol=1e-3, atol=1e-4)


def test_a_text_is_scored_alike_alone_and_among_others(nlp: Language) -> None:
    tagger = tagger_of(nlp, student.new_weights(16, 8, seed=3))
    docs = [nlp.make_doc(text) for text in ("Owlet beats Heron.", "", "PondQA: a pond of questions", "Owlet")]
    for doc, together in zip(docs, tagger.scores(docs), strict=True):
        np.testing.assert_allclose(tagger.scores([doc])[0], together, rtol=1e-3, atol=1e-4)


def test_what_was_written_is_read_back(nlp: Language, tmp_path: Path) -> None:
    tagger = tagger_of(nlp, student.new_weights(16, 8, seed=3))
    tagger.to_disk(tmp_path / "ner")
    again = SpanTagger(nlp.vocab).from_disk(tmp_path / "ner")
    for name, value in tagger.weights.items():
        np.testing.assert_allclose(again.weights[name], value, atol=1e-2)
