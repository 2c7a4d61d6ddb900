import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nlp.pipeline import blank
from nlp.tagger.bilou import TAGS, best_tags, decode, encode, tags_of

NLP = blank()
TEXT = "Owlet tunes LoRA adapters for image captioning on MiniCaps"


def found(tags: np.ndarray) -> list[tuple[str, str]]:
    return [(span.text, span.label_) for span in decode(NLP.make_doc(TEXT), tags)]


def test_mentions_of_one_or_more_tokens_are_restored_from_their_tags() -> None:
    spans = [(0, 5, "METHOD"), (12, 16, "METHOD"), (30, 46, "TASK"), (50, 58, "DATASET")]
    tags = encode(NLP.make_doc(TEXT), spans)
    assert [TAGS[tag] for tag in tags[:3]] == ["U-METHOD", "O", "U-METHOD"]
    assert found(tags) == [
        ("Owlet", "METHOD"),
        ("LoRA", "METHOD"),
        ("image captioning", "TASK"),
        ("MiniCaps", "DATASET"),
    ]


def test_a_mention_that_ends_inside_a_token_is_extended() -> None:
    assert found(encode(NLP.make_doc(TEXT), [(12, 14, "METHOD")])) == [("LoRA", "METHOD")]


def test_the_first_of_two_overlapping_mentions_is_kept() -> None:
    assert found(encode(NLP.make_doc(TEXT), [(30, 46, "TASK"), (36, 46, "METHOD")])) == [
        ("image captioning", "TASK")
    ]


def test_a_mention_that_has_begun_is_finished_against_the_scores() -> None:
    scores = np.log(np.full((3, len(TAGS)), 0.01))
    for place, tag in enumerate(["B-TASK", "O", "L-TASK"]):
        scores[place, TAGS.index(tag)] = np.log(0.9)
    scores[1, TAGS.index("I-TASK")] = np.log(0.3)
    assert [TAGS[tag] for tag in best_tags([scores])[0]] == ["B-TASK", "I-TASK", "L-TASK"]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_best_tags_are_well_formed_for_texts_of_any_length(lengths: list[int], seed: int) -> None:
    draw = np.random.default_rng(seed)
    scores = [draw.normal(size=(length, len(TAGS))) * 5 for length in lengths]
    for length, tags in zip(lengths, best_tags(scores), strict=True):
        names = [TAGS[tag] for tag in tags]
        assert len(names) == length
        for one, other in zip(["O", *names], [*names, "O"], strict=True):
            assert (one[0] in "BI") == (other[0] in "IL")
            assert one[0] not in "BI" or one[1:] == other[1:]


def test_other_labels_get_their_own_tags() -> None:
    tags = tags_of(["Material", "Task"])
    doc = NLP.make_doc(TEXT)
    row = encode(doc, [(30, 46, "Task"), (50, 58, "Material")], tags)
    (best,) = best_tags([np.log(np.eye(len(tags), dtype=np.float32)[row] + 1e-9)], tags)
    assert [(span.text, span.label_) for span in decode(doc, best, tags)] == [
        ("image captioning", "Task"),
        ("MiniCaps", "Material"),
    ]
