"""The parts that are rules of their own: excuses, lanes, windows, the timeline, the real clock."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MILLISECOND, SECOND
from standby.engine.clock import SystemClock
from standby.engine.polling.lag import LagMeter, excuse
from standby.engine.polling.lanes import Lane
from standby.engine.rules.windows import Windows
from standby.engine.timeline import Timeline

from .fakeclock import T0, FakeClock


def seen(failure: Failure | None, message: str = "", latency_ms: float | None = None) -> Observation:
    return Observation("c", T0, T0, Outcome.DOWN, message, failure, latency_ms)


@pytest.mark.parametrize(
    ("observation", "late_ms", "excused"),
    [
        (seen(Failure.TIMEOUT), 251, True),
        (seen(Failure.TIMEOUT), 250, False),
        (seen(Failure.EXPECTATION, "latency_ms < 800: latency_ms is 900", 900.0), 151, True),
        (seen(Failure.EXPECTATION, "latency_ms < 800: latency_ms is 900", 900.0), 149, False),
        (seen(Failure.EXPECTATION, "latency_ms < 800: latency_ms is 9000", 9000.0), 899, False),
        (seen(Failure.EXPECTATION, "status == 200: status is 503"), 5000, False),
        (seen(Failure.REFUSED), 5000, False),
        (seen(Failure.TLS), 5000, False),
        (Observation("c", T0, T0, Outcome.UP), 5000, False),
        (Observation("c", T0, T0, Outcome.UNKNOWN, failure=Failure.TIMEOUT), 5000, False),
    ],
)
def test_what_our_own_delay_can_cause(observation: Observation, late_ms: int, excused: bool) -> None:
    judged = excuse(observation, late_ms * MILLISECOND, 2 * SECOND)
    assert (judged.failure is Failure.OWN_DELAY) is excused
    assert (judged.outcome is Outcome.UNKNOWN) is (excused or observation.outcome is Outcome.UNKNOWN)


def test_a_long_timeout_needs_a_long_delay() -> None:
    assert excuse(seen(Failure.TIMEOUT), 900 * MILLISECOND, 10 * SECOND).failure is Failure.TIMEOUT
    assert excuse(seen(Failure.TIMEOUT), 1100 * MILLISECOND, 10 * SECOND).failure is Failure.OWN_DELAY


async def test_standing_still_is_seen_before_during_and_after() -> None:
    clock = FakeClock()
    meter = LagMeter(clock)
    meter.start()
    await clock.advance(10 * SECOND)
    start = clock.mono
    assert meter.late_between(start - SECOND, start) == 0
    clock.block(SECOND)
    assert meter.late_between(start, clock.mono) >= 900 * MILLISECOND, "before the tick could come"
    await clock.advance(SECOND)
    end = clock.mono
    assert 900 * MILLISECOND <= meter.late_between(start, end) <= SECOND
    assert meter.late_between(end - 500 * MILLISECOND, end) == 0, "it was over by then"
    assert meter.worst_ms() >= 900
    await clock.advance(61 * SECOND)
    assert meter.worst_ms() == 0
    meter.stop()


class Guest:
    def __init__(self, log: list[int], number: int) -> None:
        self.log, self.number = log, number

    def go(self) -> None:
        self.log.append(self.number)


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=80))
def test_a_lane_never_holds_more_than_its_limit_and_keeps_the_order(limit: int, moves: list[bool]) -> None:
    log: list[int] = []
    lane, entered, left = Lane(limit), 0, 0
    for enters in moves:
        if enters:
            lane.enter(Guest(log, entered))
            entered += 1
        elif left < len(log):
            lane.leave()
            left += 1
        assert len(log) - left == min(limit, entered - left)
    assert log == list(range(len(log)))


def test_who_no_longer_waits_gets_no_turn() -> None:
    log: list[int] = []
    lane = Lane(1)
    guests = [Guest(log, n) for n in range(3)]
    for guest in guests:
        lane.enter(guest)
    lane.forget(guests[1])
    lane.forget(guests[0])
    lane.leave()
    assert log == [0, 2]
    lane.resize(2)
    lane.enter(Guest(log, 9))
    assert log == [0, 2, 9]


def test_windows_are_shared_kept_and_let_go() -> None:
    windows = Windows()
    pooled, single = (("a", "b"), SECOND), (("a",), SECOND)
    assert windows.keep([pooled, single, pooled]) == {pooled, single}
    windows.add("a", 10, Outcome.DOWN, 5.0)
    windows.add("b", 11, Outcome.UP, 7.0)
    assert windows.at(pooled, 12).error_rate == 0.5
    assert windows.at(single, 12).error_rate == 1.0
    assert windows.keep([pooled]) == set()
    assert windows.at(pooled, 12).decided == 2
    assert windows.keep([pooled, single]) == {single}
    assert windows.at(single, 12).decided == 0


def test_the_timeline_takes_no_step_by_itself() -> None:
    clock = FakeClock()
    timeline = Timeline(clock)
    clock.step(HOUR)
    assert timeline.now() == T0
    assert timeline.stepped() == HOUR
    timeline.follow(HOUR)
    assert timeline.now() == clock.now()
    assert timeline.stepped() == 0
    assert timeline.instant_at(timeline.monotonic_at(T0)) == T0
    clock.step(500 * MILLISECOND)
    assert timeline.stepped() == 0, "no step: time daemons do this"


async def test_the_real_clock_waits_on_the_monotonic_one() -> None:
    clock = SystemClock()
    rang = asyncio.Event()
    due = clock.monotonic() + 5 * MILLISECOND
    clock.call_at(due, rang.set)
    cancelled = clock.call_at(due, rang.clear)
    cancelled.cancel()
    async with asyncio.timeout(5):
        await rang.wait()
        await clock.sleep_until(clock.monotonic() + MILLISECOND)
    assert clock.monotonic() >= due
    assert clock.now() > T0 - 20 * 366 * 24 * HOUR
