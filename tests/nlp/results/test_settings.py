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
        ("It has 64% zero-shot and more few-shot.", "zero-shot"),
        ("It has 64% on a test set and a validation set.", None),
        ("It has 64%.", None),
        ("It has 64% and 58% on the NestQA and OwlQA test sets.", "test sets"),
        ("On the OwlQA test set, and with one owl, it has 64%.", "test set"),
        ("In the 5-shot setting, it has 64%.", "5-shot"),
        ("It has 64% on NestQA and 58% on 1-shot OwlQA.", None),
        ("It has 64% on five quizzes and one out-of-distribution one.", None),
        ("It beats zero- and few-shot models, closing the gap by 64%.", None),
        ("It beats models with in-domain data on 26 quizzes by 64%.", None),
        ("It learns from a training set and has 64%.", None),
    ],
)
def test_a_setting_belongs_to_the_numbers_that_stand_with_it(
    text: str, setting: str | None
) -> None:
    passage = Passage(text, [])
    amount = next(each for each in passage.amounts if each.unit == "%")
    assert find_setting(passage, amount) == setting
