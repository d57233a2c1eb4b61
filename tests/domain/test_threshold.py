"""K of the last N, against the list of results."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from standby.domain.threshold import Counted, Threshold, step

RESULTS = st.lists(st.booleans(), max_size=30)


@given(RESULTS, st.integers(1, 4), st.integers(0, 6))
def test_it_ends_by_itself(results: list[bool], failures: int, total: int) -> None:
    counted, threshold = Counted(), Threshold(failures, total)
    for seen, failed in enumerate(results, start=1):
        counted = step(counted, failed, threshold)
        assert counted.reached is (sum(results[:seen][-max(total, failures) :]) >= failures)


@given(RESULTS, st.integers(1, 4), st.integers(1, 4))
def test_it_ends_after_so_many_good_ones_in_a_row(results: list[bool], failures: int, successes: int) -> None:
    counted, threshold, reached = Counted(), Threshold(failures, successes=successes), False
    for seen, failed in enumerate(results, start=1):
        counted = step(counted, failed, threshold)
        past = results[:seen]
        if len(past) >= failures and all(past[-failures:]):
            reached = True
        elif len(past) >= successes and not any(past[-successes:]):
            reached = False
        assert counted.reached is reached
