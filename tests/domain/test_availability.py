"""Availability and how much of it is known."""

from __future__ import annotations

import pytest

from standby.domain.availability import Tally


def test_maintenance_and_unknown_are_on_neither_side() -> None:
    tally = Tally(decided=8, failures=2, degraded=3, unknown=5, maintenance=5)
    assert tally.availability == 0.75
    assert tally.error_rate == 0.25


def test_no_data_is_no_figure() -> None:
    assert Tally(unknown=5, maintenance=5).availability is None
    assert Tally(unknown=5, maintenance=5).error_rate is None


@pytest.mark.parametrize(
    ("tally", "expected", "coverage"),
    [
        (Tally(decided=8, unknown=2), 10, 0.8),
        (Tally(decided=5, maintenance=5), 10, 1.0),
        (Tally(decided=11), 10, 1.0),  # an extra look at the retry interval
        (Tally(), 10, 0.0),
        (Tally(), 0, 0.0),
    ],
)
def test_coverage(tally: Tally, expected: int, coverage: float) -> None:
    assert tally.coverage(expected) == coverage


def test_tallies_add_up() -> None:
    total = Tally(1, 2, 3, 4, 5) + Tally(10, 20, 30, 40, 50)
    assert total == Tally(11, 22, 33, 44, 55)
