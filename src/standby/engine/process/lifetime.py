"""How long a companion engine lives: as long as a console is there, and a while longer."""

from __future__ import annotations

import contextlib
import os
import stat
from asyncio import AbstractEventLoop
from collections.abc import Callable

from standby.engine.clock import EngineClock, Timer


class Lifetime:
    """Watches the pipe of the console that started us and the number of connected consoles.

    `end` is called once both are gone for `linger()` nanoseconds; whoever comes back in between stops that.
    """

    def __init__(self, clock: EngineClock, linger: Callable[[], int], end: Callable[[str], None]) -> None:
        self._clock = clock
        self._linger = linger
        self._end = end
        self._pipe_open = False
        self._consoles = 0
        self._timer: Timer | None = None

    def watch_pipe(self, loop: AbstractEventLoop, descriptor: int) -> None:
        """Notice the end of the pipe `descriptor`; anything else than a pipe (or socket) counts as ended."""
        with contextlib.suppress(OSError):
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
                loop.add_reader(descriptor, self._read, loop, descriptor)
                self._pipe_open = True
        self._look()

    def presence(self, consoles: int) -> None:
        """So many consoles are connected now."""
        self._consoles = consoles
        self._look()

    def close(self) -> None:
        """No longer watch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _read(self, loop: AbstractEventLoop, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            if os.read(descriptor, 4096):
                return  # nobody writes into it; whatever it is, somebody is there
            loop.remove_reader(descriptor)
            self._pipe_open = False
            self._look()

    def _look(self) -> None:
        if self._pipe_open or self._consoles:
            self.close()
        elif self._timer is None:
            self._timer = self._clock.call_at(self._clock.monotonic() + self._linger(), self._alone)

    def _alone(self) -> None:
        self._timer = None
        self._end("the last console is gone")
