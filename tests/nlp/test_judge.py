"""A user's taste: what it learns from corrections, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.extract import extract, load_model
from nlp.judge import Found, Sample, Taste, judge, learn
from nlp.personal import give_taste

METHODS = ["Owlet", "Heron", "Bittern", "Grebe", "Plover", "Dunlin"]


def find(text: str, *found: tuple[str, str], confidence: float = 0.8) -> list[Found]:
    """Give the first place of each surface as a mention of its label."""
    return [(text.index(surface), text.index(surface) + len(surface), label, confidence) for surface, label in found]


def corrected(name: str, wanted: list[tuple[str, str]]) -> Sample:
    text = f"{name} reaches high accuracy in image captioning"
    found = find(text, (name, "METHOD"), ("accuracy", "METRIC"), ("image captioning", "TASK"))
    return Sample(text, found, {(start, end, label) for start, end, label, _ in find(text, *wanted)})


def replayed(name: str) -> Sample:
    text = f"{name} reaches a good recall in speech recognition"
    return Sample(text, find(text, (name, "METHOD"), ("recall", "METRIC"), ("speech recognition", "TASK")))


def taught(*wanted: tuple[str, str]) -> Taste:
    """Give a taste that six texts taught, in each of which the mentions became these, the method aside."""
    samples = [corrected(name, [(name, "METHOD"), *wanted]) for name in METHODS]
    return learn([*samples, *(replayed(name) for name in METHODS * 2)])


def after(taste: Taste, text: str, *found: tuple[str, str]) -> set[tuple[str, str]]:
    return {(text[start:end], label) for start, end, label, _ in judge(taste, text, find(text, *found))}


NEW = "Curlew has an accuracy above all; its recall in video captioning is low"
FOUND = (("Curlew", "METHOD"), ("accuracy", "METRIC"), ("recall", "METRIC"), ("video captioning", "TASK"))


def test_what_was_wrong_in_some_texts_goes_in_another_and_nothing_else() -> None:
    taste = taught(("image captioning", "TASK"))
    assert after(taste, NEW, *FOUND) == {*FOUND} - {("accuracy", "METRIC")}


def test_a_relabelled_word_takes_its_phrases_along() -> None:
    taste = taught(("accuracy", "METRIC"), ("image captioning", "METHOD"))
    assert ("video captioning", "METHOD") in after(taste, NEW, *FOUND)
    assert ("speech recognition", "TASK") in after(taste, "speech recognition", ("speech recognition", "TASK"))


def test_what_was_missed_is_found_as_whole_words_in_any_case() -> None:
    taste = taught(("accuracy", "METRIC"), ("image captioning", "TASK"), ("high", "METRIC"))
    assert taste.missed == ["high"]
    assert after(taste, "HIGH hopes, highest peaks") == {("HIGH", "METRIC")}


def test_a_single_text_is_not_enough_to_mark_what_it_says_was_missed() -> None:
    taste = learn([corrected("Owlet", [("Owlet", "METHOD"), ("high", "METRIC")])])
    assert taste.missed == ["high"] and after(taste, "high hopes") == set()


def test_without_corrections_all_stays_as_it_is() -> None:
    samples = [
        corrected(name, [(name, "METHOD"), ("accuracy", "METRIC"), ("image captioning", "TASK")]) for name in "AB"
    ]
    taste = learn([*samples, *(replayed(name) for name in METHODS)])
    assert taste == Taste() and after(taste, NEW, *FOUND) == {*FOUND}


def test_the_same_corrections_teach_the_same() -> None:
    assert taught(("image captioning", "TASK")) == taught(("image captioning", "TASK"))


def test_what_is_changed_is_as_sure_as_the_judge_and_what_is_not_as_before() -> None:
    taste = taught(("accuracy", "METRIC"), ("image captioning", "METHOD"))
    judged = {NEW[start:end]: score for start, end, _, score in judge(taste, NEW, find(NEW, *FOUND, confidence=0.8))}
    assert judged["Curlew"] == 0.8 and 0.3 < judged["video captioning"] < 1 and judged["video captioning"] != 0.8


def test_the_judge_stands_behind_the_pipeline() -> None:
    text = "Owlet\nWe fine-tune Owlet by LoRA and reach an accuracy of 71.3% on CIFAR-10, good news for moss."
    nlp = load_model()
    [before] = extract(nlp, [text])
    give_taste(
        nlp,
        Taste(weights={"METRIC <accuracy>": [0, 0, 0, 0, 9.0], "NOTHING <moss>": [0, 0, 0, 9.0, 0]}, missed=["moss"]),
    )
    [found] = extract(nlp, [text])
    places = {(mention.start, mention.end, mention.label) for mention in before.mentions}
    changed = places ^ {(mention.start, mention.end, mention.label) for mention in found.mentions}
    assert {(text[start:end], label) for start, end, label in changed} == {("accuracy", "METRIC"), ("moss", "TASK")}
    assert [result.metric for result in found.results] == [None], "a result goes with the mentions that are left"


@pytest.mark.parametrize("surface", ["(", "C++", ".*", "\\", "a|b"])
def test_a_missed_surface_is_text_and_no_pattern(surface: str) -> None:
    taste = Taste(missed=[surface.lower()], weights={})
    assert judge(taste, f"see {surface} here", []) == []


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=4))
def test_no_text_and_no_mentions_make_it_fail(text: str, places: list[tuple[int, int]]) -> None:
    found = [(start, start + size, "TASK", 0.5) for start, size in places]
    taste = taught(("image captioning", "TASK"), ("high", "METRIC"))
    for start, end, _, score in judge(taste, text, found):
        assert start < end and 0 <= score <= 1
