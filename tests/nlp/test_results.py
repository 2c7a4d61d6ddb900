"""Which numbers are results, and what each belongs to, given the mentions."""

import re
from pathlib import Path

import pytest

from nlp.corpus import LabelledText, read_texts
from nlp.evaluate import score_results
from nlp.extract import extract, load_model
from nlp.results import find_results, fit_weights, write_weights
from nlp.spans import Label, Mention, Result

DEV = Path(__file__).parents[3] / "shared" / "nlp" / "abstracts.dev.jsonl"

REACHED = {"value": 0.938, "value and metric": 0.713}
"""F1 on the held-out abstracts with what the packaged model finds, when the weights were fitted."""

LABELS: dict[str, Label] = {"m": "METHOD", "d": "DATASET", "q": "METRIC", "t": "TASK"}
MARK = re.compile(r"\[(?P<label>[mdqt]):(?P<surface>[^\]]+)\]")


def marked(text: str) -> tuple[str, list[Mention]]:
    """Read mentions off a text in which they stand as `[m:OwletNet]`."""
    plain, mentions, last = "", [], 0
    for mark in MARK.finditer(text):
        plain += text[last : mark.start()]
        start, last = len(plain), mark.end()
        plain += mark["surface"]
        mentions.append(Mention(start, len(plain), LABELS[mark["label"]], mark["surface"]))
    return plain + text[last:], mentions


def results(text: str) -> list[Result]:
    return [*find_results(*marked(text))]


def rows(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(result.value, result.metric, result.dataset, result.method) for result in results(text)]


TITLE = "[m:OwletNet]: Counting Nests from the Air\n"


def test_a_result_belongs_to_metric_dataset_and_own_method() -> None:
    text = TITLE + "On [d:ImageNet], [m:OwletNet] achieves 81.2% [q:accuracy]."
    assert rows(text) == [("81.2%", "accuracy", "ImageNet", "OwletNet")]


def test_a_gain_belongs_to_the_winner() -> None:
    text = TITLE + "[m:OwletNet] outperforms [m:BERT] by 3.1% in [q:accuracy] on [d:GLUE]."
    assert rows(text) == [("3.1%", "accuracy", "GLUE", "OwletNet")]


def test_a_plain_improvement_has_no_metric() -> None:
    text = TITLE + "[m:OwletNet] brings an average improvement of 4.2% over strong baselines."
    assert rows(text) == [("4.2%", None, None, "OwletNet")]


def test_from_and_to_are_two_results() -> None:
    text = TITLE + "[m:OwletNet] improves [q:accuracy] on [d:GSM8K] from 61.2% to 70.3%."
    assert [row[:3] for row in rows(text)] == [("61.2%", "accuracy", "GSM8K"), ("70.3%", "accuracy", "GSM8K")]


@pytest.mark.parametrize("arrow", ["to", "\\rightarrow", "→"])
def test_what_a_number_rises_to_belongs_where_it_rose_from(arrow: str) -> None:
    text = f"{TITLE}[q:Accuracy] rises from 1.5% {arrow} 2.5% [q:recall]."
    weights = {"value": {"bias": 1.0}, "METRIC": {"distance=<2": 2.0, "distance=>0": 2.0, "head=recall": 1.0}}
    found = find_results(*marked(text), weights | {"DATASET": {}, "METHOD": {}})
    assert [result.metric for result in found] == ["Accuracy", "Accuracy"]


def test_numbers_in_a_list_belong_to_names_in_a_list() -> None:
    text = TITLE + "[m:OwletNet] achieves [q:accuracy] of 81.2% on [d:ImageNet] and 92.4% on [d:CIFAR-10]."
    assert [(row[0], row[2]) for row in rows(text)] == [("81.2%", "ImageNet"), ("92.4%", "CIFAR-10")]


@pytest.mark.parametrize(
    ("text", "value", "number", "unit"),
    [
        ("[m:OwletNet] achieves a 4.5x [q:speedup] over the baseline.", "4.5x", 4.5, "x"),
        ("[m:OwletNet] reduces [q:training time] by 65-92%.", "65-92%", None, "%"),
        ("[m:OwletNet] improves [q:accuracy] by +0.8 points on [d:GLUE].", "+0.8 points", 0.8, "points"),
        ("[m:OwletNet] achieves 70.8\\% [q:accuracy] on [d:GLUE].", "70.8\\%", 70.8, "%"),
        ("[m:OwletNet] achieves an [q:FID] of 2.07 on [d:ImageNet].", "2.07", 2.07, None),
        ("[m:OwletNet] reduces [q:latency] by 40% without loss of [q:accuracy].", "40%", 40.0, "%"),
    ],
)
def test_a_value_is_kept_as_written_with_its_number_and_unit(
    text: str, value: str, number: float | None, unit: str | None
) -> None:
    (result,) = results(TITLE + text)
    assert (result.value, result.number, result.unit) == (value, number, unit)


@pytest.mark.parametrize(
    "text",
    [
        "It has 7B parameters and was trained on 64 GPUs.",
        "We collect 12,000 images of 25 owls from 3 woods.",
        "We train for 100 epochs with a learning rate of 0.001 and a batch size of 256.",
        "The benchmark comprises 1,200 questions in 14 categories.",
        "We interview 30 people between 2019 and 2024.",
        "Code is available at https://owlet.org/v2.0.",
    ],
)
def test_counts_settings_and_years_are_no_results(text: str) -> None:
    assert rows(TITLE + text) == []


def test_a_number_within_a_mention_is_no_result() -> None:
    assert rows("We test [d:CIFAR-10 v2.1] with [m:Owl 3.5].") == []


RECALLS = [(f"It reaches {number}.5% [q:recall].", f"{number}.5%") for number in range(10, 30)]
COUNTS = [(f"It saw {number} owls and has [q:recall].", None) for number in range(10, 30)]


def labelled(text: str, value: str | None) -> LabelledText:
    plain, mentions = marked(text)
    results = [{"value": value, "metric": "recall", "dataset": None, "method": None}] if value else []
    return LabelledText(
        plain, spans=[(mention.start, mention.end, mention.label) for mention in mentions], results=results
    )


def test_what_is_fitted_tells_results_from_counts() -> None:
    weights = fit_weights(labelled(*pair) for pair in RECALLS + COUNTS)
    found = find_results(*marked("It reaches 77.5% [q:recall]."), weights)
    assert [(result.value, result.metric) for result in found] == [("77.5%", "recall")]
    assert [*find_results(*marked("It saw 77 owls and has [q:recall]."), weights)] == []


def test_the_same_texts_give_the_same_weights(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_weights(fit_weights(labelled(*pair) for pair in RECALLS + COUNTS), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.skipif(not DEV.exists(), reason="the labelled abstracts are not in the repository")
def test_held_out_results_are_found_as_well_as_before() -> None:
    texts = read_texts(DEV)
    tallies = score_results(texts, [*extract(load_model(), [text.text for text in texts])])
    reached = dict(zip(REACHED, (tally.f1 for tally in tallies), strict=True))
    assert {name: f1 for name, f1 in reached.items() if f1 < REACHED[name] - 0.02} == {}
