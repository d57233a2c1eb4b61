"""From an observation to what is believed: attempts, windows, rules, alerts, the state of the integration."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from functools import partial

from standby.domain import attempts, flapping, settled
from standby.domain.alerting import Phase
from standby.domain.cause import Cause, whose
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome, worst
from standby.domain.units import MINUTE
from standby.engine.alerting.alerts import Alerts, Verdict
from standby.engine.learning.learned import Learned
from standby.engine.learning.minutes import Minutes
from standby.engine.memory import CheckMemory, IntegrationMemory
from standby.engine.recorder import Recorder
from standby.engine.rules import names
from standby.engine.rules.evaluation import Rules
from standby.engine.rules.watches import BLIND_WATCH, LOUD, Expression, Sort, Watch
from standby.engine.rules.windows import Scope, Windows
from standby.engine.timeline import Timeline

RECENT_NS = 10 * MINUTE
"""The span of the error rate that screens show."""


class Judge:
    """Owns the memory of every check and integration; everything it decides goes into the recorder's buffer."""

    def __init__(self, timeline: Timeline, recorder: Recorder, alerts: Alerts) -> None:
        self.checks: dict[str, CheckMemory] = {}
        self.integrations: dict[str, IntegrationMemory] = {}
        self.windows = Windows()
        self.minutes = Minutes()
        self.alerts = alerts
        self.blind = False
        self.no_data_after = 3
        self.watches: dict[tuple[str, str], Watch] = {}
        self.on_settled: list[Callable[[str], None]] = []  # hear of the integration whose check changed
        self.on_announced: Callable[[], None] = lambda: None  # a vendor announces other work than before
        self.on_failed: Callable[[str], None] = lambda _: None  # ... of which a look failed that was not down
        self._timeline = timeline
        self._recorder = recorder
        self._of_check: dict[str, list[Watch]] = {}
        self._of_integration: dict[str, list[Watch]] = {}
        self.rules = Rules(self.checks, self.windows, self._store)
        self._blind_since: int | None = None
        self._sorts: Mapping[Sort, tuple[Callable[[Watch], Verdict], Callable[[Watch], str]]] = {
            Sort.DOWN: (self._down, self._say_down),
            Sort.NO_DATA: (self._silent, self._say_silent),
            Sort.FLAPPING: (self._flaps, self._say_flapping),
            Sort.DEVIATION: (self._unusual, self._say_unusual),
        }

    @property
    def learned(self) -> Learned:
        """What rules may ask about what is usual."""
        return self.rules.learned

    @learned.setter
    def learned(self, learned: Learned) -> None:
        self.rules.learned = learned

    def rule(self, found: Iterable[Watch], expressions: Mapping[tuple[str, str], Expression]) -> set[Scope]:
        """These rules are in force from now on; returns the windows that are new and empty."""
        self.watches = {watch.key: watch for watch in found}
        scopes = self.rules.keep(self.watches.values(), expressions, self._timeline.monotonic())
        self._of_check, self._of_integration = {}, {}
        for watch in self.watches.values():
            self._of_integration.setdefault(watch.integration, []).append(watch)
            for check in self.rules.concerned(watch) if watch.sort is not Sort.DEVIATION else ():
                self._of_check.setdefault(check, []).append(watch)
        return self.windows.keep(scopes | self._shown_scopes())

    def observe(self, observation: Observation, due: int) -> attempts.Settled:
        """Take one observation in; `due` is the monotonic reading of its slot. Returns what is believed now."""
        memory = self.checks[observation.check_id]
        before, now = memory.settled, self._timeline.instant_at(due)
        if now != observation.slot:  # the wall clock was stepped while it ran
            observation = replace(observation, slot=now)
        memory.settled, changed = attempts.step(before, observation.outcome, now, memory.attempts)
        memory.flapping, _ = flapping.step(memory.flapping, observation.outcome)
        plans = memory.announced
        memory.take(observation)
        if memory.announced != plans:
            self.on_announced()
        self._count_silence(memory, observation)
        if memory.settled.outcome is not Outcome.UNKNOWN:
            memory.decided = memory.settled.outcome
        self.windows.add(memory.id, due, observation.outcome, observation.latency_ms)
        self.rules.burning.add(memory.id, due, observation.outcome)
        self.minutes.take(observation)
        monotonic = self._timeline.monotonic()
        self._show(memory, observation, monotonic)
        if changed and before is not None:
            self._settled(memory, before.outcome)
        self._refresh(self.integrations[memory.integration], now, monotonic)
        if changed:
            for hear in self.on_settled:
                hear(memory.integration)
        if observation.outcome is Outcome.DOWN and (before is None or before.outcome is not Outcome.DOWN):
            self.on_failed(memory.integration)
        self._evaluate(self._of_check.get(memory.id, ()), now, monotonic, seen=True)
        return memory.settled

    def missed(self, check_id: str, slots: int) -> None:
        """Slots were not run. It says nothing about the third party; N of them in a row are no data."""
        memory = self.checks[check_id]
        memory.missed += slots
        memory.met = True
        if memory.settled is None:
            return
        if not self.blind:
            memory.silent += slots
        self._recorder.buffer.check_states[check_id] = memory.row()
        self._recorder.soon()
        silent = [watch for watch in self._of_check.get(check_id, ()) if watch.sort is Sort.NO_DATA]
        self._evaluate(silent, self._timeline.now(), self._timeline.monotonic())

    @property
    def timed(self) -> bool:
        """Whether a rule wants `tick`."""
        return self.rules.timed

    def away(self, for_ns: int) -> None:
        """For so long we could hear nobody."""
        for memory in self.checks.values():
            memory.deaf(for_ns)

    def tick(self) -> None:
        """Judge the rules about what does not come that no arrival has judged for a while. Call it each second."""
        monotonic = self._timeline.monotonic()
        late = (self.watches[key] for key in self.rules.overdue(monotonic))
        quiet = [watch for watch in late if self._waits_in_vain(watch)]
        self._evaluate(quiet, self._timeline.now(), monotonic)

    def _waits_in_vain(self, watch: Watch) -> bool:
        """Whether each of its checks had its turn since the start, and none is looking: that one judges by itself."""
        checks = list(self.rules.concerned(watch))
        return all(self.checks[name].met for name in checks) and not self.alerts.looking(checks)

    def see(self) -> None:
        """Our own network is back: results count again from the next on."""
        self.blind = False
        now = self._timeline.now()
        if self._blind_since is not None:
            self.away(now - self._blind_since)
        self._blind_since = None
        self.alerts.thaw()
        self.alerts.evaluate(BLIND_WATCH, condition=False, now=now, explain=str)

    def go_blind(self, summary: str) -> None:
        """Our own network is gone: one alert says so, every other clock stands still."""
        self.stay_blind()
        now = self._timeline.now()
        self.alerts.freeze(now)
        self.alerts.evaluate(BLIND_WATCH, condition=True, now=now, explain=lambda: summary)

    def stay_blind(self) -> None:
        """Nothing can be told from now on; the alert that says so is there."""
        self.blind, self._blind_since = True, self._timeline.now()

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns; the present is stored again as it reads now."""
        now = self._timeline.now()
        if self._blind_since is not None:
            self._blind_since += by
        for memory in self.checks.values():
            memory.follow(by)
            memory.shift(now)
            if memory.settled is not None:
                self._recorder.buffer.check_states[memory.id] = memory.row()
        for integration in self.integrations.values():
            integration.since = min(integration.since, now)
            self._recorder.buffer.integration_states[integration.id] = integration.row()
        self._recorder.soon()

    def cause(self, checks: Iterable[str]) -> Cause | None:
        """Whose trouble the worst of these checks shows."""
        memories = [self.checks[name] for name in checks if name in self.checks]
        return whose((memory.outcome, memory.failure, memory.stated) for memory in memories)

    def is_told(self, integration_id: str, sorts: Container[Sort]) -> bool:
        """Whether it has an alert of one of these sorts that somebody hears of, now or when it fires."""
        return any(
            watch.sort in sorts and watch.severity in LOUD and self.alerts.is_live(watch.key)
            for watch in self._of_integration.get(integration_id, ())
        )

    def unsettled(self, key: tuple[str, str]) -> bool:
        """Whether it is not known yet if a rule's trouble is over: a look speaks against what is believed."""
        watch, live = self.watches.get(key), self.alerts.by_key(key)
        if live is not None and live.machine.phase is Phase.PENDING:
            return True
        memories = [self.checks[name] for name in watch.checks] if watch is not None else []
        return any(memory.settled is not None and memory.settled.soft for memory in memories)

    def refresh(self, integration_id: str) -> None:
        """Its checks changed: look at the worst of them again."""
        self._refresh(self.integrations[integration_id], self._timeline.now(), self._timeline.monotonic())

    def reconsider(self, integration_id: str) -> None:
        """Its checks or rules changed: judge what is known by the rules that are in force now."""
        live = [watch for watch in self._of_integration.get(integration_id, ()) if self.alerts.is_live(watch.key)]
        self._evaluate(live, self._timeline.now(), self._timeline.monotonic())

    def look_at_deviations(self) -> None:
        """A minute was learned: what is unusual may be another thing."""
        found = [watch for watch in self.watches.values() if watch.sort is Sort.DEVIATION]
        self._evaluate(found, self._timeline.now(), self._timeline.monotonic())

    def _shown_scopes(self) -> set[Scope]:
        """The windows of what screens show: of each check, and of each integration's checks together."""
        found: set[Scope] = {((check,), RECENT_NS) for check in self.checks}
        return found | {(one.checks, RECENT_NS) for one in self.integrations.values() if one.checks}

    def _show(self, memory: CheckMemory, observation: Observation, monotonic: int) -> None:
        """What a look is to the store and to screens; no rule asks for any of it."""
        memory.error_rate = self.windows.at(((memory.id,), RECENT_NS), monotonic).error_rate
        self._recorder.buffer.observation(observation)
        self._recorder.buffer.check_states[memory.id] = memory.row()
        self._recorder.soon()

    def _count_silence(self, memory: CheckMemory, observation: Observation) -> None:
        if observation.outcome is not Outcome.UNKNOWN:
            memory.silent = 0
        elif observation.failure is not Failure.BLIND:
            memory.silent += 1

    def _settled(self, memory: CheckMemory, before: Outcome) -> None:
        text = settled.told(memory.id, before, memory.outcome, memory.message)
        self._recorder.say(settled.KIND, f"check:{memory.id}", text)

    def _refresh(self, integration: IntegrationMemory, now: int, monotonic: int) -> None:
        memories = [memory for name in integration.checks if (memory := self.checks[name]).settled is not None]
        outcome = worst([memory.outcome for memory in memories])
        if outcome is not integration.outcome or not integration.since:
            integration.outcome, integration.since = outcome, now
        bad = next((memory for memory in memories if memory.outcome is outcome), None)
        integration.message = f"{bad.id}: {bad.message}" if bad is not None and bad.message else ""
        if integration.checks:
            window = self.windows.at((integration.checks, RECENT_NS), monotonic)
            integration.error_rate, integration.latency_ms = window.error_rate, window.latency_ms
        self._recorder.buffer.integration_states[integration.id] = integration.row()

    def _store(self, memory: CheckMemory) -> None:
        if memory.settled is not None:
            self._recorder.buffer.check_states[memory.id] = memory.row()

    def _evaluate(self, found: Iterable[Watch], now: int, monotonic: int, *, seen: bool = False) -> None:
        for watch in found:
            if self.blind:
                self.alerts.evaluate(watch, None, now, str)
            elif watch.sort is Sort.RULE:
                holds_now, why = self.rules.tell(watch, now, monotonic, seen=seen)
                self.alerts.evaluate(watch, holds_now, now, why)
            else:
                holds, say = self._sorts[watch.sort]
                self.alerts.evaluate(watch, holds(watch), now, partial(say, watch))

    def _down(self, watch: Watch) -> bool | None:
        believed = names.believed(self.checks[name] for name in watch.checks)
        return None if believed is None else believed is Outcome.DOWN

    def _say_down(self, watch: Watch) -> str:
        down = [memory for memory in (self.checks[name] for name in watch.checks) if memory.outcome is Outcome.DOWN]
        return "; ".join(f"{memory.id} is down{_whose(memory)}: {memory.message}" for memory in down)

    def _silent(self, watch: Watch) -> bool:
        return any(self.checks[name].silent >= self.no_data_after for name in watch.checks)

    def _say_silent(self, watch: Watch) -> str:
        memories = [self.checks[name] for name in watch.checks]
        return "; ".join(
            f"no data from {memory.id} {memory.silent} times in a row{_whose(memory)}: {memory.message}"
            for memory in memories
            if memory.silent >= self.no_data_after
        )

    def _flaps(self, watch: Watch) -> bool:
        return any(self.checks[name].flapping.flaps for name in watch.checks)

    def _say_flapping(self, watch: Watch) -> str:
        flaps = [memory for memory in (self.checks[name] for name in watch.checks) if memory.flapping.flaps]
        return "; ".join(f"{memory.id} comes and goes, {memory.flapping.percent:.0f} % of late" for memory in flaps)

    def _unusual(self, watch: Watch) -> bool | None:
        return self.learned.unusual(watch)

    def _say_unusual(self, watch: Watch) -> str:
        return self.learned.say(watch)


def _whose(memory: CheckMemory) -> str:
    return f" ({memory.cause})" if memory.cause is not None else ""
