from nlp.training.corpus import LabelledText
from nlp.training.error_analysis import count_mistakes

TEXT = "Owlet beats tall Heron in reading of PondQA by recall"
SPANS = [
    (0, 5, "METHOD"),
    (17, 22, "METHOD"),
    (26, 33, "TASK"),
    (37, 43, "DATASET"),
    (47, 53, "METRIC"),
]
LEARNT = [LabelledText(text="Owlet by recall", spans=[(0, 5, "METHOD"), (9, 15, "METRIC")])]


def kinds(found: list[tuple[int, int, str]]) -> dict[str, tuple[int, list[str]]]:
    texts = [LabelledText(text=TEXT, spans=SPANS)]
    return {
        kind: (count, examples) for count, kind, examples in count_mistakes(texts, [found], LEARNT)
    }


def test_a_perfect_reading_has_no_mistakes() -> None:
    assert kinds(SPANS) == {}


def test_labels_and_borders_that_differ_are_told_apart() -> None:
    assert kinds([(0, 5, "DATASET"), (12, 22, "METHOD"), (26, 36, "METHOD"), *SPANS[3:]]) == {
        "label: METHOD read as DATASET": (1, ["Owlet"]),
        "border METHOD: too far left": (1, ["Heron / tall Heron"]),
        "border and label: TASK read as METHOD": (1, ["reading / reading of"]),
    }


def test_what_is_missed_or_spurious_is_told_apart_by_what_training_knew() -> None:
    assert kinds([(6, 11, "TASK"), *SPANS[1:3]]) == {
        "spurious TASK, new phrase": (1, ["beats"]),
        "missed METRIC, seen in training": (1, ["recall"]),
        "missed METHOD, seen in training": (1, ["Owlet"]),
        "missed DATASET, abbreviation or code name": (1, ["PondQA"]),
    }
