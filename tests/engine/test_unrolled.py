"""Sums of minutes taken apart: as many of each, as slow as they were, in the order that is likeliest."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.sketch import ACCURACY, Sketch
from standby.domain.units import MINUTE
from standby.engine.trials.unrolled import unrolled
from standby.store.rows import RollupRow

T0 = 1_790_000_040_000_000_000 // MINUTE * MINUTE


def minute(
    number: int, up: int = 0, down: int = 0, degraded: int = 0, unknown: int = 0, maintenance: int = 0,
    latencies: tuple[float, ...] = (),
) -> RollupRow:  # fmt: skip
    sketch = Sketch()
    for latency in latencies:
        sketch.add(latency)
    total = round(sum(latencies) * 1000)
    low, high = (round(min(latencies) * 1000), round(max(latencies) * 1000)) if latencies else (None, None)
    return RollupRow(
        "pay", T0 + number * MINUTE, up + down + degraded, down, degraded, unknown, maintenance,
        len(latencies), low, total, high, sketch.to_bytes() if latencies else None,
    )  # fmt: skip


counts = st.integers(0, 5)


@given(st.lists(st.tuples(counts, counts, counts, counts, counts), max_size=5))
def test_nothing_is_added_or_lost(rows: list[tuple[int, int, int, int, int]]) -> None:
    found = list(unrolled(minute(number, *row) for number, row in enumerate(rows)))
    assert [one.slot for one in found] == sorted({one.slot for one in found})
    for number, (up, down, degraded, unknown, maintenance) in enumerate(rows):
        here = [one.outcome for one in found if number == (one.slot - T0) // MINUTE]
        assert Counter(here) == +Counter(
            {
                Outcome.UP: up,
                Outcome.DOWN: down,
                Outcome.DEGRADED: degraded,
                Outcome.UNKNOWN: unknown,
                Outcome.MAINTENANCE: maintenance,
            }
        )


def letters(*rows: RollupRow) -> str:
    return "".join(one.outcome.value[0] for one in unrolled(rows))


def test_an_outage_over_several_minutes_is_one() -> None:
    rows = (minute(0, 6), minute(1, 2, 4), minute(2, 0, 6), minute(3, 3, 3), minute(4, 6))
    assert letters(*rows) == "uuuuuu" + "uudddd" + "dddddd" + "ddduuu" + "uuuuuu"


def test_failures_between_failing_minutes_are_at_both_sides() -> None:
    assert letters(minute(0, 0, 4), minute(1, 2, 2), minute(2, 0, 4)) == "dddd" + "duud" + "dddd"


def test_a_hole_between_minutes_joins_nothing() -> None:
    assert letters(minute(0, 0, 2), minute(5, 2, 2)) == "dd" + "uudd"


def test_latencies_are_spread_as_they_were() -> None:
    slow = minute(0, up=3, down=1, latencies=(10.0, 20.0, 900.0))
    found = [(one.outcome, one.latency_ms) for one in unrolled([slow])]
    assert [latency for _, latency in found[:3]] == pytest.approx([10, 20, 900], rel=ACCURACY)
    assert found[3] == (Outcome.DOWN, None)


def test_a_sketch_that_cannot_be_read_leaves_the_mean() -> None:
    row = minute(0, up=2)
    damaged = RollupRow("pay", row.bucket, 2, 0, 0, 0, 0, 2, 1, 30_000, 2, b"\xff")
    assert [one.latency_ms for one in unrolled([damaged])] == [15.0, 15.0]


def test_what_was_unknown_while_we_were_blind_says_so() -> None:
    dark, seen = minute(0, unknown=1), minute(1, unknown=1)
    found = list(unrolled([dark, seen], [(T0, T0 + MINUTE)]))
    assert [one.failure for one in found] == [Failure.BLIND, None]
