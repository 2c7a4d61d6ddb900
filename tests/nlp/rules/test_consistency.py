"""One label per surface in a text."""

import numpy as np
from spacy.tokens import Doc, Span

from nlp.pipeline import blank
from nlp.rules.abbreviations import Abbreviations
from nlp.rules.consistency import Consistency
from nlp.tagger.bilou import TAGS

NLP = blank()


def marked(text: str, *mentions: tuple[int, int, str]) -> list[tuple[str, str]]:
    doc: Doc = NLP(text)
    doc.ents = [Span(doc, start, end, label=label) for start, end, label in mentions]
    return [(ent.text, ent.label_) for ent in Consistency()(doc).ents]


def test_every_occurrence_of_a_surface_is_marked() -> None:
    assert (
        marked("Owlet beats Wren, yet Owlet is slow.", (0, 1, "METHOD"))
        == [("Owlet", "METHOD")] * 2
    )


def test_the_most_frequent_label_wins() -> None:
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


def test_a_single_word_is_marked_only_in_its_own_case() -> None:
    assert marked("On MATH, our math is right.", (1, 2, "DATASET")) == [("MATH", "DATASET")]


def test_a_part_of_a_word_is_not_marked() -> None:
    assert marked("Owl and Owlish", (0, 1, "METHOD")) == [("Owl", "METHOD")]


def tagged(text: str, *mentions: tuple[int, int, str, float]) -> Doc:
    """Return a text whose mentions the tagger gives these probabilities, METHOD the rest."""
    doc = NLP(text)
    doc.tensor = np.full((len(doc), len(TAGS)), -9.0)
    for start, end, label, probability in mentions:
        places = "U" if end - start == 1 else "B" + "I" * (end - start - 2) + "L"
        for token, place in zip(range(start, end), places, strict=True):
            doc.tensor[token, TAGS.index(f"{place}-METHOD")] = np.log(1 - probability + 1e-9)
            doc.tensor[token, TAGS.index(f"{place}-{label}")] = np.log(probability)
    doc.ents = [Span(doc, start, end, label=label) for start, end, label, _ in mentions]
    return doc


def test_one_certain_mention_outweighs_several_doubtful_ones() -> None:
    doc = tagged("OM or OM or OM", (0, 1, "TASK", 0.99), (2, 3, "METHOD", 0.52))
    doc.tensor[2, TAGS.index("U-TASK")] = np.log(0.47)
    assert {ent.label_ for ent in Consistency()(doc).ents} == {"TASK"}


def test_a_long_form_outvotes_its_abbreviation() -> None:
    doc = tagged(
        "We study owl mapping (OM). OM forgets. OM is old.",
        (2, 4, "TASK", 0.9),
        (5, 6, "TASK", 0.6),
        (8, 9, "METHOD", 0.7),
        (11, 12, "METHOD", 0.7),
    )
    found = Consistency()(Abbreviations()(doc)).ents
    assert [(ent.text, ent.label_) for ent in found] == [
        ("owl mapping", "TASK"),
        ("OM", "TASK"),
        ("OM", "TASK"),
        ("OM", "TASK"),
    ]
