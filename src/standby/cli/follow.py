"""Watch a run in the store until it has ended, whichever engine carries it out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from standby.cli.runs import progress
from standby.domain.clock import Clock
from standby.domain.failover import RunState
from standby.domain.units import SECOND
from standby.store.errors import StoreError
from standby.store.failovers import FailoverRow
from standby.store.reader import Reader
from standby.store.rows import EngineRow

AWAY_AFTER = 5 * SECOND  # the engine writes its heartbeat every second
GIVEN_UP_AFTER = 60 * SECOND  # nobody has come to go on with it
_LATE = 2 * SECOND  # an expiry that an engine has not written down yet
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Followed:
    """The run as it was last seen; `given_up` says why it was not watched to its end."""

    run: FailoverRow
    given_up: str = ""


def follow(
    reader: Reader, clock: Clock, run: FailoverRow, say: Callable[[str], None], pause: threading.Event | None = None
) -> Followed:
    """Say every step as it is taken, and return when the run has ended or nobody is there to go on with it."""
    watch = _Watch(reader, clock, run, say)
    pause = pause or threading.Event()
    while not watch.run.state.ended:
        watch.look()
        why = watch.over()
        if why:
            return Followed(watch.run, why)
        if not watch.run.state.ended:
            pause.wait(_PAUSE_S)
    return Followed(watch.run)


class _Watch:
    """What one program has seen of a run so far."""

    def __init__(self, reader: Reader, clock: Clock, run: FailoverRow, say: Callable[[str], None]) -> None:
        self.run = run
        self._reader = reader
        self._clock = clock
        self._say = say
        self._seq = 0
        self._engine: EngineRow | None = None
        self._well_at = clock.now()  # when an engine was last seen alive, and the store readable
        self._away = False

    def look(self) -> None:
        """Read what is new and say it."""
        try:
            changes = self._reader.changes(self._seq)
        except StoreError as error:
            self._miss(str(error))
            return
        self._seq, self._engine = changes.seq, changes.engine or self._engine
        for row in changes.failovers:
            if row.id == self.run.id:
                for line in progress(self.run, row):
                    self._say(line)
                self.run = row
        now, engine = self._clock.now(), self._engine
        if engine is not None and engine.state != "stopped" and now - engine.heartbeat_at < AWAY_AFTER:
            self._well_at, self._away = now, False
        else:
            self._miss("no engine is alive")

    def over(self) -> str:
        """Why watching is of no more use; empty while it is."""
        if self.run.state.ended:
            return ""
        now = self._clock.now()
        if self.run.state is RunState.ARMED:  # until it expires the next engine may still be asked to start it
            late = now > self.run.expires_at + _LATE
            return "it was never started, and what was armed has expired" if late else ""
        if now - self._well_at >= GIVEN_UP_AFTER:
            return "no engine has come to go on with it; the next one will: start `standby engine`"
        return ""

    def _miss(self, why: str) -> None:
        if not self._away:
            self._say(f"{why}; the next engine goes on with run {self.run.id}")
        self._away = True
