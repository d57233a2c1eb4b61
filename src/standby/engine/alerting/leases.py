"""Acknowledgements are leases: who has an alert is reminded before the end, and it is given back when nobody renews it.

A lease is known by the acknowledgement itself: a timer that was set for an older one finds another in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from standby.domain.outcome import Severity
from standby.domain.units import SECOND, format_duration
from standby.engine.alerting.alerts import Alerts, Live
from standby.engine.clock import EngineClock, Timer
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from standby.config.whole import Config


class Leases:
    """`remind` tells whoever has an alert that their time is nearly over; what it said before it does not say again."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        alerts: Alerts,
        *,
        config: Callable[[], Config],
        remind: Callable[[Live], None],
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._alerts = alerts
        self._config = config
        self._remind = remind
        self._timer: Timer | None = None

    def until(self, live: Live, wanted: int | None) -> int | None:
        """The end of a lease that begins now, ns since 1970; `wanted` is its length in ns. `None`: until it is over."""
        span = wanted
        if span is None and live.watch.severity is Severity.CRITICAL:
            span = self._config().alerting.ack_lease
        return self._timeline.now() + span if span else None

    def look(self) -> None:
        """Remind and give back what is due; come again when the next is."""
        now, reminder = self._timeline.now(), self._config().alerting.ack_reminder
        for live in self._alerts:
            ack = live.ack
            if ack is None or ack.until is None:
                continue
            if now >= ack.until:
                had = format_duration(max(SECOND, (now - ack.at) // SECOND * SECOND))
                self._recorder.say(
                    "unack", f"alert:{live.id}", f"given back by itself: {ack.by} had it for {had} and did not renew it"
                )
                self._alerts.acknowledge(live, None)
            elif now >= ack.until - reminder:
                self._remind(live)
        self._arm(now, reminder)

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns: the time that is left stays."""
        for live in self._alerts:
            if live.ack is not None and live.ack.until is not None:
                live.ack = replace(live.ack, until=live.ack.until + by)
                self._alerts.put(live)
        self.look()

    def stop(self) -> None:
        """No clock runs any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, now: int, reminder: int) -> None:
        ends = [live.ack.until for live in self._alerts if live.ack is not None and live.ack.until is not None]
        coming = [at for end in ends for at in (end - reminder, end) if at > now]
        self.stop()
        self._timer = None
        if coming:
            self._timer = self._clock.call_at(self._timeline.monotonic_at(min(coming)), self.look)
