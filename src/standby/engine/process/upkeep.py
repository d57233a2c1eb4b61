"""What an engine's process does beside the engine: keeps its lock, feeds the watchdog, reloads the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from standby.config.problems import ConfigError
from standby.domain.units import MILLISECOND, SECOND, format_duration
from standby.engine.assembly import Assembled
from standby.engine.clock import EngineClock
from standby.engine.process.filewatch import FileWatch
from standby.engine.process.lock import Holder, Lock, LockError, LockHeldError
from standby.engine.process.sdnotify import Notifier

BEAT = SECOND // 2
LATE = 3 * SECOND
LOOK = 2 * SECOND


class Upkeep:
    """The jobs of one process while its engine polls. `lost` is called when another engine took the store."""

    def __init__(
        self,
        assembled: Assembled,
        lock: Lock,
        holder: Holder,
        clock: EngineClock,
        notifier: Notifier,
        say: Callable[[str], None],
        lost: Callable[[], None],
    ) -> None:
        self._assembled = assembled
        self._lock = lock
        self._holder = holder
        self._clock = clock
        self._notifier = notifier
        self._say = say
        self._lost = lost
        self._reload = asyncio.Event()

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """What is to run until the end."""
        return [self._beat(), self._watch(), self._reloads()]

    def reload(self) -> None:
        """Read the configuration again soon."""
        self._reload.set()

    async def _beat(self) -> None:
        """Notice that we stood still; keep the lock ours; tell the watchdog while the engine is healthy."""
        clock = self._clock
        told_at = due = clock.monotonic()
        while True:
            due += BEAT
            await clock.sleep_until(due)
            now = clock.monotonic()
            if now - due > LATE:
                # Others may have acted meanwhile: look before anything else is done. The store's fence looks too.
                self._say(f"stood still for {format_duration((now - due) // MILLISECOND * MILLISECOND)}")
                due = now
            if not self._lock.intact():
                self._regain()
            every = self._notifier.watchdog_ns
            if every is not None and now - told_at >= every // 3 and self._assembled.engine.healthy(now):
                told_at = now
                self._notifier.tell("WATCHDOG=1")

    def _regain(self) -> None:
        """The lock file was deleted or replaced: take the new one, or give way to whoever has."""
        try:
            fresh = Lock.acquire(self._lock.path, self._holder)
        except LockHeldError as error:
            self._say(f"another engine took over: {error}")
            self._lost()
        except LockError:
            return  # its folder is gone; the store says so, and louder
        else:
            self._lock.adopt(fresh)
            self._say(f"{self._lock.path} was deleted; made anew, and held")

    async def _watch(self) -> None:
        watch = FileWatch(self._assembled.files)
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + LOOK)
            if watch.changed():
                self.reload()

    async def _reloads(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            self._notifier.tell("RELOADING=1", f"MONOTONIC_USEC={self._clock.monotonic() // 1000}")
            try:
                lines = await self._assembled.engine.reload()
            except ConfigError as error:
                lines = [*str(error).splitlines(), "the configuration of before stays in force"]
            for line in lines:
                self._say(line)
            self._notifier.tell("READY=1")
