"""The version of the model in use, and the record of how it was made."""

from pathlib import Path

import pytest

from nlp.extract import extract
from nlp.personal.model import Personal, digest_weights, load_choice, write_personal
from nlp.personal.reranker import NOTHING, OUTCOMES, RerankerWeights
from nlp.version import (
    ModelChoice,
    ModelName,
    Provenance,
    model_version,
    packaged_bytes,
    parent_digest,
    personal_in_force,
    read_packaged,
    read_provenance,
)

FAST = ModelChoice("fast")
TEXT = "Owlet\nWe fine-tune Owlet by LoRA on CIFAR-10."


def personal(path: Path, parent: str, *, disliked: str = "METHOD") -> Provenance:
    """Write a personal model that drops all mentions of a label."""
    weights = RerankerWeights(
        weights={disliked: [20.0 * (outcome == NOTHING) for outcome in OUTCOMES]}
    )
    made = Provenance(
        made="2026-03-05",
        parent=parent,
        weights_digest=digest_weights(weights),
        corrections=30,
        papers=6,
        replayed=9,
        f1_before=0.8,
        f1_after=0.9,
        honoured=5,
        held_out=9,
        agreement=0.99,
    )
    write_personal(path, Personal(provenance=made, weights=weights))
    return made


def labels(choice: ModelChoice) -> set[str]:
    """Return the labels that a model finds."""
    [found] = extract(load_choice(choice)[0], [TEXT])
    return {mention.label for mention in found.mentions}


@pytest.mark.parametrize("model", ["fast", "accurate"])
def test_a_packaged_model_records_how_it_was_made(model: ModelName) -> None:
    made = read_packaged(model)
    assert made["strict_f1"]["ALL"] > 0.7 and len(made["data"]["abstracts.train.jsonl"]) == 64
    assert 1e6 < packaged_bytes(model) < 45e6


def test_each_model_has_its_own_version() -> None:
    assert model_version() == model_version(ModelChoice("accurate", Path("nowhere.model")))
    assert model_version() != model_version(FAST)


def test_a_personal_model_is_used_once_its_file_exists(tmp_path: Path) -> None:
    choice = ModelChoice("fast", tmp_path / "store.model")
    before = model_version(choice)
    assert labels(choice) == {"METHOD", "DATASET"}
    made = personal(tmp_path / "store.model", parent_digest("fast"))
    assert personal_in_force(choice) == made
    assert labels(choice) == {"DATASET"}
    _, version = load_choice(choice)
    assert version == model_version(choice) != before
    personal(tmp_path / "store.model", parent_digest("fast"), disliked="DATASET")
    assert model_version(choice) not in (before, version), "another one has another version"


def test_a_personal_model_is_used_with_the_packaged_one_it_was_trained_on(tmp_path: Path) -> None:
    personal(tmp_path / "store.model", parent_digest("accurate"))
    assert labels(ModelChoice("accurate", tmp_path / "store.model")) == {"DATASET"}
    assert model_version(ModelChoice("fast", tmp_path / "store.model")) == model_version(FAST)


def test_a_personal_model_of_another_parent_is_not_used(tmp_path: Path) -> None:
    choice = ModelChoice("fast", tmp_path / "store.model")
    personal(tmp_path / "store.model", "an older one")
    assert personal_in_force(choice) is None
    assert load_choice(choice)[1] == model_version(FAST)


@pytest.mark.parametrize("content", [b"", b"no model at all", b'{"provenance": {}}', b"\xff"])
def test_a_file_that_is_not_a_model_is_ignored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.model").write_bytes(content)
    assert read_provenance(tmp_path / "store.model") is None
    assert model_version(ModelChoice("fast", tmp_path / "store.model")) == model_version(FAST)


def test_writing_leaves_no_temporary_file(tmp_path: Path) -> None:
    personal(tmp_path / "deep" / "store.model", parent_digest("fast"))
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["store.model"]
