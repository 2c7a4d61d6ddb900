"""Ranks in the reading queue, and what is left of a plan when a paper's status changes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.reading_list.plans import rank_between
from server.schema.reading_list import Plan, Status


@given(st.lists(st.sampled_from(["before", "after"]), max_size=80))
def test_a_rank_is_between_its_neighbours_or_there_is_none(steps: list[str]) -> None:
    low, high = 0.0, 1.0
    for step in steps:
        rank = rank_between(low, high)
        if rank is None:
            assert high - low < 1e-12
            return
        assert low < rank < high
        low, high = (rank, high) if step == "after" else (low, rank)


def test_a_rank_at_an_end_of_the_queue_needs_one_neighbour() -> None:
    assert rank_between(None, None) == 0.0
    assert (rank_between(None, 3.0), rank_between(3.0, None)) == (2.0, 4.0)
    assert rank_between(1e300, None) is None


@pytest.mark.parametrize(
    ("before", "after", "is_kept"),
    [
        ("inbox", "reading", True),
        ("read", "read", True),
        ("read", "inbox", True),
        ("reading", "read", False),
        ("inbox", "skipped", False),
        ("inbox", "none", False),
    ],
)
def test_a_plan_ends_when_a_paper_is_done(before: Status, after: Status, is_kept: bool) -> None:
    plan = Plan(1.0, date(2026, 3, 5), date(2026, 3, 6))
    assert plan.carry_over(before=before, after=after) == (plan if is_kept else Plan())
