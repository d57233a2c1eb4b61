"""Alerts that others decide about, in the same machine as ours: they fire when it is said and end when it is said.

A word that has an end is a lease: who does not give it again in time has taken it back. While nobody could have given
it (we were away, deaf or blind) no lease runs: each is whole again from the moment at which we can hear (S9, T11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from standby.config.inbound import AlertSource
from standby.domain.outside import Origin, Said, Word, began, lease, loudness, merged, steady
from standby.domain.units import SECOND, format_duration
from standby.engine.alerting.alerts import Alerts, Live
from standby.engine.clock import EngineClock, Timer
from standby.engine.rules.watches import Sort, Watch, labels_of, outside_key
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from standby.config.whole import Config

LATE_NS = 10 * SECOND  # a look that comes so late: this process stood still, and what was said waits unread


class Outside:
    """Every alert of every source. `hears`: whether anybody could tell us anything right now."""

    def __init__(self, clock: EngineClock, timeline: Timeline, alerts: Alerts, hears: Callable[[], bool]) -> None:
        self._clock = clock
        self._timeline = timeline
        self._alerts = alerts
        self._hears = hears
        self._words: dict[tuple[str, str], Word] = {}  # key -> what holds of it, monotonic
        self._timer: Timer | None = None
        self._config: Config | None = None
        alerts.on_thaw = self.renew

    def keep(self, config: Config) -> None:
        """These sources may speak from now on; the alerts of one that left are over."""
        self._config = config
        now = self._timeline.now()
        for live, origin in self._live():
            if origin.source not in config.source_by_id:
                self._alerts.end(live, f"source {origin.source} was removed from the configuration", now)
        self.renew()

    def renew(self) -> None:
        """We can hear (again): every lease is whole."""
        monotonic = self._clock.monotonic()
        self._words = {
            live.watch.key: self._word(live.since, monotonic + origin.lease_ns, assumed=True)
            for live, origin in self._live()
            if origin.lease_ns is not None
        }
        self._arm()

    def hear(self, source: AlertSource, said: Iterable[Said], otherwise: int | None) -> int:
        """Take in what a source says; how many alerts it has too many. `otherwise`: the lease of a word without end."""
        room = source.most - sum(1 for _, origin in self._live() if origin.source == source.id)
        refused = 0
        for one in said:
            live = self._alerts.by_key(outside_key(source.id, one.fingerprint))
            if live is None and not one.firing:
                continue
            if live is None and room <= 0:
                refused += 1
                continue
            if not one.firing:
                room += self._over(live, source)
            else:
                room -= live is None
                self._fires(source, one, live, otherwise)
        self._arm()
        return refused

    def lives(self, source: str | None) -> list[Live]:
        """The alerts that a source said, or all, ours too."""
        if source is None:
            return list(self._alerts)
        return [live for live, origin in self._live() if origin.source == source]

    def stop(self) -> None:
        """No lease runs any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self, live: Live | None, source: AlertSource) -> int:
        if live is None:
            return 0
        self._words.pop(live.watch.key, None)
        self._alerts.end(live, f"{source.id} says that it is over: {live.summary}", self._timeline.now())
        return 1

    def _fires(self, source: AlertSource, one: Said, live: Live | None, otherwise: int | None) -> None:
        now, monotonic = self._timeline.now(), self._clock.monotonic()
        before = None if live is None else live.watch.origin
        held, since = lease(one.ends_at, now, otherwise), began(one.starts_at, now)
        known = self._words.pop(outside_key(source.id, one.fingerprint), None)
        if held is not None:
            word = self._word(since, monotonic + held, assumed=one.ends_at is None)
            word = word if known is None or live is None else merged(known, word, monotonic)
            self._words[outside_key(source.id, one.fingerprint)] = word
            held = word.ends_at - monotonic
        kept = steady(None if before is None else before.lease_ns, held)
        watch = watch_of(self._config, source, one, Origin(source.id, one.fingerprint, one.link, kept))
        if live is not None and watch != live.watch:
            self._alerts.retime(live, watch, now)
        if live is None or live.summary != one.summary:
            self._alerts.evaluate(watch, condition=True, now=now, explain=lambda: one.summary, since=since)
        if live is not None and since < live.since:
            self._alerts.backdate(live, since)

    def _word(self, since: int, ends: int, *, assumed: bool) -> Word:
        """`since` is an instant, `ends` a monotonic reading, as all of it is from here on."""
        return Word(self._timeline.monotonic_at(since), ends, self._clock.monotonic(), assumed)

    def _live(self) -> Iterable[tuple[Live, Origin]]:
        return ((live, live.watch.origin) for live in self._alerts if live.watch.origin is not None)

    def _arm(self) -> None:
        self.stop()
        if self._words:
            due = min(word.ends_at for word in self._words.values())
            self._timer = self._clock.call_at(due, lambda: self._look(due))

    def _look(self, due: int) -> None:
        self._timer = None
        monotonic = self._clock.monotonic()
        if monotonic - due > LATE_NS:
            self.renew()
            return
        if not self._hears():
            return  # `renew` comes when we do
        ended = [key for key, word in self._words.items() if word.ends_at <= monotonic]
        for key in ended:
            del self._words[key]
            live = self._alerts.by_key(key)
            if live is not None:
                self._alerts.end(live, _unsaid(live), self._timeline.now())
        self._arm()


def watch_of(config: Config | None, source: AlertSource, one: Said, origin: Origin) -> Watch:
    """What the machine is to know of it. Labels are the source's own; of ours those that it has not."""
    severity = loudness(one.labels, source.severity)
    labels = dict(one.labels)
    if "source" in labels:
        labels["exported_source"] = labels["source"]  # as Prometheus does
    labels["source"] = source.id
    wanted = source.wanted(one.labels)
    known = config is not None and wanted in config.integration_by_id
    watch = Watch(one.name, wanted if known else source.id, Sort.OUTSIDE, severity, (), origin=origin)
    return replace(watch, labels={**(labels_of(config, watch) if config is not None else {}), **labels})


def _unsaid(live: Live) -> str:
    origin = live.watch.origin
    held = origin.lease_ns if origin is not None and origin.lease_ns is not None else 0
    source = origin.source if origin is not None else "its source"
    return f"{source} has not said it again for {format_duration(held // SECOND * SECOND)}: {live.summary}"
