from nlp.spans import Extraction, Mention
from nlp.training.corpus import LabelledText
from nlp.training.evaluate import reliability, score_spans

GOLD = [(0, 5, "METHOD"), (10, 18, "DATASET"), (20, 24, "METRIC")]


def test_only_exact_borders_and_labels_are_strictly_right() -> None:
    strict, _ = score_spans([GOLD], [[(0, 5, "METHOD"), (10, 17, "DATASET"), (20, 24, "TASK")]])[
        "ALL"
    ]
    assert (strict.right, strict.found, strict.wanted) == (1, 3, 3)
    assert strict.precision == strict.recall == strict.f1 == 1 / 3


def test_each_wanted_mention_is_touched_once_at_most() -> None:
    _, overlap = score_spans([GOLD], [[(0, 3, "METHOD"), (3, 5, "METHOD"), (17, 19, "DATASET")]])[
        "ALL"
    ]
    assert (overlap.right, overlap.found, overlap.wanted) == (2, 3, 3)


def test_labels_are_counted_apart() -> None:
    tallies = score_spans([GOLD, []], [[(0, 5, "METHOD")], [(0, 5, "METHOD")]])
    assert tallies["METHOD"][0].precision == 0.5
    assert tallies["DATASET"][0].recall == tallies["TASK"][0].f1 == 0.0


def test_reliability_sets_confidence_beside_the_share_that_is_right() -> None:
    text = LabelledText("…", spans=[(0, 5, "METHOD")])
    mentions = [
        Mention(0, 5, "METHOD", "Owlet", 0.95),
        Mention(6, 9, "TASK", "x", 0.91),
        Mention(9, 11, "TASK", "y", 1.0),
    ]
    assert reliability([text], [Extraction(mentions, [])]) == [
        (0.9, 1.0, 3, (0.95 + 0.91 + 1.0) / 3, 1 / 3)
    ]
