"""Who keeps alerts quiet: each muter is asked about every alert that fires, at once and whenever something changed.

A muter is anything that knows reasons: silences, windows, inhibition, dependencies, flapping. It says `changed` when an
answer of its own may differ now, and `next_change` when one will differ by time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from standby.domain.alerting import Phase
from standby.domain.muting import Mute
from standby.domain.muting import Mutes as Reasons
from standby.domain.units import MILLISECOND
from standby.engine.alerts import Alerts, Live
from standby.engine.clock import EngineClock, Timer
from standby.engine.timeline import Timeline

GATHER_NS = 100 * MILLISECOND  # a storm is looked at ten times a second, not at each alert


class Muter(Protocol):
    """One sort of reason."""

    def mutes(self, live: Live, now: int) -> Iterable[Mute]:
        """Why nobody is to be told about this alert at `now` (ns since 1970)."""
        ...

    def next_change(self, now: int) -> int | None:
        """When an answer will differ by time alone, ns since 1970; `None` when none will."""
        ...


class Mutes:
    """All muters together."""

    def __init__(self, clock: EngineClock, timeline: Timeline, alerts: Alerts) -> None:
        self._clock = clock
        self._timeline = timeline
        self._alerts = alerts
        self._muters: list[Muter] = []
        self.on_alert: list[Callable[[Live], None]] = []  # hear of each alert that fired, or does so no more
        self._timer: Timer | None = None
        self._due: int | None = None  # monotonic
        alerts.mutes_of = self.of
        alerts.on_change = self._follow

    def add(self, muter: Muter) -> None:
        """Have this one asked. It calls `changed` when an answer of its own may differ."""
        self._muters.append(muter)

    def of(self, live: Live) -> Reasons:
        """Why nobody is to be told about this alert now."""
        now = self._timeline.now()
        return tuple(mute for muter in self._muters for mute in muter.mutes(live, now))

    def changed(self) -> None:
        """Something changed: every alert is looked at again, soon."""
        self._at(self._clock.monotonic() + GATHER_NS)

    def look(self) -> None:
        """Look at every alert now, and again when time alone changes an answer."""
        self.stop()  # it may have been asked for before its time
        self._timer = self._due = None
        for live in self._alerts:
            if live.machine.phase is Phase.FIRING:
                self._alerts.mute(live, self.of(live))
        now = self._timeline.now()
        coming = [at for muter in self._muters if (at := muter.next_change(now)) is not None and at > now]
        if coming:
            self._at(self._timeline.monotonic_at(min(coming)))

    def _follow(self, live: Live) -> None:
        for hear in self.on_alert:
            hear(live)
        self.changed()

    def stop(self) -> None:
        """Nothing is looked at any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _at(self, due: int) -> None:
        if self._due is not None and self._due <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._clock.call_at(due, self.look)
