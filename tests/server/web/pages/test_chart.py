"""The axes of charts."""

import pytest

from server.web.pages.chart import columns, find_step


@pytest.mark.parametrize(
    ("top", "step"),
    [(0, 1), (1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (94, 20), (300, 100), (1300, 500)],
)
def test_an_axis_has_round_numbers(top: int, step: int) -> None:
    assert find_step(top) == step


@pytest.mark.parametrize("top", range(1, 2_000, 7))
def test_an_axis_has_few_ticks_and_reaches_over_the_highest_column(top: int) -> None:
    step = find_step(top)
    assert 1 <= -(-top // step) <= 5
    assert str(step).rstrip("0") in ("1", "2", "5")


def test_a_chart_ticks_on_them() -> None:
    assert ">40<" in columns("papers", [("a", 94), ("b", 3)]) and ">47<" not in columns(
        "papers", [("a", 94)]
    )
