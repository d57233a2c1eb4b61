"""What is usual: learned minute by minute of every check, kept over restarts, asked by rules and screens.

One call a minute and kind of metric; between two of them a look is only held against the present band. Nothing is
learned of what is unknown, under planned maintenance, excluded, or troubled as somebody has acknowledged.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from standby.config.cel import compile_rule
from standby.domain.baseline import CHECK, INTEGRATION, METRICS, THROUGHPUT, Decision, DecisionKind, Series
from standby.domain.units import MINUTE, SECOND
from standby.domain.window import Window
from standby.engine.clock import EngineClock, Timer
from standby.engine.judge import Judge
from standby.engine.learning.bands import Bands
from standby.engine.learning.decisions import Decisions
from standby.engine.learning.deviations import Deviations
from standby.engine.learning.minutes import MOST_METRICS, Minute, pooled
from standby.engine.learning.rebuild import FINE, REBUILT, Rebuild
from standby.engine.learning.shown import Shown
from standby.engine.learning.step import Learning, Seen
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import Sort, Watch
from standby.engine.timeline import Timeline
from standby.store.baselines import BaselineRow, MemoryRow, Remembered
from standby.store.errors import StoreError

if TYPE_CHECKING:
    from standby.config.whole import Config

GRACE_NS = SECOND  # after the minute, for looks that were under way
SAVE_EVERY = 15  # minutes
_BACKLOG = 240  # minutes that wait while history is read
_TROUBLE = frozenset({Sort.RULE, Sort.DOWN, Sort.FLAPPING, Sort.DEVIATION})


class Store(Protocol):
    """What is asked of `store.writer.Writer`."""

    path: Path

    async def remembered(self) -> Remembered:
        """What was kept. Raises StoreError."""
        ...

    async def learn(
        self, rows: Sequence[BaselineRow], gone: Sequence[Series] = (), memories: Sequence[MemoryRow] = ()
    ) -> None:
        """Write what is usual now. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class _Sample:
    """A minute: `at` is its start, `failed` how many looks of each check failed."""

    at: int
    values: Mapping[Series, float]
    failed: Mapping[str, int]
    troubled: frozenset[str]  # subjects of which nothing is learned


