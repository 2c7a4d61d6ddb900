import pytest

from nlp.pipeline import blank
from nlp.tagger.word_pieces import PIECES, Vocabulary, word_shape

KNOWN = ["[UNK]", "[CLS]", "[SEP]", "owl", "##et", "##s", "o", "eye", "-", ",", "水"]
VOCABULARY = Vocabulary(KNOWN)


def pieces(word: str) -> list[str]:
    return [KNOWN[number] for number in VOCABULARY.split(word)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Owlets", ["owl", "##et", "##s"]),
        ("Öwlet", ["owl", "##et"]),
        ("owl-eye,", ["owl", "-", "eye", ","]),
        ("水水", ["水", "水"]),
        ("owlx", ["[UNK]"]),
        ("owl" * 40, ["[UNK]"]),
        ("\n", ["[UNK]"]),
    ],
)
def test_a_word_is_split_into_the_longest_known_pieces(word: str, expected: list[str]) -> None:
    assert pieces(word) == expected


def test_a_window_holds_whole_words_between_special_pieces() -> None:
    (window,) = VOCABULARY.windows([blank().make_doc("Owlet eye")])
    assert [KNOWN[number] for number in window.pieces] == ["[CLS]", "owl", "##et", "eye", "[SEP]"]
    assert window.firsts == [1, 3]
    assert window.shapes == [0, 4, 4, 0, 0]


def test_a_long_text_is_split_into_windows_without_losing_words() -> None:
    docs = [blank().make_doc("owlet " * 600), blank().make_doc("")]
    windows = VOCABULARY.windows(docs)
    assert [window.start for window in windows] == [0, 255, 510]
    assert sum(len(window.firsts) for window in windows) == 600
    assert max(len(window.pieces) for window in windows) == PIECES + 2


def test_each_word_shape_has_its_own_number() -> None:
    looks = ["owl", "owl2", "OWL", "OWL2", "Owl", "Owl2", "OwL", "OwL2", "+", "7"]
    assert [word_shape(word) for word in looks] == list(range(10))
