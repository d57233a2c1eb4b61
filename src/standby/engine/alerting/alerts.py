"""The alerts: one machine for each rule and integration, the rows that people see, acknowledgements.

An id is one instance, from pending to resolved, and is never used again: a trouble that comes back is a new alert which
nobody has acknowledged. `for` and `keep_firing_for` are judged by the slot of each arrival, and by the clock for a rule
whose checks have nothing under way: then it fires at its deadline though no observation comes, but never on one
observation alone (a `for` below the interval fires at the second evaluation: S2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from standby.domain import alerting
from standby.domain.alerting import Change, Machine, Phase
from standby.domain.muting import Mutes
from standby.domain.outcome import AlertState
from standby.domain.text import clean
from standby.domain.units import MILLISECOND
from standby.engine.clock import EngineClock, Timer
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import Sort, Watch
from standby.engine.timeline import Timeline
from standby.store.rows import AlertRow

DEADLINE_SLACK_NS = 50 * MILLISECOND  # so that a run due at the very deadline is under way, and judges it
_SUMMARY_LIMIT = 300
_TOLD = frozenset({Sort.BLIND, Sort.OUTSIDE})
"""What is known though our own network is gone."""

Verdict: TypeAlias = "bool | None"
"""Whether a condition holds; `None` when it cannot be told."""


@dataclass(frozen=True, slots=True)
class Ack:
    """Who has it, since when (ns since 1970), and where from."""

    by: str
    at: int
    origin: str
    until: int | None = None  # the end of the lease


@dataclass(slots=True)
class Live:
    """One alert that is not resolved."""

    id: int
    watch: Watch
    machine: Machine
    since: int
    summary: str
    fired_at: int | None = None
    ack: Ack | None = None
    mutes: Mutes = ()
    escalations: tuple[int, ...] = ()  # who is told about it
    condition: Verdict = None  # the last arrival's
    looks: int = 0  # how many evaluations in a row held, since it is pending
    timer: Timer | None = None

    @property
    def state(self) -> AlertState:
        """The word for people."""
        if self.machine.phase is Phase.PENDING:
            return AlertState.PENDING
        return AlertState.ACKNOWLEDGED if self.ack else AlertState.FIRING

    def row(self) -> AlertRow:
        """As it is stored."""
        return AlertRow(
            id=self.id,
            rule=self.watch.id,
            integration=self.watch.integration,
            severity=self.watch.severity,
            state=self.state,
            since=self.since,
            fired_at=self.fired_at,
            resolved_at=None,
            acked_by=self.ack.by if self.ack else None,
            acked_at=self.ack.at if self.ack else None,
            acked_from=self.ack.origin if self.ack else None,
            summary=self.summary,
            machine=alerting.to_json(self.machine),
            labels=self.watch.labels,
            mutes=self.mutes,
            acked_until=self.ack.until if self.ack else None,
            escalations=self.escalations,
            origin=self.watch.origin,
        )


class Hearer(Protocol):
    """Who has to hear of an alert's life, in the moment in which its row is made: what it adds is stored with it."""

    def revived(self, live: Live) -> None:
        """It was there before the restart."""

    def fired(self, live: Live) -> None:
        """It fires."""

    def held(self, live: Live) -> None:
        """Somebody has it."""

    def given_back(self, live: Live) -> None:
        """Nobody has it any more."""

    def ended(self, live: Live, *, resolved: bool) -> None:
        """It is over, or (not `resolved`) back to pending as if it had not fired."""

    def muted(self, live: Live) -> None:
        """Nobody is to be told about it for now."""

    def unmuted(self, live: Live) -> None:
        """Nothing keeps it quiet any more."""

    def froze(self) -> None:
        """Nothing can be told any more: every clock stands still."""

    def thawed(self) -> None:
        """The clocks run on."""


