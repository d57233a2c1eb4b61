"""A clock that goes on only when a test says so, one timer after the other."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable

T0 = 1_790_000_000_000_000_000


class FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """Wall and monotonic reading, ns. `busy` is awaited after a timer that set something going: what else must come to
    rest; `is_busy` says whether any of that is under way, which no callback tells."""

    def __init__(self, now: int = T0) -> None:
        self.mono = 5_000_000_000
        self.offset = now - self.mono
        self.busy: Callable[[], Awaitable[None]] | None = None
        self.is_busy: Callable[[], bool] = lambda: False
        self._heap: list[tuple[int, int, FakeTimer]] = []
        self._ties = itertools.count()

    def now(self) -> int:
        return self.mono + self.offset

    def monotonic(self) -> int:
        return self.mono

    def call_at(self, monotonic: int, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self._heap, (monotonic, next(self._ties), timer))
        return timer

    async def sleep_until(self, monotonic: int) -> None:
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.call_at(monotonic, lambda: None if reached.done() else reached.set_result(None))
        await reached

    async def advance(self, ns: int) -> None:
        """Let this much time pass; everything due happens at its time and comes to rest before the next."""
        target = self.mono + ns
        while self._heap and self._heap[0][0] <= target:
            due, _, timer = heapq.heappop(self._heap)
            if timer.callback is None:
                continue
            self.mono = max(self.mono, due)
            timer.callback()
            if asyncio.get_running_loop()._ready or self.is_busy():  # type: ignore[attr-defined]
                await self.rest()  # most timers only count: nothing to wait for, and hours are full of them
        self.mono = max(self.mono, target)
        await self.rest()

    def step(self, ns: int) -> None:
        """Somebody sets the wall clock; the monotonic one does not notice."""
        self.offset += ns

    def block(self, ns: int) -> None:
        """The event loop stands still: time passes and nothing happens in it."""
        self.mono += ns

    async def rest(self) -> None:
        """Return when no callback is ready and nothing of `busy` is under way."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0)
            if loop._ready:  # type: ignore[attr-defined]
                continue
            if self.busy is not None:
                await self.busy()
            if not loop._ready:  # type: ignore[attr-defined]
                return
