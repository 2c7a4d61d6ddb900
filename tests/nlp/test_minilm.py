"""MiniLM in NumPy against the same in torch, with the weights as they were before any training."""

from pathlib import Path

import numpy as np
import pytest

from nlp.minilm import read_minilm, write_minilm
from nlp.pipeline import blank
from nlp.tags import TAGS

torch = pytest.importorskip("torch", reason="the teacher needs the packages of papermargin[train]")
pytest.importorskip("transformers", reason="the teacher needs the packages of papermargin[train]")
teachers = pytest.importorskip("nlp.teacher")

TEXTS = ["Owlet beats Heron on PondQA, by 2.1 points.", "", "Heron-7B wades " * 300]


def test_numpy_reads_as_torch_does_but_for_the_rounding_of_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    teacher = teachers.Teacher().eval()
    docs = [blank().make_doc(text) for text in TEXTS]
    weights = {name: value.numpy() for name, value in teacher.state_dict().items()}
    write_minilm(tmp_path, weights, teacher.vocabulary)
    found = read_minilm(tmp_path).scores(docs)
    for scores, expected in zip(found, teachers.predict(teacher, docs), strict=True):
        assert scores.shape == expected.shape == (len(scores), len(TAGS))
        np.testing.assert_allclose(np.exp(scores), expected, atol=0.03)
