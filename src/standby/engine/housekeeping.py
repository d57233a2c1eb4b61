"""What has to be done now and then: a sign of life each second, roll-ups, letting go of what is old."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Protocol

from standby.domain.units import MINUTE, SECOND
from standby.engine.clock import EngineClock, Timer
from standby.engine.timeline import Timeline
from standby.store.errors import StoreError
from standby.store.retention import Retention

BEAT_NS = SECOND
ROLL_UP_NS = 20 * SECOND
EXPIRE_NS = MINUTE
_BATCHES = 10  # of 2000 rows a minute: more than 500 checks every 5 s write
_BATCH_ROWS = 2_000


class Keeper(Protocol):
    """What is asked of the store."""

    async def roll_up(self, now: int) -> None:
        """Sum up what is complete."""
        ...

    async def expire(self, now: int, retention: Retention, limit: int = 2_000) -> int:
        """Let go of some rows; how many."""
        ...


class Housekeeping:
    """Timers of its own; never two of one kind at a time. `beat` is called each second."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        store: Keeper,
        *,
        beat: Callable[[], None],
        on_fenced: Callable[[StoreError], None],
    ) -> None:
        self.retention = Retention()
        self._clock = clock
        self._timeline = timeline
        self._store = store
        self._beat = beat
        self._on_fenced = on_fenced
        self._timers: dict[int, Timer] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin."""
        self._every(BEAT_NS, self._beat)
        self._every(ROLL_UP_NS, lambda: self._begin(ROLL_UP_NS))
        self._every(EXPIRE_NS, lambda: self._begin(EXPIRE_NS))

    async def stop(self) -> None:
        """End; a transaction under way is finished by the store."""
        for timer in self._timers.values():
            timer.cancel()
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _every(self, pause: int, do: Callable[[], None]) -> None:
        def turn() -> None:
            self._timers[pause] = self._clock.call_at(self._clock.monotonic() + pause, turn)
            do()

        self._timers[pause] = self._clock.call_at(self._clock.monotonic() + pause, turn)

    def _begin(self, kind: int) -> None:
        task = self._tasks.get(kind)
        if task is None or task.done():
            self._tasks[kind] = asyncio.create_task(self._keep(kind), name="housekeeping")

    async def _keep(self, kind: int) -> None:
        try:
            if kind == ROLL_UP_NS:
                await self._store.roll_up(self._timeline.now())
            else:
                await self._expire()
        except StoreError as error:
            if error.kind == "fenced":
                self._on_fenced(error)
        except sqlite3.Error:  # the recorder meets the same trouble and tells it
            return

    async def _expire(self) -> None:
        for _ in range(_BATCHES):
            if not await self._store.expire(self._timeline.now(), self.retention, _BATCH_ROWS):
                return
