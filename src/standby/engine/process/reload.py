"""From one configuration to another: only what changed is touched; timers, windows, alerts, acks of the rest stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standby.checks.base import Check
from standby.engine.inbound.signals import Rhythm, Signals
from standby.engine.judge import Judge
from standby.engine.memory import CheckMemory, IntegrationMemory
from standby.engine.polling.scheduler import Scheduler
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import Expression, Sort, Watch
from standby.engine.rules.windows import Scope
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from standby.config.models import CheckModel
    from standby.config.whole import Config


def _rules(config: Config) -> dict[str, object]:
    return {f"{rule.integration}/{rule.id}": rule for rule in config.rules}


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that can fail, done before anything is changed: built checks by id, rules, compiled conditions."""

    config: Config
    checks: Mapping[str, Check]
    watches: tuple[Watch, ...]
    expressions: Mapping[tuple[str, str], Expression]


class Changeover:
    """Puts a configuration into force; the first one is a change from nothing."""

    def __init__(
        self,
        timeline: Timeline,
        recorder: Recorder,
        *,
        judge: Judge,
        scheduler: Scheduler,
        signals: Signals,
    ) -> None:
        self._timeline = timeline
        self._recorder = recorder
        self._judge = judge
        self._alerts = judge.alerts
        self._scheduler = scheduler
        self._signals = signals

    def know(self, prepared: Prepared) -> set[Scope]:
        """Have a memory of every check and integration, and the rules in force. Returns windows that are new."""
        config, judge, now = prepared.config, self._judge, self._timeline.now()
        gone = judge.checks.keys() - config.check_by_id.keys()
        left = judge.integrations.keys() - config.integration_by_id.keys()
        for name in gone:
            del judge.checks[name]
            self._signals.forget(name)
        for name in left:
            del judge.integrations[name]
        if gone or left:
            self._recorder.buffer.forget(set(gone), set(left))
        return acquaint(judge, prepared, now)

    def listen_for_jobs(self, config: Config) -> None:
        """Expect the calls of heartbeat and webhook checks."""
        for model in config.checks:
            rhythm = rhythm_of(model)
            if rhythm is not None:
                self._signals.expect(model.id, rhythm, self._judge.checks[model.id].known_since)

    def retire(self, old: Config, new: Config) -> None:
        """Checks that left run no more."""
        for name in old.check_by_id.keys() - new.check_by_id.keys():
            self._scheduler.remove(name)

    def plan(self, old: Config | None, prepared: Prepared) -> None:
        """Run each check from now on as it is configured; one that did not change keeps its place in time."""
        config = prepared.config
        before = old.check_by_id if old is not None else {}
        for one in config.vendors:
            self._scheduler.lane(one.id, one.concurrency)
        for model in config.checks:
            vendor = config.integration_by_id[model.integration].vendor
            check = prepared.checks[model.id]
            if model.id not in before:
                self._scheduler.add(check, vendor)
                not_before = self._judge.checks[model.id].not_before
                if not_before > self._timeline.now():
                    self._scheduler.hold_off_until(model.id, not_before)
            elif before[model.id] != model or _vendor(old, model.id) != vendor:
                self._scheduler.replace(check, vendor)

    def settle_alerts(self, watches: Mapping[tuple[str, str], Watch]) -> None:
        """Alerts of rules that are gone are resolved and say so; those of changed rules follow them."""
        now = self._timeline.now()
        for live in self._alerts:
            if live.watch.sort in (Sort.BLIND, Sort.OUTSIDE):
                continue
            watch = watches.get(live.watch.key)
            if watch is None:
                self._alerts.end(live, "its rule was removed from the configuration", now)
            elif watch != live.watch:
                self._alerts.retime(live, watch, now)


def acquaint(judge: Judge, prepared: Prepared, now: int) -> set[Scope]:
    """Have the judge remember every check and integration, and follow these rules. Returns windows that are new."""
    config = prepared.config
    for model in config.checks:
        memory = judge.checks.setdefault(model.id, CheckMemory(model.id, model.integration, model.attempts, now))
        memory.integration, memory.attempts = model.integration, model.attempts
        memory.stated = model.stated
    for name, models in config.checks_of.items():
        checks = tuple(model.id for model in models)
        judge.integrations.setdefault(name, IntegrationMemory(name, checks)).checks = checks
    judge.no_data_after = config.settings.no_data_after
    return judge.rule(prepared.watches, prepared.expressions)


def rhythm_of(model: CheckModel) -> Rhythm | None:
    """The rhythm of a check that is called; `None` for every other kind."""
    if model.kind == "webhook":
        quiet = getattr(model, "quiet_after", None)
        return Rhythm(quiet, 0) if isinstance(quiet, int) else None
    if model.kind != "heartbeat":
        return None
    period, grace = getattr(model, "period", None), getattr(model, "grace", None)
    return Rhythm(period, grace) if isinstance(period, int) and isinstance(grace, int) else None


def _vendor(config: Config | None, check_id: str) -> str | None:
    if config is None or check_id not in config.check_by_id:
        return None
    return config.integration_by_id[config.check_by_id[check_id].integration].vendor
