"""How late this process itself is: a tick each 100 ms, and how much later it came than it should.

A result is only as good as the process that measured it. When the event loop stood still while a check ran, a time-out
says nothing about the third party (uptime-kuma#275 and many more): such an observation becomes `unknown`, own delay.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import MILLISECOND, MINUTE
from standby.engine.clock import EngineClock, Timer

TICK_NS = 100 * MILLISECOND
NOISE_NS = 20 * MILLISECOND  # what a busy but healthy loop shows
TIMEOUT_LIMIT_NS = 250 * MILLISECOND
LATENCY_LIMIT_NS = 150 * MILLISECOND  # a tick sees a standstill up to one tick too small: 250 ms real
_MEMORY_NS = 2 * MINUTE


class LagMeter:
    """Remembers every noticeable delay of the last two minutes."""

    def __init__(self, clock: EngineClock) -> None:
        self._clock = clock
        self._due = clock.monotonic()
        self._timer: Timer | None = None
        self._late: deque[tuple[int, int]] = deque()  # when it was noticed, how late; monotonic ns

    def start(self) -> None:
        """Begin to tick."""
        self._due = self._clock.monotonic() + TICK_NS
        self._timer = self._clock.call_at(self._due, self._tick)

    def stop(self) -> None:
        """No tick from now on."""
        if self._timer is not None:
            self._timer.cancel()

    def late_between(self, start: int, end: int) -> int:
        """For how many nanoseconds the loop stood still between two monotonic readings, as far as ticks can tell."""
        late = max(0, end - max(self._due, start)) if end > self._due + NOISE_NS else 0
        for noticed, by in reversed(self._late):
            if noticed <= start:
                break
            late += min(by, noticed - start)
        return late

    def worst_ms(self) -> float:
        """The longest delay of the last minute, milliseconds."""
        since = self._clock.monotonic() - MINUTE
        return max((by for noticed, by in self._late if noticed >= since), default=0) / MILLISECOND

    def _tick(self) -> None:
        now = self._clock.monotonic()
        late = now - self._due
        if late > NOISE_NS:
            self._late.append((now, late))
        while self._late and self._late[0][0] < now - _MEMORY_NS:
            self._late.popleft()
        self._due = now + TICK_NS
        self._timer = self._clock.call_at(self._due, self._tick)


def excuse(observation: Observation, late_ns: int, timeout_ns: int) -> Observation:
    """The observation, or `unknown` (own delay) when its failure may be ours.

    A time-out is ours when the loop stood still for more than 250 ms and more than 10 % of the timeout; a latency that
    was too high when it stood still for more than 150 ms and more than 10 % of that latency. Whatever else failed
    (a status, a certificate, a refused connection) no delay of ours can cause.
    """
    if late_ns <= 0 or not observation.outcome.decided or observation.outcome is Outcome.UP:
        return observation
    if observation.failure is Failure.TIMEOUT:
        limit = max(TIMEOUT_LIMIT_NS, timeout_ns // 10)
    elif observation.failure is Failure.EXPECTATION and "latency" in observation.message:
        limit = max(LATENCY_LIMIT_NS, round((observation.latency_ms or 0.0) * MILLISECOND) // 10)
    else:
        return observation
    if late_ns <= limit:
        return observation
    message = f"this process stood still for {late_ns // MILLISECOND} ms meanwhile; it saw: {observation.message}"
    return replace(observation, outcome=Outcome.UNKNOWN, failure=Failure.OWN_DELAY, message=message)
