"""Who is told about the alerts that fire, group by group and level by level, until somebody has them; and an auditor
that finds what was forgotten.

Alerts of one group are told together (`domain.grouping` says when and what), the levels of its policy one after the
other (`domain.escalation` says who). A group is over with its last alert, and that is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from standby.domain import escalation as ladder
from standby.domain import grouping
from standby.domain.escalation import Effect, Escalation, Passed, Policy, Stage
from standby.domain.grouping import Batch
from standby.domain.muting import Mutes
from standby.domain.outcome import AlertState
from standby.domain.text import clean
from standby.domain.units import MINUTE
from standby.engine.alerting import owing
from standby.engine.alerting.alerts import Alerts, Live
from standby.engine.alerting.groups import Group, Groups
from standby.engine.alerting.ways import Ways
from standby.engine.clock import EngineClock, Timer
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import LOUD
from standby.engine.telling.auditor import SLACK_NS, Auditor
from standby.engine.telling.deadlines import Deadlines
from standby.engine.telling.messages import Telling
from standby.engine.timeline import Timeline
from standby.store.escalations import EscalationRow, Fate, NotificationRow

AUDIT_EVERY_NS = MINUTE


class Escalations:
    """The `Hearer` of the alerts. `ways` leads each to its groups, `blind`: our own network is gone, `unsettled`:
    whether it is not known yet if what an alert was about is over."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        alerts: Alerts,
        *,
        telling: Telling,
        ways: Ways,
        blind: Callable[[], bool],
        unsettled: Callable[[Live], bool] = lambda _: False,
    ) -> None:
        self.groups = Groups()
        self.planned_of: Callable[[Live], Mutes] = lambda _: ()  # the planned times that something is in
        self.trouble = ""
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._alerts = alerts
        self._telling = telling
        self._ways = ways
        self._blind = blind
        self._unsettled = unsettled
        self._left: dict[int, EscalationRow] = {}  # of the last engine, until its alerts are revived
        self._auditor = Auditor(self.groups, ways)
        self._next_audit: Timer | None = None
        self._turn: Timer | None = None  # the hours of routes change
        self._deadlines = Deadlines(
            clock, timeline, self.groups, look=self._look, answer_due=self._answer_due, put=self._put
        )

    # -- from one engine to the next --------------------------------------------------------------------------------

    def remember(self, rows: Iterable[EscalationRow], told: Iterable[NotificationRow], last_id: int) -> None:
        """How far the last engine came, and who was told: before any alert is revived."""
        self.groups.last_id = last_id
        self._left = {row.id: row for row in rows}
        self._telling.remember(told)

    def revived(self, live: Live) -> None:
        """An alert of before the restart: it is in its groups again, before it may end because its rule is gone."""
        for number in live.escalations:
            row, group = self._left.get(number), self.groups.get(number)
            if row is None:  # it is over
                continue
            if group is None:
                group = self._take(row)
            group.members[live.id] = live

    def resume(self) -> None:
        """Go on from there; every open alert is looked at, and nobody is called for one that needs nobody."""
        if self._blind():
            self._deadlines.freeze()
        self._hours()
        for row in self._left.values():
            group = self.groups.get(row.id)
            if group is None:  # all its alerts ended in the moment in which the last engine died
                group = self._take(row)
            self._catch_up(group)
        self._left = {}
        self._telling.withdraw_all_but(group.id for group in self.groups if group.members)
        self.audit()

    def _take(self, row: EscalationRow) -> Group:
        group = self.groups.take(self._ways.back(row), row)
        owing.bring_back(group)
        return group

    def keep(self) -> None:
        """The configuration changed: a group whose policy is gone goes on by another; whoever has one now is told."""
        for group in self.groups:
            way = self._ways.instead(group)
            if way is not None:
                self.groups.move(group, way)
                self._put(group, group.state)
        self._hours()
        for live in self._alerts:
            if live.state is AlertState.FIRING and not self._auditor.follows(live):
                self.fired(live)

    def stop(self) -> None:
        """No clock runs any more."""
        for group in self.groups:
            self.groups.close(group)
        for timer in (self._next_audit, self._turn):
            if timer is not None:
                timer.cancel()

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns."""
        self._deadlines.shift(by)
        self._hours()

    # -- what an alert's life does ----------------------------------------------------------------------------------

    def fired(self, live: Live) -> None:
        """It joins its groups; the first of a group waits for company, unless the route says that it need not."""
        if live.mutes or live.watch.severity not in LOUD:
            return
        for way in self._ways.of(live):
            group = self.groups.at(way)
            group.hush = self._ways.hush(way.place, self._timeline.now())
            self._join(group, live)
            self._say_quiet(group)
            self._deadlines.put_off()
            self._look(group)

    def held(self, live: Live) -> None:
        """Somebody has it: when that is all, nobody else is told."""
        for group in self.groups.of(live):
            self._rest(group)

    def remind(self, live: Live) -> None:
        """Whoever has it is told that their time is nearly over, unless it is a planned quiet time."""
        for group in self.groups.of(live)[:1]:
            if owing.ends_of(group, live.mutes, self._timeline.now()) is None:
                self._telling.remind(group, live)

    def given_back(self, live: Live) -> None:
        """Nobody has it any more: the level where it stopped is told again."""
        self._go_on(live)

    def muted(self, live: Live) -> None:
        """Nobody is to be told about it for now."""
        for group in self.groups.of(live):
            self._rest(group)

    def unmuted(self, live: Live) -> None:
        """What was kept quiet and is still true is told now: for the first time, or where it stopped."""
        if live.state is AlertState.FIRING:
            self._go_on(live)

    def ended(self, live: Live, *, resolved: bool) -> None:
        """It is over. Who was told that it fires is told that it is resolved, and nobody else."""
        now = self._timeline.now()
        for group in self.groups.of(live):
            if resolved:
                group.words[live.id] = live.summary
                group.log = grouping.resolve(group.log, live.id, now, owing.held(group, live, now))
            else:
                group.log = grouping.withdraw(group.log, live.id)
            if live.id in group.log.held:
                group.ended[live.id] = live
            last = len(group.members) == 1
            if last:
                self._telling.withdraw(group, "resolved meanwhile" if resolved else "back to pending")
                group.log = replace(group.log, flush_at=now)
            self._look(group)
            del group.members[live.id]
            if last:
                self._leave(group)
            elif not group.needs_somebody():
                self._rest(group)

    def _leave(self, group: Group) -> None:
        """Nothing of it fires: it is over, or waits until it may say what it owes."""
        if not group.log.held:
            self._end(group)
        elif group.state.stage is not Stage.MUTED:
            self._put(group, ladder.pause(group.state))

    def came_to_end(self, row: NotificationRow) -> None:
        """What became of a message. When all of a level were given up, the next level is told at once."""
        self._telling.came_to_end(row)
        group = self.groups.get(row.escalation)
        if row.state is not Fate.FAILED or group is None or row.kind != "firing":
            return
        policy = self._ways.policy(group.place.policy)
        if policy is not None and self._telling.nobody_reached(row, group.state):
            after, effects = ladder.hurry(group.state, policy, self._timeline.now(), self._telling.reachable())
            self._say(group, "escalation", f"nobody of level {row.level + 1} could be told: {row.fate}")
            self._apply(group, policy, after, effects)

    # -- time -------------------------------------------------------------------------------------------------------

    def froze(self) -> None:
        """Our own network is gone: nobody could be told, and nobody's time to answer runs out meanwhile."""
        self._deadlines.freeze()

    def thawed(self) -> None:
        """It is back: everybody has as much time left as before."""
        self._deadlines.thaw()

    def audit(self) -> None:
        """Every alert that nobody has is either on its way to somebody or has nobody left, and says so."""
        self._deadlines.put_off()
        forgotten = []
        for live in self._alerts:
            why = self._auditor.forgotten(live, self._timeline.now())
            if why:
                forgotten.append(f"alert {live.id}: {why}")
                self._say_of(live, "escalation", f"the auditor found it forgotten, {why}: its policy begins now")
                self._begin_anew(live)
        self.trouble = clean(f"forgotten escalations were begun anew: {'; '.join(forgotten)}") if forgotten else ""
        self._next_audit = self._clock.call_at(self._clock.monotonic() + AUDIT_EVERY_NS, self.audit)

    def _begin_anew(self, live: Live) -> None:
        """As if it had just fired, now."""
        if not self._auditor.follows(live):
            self.fired(live)
        for group in self.groups.of(live):
            if ladder.overdue(group.state, self._timeline.now(), SLACK_NS):
                self._start(group, self._timeline.now())
            self._look(group)

    # -- one group --------------------------------------------------------------------------------------------------

    def _join(self, group: Group, live: Live) -> None:
        group.members[live.id] = live
        if group.id not in live.escalations:
            live.escalations = (*live.escalations, group.id)
            self._alerts.put(live)
        now = self._timeline.now()
        group.log = grouping.fire(group.log, live.id, now, now, group.pace, owing.said(live))
        owing.forget_told(group)

    def _look(self, group: Group) -> None:
        """Tell what has to be told of a group, if it is time; arm the next look."""
        now = self._timeline.now()
        if group.log.flush_at is not None and now >= group.log.flush_at:
            owing.hold(group, now, self.planned_of, self._unsettled)
            heard = group.log.entry.firing if group.log.entry is not None else grouping.NONE
            group.log, batch = grouping.flush(group.log, now, group.pace, group.quiet())
            if batch is not None:
                self._say_batch(group, batch, batch.firing - heard)
                group.log = grouping.delivered(group.log)  # the outbox has it, and sees to it
                group.words = {one: text for one, text in group.words.items() if one not in batch.resolved}
                owing.forget_told(group)
        self._put(group, group.state)
        if not group.members and not group.log.held:
            self._end(group)

    def _say_batch(self, group: Group, batch: Batch, news: grouping.Ids) -> None:
        if not batch.firing:
            self._telling.owe(group)
            return
        policy = self._ways.policy(group.place.policy)
        if policy is None:
            return
        if group.state.stage is Stage.ACTIVE:
            self._apply(group, policy, group.state, ladder.again(group.state, policy, self._telling.reachable()))
        elif news or group.state.stage in {Stage.GATHERING, Stage.EXHAUSTED}:
            self._start(group, self._timeline.now())

    def _start(self, group: Group, now: int) -> None:
        """The first level is told; anew, when it was told before."""
        policy = self._ways.policy(group.place.policy)
        if policy is not None:
            episode = group.state.episode + (group.state.stage is not Stage.GATHERING)
            state, effects = ladder.begin(policy, now, self._telling.reachable(), episode=episode)
            group.row = replace(group.row, passed=())
            self._apply(group, policy, state, effects)

    def _go_on(self, live: Live) -> None:
        found = self.groups.of(live)
        if not self._auditor.follows(live):
            self.fired(live)
            found += [group for group in self.groups.of(live) if group not in found and _knows(group, live)]
        for group in found:
            self._wake(group)

    def _wake(self, group: Group) -> None:
        """Something of it needs somebody again: the level where it stopped is told, unless its route is quiet."""
        if group.hush is not None:
            self._put(group, ladder.pause(group.state) if group.state.stage is not Stage.GATHERING else group.state)
            return
        if group.state.stage is Stage.GATHERING:
            group.log = replace(group.log, flush_at=self._timeline.now())
            self._look(group)
        policy = self._ways.policy(group.place.policy)
        if policy is not None and group.state.stage in {Stage.ACKNOWLEDGED, Stage.MUTED}:
            state, effects = ladder.give_back(group.state, policy, self._timeline.now(), self._telling.reachable())
            self._apply(group, policy, state, effects)

    def _hours(self) -> None:
        """Some routes may be quiet now, or no longer; again when that changes."""
        if self._turn is not None:
            self._turn.cancel()
        now = self._timeline.now()
        for group in self.groups:
            before, group.hush = group.hush, self._ways.hush(group.place, now)
            if group.hush is not None and before is None:
                self._rest(group)
                self._say_quiet(group)
            elif before is not None and group.hush is None and group.needs_somebody():
                self._wake(group)
        turns_at = self._ways.hours.next_change(now)
        self._turn = None if turns_at is None else self._clock.call_at(self._deadlines.at(turns_at), self._hours)

    def _say_quiet(self, group: Group) -> None:
        """An alert that is told on another route has no reason of its own beside it: the log has."""
        for live in group.members.values() if group.hush is not None else ():
            if not live.mutes:
                self._say_of(live, "escalation", f"nobody of policy {group.place.policy} is told: {group.why_quiet()}")

    def _rest(self, group: Group) -> None:
        """Nobody is called any more when nothing of the group needs somebody."""
        if group.needs_somebody() or group.state.stage is Stage.GATHERING:
            return
        holders = group.holders()
        if holders:
            self._telling.withdraw(group, f"{holders[0]} has it")
            self._put(group, ladder.acknowledge(group.state))
        elif group.members:
            self._telling.withdraw(group, f"muted: {group.why_quiet()}")
            self._put(group, ladder.pause(group.state))

    def _end(self, group: Group) -> None:
        self._put(group, ladder.end(group.state))
        self._telling.forget(group)
        self.groups.close(group)

    def _catch_up(self, group: Group) -> None:
        """After a restart: what ended meanwhile is told, who is not needed is not called."""
        now, open_ids = self._timeline.now(), set(group.members)
        for alert, ended in group.log.alerts.items():
            if ended is None and alert not in open_ids:
                group.log = grouping.resolve(group.log, alert, now)
                group.words[alert] = "over"
        group.log = grouping.failed(group.log)
        if not group.members:
            self._leave(group)
        if not group.members and not group.log.held:
            return
        if not group.needs_somebody():
            self._rest(group)
        elif group.state.stage is Stage.MUTED:
            self._wake(group)
        self._look(group)

    def _answer_due(self, group: Group) -> None:
        policy = self._ways.policy(group.place.policy)
        if policy is None or group.state.next_at is None:
            return
        state, effects = ladder.due(group.state, policy, self._timeline.now(), self._telling.reachable())
        if state is group.state:
            self._deadlines.arm(group)
        else:
            self._apply(group, policy, state, effects)

    def _apply(self, group: Group, policy: Policy, state: Escalation, effects: Sequence[Effect]) -> None:
        self._deadlines.put_off()  # so that what begins while we are blind is put off by its own share alone
        calling = group.calling()
        for effect in effects:
            if isinstance(effect, Passed):
                group.row = replace(group.row, passed=tuple(dict.fromkeys((*group.row.passed, effect.level))))
                self._say(group, "escalation", f"level {effect.level + 1} of {policy.id} has nobody: passed at once")
            elif calling:
                self._telling.call(group, policy, effect, calling)
        if state.stage is Stage.EXHAUSTED and group.state.stage is not Stage.EXHAUSTED:
            self._say(group, "exhausted", f"policy {policy.id} has run through and nobody answered")
        self._put(group, state)

    def _put(self, group: Group, state: Escalation) -> None:
        group.row = replace(group.row, state=state)
        self._recorder.buffer.escalations[group.id] = group.row
        self._deadlines.arm(group)
        self._recorder.urgent()

    def _say(self, group: Group, kind: str, text: str) -> None:
        calling = group.calling()
        if calling:
            more = f" (and {len(calling) - 1} more alerts)" if len(calling) > 1 else ""
            self._say_of(calling[0], kind, text + more)

    def _say_of(self, live: Live, kind: str, text: str) -> None:
        self._recorder.say(kind, f"alert:{live.id}", text)


def _knows(group: Group, live: Live) -> bool:
    """Whether people believe already that it fires, because of one that ended while it had to be quiet."""
    return group.log.entry is not None and live.id in group.log.entry.firing
