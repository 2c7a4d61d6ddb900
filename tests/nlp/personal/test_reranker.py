"""The reranker: what it learns from corrections, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.extract import extract, load_model
from nlp.personal.model import add_reranker
from nlp.personal.reranker import Found, RerankerWeights, Sample, rerank, train_reranker

METHODS = ["Owlet", "Heron", "Bittern", "Grebe", "Plover", "Dunlin"]


def find(text: str, *found: tuple[str, str], confidence: float = 0.8) -> list[Found]:
    """Return the first occurrence of each surface as a mention of its label."""
    return [
        (text.index(surface), text.index(surface) + len(surface), label, confidence)
        for surface, label in found
    ]


def corrected(name: str, wanted: list[tuple[str, str]]) -> Sample:
    text = f"{name} reaches high accuracy in image captioning"
    found = find(text, (name, "METHOD"), ("accuracy", "METRIC"), ("image captioning", "TASK"))
    return Sample(
        text, found, {(start, end, label) for start, end, label, _ in find(text, *wanted)}
    )


def replayed(name: str) -> Sample:
    text = f"{name} reaches a good recall in speech recognition"
    return Sample(
        text, find(text, (name, "METHOD"), ("recall", "METRIC"), ("speech recognition", "TASK"))
    )


def trained_on(*wanted: tuple[str, str]) -> RerankerWeights:
    """Train on six texts whose mentions, apart from the method, were corrected to these."""
    samples = [corrected(name, [(name, "METHOD"), *wanted]) for name in METHODS]
    return train_reranker([*samples, *(replayed(name) for name in METHODS * 2)])


def after(weights: RerankerWeights, text: str, *found: tuple[str, str]) -> set[tuple[str, str]]:
    return {
        (text[start:end], label)
        for start, end, label, _ in rerank(weights, text, find(text, *found))
    }


NEW = "Curlew has an accuracy above all; its recall in video captioning is low"
FOUND = (
    ("Curlew", "METHOD"),
    ("accuracy", "METRIC"),
    ("recall", "METRIC"),
    ("video captioning", "TASK"),
)


def test_a_mention_rejected_in_some_texts_is_dropped_in_another_and_nothing_else() -> None:
    weights = trained_on(("image captioning", "TASK"))
    assert after(weights, NEW, *FOUND) == {*FOUND} - {("accuracy", "METRIC")}


def test_phrases_with_a_relabelled_word_are_relabelled() -> None:
    weights = trained_on(("accuracy", "METRIC"), ("image captioning", "METHOD"))
    assert ("video captioning", "METHOD") in after(weights, NEW, *FOUND)
    assert ("speech recognition", "TASK") in after(
        weights, "speech recognition", ("speech recognition", "TASK")
    )


def test_a_missed_surface_is_found_as_whole_words_in_any_case() -> None:
    weights = trained_on(("accuracy", "METRIC"), ("image captioning", "TASK"), ("high", "METRIC"))
    assert weights.missed == ["high"]
    assert after(weights, "HIGH hopes, highest peaks") == {("HIGH", "METRIC")}


def test_a_surface_missed_in_a_single_text_is_not_added() -> None:
    weights = train_reranker([corrected("Owlet", [("Owlet", "METHOD"), ("high", "METRIC")])])
    assert weights.missed == ["high"] and after(weights, "high hopes") == set()


def test_without_corrections_nothing_changes() -> None:
    samples = [
        corrected(name, [(name, "METHOD"), ("accuracy", "METRIC"), ("image captioning", "TASK")])
        for name in "AB"
    ]
    weights = train_reranker([*samples, *(replayed(name) for name in METHODS)])
    assert weights == RerankerWeights() and after(weights, NEW, *FOUND) == {*FOUND}


def test_the_same_corrections_give_the_same_weights() -> None:
    assert trained_on(("image captioning", "TASK")) == trained_on(("image captioning", "TASK"))


def test_only_a_changed_mention_gets_another_confidence() -> None:
    weights = trained_on(("accuracy", "METRIC"), ("image captioning", "METHOD"))
    reranked = {
        NEW[start:end]: score
        for start, end, _, score in rerank(weights, NEW, find(NEW, *FOUND, confidence=0.8))
    }
    assert (
        reranked["Curlew"] == 0.8
        and 0.3 < reranked["video captioning"] < 1
        and reranked["video captioning"] != 0.8
    )


def test_the_reranker_runs_after_the_pipeline() -> None:
    text = (
        "Owlet\nWe fine-tune Owlet by LoRA and reach an accuracy of 71.3% on CIFAR-10, "
        "good news for moss."
    )
    nlp = load_model()
    [before] = extract(nlp, [text])
    add_reranker(
        nlp,
        RerankerWeights(
            weights={"METRIC <accuracy>": [0, 0, 0, 0, 9.0], "NOTHING <moss>": [0, 0, 0, 9.0, 0]},
            missed=["moss"],
        ),
    )
    [found] = extract(nlp, [text])
    places = {(mention.start, mention.end, mention.label) for mention in before.mentions}
    changed = places ^ {(mention.start, mention.end, mention.label) for mention in found.mentions}
    assert {(text[start:end], label) for start, end, label in changed} == {
        ("accuracy", "METRIC"),
        ("moss", "TASK"),
    }
    assert [result.metric for result in found.results] == [None], (
        "a result is read from the mentions that are left"
    )


@pytest.mark.parametrize("surface", ["(", "C++", ".*", "\\", "a|b"])
def test_a_missed_surface_is_matched_literally(surface: str) -> None:
    weights = RerankerWeights(missed=[surface.lower()], weights={})
    assert rerank(weights, f"see {surface} here", []) == []


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=4))
def test_any_text_and_mentions_can_be_reranked(text: str, places: list[tuple[int, int]]) -> None:
    found = [(start, start + size, "TASK", 0.5) for start, size in places]
    weights = trained_on(("image captioning", "TASK"), ("high", "METRIC"))
    for start, end, _, score in rerank(weights, text, found):
        assert start < end and 0 <= score <= 1
