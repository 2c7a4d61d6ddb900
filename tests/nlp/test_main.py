import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from nlp.__main__ import main

TEXTS = [
    {
        "text": "Owlet: a small model\nOwlet tunes BERT on ImageNet.",
        "spans": [[0, 5, "METHOD"], [21, 26, "METHOD"]],
    },
    {
        "text": "Heron\nHeron wades through graphs and gains 2.1% accuracy.",
        "spans": [[0, 5, "METHOD"]],
    },
]


def test_evaluate_prints_every_table(tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text("\n".join(map(json.dumps, TEXTS)))
    path = str(tmp_path / "texts.jsonl")
    printed = CliRunner().invoke(main, ["evaluate", "--data", path], env={"COLUMNS": "200"})
    assert printed.exit_code == 0
    for word in (
        "METHOD",
        "overlap",
        "value and metric",
        "reliability",
        "words/s",
        "resident",
        "MB on disk",
    ):
        assert word in printed.output


def test_evaluate_prints_mistakes_by_kind(tmp_path: Path) -> None:
    path = str(tmp_path / "texts.jsonl")
    Path(path).write_text(
        "\n".join(json.dumps(text | {"spans": [[0, 5, "TASK"]]}) for text in TEXTS)
    )
    printed = CliRunner().invoke(
        main, ["evaluate", "--data", path, "--mistakes", path], env={"COLUMNS": "200"}
    )
    assert printed.exit_code == 0
    assert "label: TASK read as METHOD" in printed.output


def test_evaluate_needs_more_than_one_text(tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text(json.dumps(TEXTS[0]))
    printed = CliRunner().invoke(main, ["evaluate", "--data", str(tmp_path / "texts.jsonl")])
    assert printed.exit_code == 1
    assert "at least two are needed" in printed.output


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is here")
def test_train_names_the_missing_packages(tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["train", "--data", str(tmp_path)])
    assert printed.exit_code == 1
    assert "papermargin[train]" in printed.output


def test_terms_prints_precision_recall_and_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("METHOD\tsame\tLLM\tLLMs\nMETHOD\tsame\tOwlet\tHeron\n")
    printed = CliRunner().invoke(main, ["terms", "--data", str(path)])
    assert printed.exit_code == 0
    assert "0.500" in printed.output
    assert "METHOD same, found different: Owlet | Heron" in printed.output
