"""Words, sentences and lists of a text with mentions."""

from nlp.results.passage import Passage
from tests.nlp.results.test_find import marked


def passage(text: str) -> Passage:
    return Passage(*marked(text))


def test_members_of_a_list_know_their_rank_and_its_size() -> None:
    text = passage("It has 81.9%, 37.7% and 47.1% on [d:A1], [d:B2], and the [d:C3] sets.")
    ranks = [(text.lists[part.start].rank, text.lists[part.start].size) for part in text.amounts]
    assert ranks == [(0, 3), (1, 3), (2, 3)]
    assert [text.lists[part.start].rank for part in text.mentions] == [0, 1, 2]


def test_names_with_words_between_them_are_no_list() -> None:
    assert passage("[d:A1] is older than [d:B2].").lists == {}


def test_a_torn_decimal_does_not_end_a_sentence() -> None:
    assert passage("It has 82. 42% of all. It is new.").sentence_starts == [0, 23]


def test_what_a_verb_introduces_or_stands_before_the_colon_of_the_title_is_introduced() -> None:
    text = passage("[m:OwletNet]: A Model\nWe propose [d:NestQA]. It beats [m:BarnNet].")
    assert text.introduced == {"owletnet", "nestqa"}


def test_the_bounds_of_a_sentence_leave_white_space_out() -> None:
    text = passage("Title\nIt has 81%. It is new.")
    start, end = text.sentence_bounds(text.amounts[0])
    assert text.text[start:end] == "It has 81%."
