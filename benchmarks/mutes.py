"""What silences cost in a storm: 5,000 alerts in 10 s under 50 silences, and one look at all of them.

    .venv/bin/python -m benchmarks mutes [--quick]

The muters, the alerts and the silences of the engine on a clock that stands still; nothing is written.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.figure import Figure, Target
from standby.config.alerting import Alerting
from standby.domain.matchers import parse_matchers
from standby.domain.outcome import Severity
from standby.domain.silence import Silence
from standby.domain.units import HOUR, MILLISECOND, SECOND
from standby.engine.alerting.alerts import Alerts
from standby.engine.buffer import Buffer
from standby.engine.muting.inhibitions import Inhibitions
from standby.engine.muting.mutes import Mutes
from standby.engine.muting.own_silences import OwnSilences
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import Sort, Watch
from standby.engine.timeline import Timeline

ALERTS = 5_000
SILENCES = 50
WITHIN_S = 10
_BEGIN = 1_790_000_000 * SECOND


class _Clock:
    """Time passes when it is told to."""

    def __init__(self) -> None:
        self.mono = 0
        self._calls: list[tuple[int, int, Callable[[], None]]] = []

    def now(self) -> int:
        return _BEGIN + self.mono

    def monotonic(self) -> int:
        return self.mono

    def call_at(self, monotonic: int, callback: Callable[[], None]) -> Any:  # noqa: ANN401 - a timer
        entry = (monotonic, len(self._calls), callback)
        self._calls.append(entry)
        return SimpleNamespace(cancel=lambda: self._calls.remove(entry) if entry in self._calls else None)

    async def sleep_until(self, monotonic: int) -> None:
        self.mono = monotonic

    def advance(self, by: int) -> None:
        self.mono += by
        for entry in sorted(one for one in self._calls if one[0] <= self.mono):
            if entry in self._calls:
                self._calls.remove(entry)
                entry[2]()


class _Estate:
    """An engine's alerts with what may mute them."""

    def __init__(self, silences: int) -> None:
        self.clock = _Clock()
        timeline, buffer = Timeline(self.clock), Buffer()
        quiet = SimpleNamespace(buffer=buffer, soon=lambda: None, urgent=lambda: None, say=lambda *_: None)
        recorder = cast("Recorder", quiet)
        self.alerts = Alerts(self.clock, timeline, recorder, lambda _: False)
        self.mutes = Mutes(self.clock, timeline, self.alerts)
        config: Any = SimpleNamespace(inhibitions=(), alerting=Alerting())
        own = OwnSilences(self.clock, timeline, recorder, lambda: config, self.mutes.changed)
        own.remember(map(_silence, range(silences)), silences)
        self.mutes.add(own)
        self.mutes.add(Inhibitions(self.alerts, lambda: config))
        self.mutes.look()

    def storm(self, alerts: int) -> float:
        """They fire evenly within ten seconds; seconds of processor time that took."""
        steps = WITHIN_S * 20
        begun = time.process_time()
        for step in range(steps):
            for number in range(alerts * step // steps, alerts * (step + 1) // steps):
                watch = _watch(number)
                self.alerts.evaluate(watch, condition=True, now=self.clock.now(), explain=lambda: "it is down")
            self.clock.advance(SECOND // 20)
        return time.process_time() - begun


def _silence(number: int) -> Silence:
    """Of an instance that has an alert, in a region; both kinds of matchers, as people write them."""
    matchers = parse_matchers(f'instance=~"host-{number}[0-9]:9100", region="eu-{number % 3}"')
    begins, ends = _BEGIN - HOUR, _BEGIN + HOUR
    return Silence(number + 1, (matchers,), begins, ends, "alice", "cli", "they move")


def _watch(number: int) -> Watch:
    labels = {"alertname": f"Rule{number % 40}", "instance": f"host-{number}:9100", "severity": "critical"}
    labels |= {"service": f"i{number % 20}", "job": "node", "region": f"eu-{number % 3}"}
    return Watch(f"r{number}", f"i{number % 20}", Sort.OUTSIDE, Severity.CRITICAL, (), labels=labels)


def _look_ms(estate: _Estate) -> float:
    begun = time.process_time()
    estate.mutes.look()
    return (time.process_time() - begun) / (MILLISECOND / SECOND)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    alerts, repeat = (500, 1) if quick else (ALERTS, 3)
    storms, plain, looks = [], [], []
    for _ in range(repeat):
        estate = _Estate(SILENCES)
        storms.append(estate.storm(alerts))
        looks.append(_look_ms(estate))
        plain.append(_Estate(0).storm(alerts))
    name = f"{ALERTS} alerts in {WITHIN_S} s under {SILENCES} silences: processor time of alerts and muters"
    note = f"the same storm without a silence: {statistics.median(plain):.2f} s"
    return [
        Figure(name, storms, None, "s", Target(1.0), note),
        Figure(f"one look at {ALERTS} alerts under {SILENCES} silences", looks, None, "ms", Target(50.0)),
    ]
