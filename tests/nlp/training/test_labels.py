"""Labels without texts: joined by the paper's id, as long as the text is the same."""

import json
from pathlib import Path

import pytest

from nlp.training.corpus import LabelledText
from nlp.training.labels import (
    ABSTRACTS,
    DEV_RESULTS,
    FRESH,
    MENTIONS,
    RESULTS,
    ROLES,
    digest_text,
    join_texts,
    read_labels,
    read_listings,
    with_results,
)

TEXT = "Owlet\nOwlet reaches 91.5% accuracy."
OWLET = LabelledText(TEXT, "1", [(6, 11, "METHOD")], [{"value": "91.5%"}])
HERON = LabelledText("Heron\nHeron wades.", "2")


def write(path: Path, **fields: object) -> Path:
    label = {"id": "1", "digest": digest_text(TEXT), "results": [[20, 25, "own", [26, 34]]]}
    path.write_text(json.dumps(label | fields))
    return path


def test_results_are_read_from_the_text_by_their_offsets(tmp_path: Path) -> None:
    labelled, *rest = with_results([OWLET, HERON], write(tmp_path / "labels.jsonl"))
    assert labelled.spans == OWLET.spans
    assert labelled.results == [
        {"value": "91.5%", "kind": "own", "metric": "accuracy", "dataset": None, "method": None}
    ]
    assert rest == [HERON]


def test_a_changed_text_keeps_its_own_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", digest="0")
    assert with_results([OWLET, HERON], path) == [OWLET, HERON]


def test_texts_of_the_listings_are_added_with_the_mentions_of_the_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", spans=[[0, 5, "METHOD"]])
    day = [{"paper": {"id": "1", "title": "Owlet", "summary": "Owlet reaches 91.5% accuracy."}}]
    (tmp_path / "hf" / "api").mkdir(parents=True)
    (tmp_path / "hf" / "api" / "2026-01-01.json").write_text(json.dumps(day))
    (tmp_path / "data").mkdir()
    added, kept = with_results([HERON], path, others=read_listings(tmp_path / "data"))
    assert (added.id, added.spans, kept) == ("1", [(0, 5, "METHOD")], HERON)


@pytest.mark.parametrize("path", [ABSTRACTS, FRESH, RESULTS, DEV_RESULTS, ROLES])
def test_the_packaged_labels_hold_no_text(path: Path) -> None:
    labels = read_labels(path)
    assert len({label.id for label in labels}) == len(labels) > 50
    strings = [
        part for label in labels for one in label.results for part in (one.metric, one.method)
    ]
    assert {part for part in strings if isinstance(part, str)} <= {"?"}


def test_no_labelled_text_is_both_trained_on_and_measured() -> None:
    trained, measured = (
        {label.id for path in paths for label in read_labels(path)}
        for paths in ((ABSTRACTS, MENTIONS, RESULTS, ROLES), (FRESH, DEV_RESULTS))
    )
    assert trained.isdisjoint(measured)


def test_labels_of_unknown_papers_are_left_out(tmp_path: Path) -> None:
    assert list(join_texts(read_labels(write(tmp_path / "labels.jsonl")), [HERON])) == []