class Alerts:
    """Every live alert. `running` tells whether one of some checks is looking right now."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        running: Callable[[Iterable[str]], bool],
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._running = running
        self._live: dict[tuple[str, str], Live] = {}
        self._by_id: dict[int, Live] = {}
        self._resolved: dict[int, int] = {}  # id -> when, within the retention
        self.hearer: Hearer | None = None
        self.mutes_of: Callable[[Live], Mutes] = lambda _: ()  # why nobody is told about an alert that fires
        self.on_change: Callable[[Live], None] = lambda _: None  # it fired, is another or over: mutes may differ
        self.on_thaw: Callable[[], None] = lambda: None  # we can hear again
        self.last_id = 0
        self.counts = {"fired": 0, "resolved": 0}

    def __iter__(self) -> Iterator[Live]:
        return iter(list(self._live.values()))

    def by_id(self, alert_id: int) -> Live | None:
        """The live alert with this id."""
        return self._by_id.get(alert_id)

    def resolved_at(self, alert_id: int) -> int | None:
        """When an alert of the last minutes was resolved."""
        return self._resolved.get(alert_id)

    def by_key(self, key: tuple[str, str]) -> Live | None:
        """The live alert of this rule."""
        return self._live.get(key)

    def is_live(self, key: tuple[str, str]) -> bool:
        """Whether this rule has an alert that is not resolved."""
        return key in self._live

    def looking(self, checks: Iterable[str]) -> bool:
        """Whether one of these checks looks right now: what it sees judges its rules."""
        return self._running(checks)

    def adopt(self, live: Live) -> None:
        """An alert from before the restart."""
        self._live[live.watch.key] = self._by_id[live.id] = live
        self.last_id = max(self.last_id, live.id)
        self._recorder.buffer.alerts[live.id] = live.row()
        if self.hearer is not None:
            self.hearer.revived(live)

    def remember_resolved(self, alert_id: int, at: int) -> None:
        """An alert that was resolved not long ago."""
        self._resolved[alert_id] = at

    def evaluate(
        self, watch: Watch, condition: Verdict, now: int, explain: Callable[[], str], *, since: int | None = None
    ) -> None:
        """Something was learned about a rule at `now` (the slot of what was seen, ns since 1970).

        `since`: when it became true, for who knows that better than by when it was seen.
        """
        live = self._live.get(watch.key)
        if live is None:
            if condition:
                self._begin(watch, now, explain, now if since is None else since)
            return
        live.condition = condition
        if condition:
            live.looks += 1
        before = live.summary
        if condition:
            live.summary = clean(explain(), _SUMMARY_LIMIT)
        self._step(live, condition, now, told=live.summary != before)

    def freeze(self, now: int) -> None:
        """Nothing can be told any more: every clock stops, nothing resolves. Not the alert that says so, and not what
        others tell us: that is no measurement of ours."""
        for live in self._live.values():
            if live.watch.sort not in _TOLD:
                live.condition = None
                self._step(live, None, now, told=False)
        if self.hearer is not None:
            self.hearer.froze()

    def thaw(self) -> None:
        """Things can be told again: each clock runs on when something is."""
        if self.hearer is not None:
            self.hearer.thawed()
        self.on_thaw()

    def acknowledge(self, live: Live, ack: Ack | None) -> None:
        """Somebody takes it, or gives it back (`None`)."""
        had, live.ack = live.ack, ack
        self.put(live)
        if self.hearer is not None and ack is not None:
            self.hearer.held(live)
        elif self.hearer is not None and had is not None:
            self.hearer.given_back(live)

    def mute(self, live: Live, mutes: Mutes) -> None:
        """These keep it quiet now; the log says when that began and ended."""
        if mutes == live.mutes:
            return
        before, live.mutes = live.mutes, mutes
        self.put(live)
        if bool(mutes) is bool(before) or live.machine.phase is not Phase.FIRING:
            return
        now = self._timeline.now()
        if mutes:
            self._audit(live, "muted", f"nobody is told: {mutes[0].why}", now)
        else:
            self._audit(live, "unmuted", f"nothing keeps it quiet any more; before: {before[0].why}", now)
        if self.hearer is not None and mutes:
            self.hearer.muted(live)
        elif self.hearer is not None:
            self.hearer.unmuted(live)

    def retime(self, live: Live, watch: Watch, now: int) -> None:
        """The rule was changed while its alert lives: another severity at once, a longer `for` as S5 says."""
        old, live.watch = live.watch, watch
        if old.timing != watch.timing:
            self.postpone(live, now)
        self.put(live)
        self._arm(live)
        if old.labels != watch.labels:
            self.on_change(live)

    def postpone(self, live: Live, now: int) -> None:
        """Its rule waits longer now: what has not held that long goes back to pending, acknowledged by nobody."""
        live.machine, change = alerting.retime(live.machine, now, live.watch.timing)
        if change is Change.PENDING:
            live.ack, live.fired_at, live.looks = None, None, 1
            self._audit(live, "pending", f"back to pending, its rule now waits longer: {live.summary}", now)
            if self.hearer is not None:
                self.hearer.ended(live, resolved=False)
            self.on_change(live)

    def backdate(self, live: Live, since: int) -> None:
        """It is known now that it was true earlier already."""
        live.since, live.machine = since, replace(live.machine, since=since)
        self.put(live)

    def drop(self, live: Live) -> None:
        """Pending, and too long ago to be gone on with."""
        self._finish(live, Change.DROPPED, self._timeline.now(), "")

    def end(self, live: Live, why: str, now: int) -> None:
        """Resolve it because its rule is gone."""
        self._finish(live, Change.RESOLVED if live.machine.phase is Phase.FIRING else Change.DROPPED, now, why)

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns: running clocks move along, and what people read is never ahead."""
        now = self._timeline.now()
        for live in self._live.values():
            live.machine = shifted(live.machine, by, now)
            live.since = min(live.since, now)
            live.fired_at = live.machine.fired_at
            if live.ack is not None and live.ack.at > now:
                live.ack = replace(live.ack, at=now)
            self.put(live)
            self._arm(live)

    def prune(self, now: int) -> None:
        """Forget what was resolved long ago."""
        horizon = now - alerting.RESOLVED_RETENTION_NS
        self._resolved = {alert_id: at for alert_id, at in self._resolved.items() if at > horizon}

    def stop(self) -> None:
        """No clock runs any more."""
        for live in self._live.values():
            if live.timer is not None:
                live.timer.cancel()

    def _begin(self, watch: Watch, now: int, explain: Callable[[], str], since: int) -> None:
        machine, change = alerting.step(alerting.INACTIVE, condition=True, now=now, timing=watch.timing)
        machine = replace(machine, since=since)
        self.last_id += 1
        live = Live(self.last_id, watch, machine, since, clean(explain(), _SUMMARY_LIMIT), condition=True, looks=1)
        self._live[watch.key] = self._by_id[live.id] = live
        self._after(live, change)

    def _step(self, live: Live, condition: Verdict, now: int, *, told: bool) -> None:
        before = live.machine
        live.machine, change = alerting.step(before, condition, now, live.watch.timing)
        if change in {Change.DROPPED, Change.RESOLVED}:
            self._finish(live, change, self._timeline.now(), "")
        elif change is not None:
            self._after(live, change)
        else:
            if told or live.machine != before:
                self.put(live)
            self._arm(live)

    def _after(self, live: Live, change: Change | None) -> None:
        if change is Change.FIRED:
            live.fired_at = live.machine.fired_at
            live.mutes = self.mutes_of(live)
        self.put(live)
        self._arm(live)
        if change is Change.FIRED:
            self.counts["fired"] += 1
            self._audit(live, "fired", live.summary, self._timeline.now())
            if self.hearer is not None:
                self.hearer.fired(live)
            self.on_change(live)

    def _finish(self, live: Live, change: Change | None, at: int, why: str) -> None:
        if live.timer is not None:
            live.timer.cancel()
            live.timer = None
        del self._live[live.watch.key], self._by_id[live.id]
        self._resolved[live.id] = at
        row = replace(live.row(), state=AlertState.RESOLVED, resolved_at=at, machine={})
        self._recorder.buffer.alerts[live.id] = row
        if change is Change.RESOLVED:
            self.counts["resolved"] += 1
            self._audit(live, "resolved", why or live.summary, self._timeline.now())
            if self.hearer is not None:
                self.hearer.ended(live, resolved=True)
            self.on_change(live)
        else:
            self._recorder.soon()

    def put(self, live: Live) -> None:
        """It changed: the store hears of it."""
        self._recorder.buffer.alerts[live.id] = live.row()
        self._recorder.soon()

    def _audit(self, live: Live, kind: str, message: str, at: int) -> None:
        self._recorder.say(kind, f"alert:{live.id}", f"{live.watch.integration}/{live.watch.id}: {message}", at)

    def _arm(self, live: Live) -> None:
        if live.timer is not None:
            live.timer.cancel()
            live.timer = None
        deadline = alerting.next_deadline(live.machine, live.watch.timing)
        if deadline is not None:
            due = max(self._timeline.monotonic_at(deadline), self._clock.monotonic()) + DEADLINE_SLACK_NS
            live.timer = self._clock.call_at(due, lambda: self._deadline(live))

    def _deadline(self, live: Live) -> None:
        live.timer = None
        if self._running(live.watch.checks):
            return  # what is under way arrives within its timeout and judges by its slot
        if live.machine.phase is Phase.PENDING and live.looks < 2:
            return
        self._step(live, live.condition, self._timeline.now(), told=False)


def shifted(machine: Machine, by: int, now: int) -> Machine:
    """The machine on a line that was moved by `by` ns to `now`: the same time has passed on every clock of it."""

    def moved(instant: int | None) -> int | None:
        return None if instant is None else instant + by

    def read(instant: int | None) -> int | None:
        return None if instant is None else min(instant, now)

    return replace(
        machine,
        since=read(machine.since),
        active_at=moved(machine.active_at),
        fired_at=read(machine.fired_at),
        keep_since=moved(machine.keep_since),
        frozen_since=moved(machine.frozen_since),
        at=machine.at + by,
    )
