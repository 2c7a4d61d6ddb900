"""Fitting the roles, on texts of our own."""

import json
from pathlib import Path

from click.testing import CliRunner

from nlp.__main__ import main
from nlp.roles import with_roles
from nlp.spans import Mention
from nlp.training.corpus import read_texts
from nlp.training.labels import digest_text
from nlp.training.role_weights import cross_validate, examples, fit_roles, join_roles

NAMES = ["Owlet", "Heron", "Bittern", "Grebe", "Plover", "Dunlin", "Curlew", "Avocet"]


def write_texts(folder: Path) -> tuple[Path, Path]:
    """Write texts that introduce one name and outperform another, and the labels of both."""
    texts, labels = [], []
    for name, rival in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True):
        text = f"{name}: Counting\nOwls hide. We introduce {name}. It outperforms {rival} by far."
        spans = [[text.rindex(one), text.rindex(one) + len(one), "METHOD"] for one in (name, rival)]
        roles = [
            ["METHOD", *place[:2], role]
            for place, role in zip(spans, ("introduced", "compared"), strict=True)
        ]
        texts.append({"id": name, "text": text, "spans": spans})
        labels.append({"id": name, "digest": digest_text(text), "roles": roles})
    for file, lines in (("texts.jsonl", texts), ("roles.jsonl", labels)):
        (folder / file).write_text("\n".join(map(json.dumps, lines)))
    return folder / "texts.jsonl", folder / "roles.jsonl"


def test_cues_of_some_texts_decide_the_roles_in_others(tmp_path: Path) -> None:
    path, labels = write_texts(tmp_path)
    texts = join_roles(read_texts(path), labels)
    accuracy, table = cross_validate(texts)
    assert accuracy == 1.0 and table.sum() == 2 * len(NAMES)
    weights = fit_roles(example for text in texts for example in examples(text))
    text = "Nests\nOwls hide. We introduce Stork."
    (one,) = with_roles(
        text, [Mention(text.index("Stork"), len(text) - 1, "METHOD", "Stork")], weights
    )
    assert one.role == "introduced"


def test_the_command_prints_accuracy_and_recall(tmp_path: Path) -> None:
    path, labels = write_texts(tmp_path)
    printed = CliRunner().invoke(main, ["roles", "--data", str(path), "--labels", str(labels)])
    assert printed.exit_code == 0
    assert "accuracy 1.000" in printed.output


def test_the_command_refuses_texts_that_have_no_labels(tmp_path: Path) -> None:
    path, _ = write_texts(tmp_path)
    printed = CliRunner().invoke(main, ["roles", "--data", str(path)])
    assert printed.exit_code == 1
    assert "0 texts with roles" in printed.output
