"""The split or setting of a result."""

import pytest

from nlp.results.passage import Passage
from nlp.results.settings import find_setting


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("It has 81.2% on the test-dev split.", "test-dev"),
        ("It has a 5-shot accuracy of 64%.", "5-shot"),
        ("In the zero-shot case it has 64%; with training, the test set is solved.", "zero-shot"),
        ("It has 64% zero-shot and more few-shot.", None),
        ("It has 64%.", None),
    ],
)
def test_the_only_setting_of_a_clause_is_that_of_its_number(text: str, setting: str | None) -> None:
    passage = Passage(text, [])
    amount = next(each for each in passage.amounts if each.unit == "%")
    bounds = passage.sentence_bounds(amount)
    assert find_setting(passage, amount.start, amount.end, bounds) == setting
