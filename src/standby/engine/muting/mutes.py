"""Who keeps alerts quiet: each muter is asked about an alert when it fires, and again when an answer may differ.

A muter is anything that knows reasons: silences, windows, inhibition, dependencies, flapping. It says `changed` when an
answer of its own may differ now, `follow` when one may because of another alert, and `next_change` when one will by
time alone. What nothing happened to is not asked about: a storm fires thousands of alerts a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from standby.domain.alerting import Phase
from standby.domain.muting import Mute
from standby.domain.muting import Mutes as Reasons
from standby.domain.units import MILLISECOND
from standby.engine.alerting.alerts import Alerts, Live
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

    def follow(self, live: Live, *, fires: bool) -> bool:
        """An alert fired, was changed, or is over; whether an answer about another may differ because of it."""
        ...


class Mutes:
    """All muters together."""

    def __init__(self, clock: EngineClock, timeline: Timeline, alerts: Alerts) -> None:
        self._clock = clock
        self._timeline = timeline
        self._alerts = alerts
        self._muters: list[Muter] = []
        self._planned: list[Muter] = []
        self._timer: Timer | None = None
        self._due: int | None = None  # monotonic
        self._stale: set[int] | None = set()  # alerts to be looked at, `None`: all of them
        self._turns_at: int | None = None  # when time alone changes an answer, ns since 1970
        alerts.mutes_of = self.of
        alerts.on_change = self._follow

    def add(self, muter: Muter, *, planned: bool = False) -> None:
        """Have this one asked. It calls `changed` when an answer of its own may differ. `planned`: it is a calendar."""
        self._muters.append(muter)
        if planned:
            self._planned.append(muter)

    def of(self, live: Live) -> Reasons:
        """Why nobody is to be told about this alert now."""
        now = self._timeline.now()
        return tuple(mute for muter in self._muters for mute in muter.mutes(live, now))

    def planned(self, live: Live) -> Reasons:
        """The planned quiet times that something is in, also when it fires no more."""
        now = self._timeline.now()
        return tuple(mute for muter in self._planned for mute in muter.mutes(live, now))

    def changed(self) -> None:
        """Something changed: every alert is looked at again, soon."""
        self._stale = None
        self._at(self._clock.monotonic() + GATHER_NS)

    def look(self) -> None:
        """Look at every alert now, and again when time alone changes an answer."""
        self._stale = None
        self._wake()

    def _wake(self) -> None:
        """Look at those that something happened to; at all when that is time, or anything at all."""
        self.stop()  # it may have been asked for before its time
        now, stale = self._timeline.now(), self._stale
        if self._turns_at is not None and now >= self._turns_at:
            stale = None
        self._timer = self._due = None
        self._stale = set()
        for live in self._alerts if stale is None else filter(None, map(self._alerts.by_id, stale)):
            if live.machine.phase is Phase.FIRING:
                self._alerts.mute(live, self.of(live))
        coming = [at for muter in self._muters if (at := muter.next_change(now)) is not None and at > now]
        self._turns_at = min(coming, default=None)
        if self._turns_at is not None:
            self._at(self._timeline.monotonic_at(self._turns_at))

    def _follow(self, live: Live) -> None:
        fires = self._alerts.by_key(live.watch.key) is live and live.machine.phase is Phase.FIRING
        others = [muter.follow(live, fires=fires) for muter in self._muters]  # each of them has to hear it
        if any(others):
            self.changed()
        elif fires and self._stale is not None:
            self._stale.add(live.id)
            self._at(self._clock.monotonic() + GATHER_NS)

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
        self._timer = self._clock.call_at(due, self._wake)
