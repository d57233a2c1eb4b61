"""A clock that goes on only when it is told to: months pass in seconds, timers ring at their very time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class Alarm:
    """One call that is still to come."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """The call does not happen; harmless when it already has."""
        self.callback = None


class TrialClock:
    """An `EngineClock`. Both readings begin at `start` (ns since 1970) and run together."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._alarms: list[tuple[int, int, Alarm]] = []  # due, tie breaker
        self._ties = itertools.count()

    def now(self) -> int:
        """Wall time, ns since 1970."""
        return self._now

    def monotonic(self) -> int:
        """The same: nobody steps this clock."""
        return self._now

    def call_at(self, monotonic: int, callback: Callable[[], None]) -> Alarm:
        """Call `callback` while the clock passes that reading."""
        alarm = Alarm(callback)
        heapq.heappush(self._alarms, (monotonic, next(self._ties), alarm))
        return alarm

    async def sleep_until(self, monotonic: int) -> None:
        """Return once the clock has passed that reading."""
        import asyncio

        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.call_at(monotonic, lambda: None if reached.done() else reached.set_result(None))
        await reached

    def advance(self, until: int, after: Callable[[], None]) -> None:
        """Go on to `until` unless it is over; what is due on the way happens at its time, `after` after each."""
        alarms = self._alarms
        while alarms and alarms[0][0] <= until:
            due, _, alarm = heapq.heappop(alarms)
            if alarm.callback is not None:
                self._now = max(self._now, due)
                alarm.callback()
                after()
        self._now = max(self._now, until)
