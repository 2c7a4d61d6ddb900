"""The spellings of words."""

import doctest

import server.words


def test_the_examples_hold() -> None:
    assert doctest.testmod(server.words).failed == 0
