"""Availability and how much of it is known."""

from __future__ import annotations

import pytest

from standby.domain.availability import Standing, Tally, standing


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


MONTH = 43_200
KNOWN = Tally(decided=43_020, failures=67, unknown=120, maintenance=60)


def test_the_same_month_under_each_definition() -> None:
    """The table of measured months (failover 3.2): one probe a minute for 30 days, 67 failed, 2 h without data, 1 h of
    announced maintenance. Ours excludes both; the band holds "unknown = down" and "unknown = up"."""
    month = standing(KNOWN, seen=43_080, expected=MONTH)
    assert f"{month.share:.4%}" == "99.8443%"
    assert (f"{month.low:.4%}", f"{month.high:.4%}") == ("99.5665%", "99.8447%")
    assert f"{month.coverage:.2%}" == "99.72%"
    counted = Tally(decided=KNOWN.decided + 60, failures=KNOWN.failures + 60)
    assert f"{counted.availability:.4%}" == "99.7052%", "with maintenance counted as down"


@pytest.mark.parametrize(
    ("tally", "seen", "expected", "share"),
    [
        (Tally(10), 10, 10, Standing(1.0, 1.0, 1.0, 1.0)),
        (Tally(10, 5), 10, 20, Standing(0.5, 0.25, 0.75, 0.5)),
        (Tally(), 0, 20, Standing(None, 0.0, 1.0, 0.0)),
        (Tally(maintenance=20), 20, 20, Standing(None, 0.0, 1.0, 1.0)),
        (Tally(), 0, 0, Standing(None, 0.0, 1.0, 0.0)),
        (Tally(11, 1), 10, 10, Standing(1 - 1 / 11, 10 / 11, 1 - 1 / 11, 1.0)),  # one slot looked at twice
    ],
)
def test_what_was_not_seen_widens_the_band(tally: Tally, seen: float, expected: float, share: Standing) -> None:
    assert standing(tally, seen, expected) == share


@pytest.mark.parametrize(("seen", "certain"), [(1000, True), (990, True), (989, False), (0, False)])
def test_below_low_coverage_one_figure_is_too_much(seen: int, certain: bool) -> None:
    assert standing(Tally(seen), seen, 1000).certain is certain
