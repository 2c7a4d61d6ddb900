"""The spellings of words."""

import doctest
import string

from hypothesis import given
from hypothesis import strategies as st

import server.words
from server.words import tokens


def test_the_examples_hold() -> None:
    assert doctest.testmod(server.words).failed == 0


def test_a_backslash_before_a_space_parts_words_and_a_thin_space_does_not() -> None:
    assert tokens("3\\ owls and 10\\,000") == ["3", "owls", "and", "10000"]


@given(st.text(st.sampled_from(string.printable)))
def test_a_text_in_plain_ascii_has_the_words_that_it_has_beside_a_letter_of_another_script(
    text: str,
) -> None:
    assert tokens(f"{text} é") == [*tokens(text), "e"]
