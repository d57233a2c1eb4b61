"""The engine's own judge and alerts over given observations, on a clock of their own: nothing is polled or stored.

What it finds is what an engine would have stored: an alert's row each time that it changes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from standby.config.cel import compile_rule
from standby.domain.alerting import OUTAGE_TOLERANCE_NS, Phase
from standby.domain.baseline import Series
from standby.domain.observation import Observation
from standby.domain.outcome import AlertState
from standby.engine.alerting.alerts import Ack, Alerts, Live
from standby.engine.alerting.leases import Leases
from standby.engine.deeds import Person
from standby.engine.learning.step import Learning
from standby.engine.muting.maintenance import Windows
from standby.engine.muting.muters import add_muters
from standby.engine.muting.mutes import Mutes
from standby.engine.muting.own_silences import OwnSilences
from standby.engine.process.reload import Prepared, acquaint
from standby.engine.recorder import Recorder
from standby.engine.rules.evaluation import TICK_NS
from standby.engine.rules.watches import Sort, Watch, watches
from standby.engine.timeline import Timeline
from standby.engine.trials.lessons import Lessons, Unkept, wanted
from standby.engine.trials.trialclock import TrialClock
from standby.engine.trials.trialjudge import TrialJudge
from standby.store.baselines import BaselineRow, MemoryRow, Remembered
from standby.store.rows import AlertRow, Batch

if TYPE_CHECKING:
    from standby.config.whole import Config

Key = tuple[str, str]
"""Integration and rule."""

Deed = tuple[int, Callable[[], None]]
"""What else happens, and when (ns since 1970)."""

_Coming = tuple[int, int, Observation, Iterator[Observation]]
"""When it has ended (ns since 1970), the place of its check, what was seen, what is seen after it."""


class _Nowhere:
    """A store that keeps nothing."""

    path = Path()

    async def commit(self, batch: Batch) -> int:  # noqa: ARG002
        return 0

    async def remembered(self) -> Remembered:
        return Remembered()

    async def learn(
        self,
        rows: Sequence[BaselineRow],  # noqa: ARG002
        gone: Sequence[Series] = (),  # noqa: ARG002
        memories: Sequence[MemoryRow] = (),  # noqa: ARG002
    ) -> None:
        return None


class Trial:
    """One run from `start` (ns since 1970) on, under one configuration.

    `only` are the rules in force, all of the configuration when left out. `changed` hears each alert's row when the
    engine would have stored it. What is usual is learned from the store `history`, up to `start`, and then on.
    """

    def __init__(
        self,
        config: Config,
        start: int,
        *,
        only: Sequence[Watch] | None = None,
        changed: Callable[[AlertRow], None] = lambda _: None,
        history: Path | None = None,
    ) -> None:
        self.config = config
        self._changed = changed
        self._clock = TrialClock(start)
        self._timeline = Timeline(self._clock)
        self._recorder = Recorder(_Nowhere(), self._clock, self._timeline, on_fenced=lambda _: None)
        self._alerts = Alerts(self._clock, self._timeline, self._recorder, self._running)
        self._judge = TrialJudge(self._timeline, self._recorder, self._alerts)
        self._mutes = Mutes(self._clock, self._timeline, self._alerts)
        self._silences = OwnSilences(
            self._clock, self._timeline, self._recorder, lambda: self.config, self._mutes.changed
        )
        self._mutes.add(self._silences)
        add_muters(self._mutes, self._judge, lambda: self.config, lambda _: None)
        self._leases = Leases(
            self._clock,
            self._timeline,
            self._recorder,
            self._alerts,
            config=lambda: self.config,
            remind=lambda _: None,
        )
        self._coming: dict[str, int] = {}  # the slot of each check's next observation
        found = watches(config) if only is None else list(only)
        expressions = {key: compile_rule(one.when) for one in found if one.sort is Sort.RULE for key in [one.key]}
        acquaint(self._judge, Prepared(config, {}, tuple(found), expressions), start)
        if wanted(found, expressions.values()):
            self._learn(history)
        else:
            self._judge.minutes = Unkept()
        if self._judge.timed:
            self._tick()

    @property
    def now(self) -> int:
        """What the clock reads, ns since 1970."""
        return self._clock.now()

    @property
    def watches(self) -> Mapping[Key, Watch]:
        """The rules in force."""
        return self._judge.watches

    @property
    def checks(self) -> list[str]:
        """The checks whose looks judge one of them."""
        concerned = (check for watch in self.watches.values() for check in self._judge.rules.concerned(watch))
        return list(dict.fromkeys(concerned))

    def live(self, key: Key) -> Live | None:
        """The alert of a rule that is not over."""
        return self._alerts.by_key(key)

    def alerts(self) -> Iterator[Live]:
        """All that are not over."""
        return iter(self._alerts)

    def run(
        self, seen: Mapping[str, Iterable[Observation]], deeds: Iterable[Deed] = (), *, until: int | None = None
    ) -> int:
        """Judge each check's observations, oldest first, each when it had ended; then go on to `until`.

        Deeds come in their order in time, before what is seen at the same instant. Returns how many were judged.
        """
        found = (self._next(place, iter(one)) for place, one in enumerate(seen.values()))
        queue = [coming for coming in found if coming is not None]
        heapq.heapify(queue)
        count, waiting = 0, iter(sorted(deeds, key=lambda deed: deed[0]))
        deed = next(waiting, None)
        while queue:
            at, place, observation, stream = queue[0]
            while deed is not None and deed[0] <= at:
                self._do(deed)
                deed = next(waiting, None)
            self._see(observation, at)
            coming = self._next(place, stream)
            if coming is None:
                heapq.heappop(queue)
            else:
                heapq.heapreplace(queue, coming)
            count += 1
        while deed is not None:
            self._do(deed)
            deed = next(waiting, None)
        if until is not None:
            self.advance(until)
        return count

    def advance(self, until: int) -> None:
        """Let time pass without anything being seen."""
        self._clock.advance(until, self._tell)

    def missed(self, check: str) -> None:
        """A slot of a check was not run."""
        self._judge.missed(check, 1)
        self._tell()

    def acknowledge(self, live: Live, by: str, span: int | None = None) -> None:
        """Somebody takes a firing alert, for so long (ns) or for as long as the configuration says."""
        until = self._leases.until(live, span)
        self._alerts.acknowledge(live, Ack(by, self.now, "", until))
        self._leases.look()
        self._tell()

    def give_back(self, live: Live) -> None:
        """Nobody has it any more."""
        self._alerts.acknowledge(live, None)
        self._tell()

    def silence(self, matcher: str, span: int, by: str) -> None:
        """Somebody keeps quiet what has this label, for so long (ns). Raises RefusedError."""
        wanted = {"matchers": matcher, "ends": self.now + span, "comment": "in a trial"}
        self._silences.make(wanted, Person(by, "")).done()
        self._tell()

    def go_blind(self) -> None:
        """Our own network is gone."""
        self._judge.go_blind("our own network is gone")
        self._tell()

    def see_again(self) -> None:
        """It is back."""
        self._judge.see()
        self._tell()

    def leave(self) -> None:
        """No engine runs from now on: every clock stands still."""
        self._alerts.freeze(self.now)
        self._tell()

    def come_back(self, left: int) -> None:
        """An engine runs again that had left at `left` (ns since 1970): what is pending for too long is dropped."""
        if self.now - left > OUTAGE_TOLERANCE_NS:
            for live in self._alerts:
                if live.machine.phase is Phase.PENDING:
                    self._alerts.drop(live)
        self._judge.away(self.now - left)
        self._alerts.thaw()
        self._tell()

    def _learn(self, history: Path | None) -> None:
        lessons = Lessons(
            self._clock,
            self._timeline,
            self._recorder,
            _Nowhere(),
            self._judge,
            config=lambda: self.config,
            planned=Windows(lambda: self.config).covers,
            learning=Learning(together=True),
        )
        lessons.begin(history)

    def _tick(self) -> None:
        self._clock.call_at(self._clock.monotonic() + TICK_NS, self._tick)
        self._judge.tick()

    def _next(self, place: int, stream: Iterator[Observation]) -> _Coming | None:
        observation = next(stream, None)
        if observation is None:
            return None
        self._coming[observation.check_id] = observation.slot
        return max(observation.at, observation.slot), place, observation, stream

    def _see(self, observation: Observation, at: int) -> None:
        self._clock.advance(at, self._tell)
        self._coming.pop(observation.check_id, None)
        self._judge.observe(observation, self._timeline.monotonic_at(observation.slot))
        self._tell()

    def _do(self, deed: Deed) -> None:
        self._clock.advance(deed[0], self._tell)
        deed[1]()
        self._tell()

    def _running(self, checks: Iterable[str]) -> bool:
        """Whether one of them is looking: its slot has come, what it saw has not."""
        now, coming = self._clock.now(), self._coming
        return any(coming.get(check, now + 1) <= now for check in checks)

    def _tell(self) -> None:
        """What would be stored now is told instead, or is of no use here."""
        buffer = self._recorder.buffer
        if buffer.audits:
            buffer.audits.clear()
        if buffer.alerts:
            rows = list(buffer.alerts.values())
            buffer.alerts.clear()
            for row in rows:
                self._changed(row)


def is_over(row: AlertRow) -> bool:
    """Whether an alert that had fired is resolved, and not only dropped."""
    return row.state is AlertState.RESOLVED and row.fired_at is not None
