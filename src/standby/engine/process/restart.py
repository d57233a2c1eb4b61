"""Going on where the last engine stopped: nothing is sent again, nothing is forgotten, the time away is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standby.domain import alerting
from standby.domain.alerting import Change, Machine, Phase
from standby.domain.outcome import AlertState
from standby.domain.units import SECOND, format_duration
from standby.engine.alerting.alerts import Ack, Alerts, Live, shifted
from standby.engine.judge import Judge
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import BLIND_WATCH, Sort, Watch
from standby.engine.timeline import Timeline
from standby.store.rows import AlertRow, GapRow, Loaded

SHORTEST_GAP_NS = 2 * SECOND


class Return:
    """One return from an absence, from the last engine's last sign of life to now (ns since 1970)."""

    def __init__(self, loaded: Loaded, timeline: Timeline, recorder: Recorder) -> None:
        self._loaded = loaded
        self._recorder = recorder
        self.now = timeline.now()
        self.left = self.now if loaded.engine is None else loaded.engine.heartbeat_at
        self.clock_went_back = min(0, self.now - self.left)
        self.left = min(self.left, self.now)

    def remember(self, judge: Judge) -> None:
        """What was believed of each check and integration that is still configured; the others' present goes."""
        gone = {row.check_id for row in self._loaded.check_states} - judge.checks.keys()
        left = {row.integration for row in self._loaded.integration_states} - judge.integrations.keys()
        if gone or left:
            self._recorder.buffer.forget(gone, left)
        for row in self._loaded.check_states:
            memory = judge.checks.get(row.check_id)
            if memory is not None:
                memory.restore(row)
                memory.follow(self.clock_went_back)
                memory.deaf(self.now - self.left)
                memory.shift(self.now)
        for state in self._loaded.integration_states:
            integration = judge.integrations.get(state.integration)
            if integration is not None:
                integration.outcome, integration.since = state.outcome, min(state.since, self.now)
                integration.error_rate, integration.latency_ms = state.error_rate, state.latency_ms
                integration.message = state.message

    def revive(self, alerts: Alerts, watches: Mapping[tuple[str, str], Watch]) -> None:
        """The alerts of before. `for` goes on where it stood; an alert whose rule is gone is resolved."""
        alerts.last_id = self._loaded.last_alert_id
        for row in self._loaded.alerts:
            if row.state is AlertState.RESOLVED:
                alerts.remember_resolved(row.id, row.resolved_at or self.now)
                continue
            key = (row.integration, row.rule)
            watch = (
                _told(row) if row.origin is not None else BLIND_WATCH if key == BLIND_WATCH.key else watches.get(key)
            )
            live = self._live(row, watch)
            alerts.adopt(live)
            if watch is None:
                alerts.end(live, "its rule was removed from the configuration", self.now)
            else:
                self._resume(alerts, live)

    def leave_gap(self) -> None:
        """The hole in history. A hole that was still open ends where this one begins."""
        last = self._loaded.engine
        hole = self._loaded.open_gap
        if hole is not None:
            self._recorder.buffer.gaps[hole.from_at] = GapRow(hole.from_at, max(hole.from_at, self.left), hole.reason)
        if last is None or self.now - self.left < SHORTEST_GAP_NS:
            return
        gap = GapRow(self.left, self.now, "engine away")
        if hole is None or hole.from_at != gap.from_at:
            self._recorder.buffer.gaps[gap.from_at] = gap

    def tell(self, who: str) -> None:
        """The audit line of the start."""
        away = self.now - self.left
        last = self._loaded.engine
        text = f"{who} started"
        if last is not None and away >= SHORTEST_GAP_NS:
            text += f"; no engine for {format_duration(away // SECOND * SECOND)}"
        kind = "started" if last is None or last.state == "stopped" else "takeover"
        self._recorder.say(kind, "engine", text, self.now)

    def _live(self, row: AlertRow, watch: Watch | None) -> Live:
        machine = shifted(_machine(row), self.clock_went_back, self.now)
        ack = None
        if row.acked_by is not None:
            ack = Ack(row.acked_by, min(row.acked_at or self.now, self.now), row.acked_from or "", row.acked_until)
        lost = Watch(row.rule, row.integration, BLIND_WATCH.sort, row.severity, (), labels=row.labels)
        return Live(
            id=row.id,
            watch=watch or lost,
            machine=machine,
            since=min(row.since, self.now),
            summary=row.summary,
            fired_at=row.fired_at,
            ack=ack,
            mutes=row.mutes,
            escalations=row.escalations,
            looks=1,
        )

    def _resume(self, alerts: Alerts, live: Live) -> None:
        if live.watch.sort is Sort.OUTSIDE:
            return
        live.machine, change = alerting.restore(live.machine, self.left, self.now, live.watch.timing)
        if change is Change.DROPPED:
            alerts.drop(live)
            return
        before = self._for_of(live.watch)
        if before is not None and before < live.watch.timing.for_ns:
            alerts.postpone(live, self.now)
        alerts.put(live)

    def _for_of(self, watch: Watch) -> int | None:
        """The `for` that this rule had under the last engine."""
        config = self._loaded.config
        rules: Any = config.doc.get("rules") if config is not None else None
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, Mapping) and (rule.get("integration"), rule.get("id")) == watch.key:
                found = rule.get("for_ns")
                return found if isinstance(found, int) else None
        return None


def _told(row: AlertRow) -> Watch:
    """The watch of an alert that somebody else decides about, as its row has it: its source says the rest again."""
    return Watch(row.rule, row.integration, Sort.OUTSIDE, row.severity, (), labels=row.labels, origin=row.origin)


def _machine(row: AlertRow) -> Machine:
    """The stored machine; one that cannot be read is made again from what people saw."""
    try:
        machine = alerting.from_json(row.machine)
    except (ValueError, TypeError):
        machine = alerting.INACTIVE
    if machine.phase is not Phase.INACTIVE:
        return machine
    if row.state is AlertState.PENDING:
        return Machine(Phase.PENDING, since=row.since, active_at=row.since, at=row.since)
    fired = row.fired_at if row.fired_at is not None else row.since
    return Machine(Phase.FIRING, since=row.since, active_at=row.since, fired_at=fired, at=fired)
