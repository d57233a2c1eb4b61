"""The generated series of the baselines' benchmark, and what is counted on them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from benchmarks.generated import DAY, KINDS, NEAR, RECOVERY, Made, Trouble, measured, series
from benchmarks.nab import banked, replayed


def test_a_seed_is_a_series() -> None:
    one, again, other = series(1), series(1), series(2)
    assert np.array_equal(one.values, again.values, equal_nan=True)
    assert one.troubles == again.troubles != other.troubles
    assert {trouble.kind for seed in range(8) for trouble in series(seed).troubles} == set(KINDS)
    assert 0.005 < np.isnan(one.values).mean() < 0.03


def test_troubles_are_apart_and_in_order() -> None:
    for seed in range(8):
        troubles = series(seed).troubles
        assert all(7 * DAY < one.start < one.end for one in troubles)
        assert all(before.end < after.start for before, after in itertools.pairwise(troubles))


def test_alarms_are_counted_where_it_is_quiet_and_found_where_it_is_not() -> None:
    made = Made(np.ones(21 * DAY), (Trouble("step", 10 * DAY, 10 * DAY + 50), Trouble("drop", 15 * DAY, 15 * DAY + 9)))
    alert = np.zeros(21 * DAY, bool)
    alert[3 * DAY] = True  # while learning
    alert[9 * DAY : 9 * DAY + 4] = True  # false
    alert[10 * DAY + 7 : 10 * DAY + 60] = True  # found, seven samples late
    alert[10 * DAY + 50 + RECOVERY - 1] = True  # not yet quiet again
    alert[15 * DAY + 9 + NEAR] = True  # too late
    told = measured([made], [alert])
    quiet = 14 * DAY - 59 - 2 * RECOVERY
    assert told.false_a_week == pytest.approx(1 / (quiet / (7 * DAY)))
    assert told.alarm_share == pytest.approx(4 / quiet)
    assert (told.recall, told.delay) == (0.5, 7.0)
    assert told.by_kind == {"drop": 0.0, "step": 1.0}


def test_a_bank_scores_generated_series_as_detectors_do() -> None:
    values = [series(seed).values[: 500 + 40 * seed] for seed in range(3)]
    times = [np.arange(len(one)) * 300.0 for one in values]
    for ours, one, at in zip(banked(times, values), values, times, strict=True):
        scores, alerts = replayed(at, one)
        assert np.abs(ours - scores).max() < 1e-12
        assert set(np.unique(alerts)) <= {0.0, 1.0}
