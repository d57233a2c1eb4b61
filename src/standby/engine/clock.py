"""The only reader of time: everything else is told what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from standby.domain.clock import Clock


class Timer(Protocol):
    """One call that is still to come."""

    def cancel(self) -> None:
        """The call does not happen; harmless when it already has."""
        ...


class EngineClock(Clock, Protocol):
    """A clock that can also wait: the seam which lets tests live a day in milliseconds."""

    def call_at(self, monotonic: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the event loop once `monotonic()` (ns) has reached that reading."""
        ...

    async def sleep_until(self, monotonic: int) -> None:
        """Return once `monotonic()` (ns) has reached that reading."""
        ...


class SystemClock:
    """The machine's clocks. Waiting is on the monotonic one: a stepped wall clock wakes nobody early or late."""

    def now(self) -> int:
        """Wall time, nanoseconds since 1970 UTC; may jump either way."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Nanoseconds that never go back (on Linux they stand still while the machine is suspended)."""
        return time.monotonic_ns()

    def call_at(self, monotonic: int, callback: Callable[[], None]) -> Timer:
        """The event loop's own timer heap does the waiting."""
        import asyncio  # late: `standby status` reads this clock and never waits

        return asyncio.get_running_loop().call_later(max(0, monotonic - time.monotonic_ns()) / 1e9, callback)

    async def sleep_until(self, monotonic: int) -> None:
        """Return about when `monotonic()` reaches that reading; never more than the loop's resolution before it."""
        import asyncio

        await asyncio.sleep(max(0, monotonic - time.monotonic_ns()) / 1e9)
