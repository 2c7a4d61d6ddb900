"""Numbers as abstracts write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.results.numbers import Amount, clean_value, find_amounts


def written(text: str) -> list[str]:
    return [text[amount.start : amount.end] for amount in find_amounts(text)]


def only(text: str) -> Amount:
    (amount,) = find_amounts(text)
    return amount


@pytest.mark.parametrize(
    ("text", "value", "number", "unit"),
    [
        ("reaches 91.37% on", "91.37%", 91.37, "%"),
        ("by 70.8\\% over", "70.8\\%", 70.8, "%"),
        ("gains 2.4 percent of", "2.4 percent", 2.4, "%"),
        ("gains 3.5 percentage points,", "3.5 percentage points", 3.5, "points"),
        ("by +0.8 points", "+0.8 points", 0.8, "points"),
        ("drops by -0.1%", "-0.1%", -0.1, "%"),
        ("about ~40% less", "~40%", 40.0, "%"),
        ("is 4.5x faster", "4.5x", 4.5, "x"),
        ("is 3.6times faster", "3.6times", 3.6, "x"),
        ("a $2\\times$ speedup", "2\\times", 2.0, "x"),
        ("is 7{times} faster", "7{times}", 7.0, "x"),
        ("a 9-fold gain", "9-fold", 9.0, "x"),
        ("in 3.29 seconds", "3.29 seconds", 3.29, "seconds"),
        ("takes 1200 GPU hours", "1200 GPU hours", 1200.0, "gpuhours"),
        ("at 16 FPS on", "16 FPS", 16.0, "fps"),
        ("at 1.1K tokens per second", "1.1K tokens per second", 1.1, "ktokenspersecond"),
        ("at 2,800 tokens/sec/GPU", "2,800 tokens/sec/GPU", 2800.0, "tokens/sec/gpu"),
        ("brings 1.6* utilization", "1.6*", 1.6, "x"),
        ("gains 7.7%p in", "7.7%p", 7.7, "points"),
        ("of 32.1dB and", "32.1dB", 32.1, "db"),
        ("less than $1,000 USD now", "$1,000 USD", 1000.0, "usd"),
        ("an FID of 2.07.", "2.07", 2.07, ""),
        ("(0.85)", "0.85", 0.85, ""),
        ("wins (53. 6\\%) and", "53. 6\\%", 53.6, "%"),
        ("solves 17/20 tasks", "17/20", 17.0, "/20"),
        ("a loss of 1e-4.", "1e-4", 1e-4, ""),
        ("about 3.2 \\times 10^{-5} now", "3.2 \\times 10^{-5}", 3.2e-5, ""),
        ("of 4.1 million pairs", "4.1 million", 4.1, "million"),
        ("costs \\$0.34 each", "\\$0.34", 0.34, "usd"),
        ("saw 12,345,678 owls", "12,345,678", 12345678.0, ""),
    ],
)
def test_a_number_is_read_with_its_sign_and_unit(
    text: str, value: str, number: float, unit: str
) -> None:
    amount = only(text)
    assert (text[amount.start : amount.end], amount.number, amount.unit) == (value, number, unit)


@pytest.mark.parametrize(
    "value", ["65-92%", "5--8 points", "2.5–3.5x", "4.8\\% to 14.2\\%", "10% - 20%", "75%~89%"]
)
def test_a_range_is_one_amount_without_a_number(value: str) -> None:
    text = f"It gains {value} in all."
    assert written(text) == [value]
    assert only(text).number is None


def test_a_value_with_its_deviation_is_one_amount_with_the_value_as_number() -> None:
    amount = only("a score of 80.2 ± 0.1 points")
    assert (amount.number, amount.unit) == (80.2, "points")


def test_an_old_and_a_new_value_are_two_amounts_whatever_stands_before_the_old_one() -> None:
    text = "cut it from over 4600 seconds to 0.328 seconds"
    assert written(text) == ["4600 seconds", "0.328 seconds"]


def test_marks_of_a_list_are_no_amounts() -> None:
    assert written("It is (1) fast, (2) small; 3) it reaches 81.2%.") == ["81.2%"]


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("62\\%", "62%"),
        ("53. 6\\%", "53.6%"),
        ("$2\\times", "$2×"),
        ("4 times", "4×"),
        ("7{times}", "7×"),
        ("4 $\\times", "4×"),
    ],
)
def test_a_clean_value_has_no_latex(value: str, clean: str) -> None:
    assert clean_value(value) == clean


def test_the_sides_of_a_picture_are_no_multiples() -> None:
    assert written("at 256 x 256 pixels") == ["256", "256"]


@pytest.mark.parametrize("text", ["81.2* on", "**81.2** now"])
def test_a_star_that_marks_a_note_is_no_multiple(text: str) -> None:
    assert written(text) == ["81.2"]


@pytest.mark.parametrize(
    ("text", "measured"), [("3 owls", False), ("3x", True), ("3.5", True), ("3-5", True)]
)
def test_a_unit_a_fraction_or_a_range_measures(text: str, measured: bool) -> None:
    assert only(text).is_measured == measured


def test_from_and_to_give_two_amounts() -> None:
    assert written("raised it from 61.2% to 70.3% at once") == ["61.2%", "70.3%"]


def test_an_arrow_stands_between_two_amounts() -> None:
    assert written("NestEval (0.73rightarrow0.90)") == ["0.73", "0.90"]


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4",
        "a 7B model",
        "v2.0",
        "top-5 owls",
        "at 256x256",
        "512p",
        "Recall@5",
        "mAP@0.5",
        "8-shot",
        "R2D2",
        "1" * 99,
    ],
)
def test_digits_that_belong_to_a_name_are_no_amount(text: str) -> None:
    assert written(text) == []


@given(st.text(alphabet="0123456789.,%x+-~$\\ tofrm()ABs"))
def test_amounts_stand_in_order_and_apart(text: str) -> None:
    ends = 0
    for amount in find_amounts(text):
        assert ends <= amount.start < amount.end <= len(text)
        ends = amount.end
