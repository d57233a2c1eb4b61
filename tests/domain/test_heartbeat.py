"""Batch jobs: signals, silence and their boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.heartbeat import Beat, Verdict, judge
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND

PERIOD, GRACE = 60 * MINUTE, 5 * MINUTE
BEGIN = 1_800_000_000 * SECOND


def at(minutes: float, **signals: float) -> Verdict:
    """The verdict so many minutes after the beginning; signals in minutes too."""
    instants = {name: BEGIN + round(minute * MINUTE) for name, minute in signals.items()}
    return judge(period=PERIOD, grace=GRACE, now=BEGIN + round(minutes * MINUTE), created=BEGIN, **instants)


@pytest.mark.parametrize(
    ("minutes", "signals", "outcome", "beat"),
    [
        (0, {}, Outcome.UNKNOWN, Beat.NEW),
        (64.9, {}, Outcome.UNKNOWN, Beat.NEW),
        (65, {}, Outcome.DOWN, Beat.DOWN),
        (59.9, {"last_success": 0}, Outcome.UP, Beat.UP),
        (60, {"last_success": 0}, Outcome.UP, Beat.GRACE),
        (64.9, {"last_success": 0}, Outcome.UP, Beat.GRACE),
        (65, {"last_success": 0}, Outcome.DOWN, Beat.DOWN),
        (1, {"last_success": 0, "last_fail": 1}, Outcome.DOWN, Beat.DOWN),
        (1, {"last_success": 1, "last_fail": 0}, Outcome.UP, Beat.UP),
        (1, {"last_success": 1, "last_fail": 1}, Outcome.DOWN, Beat.DOWN),
        (1, {"last_fail": 1}, Outcome.DOWN, Beat.DOWN),
        (1, {"last_start": 0}, Outcome.UNKNOWN, Beat.STARTED),
        (5, {"last_start": 0}, Outcome.DOWN, Beat.DOWN),
        (30, {"last_success": 0, "last_start": 29}, Outcome.UP, Beat.STARTED),
        (30, {"last_success": 0, "last_start": 25}, Outcome.DOWN, Beat.DOWN),
        (30, {"last_start": 25, "last_success": 26}, Outcome.UP, Beat.UP),
        (30, {"last_start": 25, "last_success": 25}, Outcome.UP, Beat.UP),
        (30, {"last_fail": 20, "last_start": 29}, Outcome.DOWN, Beat.STARTED),
        (30, {"last_success": 10, "last_fail": 20, "last_start": 15}, Outcome.DOWN, Beat.DOWN),
        (64, {"last_success": 0, "last_start": 61}, Outcome.UP, Beat.STARTED),
        (65, {"last_success": 0, "last_start": 61}, Outcome.DOWN, Beat.STARTED),
        (-60, {"last_success": 0}, Outcome.UP, Beat.UP),  # a clock set back
    ],
)
def test_verdicts(minutes: float, signals: dict[str, float], outcome: Outcome, beat: Beat) -> None:
    verdict = at(minutes, **signals)
    assert (verdict.outcome, verdict.beat) == (outcome, beat)


def test_messages_say_what_a_person_asks() -> None:
    assert at(65).message == "never called"
    assert at(70, last_success=0).message == "last called 1h10m ago, expected every 1h"
    assert at(61, last_success=0).message == "late: last called 1h1m ago, expected every 1h"
    assert at(9, last_start=0).message == "started 9m ago and did not end within 5m"
    assert at(2, last_success=0, last_start=1).message == "running for 1m; called 2m ago"
    assert at(2, last_fail=1).message == "reported a failure at 2027-01-15T08:01:00.000Z"


MINUTES = st.none() | st.integers(-10, 140)


@given(st.integers(0, 200), MINUTES, MINUTES, MINUTES)
def test_it_changes_when_it_says(now: int, success: int | None, start: int | None, fail: int | None) -> None:
    signals = {"last_success": success, "last_start": start, "last_fail": fail}
    # A signal of the future is not known yet: it says nothing about when the verdict changes.
    given_signals = {name: minute for name, minute in signals.items() if minute is not None and minute <= now}
    verdict = at(now, **given_signals)
    if verdict.changes_at is None:
        later = at(now + 10_000, **given_signals)
        assert (later.outcome, later.beat) == (verdict.outcome, verdict.beat)
        return
    assert verdict.changes_at > BEGIN + now * MINUTE
    until = (verdict.changes_at - BEGIN) / MINUTE
    same, other = at(until - 0.001, **given_signals), at(until, **given_signals)
    assert (same.outcome, same.beat) == (verdict.outcome, verdict.beat)
    assert (other.outcome, other.beat) != (verdict.outcome, verdict.beat)
