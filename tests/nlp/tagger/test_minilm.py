"""MiniLM in NumPy beside MiniLM in torch, with the weights it has before fine-tuning."""

from pathlib import Path

import numpy as np
import pytest

from nlp.pipeline import blank
from nlp.tagger.bilou import TAGS
from nlp.tagger.minilm import read_minilm, write_minilm

torch = pytest.importorskip("torch", reason="the teacher needs the packages of papermargin[train]")
pytest.importorskip("transformers", reason="the teacher needs the packages of papermargin[train]")
teachers = pytest.importorskip("nlp.training.teacher")

TEXTS = ["Owlet beats Heron on PondQA, by 2.1 points.", "", "Heron-7B wades " * 300]


def test_numpy_scores_like_torch_up_to_the_rounding_of_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    teacher = teachers.Teacher().eval()
    docs = [blank().make_doc(text) for text in TEXTS]
    weights = {name: value.numpy() for name, value in teacher.state_dict().items()}
    write_minilm(tmp_path, weights, teacher.vocabulary)
    minilm = read_minilm(tmp_path)
    found = [minilm.scores(minilm.states(doc)) for doc in docs]
    for scores, expected in zip(found, teachers.predict(teacher, docs), strict=True):
        assert scores.shape == expected.shape == (len(scores), len(TAGS))
        np.testing.assert_allclose(np.exp(scores), expected, atol=0.03)
