"""Texts compared: sentence by sentence, and no change invented. Mutations of invented abstracts."""

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.papers.text_changes import (
    compare_texts,
    find_number_changes,
    is_cut_short,
    is_same_text,
    split_sentences,
)
from server.papers.versions import anchor_note
from server.schema.quote import make_quote
from server.schema.reading_list import NoteState
from server.schema.versions import NumberChange, PaperText, TextPiece
from tests.server.material import MOSS, NOW

SENTENCES = [
    "We study how mosses compress large models.",
    "Our method prunes ferns, e.g. those of et al. Brown, by 3.5 times.",
    "On CIFAR-10 it reaches 71.2 accuracy, 1.4 points over the best rival.",
    "It needs 12 hours on 8 GPUs!",
    "Code is available.",
]
ABSTRACT = " ".join(SENTENCES)


def test_sentences_end_at_full_stops_but_not_at_abbreviations_or_decimals() -> None:
    sentences = split_sentences(ABSTRACT)
    assert [sentence.text for sentence in sentences] == SENTENCES
    assert all(ABSTRACT[each.start : each.end] == each.text for each in sentences)
    assert split_sentences("") == []


def test_a_changed_number_is_named_and_the_rest_stays() -> None:
    [change] = compare_texts(ABSTRACT, ABSTRACT.replace("71.2", "69.8"))
    assert change.before == SENTENCES[2]
    assert [piece for piece in change.pieces if piece.kind != "same"] == [
        TextPiece("removed", "71.2"),
        TextPiece("added", "69.8"),
    ]
    assert find_number_changes(change.before, change.after) == [NumberChange("71.2", "69.8")]


@pytest.mark.parametrize(
    ("before", "after", "numbers"),
    [
        ("It takes 12 hours.", "It takes 9 hours.", [("12", "9")]),
        ("12,000 of 40 items", "13,500 of 41 items", [("12,000", "13,500"), ("40", "41")]),
        ("It reaches 71.2.", "It reaches a high accuracy.", []),
        ("It reaches 71.2.", "It reaches 69.8 or 70.1.", []),
        ("It reaches 71.2.", "It reaches 71.2 in 2 hours.", []),
    ],
)
def test_numbers_are_paired_only_where_their_places_match(
    before: str, after: str, numbers: list[tuple[str, str]]
) -> None:
    assert find_number_changes(before, after) == [NumberChange(*pair) for pair in numbers]


def test_an_unlike_sentence_is_removed_and_added() -> None:
    changes = compare_texts(ABSTRACT, ABSTRACT.replace(SENTENCES[3], "Lichens like rain."))
    assert [(change.before, change.after) for change in changes] == [
        (SENTENCES[3], ""),
        ("", "Lichens like rain."),
    ]


def test_white_space_and_a_cut_make_no_other_text() -> None:
    assert is_same_text("a  b\nc", "a b c") and is_same_text("of x.We", "of x. We")
    assert is_cut_short("We study how…", ABSTRACT) and is_cut_short("", ABSTRACT)
    assert not is_cut_short("We study why", ABSTRACT)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_every_mutation_is_found_and_both_texts_can_be_read_from_the_pieces(seed: int) -> None:
    dice = random.Random(seed)
    mutated = mutate([*SENTENCES], dice)
    changes = compare_texts(ABSTRACT, " ".join(mutated))
    assert {change.before for change in changes} - {""} <= {*SENTENCES}
    assert {change.after for change in changes} - {""} <= {*mutated}
    gone, new = {*SENTENCES} - {*mutated}, {*mutated} - {*SENTENCES}
    assert gone <= {change.before for change in changes}
    assert new <= {change.after for change in changes}
    for change in changes:
        assert text_of(change.pieces, "removed") == change.before
        assert text_of(change.pieces, "added") == change.after


NUMBERS = [
    (1, "by 3.5 times", "3.5"),
    (2, "reaches 71.2 accuracy", "71.2"),
    (2, "reaches 71.2", "71.2"),
    (2, "1.4 points", "1.4"),
    (3, "needs 12", "12"),
    (3, "12 hours", "12"),
    (3, "8 GPUs", "8"),
]
"""Passages with a number, by the places of their sentences."""


@given(
    passage=st.sampled_from(NUMBERS),
    becomes=st.one_of(st.none(), st.decimals(0, 999, places=2).map(str)),
    suffix=st.sampled_from(["", "5", ".75", "0"]),
    order=st.permutations(range(len(SENTENCES))),
    deleted=st.one_of(st.none(), st.integers(0, len(SENTENCES) - 1)),
    inserted=st.one_of(st.none(), st.integers(0, len(SENTENCES))),
)
@settings(max_examples=300, deadline=None)
def test_what_became_of_a_noted_number_is_told_rightly(
    passage: tuple[int, str, str],
    becomes: str | None,
    suffix: str,
    order: list[int],
    deleted: int | None,
    inserted: int | None,
) -> None:
    place, exact, number = passage
    # a number that only grew longer still has the passage in it
    new = becomes or number + suffix
    sentences = [*SENTENCES]
    sentences[place] = SENTENCES[place].replace(exact, exact.replace(number, new))
    current = [sentences[n] for n in order if n != deleted]
    if inserted is not None:
        current.insert(inserted, "Lichens, by contrast, like rain.")
    abstract = " ".join(current)

    anchor = anchor_note(write_note(exact), [paper_text(ABSTRACT)], paper_text(abstract))
    assert anchor and anchor.before == SENTENCES[place]
    if place == deleted:
        assert (anchor.state, anchor.after, anchor.numbers) == ("changed", None, [])
    elif new != number:
        assert (anchor.state, anchor.after) == ("changed", sentences[place])
        assert anchor.numbers == [NumberChange(number, new)]
    else:
        is_there = abstract.index(exact) == ABSTRACT.index(exact)
        assert anchor.state == ("same" if is_there else "moved")
        assert (anchor.after, anchor.numbers) == (SENTENCES[place], [])


def test_a_passage_that_begins_within_a_number_is_found_again() -> None:
    anchor = anchor_note(
        write_note("1.2 acc"), [paper_text(ABSTRACT)], paper_text(ABSTRACT + " A.")
    )
    assert anchor and anchor.state == "same"


def write_note(exact: str) -> NoteState:
    """Return a note on a passage of the abstract."""
    start = ABSTRACT.index(exact)
    quote = make_quote(ABSTRACT, start, start + len(exact))
    return NoteState(
        id=uuid4(), key=MOSS, text="noted", quote=quote, version=1, created=NOW, updated=NOW
    )


def paper_text(abstract: str) -> PaperText:
    """Return a text that was replaced after the note was written."""
    return PaperText(
        title="", abstract=abstract, observed=NOW, replaced=NOW + timedelta(days=1), changes=[]
    )


def mutate(sentences: list[str], dice: random.Random) -> list[str]:
    """Change up to three things: a number, a word, a whole sentence, or the order."""
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(sentences))
        match dice.randrange(5):
            case 0:
                sentences[place] = sentences[place].replace("71.2", str(dice.randint(10, 99)))
            case 1:
                sentences[place] = sentences[place].replace("it", "the model")
            case 2 if len(sentences) > 1:
                del sentences[place]
            case 3:
                sentences.insert(place, f"A sentence of {dice.randint(1, 9)} new words.")
            case _:
                dice.shuffle(sentences)
    return sentences


def text_of(pieces: list[Any], kind: str) -> str:
    """Return one of two texts from their pieces."""
    return "".join(piece.text for piece in pieces if piece.kind in ("same", kind))
