"""Who is told about each alert, level by level, until somebody has it; and an auditor that finds what was forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from standby.domain import escalation as ladder
from standby.domain.cause import Cause
from standby.domain.escalation import Effect, Escalation, Level, Passed, Policy, Stage, Tell
from standby.domain.outcome import AlertState, Severity
from standby.domain.text import clean
from standby.domain.units import MINUTE, SECOND
from standby.engine.alerts import Alerts, Live
from standby.engine.clock import EngineClock, Timer
from standby.engine.outbox import Outbox
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.engine.watches import Sort
from standby.engine.words import words
from standby.store.escalations import EscalationRow, Fate, NotificationRow
from standby.store.rows import AuditRow

if TYPE_CHECKING:
    from standby.config.models import Config

AUDIT_EVERY_NS = MINUTE
_SLACK_NS = 30 * SECOND
_LOUD = frozenset({Severity.CRITICAL, Severity.WARNING})
"""What escalates: `info` is for the screen."""
_CALLS = ("firing", "exhausted")
"""What asks somebody to take an alert."""


class Escalations:
    """The `Hearer` of the alerts. `config` gives the configuration in force, `blind`: our own network is gone,
    `cause`: whose trouble the worst of some checks shows."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        alerts: Alerts,
        *,
        outbox: Outbox,
        config: Callable[[], Config],
        blind: Callable[[], bool],
        cause: Callable[[Sequence[str]], Cause | None],
    ) -> None:
        self.rows: dict[int, EscalationRow] = {}
        self.trouble = ""
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._alerts = alerts
        self._outbox = outbox
        self._config = config
        self._blind = blind
        self._cause = cause
        self._told: dict[int, dict[int, NotificationRow]] = {}  # alert -> message number -> its row, as it was put
        self._timers: dict[int, Timer] = {}
        self._auditor: Timer | None = None
        self._frozen_at: int | None = None  # monotonic: up to here the deadlines were put off, while we are blind

    # -- from one engine to the next --------------------------------------------------------------------------------

    def remember(self, rows: Iterable[EscalationRow], told: Iterable[NotificationRow]) -> None:
        """How far the last engine came, and who was told: before any alert ends because its rule is gone."""
        self.rows = {row.alert: row for row in rows}
        for message in told:
            self._told.setdefault(message.alert, {})[message.id] = message

    def resume(self) -> None:
        """Go on from there; every open alert is looked at, and nobody is called for one that needs nobody."""
        for alert in self._outbox.alerts():
            live = self._alerts.by_id(alert)
            if live is None or live.state is not AlertState.FIRING:
                self._outbox.cancel(alert, _CALLS, _over(live))
        if self._blind():
            self._frozen_at = self._clock.monotonic()
        self._arm_all()
        self.audit()

    def keep(self) -> None:
        """The configuration changed: whoever has a policy now is told."""
        for live in self._alerts:
            if live.state is AlertState.FIRING and live.id not in self.rows:
                self.fired(live)

    def stop(self) -> None:
        """No clock runs any more."""
        for timer in [*self._timers.values(), *([self._auditor] if self._auditor else [])]:
            timer.cancel()

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns."""
        for live in self._alerts:
            row = self.rows.get(live.id)
            if row is not None:
                self._put(live, ladder.shift(row.state, by), row.passed)

    # -- what an alert's life does ----------------------------------------------------------------------------------

    def fired(self, live: Live) -> None:
        """The first level is told, in the transaction in which the alert fires."""
        policy = self._policy(live)
        if policy is None or live.mutes:
            return
        before = self.rows.get(live.id)
        state, effects = ladder.begin(policy, self._timeline.now(), self._reachable())
        if before is not None:  # it fired before and went back to pending: what is said now is said anew
            episode = before.state.episode + 1
            state = replace(state, episode=episode)
            effects = [replace(one, episode=episode) if isinstance(one, Tell) else one for one in effects]
        self._apply(live, policy, state, effects, ())

    def held(self, live: Live) -> None:
        """Somebody has it: nobody else is told."""
        row = self.rows.get(live.id)
        if row is not None:
            self._outbox.cancel(live.id, _CALLS, _over(live))
            self._put(live, ladder.acknowledge(row.state), row.passed)

    def given_back(self, live: Live) -> None:
        """Nobody has it any more: the level where it stopped is told again."""
        row, policy = self.rows.get(live.id), self._policy(live)
        if row is None:
            self.fired(live)
        elif policy is not None:
            state, effects = ladder.give_back(row.state, policy, self._timeline.now(), self._reachable())
            self._apply(live, policy, state, effects, row.passed)

    def muted(self, live: Live) -> None:
        """Nobody is to be told for now."""
        row = self.rows.get(live.id)
        if row is not None and row.state.stage is Stage.ACTIVE:
            self._outbox.cancel(live.id, _CALLS, f"muted: {live.mutes[0].why}")
            self._put(live, ladder.end(row.state), row.passed)

    def unmuted(self, live: Live) -> None:
        """What was kept quiet and is still true is told now, once."""
        if live.state is AlertState.FIRING:
            self.fired(live)

    def ended(self, live: Live, *, resolved: bool) -> None:
        """It is over. Who was told that it fires is told that it is resolved, and nobody else."""
        row = self.rows.get(live.id)
        if row is None:
            return
        self._outbox.cancel(live.id, _CALLS, "resolved meanwhile" if resolved else "back to pending")
        self._put(live, ladder.end(row.state), row.passed)
        if resolved:
            self._owe(live, row.state)
            self.rows.pop(live.id, None)
            self._told.pop(live.id, None)
            self._outbox.forget(live.id)

    def came_to_end(self, row: NotificationRow) -> None:
        """What became of a message. When all of a level were given up, the next level is told at once."""
        if row.alert in self._told:
            self._told[row.alert][row.id] = row
        if row.state is not Fate.FAILED:
            return
        live, found = self._alerts.by_id(row.alert), self.rows.get(row.alert)
        if live is None or found is None or row.kind != "firing":
            return
        state, policy = found.state, self._policy(live)
        mine = [
            one
            for one in self._told.get(row.alert, {}).values()
            if (one.episode, one.loop, one.level, one.kind) == (row.episode, row.loop, row.level, "firing")
        ]
        now_here = (state.episode, state.loop, state.level) == (row.episode, row.loop, row.level)
        if policy is not None and now_here and all(one.state is Fate.FAILED for one in mine):
            after, effects = ladder.hurry(state, policy, self._timeline.now(), self._reachable())
            self._say(live, "escalation", f"nobody of level {row.level + 1} could be told: {row.fate}")
            self._apply(live, policy, after, effects, found.passed)

    # -- time -------------------------------------------------------------------------------------------------------

    def froze(self) -> None:
        """Our own network is gone: nobody could be told, and nobody's time to answer runs out meanwhile."""
        self._frozen_at = self._clock.monotonic()
        self._arm_all()

    def thawed(self) -> None:
        """It is back: everybody has as much time left as before."""
        self._put_off()
        self._frozen_at = None
        self._arm_all()

    def _put_off(self) -> None:
        """Move the deadlines that stand still to where they are now."""
        if self._frozen_at is None:
            return
        now = self._clock.monotonic()
        by, self._frozen_at = now - self._frozen_at, now
        for live in self._alerts:
            row = self.rows.get(live.id)
            if row is not None and row.state.next_at is not None and live.watch.sort is not Sort.BLIND:
                self._put(live, ladder.shift(row.state, by), row.passed)

    def audit(self) -> None:
        """Every alert that nobody has is either on its way to somebody or has nobody left, and says so."""
        self._put_off()
        now = self._timeline.now()
        forgotten = []
        for live in self._alerts:
            policy = self._policy(live)
            if policy is None or live.mutes or live.state is not AlertState.FIRING:
                continue
            row = self.rows.get(live.id)
            why = ladder.overdue(row.state if row is not None else None, now, _SLACK_NS)
            if why:
                forgotten.append(f"alert {live.id}: {why}")
                self._say(live, "escalation", f"the auditor found it forgotten, {why}: its policy begins now")
                self.fired(live)
        self.trouble = clean(f"forgotten escalations were begun anew: {'; '.join(forgotten)}") if forgotten else ""
        self._auditor = self._clock.call_at(self._clock.monotonic() + AUDIT_EVERY_NS, self.audit)

    def _due(self, live: Live) -> None:
        row, policy = self.rows.get(live.id), self._policy(live)
        if row is None or policy is None or row.state.next_at is None:
            return
        state, effects = ladder.due(row.state, policy, self._timeline.now(), self._reachable())
        if state is row.state:
            self._arm(live, state)
        else:
            self._apply(live, policy, state, effects, row.passed)

    def _arm_all(self) -> None:
        for live in self._alerts:
            row = self.rows.get(live.id)
            if row is not None:
                self._arm(live, row.state)

    def _arm(self, live: Live, state: Escalation) -> None:
        timer = self._timers.pop(live.id, None)
        if timer is not None:
            timer.cancel()
        if self._frozen_at is not None and live.watch.sort is not Sort.BLIND:
            return
        if state.stage is Stage.ACTIVE and state.next_at is not None:
            due = max(self._timeline.monotonic_at(state.next_at), self._clock.monotonic())
            self._timers[live.id] = self._clock.call_at(due, lambda: self._due(live))

    # -- who and what -----------------------------------------------------------------------------------------------

    def _policy(self, live: Live) -> Policy | None:
        if live.watch.severity not in _LOUD:
            return None
        found = self._config().policy_of(live.watch.integration)
        if found is None:
            return None
        levels = [Level(level.targets, level.respond_within) for level in found.level]
        return Policy(found.id, levels, found.repeat, found.fallback)

    def _contacts(self, target: str) -> list[tuple[str, str]]:
        """The channels and addresses behind a name of a policy."""
        config = self._config()
        person = next((one for one in config.people if one.id == target), None)
        if person is not None:
            return [(reach.channel, reach.to) for reach in person.reach]
        return [(one.id, "") for one in config.channels if one.id == target]

    def _reachable(self) -> frozenset[str]:
        config = self._config()
        return frozenset(one.id for one in config.people if one.reach) | {one.id for one in config.channels}

    def _apply(
        self, live: Live, policy: Policy, state: Escalation, effects: Sequence[Effect], passed: Sequence[int]
    ) -> None:
        self._put_off()  # so that what begins while we are blind is put off by its own share alone
        empty = list(passed)
        for effect in effects:
            if isinstance(effect, Passed):
                empty.append(effect.level)
                self._say(live, "escalation", f"level {effect.level + 1} of {policy.id} has nobody: passed at once")
            else:
                self._tell(live, policy, effect)
        if state.stage is Stage.EXHAUSTED:
            self._say(live, "exhausted", f"policy {policy.id} has run through and nobody answered")
        self._put(live, state, empty)

    def _put(self, live: Live, state: Escalation, passed: Sequence[int]) -> None:
        row = EscalationRow(live.id, state, tuple(dict.fromkeys(passed)))
        self.rows[live.id] = self._recorder.buffer.escalations[live.id] = row
        self._arm(live, state)
        self._recorder.urgent()

    def _tell(self, live: Live, policy: Policy, tell: Tell) -> None:
        kind = "exhausted" if tell.exhausted else "firing"
        place = f"level {tell.level + 1} of {len(policy.levels)} of policy {policy.id}"
        for target in tell.targets:
            for channel, address in self._contacts(target):
                self._message(live, kind, target, (channel, address), tell, place)

    def _owe(self, live: Live, state: Escalation) -> None:
        """`resolved` is owed to an address if and only if `firing` reached it, or may have."""
        last = Tell((), state.level, state.loop, state.episode)
        reached = {
            (row.channel, row.address): row.target
            for row in self._told.get(live.id, {}).values()
            if row.kind in _CALLS and self._outbox.may_have_arrived(row)
        }
        for contact, target in reached.items():
            self._message(live, "resolved", target, contact, last, "")

    def _message(self, live: Live, kind: str, target: str, contact: tuple[str, str], tell: Tell, place: str) -> None:
        now = self._timeline.now()
        subject, text = words(self._config(), live, kind, place, self._cause(live.watch.checks))
        row = NotificationRow(
            id=self._outbox.last_id + 1,
            key=f"{live.id}.{tell.episode}.{tell.loop}.{tell.level}.{kind}.{target}.{contact[0]}",
            alert=live.id,
            integration=live.watch.integration,
            severity=live.watch.severity.value,
            kind=kind,
            target=target,
            channel=contact[0],
            address=contact[1],
            level=tell.level,
            loop=tell.loop,
            episode=tell.episode,
            next_at=now,
            created_at=now,
            subject=subject,
            text=text,
        )
        self._told.setdefault(live.id, {})[row.id] = row
        self._outbox.put(row)

    def _say(self, live: Live, kind: str, text: str) -> None:
        line = AuditRow(self._timeline.now(), "engine", "", kind, f"alert:{live.id}", clean(text))
        self._recorder.buffer.audits.append(line)
        self._recorder.urgent()


def _over(live: Live | None) -> str:
    """Why nobody needs to be called for an alert."""
    if live is None:
        return "resolved meanwhile"
    if live.ack is not None:
        return f"{live.ack.by} has it"
    return "back to pending"
