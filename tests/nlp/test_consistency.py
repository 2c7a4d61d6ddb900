"""One surface, one label."""

from spacy.tokens import Doc, Span

from nlp.consistency import Consistency
from nlp.pipeline import blank

NLP = blank()


def marked(text: str, *mentions: tuple[int, int, str]) -> list[tuple[str, str]]:
    doc: Doc = NLP(text)
    doc.ents = [Span(doc, start, end, label=label) for start, end, label in mentions]
    return [(ent.text, ent.label_) for ent in Consistency()(doc).ents]


def test_every_place_of_a_surface_is_marked() -> None:
    assert marked("Owlet beats Wren, yet Owlet is slow.", (0, 1, "METHOD")) == [("Owlet", "METHOD")] * 2


def test_the_label_of_most_places_wins() -> None:
    mentions = ((0, 1, "METHOD"), (2, 3, "DATASET"), (4, 5, "METHOD"))
    assert marked("Owlet or Owlet or Owlet", *mentions) == [("Owlet", "METHOD")] * 3


def test_the_longest_surface_wins() -> None:
    assert marked("Owlet Max is no Owlet but Owlet Max.", (0, 2, "METHOD"), (4, 5, "METHOD")) == [
        ("Owlet Max", "METHOD"),
        ("Owlet", "METHOD"),
        ("Owlet Max", "METHOD"),
    ]


def test_a_phrase_is_marked_in_any_case() -> None:
    found = marked("Nest Mapping\nWe do nest mapping.", (5, 7, "TASK"))
    assert found == [("Nest Mapping", "TASK"), ("nest mapping", "TASK")]


def test_a_single_word_is_marked_in_its_own_case_alone() -> None:
    assert marked("On MATH, our math is right.", (1, 2, "DATASET")) == [("MATH", "DATASET")]


def test_a_part_of_a_word_is_not_marked() -> None:
    assert marked("Owl and Owlish", (0, 1, "METHOD")) == [("Owl", "METHOD")]
