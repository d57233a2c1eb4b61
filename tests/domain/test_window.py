"""The sliding window against a list that is searched each time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.outcome import Outcome
from standby.domain.units import DAY, MINUTE, SECOND
from standby.domain.window import Window

BEGIN = 20_000 * DAY
LATENCIES = st.none() | st.floats(0, 60_000) | st.sampled_from((math.nan, math.inf, -1.0, 1e300))
EVENTS = st.lists(
    st.tuples(st.integers(-30, 60), st.sampled_from(Outcome), LATENCIES) | st.integers(0, 90),
    max_size=60,
)


@given(EVENTS, st.integers(0, 60))
def test_against_a_list(events: list[tuple[int, Outcome, float | None] | int], asked_at: int) -> None:
    window, span = Window(MINUTE), MINUTE
    entries: list[tuple[int, Outcome, float | None]] = []
    now, horizon = BEGIN, -1
    for place, event in enumerate(events):
        if place == asked_at:
            assert (window.latency_p50_ms is None) is (window.latency_ms is None)  # from here on they are in order
        if isinstance(event, int):
            now += event * SECOND
            horizon = now - span
            window.evict(now)
            entries = [entry for entry in entries if entry[0] > horizon]
        else:
            offset, outcome, latency = event
            window.add(now + offset * SECOND, outcome, latency)
            if now + offset * SECOND > horizon:
                entries.append((now + offset * SECOND, outcome, latency))
    assert len(window) == len(entries)
    counts = [sum(1 for _, outcome, _ in entries if outcome is wanted) for wanted in Outcome]
    assert [window.count(outcome) for outcome in Outcome] == counts
    decided = sum(counts[:3])
    assert window.decided == decided
    assert window.error_rate == (counts[2] / decided if decided else None)
    latencies = sorted(
        value for _, outcome, value in entries if value is not None and 0 <= value <= 60_000 and outcome.decided
    )
    if not latencies:
        assert window.latency_ms is window.latency_p99_ms is None
        return
    assert window.latency_ms == pytest.approx(sum(latencies) / len(latencies), abs=1e-6)
    for percent, ours in ((50, window.latency_p50_ms), (95, window.latency_p95_ms), (99, window.latency_p99_ms)):
        assert ours == pytest.approx(latencies[math.ceil(len(latencies) * percent / 100) - 1], abs=1e-6)


def test_an_empty_window_has_no_figures() -> None:
    window = Window(MINUTE)
    assert window.error_rate is window.availability is window.throughput is window.latency_ms is None
    assert window.latency_p50_ms is None


def test_unknown_and_maintenance_decide_nothing() -> None:
    window = Window(MINUTE)
    window.add(BEGIN, Outcome.UNKNOWN)
    window.add(BEGIN + 1, Outcome.MAINTENANCE)
    assert [window.decided, window.count(Outcome.UNKNOWN), window.count(Outcome.MAINTENANCE)] == [0, 1, 1]
    assert window.error_rate is None


def test_degraded_is_available() -> None:
    window = Window(MINUTE)
    window.add(BEGIN, Outcome.DEGRADED)
    assert window.availability == 1


def test_the_far_end_is_open() -> None:
    window = Window(MINUTE)
    window.add(BEGIN, Outcome.UP)
    window.evict(BEGIN + MINUTE - 1)
    assert len(window) == 1
    window.evict(BEGIN + MINUTE)
    assert len(window) == 0
    window.add(BEGIN, Outcome.UP)  # what arrives late is out as well
    assert len(window) == 0


def test_no_throughput_before_it_has_watched_for_its_span() -> None:
    """Else every start would look like a third party that has gone quiet."""
    window = Window(MINUTE)
    for second in range(0, 120, 10):
        window.add(BEGIN + second * SECOND, Outcome.UP)
        window.evict(BEGIN + second * SECOND)
        expected = None if second < 60 else pytest.approx(0.1)
        assert window.throughput == expected


def test_what_arrives_late_was_watched_too() -> None:
    window = Window(MINUTE)
    window.add(BEGIN + SECOND, Outcome.UP)
    window.add(BEGIN, Outcome.UP)
    window.evict(BEGIN + MINUTE)
    assert window.throughput == pytest.approx(1 / 60)


def test_a_clock_set_back_brings_nothing_back() -> None:
    window = Window(MINUTE)
    window.add(BEGIN, Outcome.DOWN)
    window.evict(BEGIN + 2 * MINUTE)
    window.evict(BEGIN)
    window.add(BEGIN + 1, Outcome.DOWN)
    assert len(window) == 0


def test_what_is_out_takes_no_room_for_long() -> None:
    window = Window(MINUTE)
    for second in range(3600):
        window.add(BEGIN + second * SECOND, Outcome.UP, 1.0)
        window.evict(BEGIN + second * SECOND)
    assert len(window) == 60
    assert len(window._slots) <= 2 * 64 + 1
    assert window.latency_p99_ms == 1.0


@pytest.mark.parametrize("span", [0, -1])
def test_a_window_needs_a_span(span: int) -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        Window(span)