class Baselines:
    """A `Learned`. `config` gives the configuration in force, `planned` says whether an integration is under planned
    maintenance, `learning` holds what is learned."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        store: Store,
        judge: Judge,
        *,
        config: Callable[[], Config],
        planned: Callable[[str, int], bool],
        learning: Learning | None = None,
    ) -> None:
        self.learning = Learning() if learning is None else learning
        self.decisions = Decisions(timeline, recorder, config, self.learning.series, self._decided)
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._store = store
        self._judge = judge
        self._config = config
        self._planned = planned
        self._bands = Bands(lambda check: self._judge.checks[check].integration, lambda check: judge.checks[check].at)
        self._deviations = Deviations()
        self._shown = Shown(self.decisions.integration_of, self._deviations.since)
        self._asked: frozenset[str] = frozenset()  # subjects whose throughput a rule asks for
        self._told: set[str] = set()  # checks with too many metrics
        self._fresh: Sequence[Series] = ()  # of which nothing is learned
        self._pending: dict[Series, int] = {}  # what is to be learned from history, and since when
        self._accepted: list[Decision] = []  # while history is read
        self._minutes = 0
        self._backlog: deque[_Sample] | None = None  # while history is read
        self._timer: Timer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what rules ask: `Learned` ----------------------------------------------------------------------------------

    def usual(self, checks: Sequence[str]) -> Mapping[str, Any]:
        """What these checks, pooled, usually say now."""
        return self._bands.usual(checks)

    def deviation(self, checks: Sequence[str], window: Window, metrics: Mapping[str, float]) -> Mapping[str, Any]:
        """How far from that they are."""
        return self._bands.deviation(checks, window, metrics)

    def unusual(self, watch: Watch) -> bool | None:
        """Whether something of its checks is. What another alert tells already begins none."""
        alerts = self._judge.alerts
        if not alerts.is_live(watch.key) and self._judge.is_told(watch.integration, {Sort.RULE, Sort.DOWN}):
            return None
        return None if self._backlog is not None else self._deviations.verdict(_subjects(watch.checks))

    def say(self, watch: Watch) -> str:
        """What is."""
        return self._deviations.say(_subjects(watch.checks))

    # -- its life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go on from what was kept, then learn what is stored of the time since. Raises StoreError."""
        kept = await self._store.remembered()
        for line in self.learning.restore(kept.memories):
            self._recorder.say("baseline", "engine", line)
        self.decisions.remember(kept.decisions, kept.last_decision)
        self._deviations.remember(kept.unusual)
        self._judge.learned = self
        self.keep(self._config())
        self._put_bands()
        starts = dict.fromkeys(self._fresh, 0)
        for kind in (*REBUILT, METRICS):
            shelf = self.learning.shelves[kind]
            starts |= dict.fromkeys(map(_read_as, shelf.rows), shelf.at)
        recent = self._timeline.now() - 2 * MINUTE
        self._relearn({series: start for series, start in starts.items() if start < recent})
        self._arm()

    def keep(self, config: Config) -> None:
        """This configuration is in force: what it does not have is learned no more, what is new from its history."""
        learned = {model.id for model in config.checks if model.baseline}
        pools = {name for name, models in config.checks_of.items() if len(models) > 1}
        subjects = {f"{CHECK}{name}" for name in learned} | {f"{INTEGRATION}{name}" for name in pools}
        gone = self.learning.only(lambda series: series.subject in subjects)
        self._deviations.forget(gone)
        self._shown.forget(gone)
        self._asked = frozenset(_asked(config))
        every = [Series(subject, kind) for subject in sorted(subjects) for kind in REBUILT]
        every += [Series(f"{CHECK}{name}", METRICS) for name in sorted(learned)]
        fresh = [one for one in every if one not in self.learning and one not in self._fresh]
        self._fresh = [one for one in every if one not in self.learning]
        if self._judge.learned is self:
            self._relearn(dict.fromkeys(fresh, 0))

    def shift(self) -> None:
        """The wall clock was stepped."""
        self._arm()

    async def rest(self) -> None:
        """Return when nothing is being read or written."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """Keep what was learned. Never raises."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._backlog is None:
            await self._write([], self.learning.memories())

    # -- time -------------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        now = self._timeline.now()
        due = (now - GRACE_NS) // MINUTE * MINUTE + MINUTE + GRACE_NS
        self._timer = self._clock.call_at(self._timeline.monotonic_at(due), self._minute)

    def _minute(self) -> None:
        """A minute is over."""
        self._arm()
        at = (self._timeline.now() - GRACE_NS) // MINUTE * MINUTE - MINUTE
        sample = self._sample(at, self._judge.minutes.close())
        if self._backlog is not None:
            self._backlog.append(sample)
            return
        self._keep_minute(self._learn(sample))
        self._judge.look_at_deviations()

    def _keep_minute(self, seen: Sequence[Seen]) -> None:
        """Store what is due of a minute that was learned."""
        rows = self._shown.rows(seen)
        self._minutes += 1
        memories = self.learning.memories() if self._minutes % SAVE_EVERY == 0 else []
        if rows or memories or self._shown.stale:
            self._do(self._write(rows, memories))

    def _put_bands(self) -> None:
        """What was learned until now is usual from now on."""
        self._bands.put(partial(self.learning.bands, self._timeline.now()))

    def _sample(self, at: int, minutes: Mapping[str, Minute]) -> _Sample:
        config, now = self._config(), self._timeline.now()
        values: dict[Series, float] = {}
        pools: dict[str, list[Minute]] = {}
        for name, minute in minutes.items():
            model = config.check_by_id.get(name)
            if model is None or not model.baseline or self._planned(model.integration, now):
                continue
            self._put(values, f"{CHECK}{name}", minute)
            if len(config.checks_of[model.integration]) > 1:
                pools.setdefault(model.integration, []).append(minute)
            if name not in self._told and len(minute.names()) > MOST_METRICS:
                self._told.add(name)
                text = f"{len(minute.names())} metrics; the first {MOST_METRICS} by name are learned"
                self._recorder.say("baseline", f"check:{name}", text)
        for integration, members in pools.items():
            self._put(values, f"{INTEGRATION}{integration}", pooled(members))
        failed = {name: minute.failed for name, minute in minutes.items() if minute.failed}
        return _Sample(at, values, failed, self._troubled())

    def _put(self, values: dict[Series, float], subject: str, minute: Minute) -> None:
        for metric, value in minute.figures():
            if metric != THROUGHPUT or subject in self._asked:
                values[Series(subject, metric)] = value

    def _troubled(self) -> frozenset[str]:
        """The subjects of alerts that somebody has acknowledged: what they do now is not what is usual."""
        found: set[str] = set()
        for live in self._judge.alerts:
            if live.ack is not None and live.watch.sort in _TROUBLE:
                found |= _subjects(live.watch.checks)
                found.add(f"{INTEGRATION}{live.watch.integration}")
        return frozenset(found)

    def _learn(self, sample: _Sample) -> list[Seen]:
        """One minute, judged."""
        before = len(self.learning.refused)

        def may(series: Series) -> bool:
            return series.subject not in sample.troubled and not self.decisions.excluded(series, sample.at)

        free = not (sample.troubled or self.decisions.every)
        seen = self.learning.take(sample.at, sample.values, _anything if free else may)
        self._deviations.take(seen, sample.failed)
        self._put_bands()
        if len(self.learning.refused) > before == 0:
            text = f"{len(self.learning)} series are learned, there is no room for more: {min(self.learning.refused)}"
            self._recorder.say("baseline", "engine", text)
        return seen

    # -- history ----------------------------------------------------------------------------------------------------

    def _relearn(self, starts: Mapping[Series, int]) -> None:
        """Learn these from what is stored; the minutes that end meanwhile wait."""
        self._pending |= starts
        if self._pending and self._backlog is None:
            self._backlog = deque(maxlen=_BACKLOG)
            self._do(self._rebuild())

    async def _rebuild(self) -> None:
        fine, samples, learned = min(FINE, self._config().settings.retention.minutes), 0, 0
        while self._pending:
            starts, self._pending = self._pending, {}
            decisions = list(self.decisions.every.values())
            rebuild = Rebuild(self._store.path, self.learning, self._checks_of, decisions, self.decisions.about)
            await rebuild.run(starts, self._timeline.now(), fine)
            samples, learned = samples + rebuild.samples, learned + rebuild.series
        waiting, self._backlog = self._backlog or deque(), None
        accepted, self._accepted = self._accepted, []
        for decision in accepted:
            self._accept(decision)
        for sample in waiting:
            self._shown.rows(self._learn(sample))
        self._put_bands()
        if samples:
            self._recorder.say("baseline", "engine", f"learned {learned} series from {samples} stored figures")
        await self._write([], self.learning.memories())

    def _checks_of(self, series: Series) -> Sequence[str]:
        if series.subject.startswith(CHECK):
            return (series.name,)
        models = self._config().checks_of.get(series.name, ())
        return [model.id for model in models if model.baseline]

    # -- decisions --------------------------------------------------------------------------------------------------

    def _decided(self, decision: Decision) -> None:
        """It is on disk: carry it out."""
        if decision.kind is DecisionKind.ACCEPT and self._backlog is not None:
            self._accepted.append(decision)
        elif decision.kind is DecisionKind.ACCEPT:
            self._accept(decision)
            self._judge.look_at_deviations()
            self._do(self._write([], self.learning.memories()))
        elif decision.from_at < self._timeline.now():
            again = [series for series in self._about(decision) if self._is_stored(series, decision)]
            for shelf in self.learning.shelves.values():
                shelf.forget([series for series in again if series.kind == shelf.kind])
            self._deviations.forget(again)
            self._relearn(dict.fromkeys(again, 0))

    def _is_stored(self, series: Series, decision: Decision) -> bool:
        """Whether what a decision excludes can be learned again without it. What a check reported itself is only in
        single observations: once these have expired, forgetting would lose more than it mends."""
        if series.kind != METRICS:
            return series.kind in REBUILT
        kept = min(FINE, self._config().settings.retention.raw)
        return decision.to_at > self._timeline.now() - kept

    def _accept(self, decision: Decision) -> None:
        mine = self._about(decision)
        self.learning.accept(mine)
        self._deviations.forget(mine)

    def _about(self, decision: Decision) -> list[Series]:
        return [series for series in self.learning.series() if self.decisions.about(decision, series)]

    # -- the store --------------------------------------------------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="baselines")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, rows: Sequence[BaselineRow], memories: Sequence[MemoryRow]) -> None:
        """What cannot be written now is written with the next minutes: it is what is usual, not what happened."""
        gone = self._shown.gone()
        try:
            await self._store.learn(rows, gone, memories)
        except (StoreError, sqlite3.Error, OSError):
            self._shown.again(rows, gone)


def _asked(config: Config) -> Iterator[str]:
    """The subjects whose throughput a rule asks for: how often we look is worth learning for nobody else."""
    for rule in config.rules:
        if any(name.path[1:] == (THROUGHPUT,) for name in compile_rule(rule.when).names):
            checks = config.checks_of[rule.integration]
            one = rule.check or (checks[0].id if len(checks) == 1 else None)
            yield f"{CHECK}{one}" if one is not None else f"{INTEGRATION}{rule.integration}"


def _read_as(series: Series) -> Series:
    """What a series is read from the store with: what a check reports itself is read together."""
    return Series(series.subject, METRICS) if series.kind == METRICS else series


def _anything(series: Series) -> bool:  # noqa: ARG001
    return True


def _subjects(checks: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{CHECK}{check}" for check in checks)
