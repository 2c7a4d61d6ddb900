"""Moving the boundaries of mentions."""

import pytest

from nlp.pipeline import blank
from nlp.rules.span_boundaries import SpanBoundaries
from tests.nlp.marking import mark

NLP = blank()


def mended(text: str, surface: str, label: str) -> list[str]:
    doc = NLP(text)
    doc.ents = [mark(doc, surface, label)]
    return [ent.text for ent in SpanBoundaries()(doc).ents]


@pytest.mark.parametrize(
    ("text", "marked", "wanted"),
    [
        ("OwletNet 3.1 8B is fine-tuned.", "OwletNet 3.1", "OwletNet 3.1 8B"),
        ("We use OwletNet-70B here.", "OwletNet-70B", "OwletNet-70B"),
        ("OwletNet 8B parameters", "OwletNet", "OwletNet"),
        ("OwletNet 300 is old.", "OwletNet", "OwletNet"),
    ],
)
def test_a_size_belongs_to_the_name_of_a_model(text: str, marked: str, wanted: str) -> None:
    assert mended(text, marked, "METHOD") == [wanted]


@pytest.mark.parametrize("sides", ["256x256", "256 x 256", "256×256"])
def test_both_sides_of_an_image_size_belong_to_a_dataset(sides: str) -> None:
    assert mended(f"on Owls {sides}, it", f"Owls {sides[:3]}", "DATASET") == [f"Owls {sides}"]


@pytest.mark.parametrize(
    ("text", "marked", "wanted"),
    [
        ("a 2x speed-up", "speed", "speed-up"),
        ("their F1-scores rise", "F1", "F1-scores"),
        ("speed-aware owls", "speed", "speed"),
        ("the NestEval score rises", "NestEval score", "NestEval"),
        ("a pass@5 score of 3.1", "pass@5 score", "pass@5"),
        ("the average score rises", "average score", "average score"),
        ("their scores rise", "scores", "scores"),
    ],
)
def test_a_metric_has_its_whole_compound_and_no_score(text: str, marked: str, wanted: str) -> None:
    assert mended(text, marked, "METRIC") == [wanted]


@pytest.mark.parametrize(
    ("text", "marked", "wanted"),
    [
        ("our Nest^{2} is", "Nest^{2", ["Nest^{2}"]),
        ("the loss L_{nest} is", "L_{nest", []),
        ("Owl Net (OwN) is", "Owl Net (OwN", ["Owl Net"]),
        ("(see OwlNet) models", "OwlNet) models", ["OwlNet"]),
        ("[OWL] tokens", "[OWL", []),
        ("point cloud (PC) mapping", "point cloud (PC) mapping", ["point cloud (PC) mapping"]),
        ("odd (owl] net", "odd (owl] net", ["odd"]),
    ],
)
def test_a_bracket_has_its_other_half_within_the_mention(
    text: str, marked: str, wanted: list[str]
) -> None:
    assert mended(text, marked, "METHOD") == wanted
