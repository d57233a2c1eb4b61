"""Burn rates: the factors that the workbook names, and what cannot be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.burnrate import RULES, Budget, budget, burn_rate, union
from standby.domain.units import DAY


def test_the_factors_of_30_days() -> None:
    assert [rule.factor(30 * DAY) for rule in RULES] == pytest.approx([14.4, 6, 3, 1])


def test_both_windows_have_to_burn_and_none_is_guessed() -> None:
    rule = RULES[0]
    assert rule.holds(15, 15, 30 * DAY) is True
    assert rule.holds(15, 14, 30 * DAY) is False
    assert rule.holds(14, 15, 30 * DAY) is False
    assert rule.holds(None, 15, 30 * DAY) is None
    assert rule.holds(15, None, 30 * DAY) is None


@pytest.mark.parametrize("target", [0, 100, 101, -1, float("nan"), float("inf")])
def test_a_target_that_leaves_nothing_or_everything_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="target"):
        burn_rate(1, 2, target)
    with pytest.raises(ValueError, match="target"):
        budget(1, 2, target)


def test_more_bad_than_there_was_is_all_of_it() -> None:
    assert burn_rate(20, 10, 99) == pytest.approx(100)
    assert burn_rate(-1, 10, 99) == 0
    assert burn_rate(0, 0, 99) == 0
    assert budget(20, 10, 90) == Budget(pytest.approx(1), 10)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8))
def test_a_second_that_is_bad_twice_counts_once(spans: list[tuple[int, int]]) -> None:
    assert union(spans) == len({second for begin, end in spans for second in range(begin, end)})
