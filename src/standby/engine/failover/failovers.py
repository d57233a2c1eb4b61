"""Failovers as people ask for them: a plan that is looked at, a word that is typed, a run that is carried out.

A plan is an armed snapshot: what was seen when it was made is what is done, or the run is refused with what changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from standby.domain.failover import (
    ARMED_FOR_NS,
    Clocks,
    RunEvent,
    RunKind,
    RunState,
    confirmed,
    phrase,
    step,
)
from standby.domain.outcome import AlertState
from standby.domain.prechecks import FOREVER, Readings, blocking, prechecks
from standby.domain.route import Step
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration
from standby.engine.alerting.alerts import Ack, Alerts, Live
from standby.engine.clock import EngineClock, Timer
from standby.engine.deeds import Deed, Person, RefusedError
from standby.engine.failover.routes import Known, Routes
from standby.engine.failover.switch import Proof, Switch
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.link.protocol import Command, Status
from standby.store.errors import StoreError
from standby.store.failovers import FailoverRow, StepRow
from standby.store.rows import AuditRow

STOP_WAITS_S = 20.0  # what is begun is finished, within this time; what is not, the next engine goes on with
_RETRY_NS = SECOND // 2


class Prove(Protocol):
    """Looks through the real path whether a route's target answers."""

    async def __call__(self, known: Known, target: str) -> Proof: ...


class Failovers:
    """Every run that is open, and the ended ones that rules ask for. `blind`: our own network is gone."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        alerts: Alerts,
        routes: Routes,
        *,
        prove: Prove,
        blind: Callable[[], bool],
    ) -> None:
        self.runs: dict[int, FailoverRow] = {}
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._alerts = alerts
        self._routes = routes
        self._prove = prove
        self._blind = blind
        self._timers: dict[int, Timer] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stopping = False
        self.trouble = ""

    # -- from one engine to the next --------------------------------------------------------------------------------

    def resume(self, rows: Sequence[FailoverRow], who: str) -> None:
        """Go on with what the last engine left; `who` is how this one is called."""
        self.runs = {row.id: row for row in rows}
        for run in rows:
            if run.state is RunState.ARMED:
                self._arm(run)
            elif run.state.acting:
                self._begin(run, resuming=who)

    async def stop(self) -> None:
        """Let what is under way come to its end, for a while; the journal says where the next engine goes on."""
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        if tasks and self._recorder.trouble:
            self._stopping = True
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_WAITS_S)
        self._stopping = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns: what is armed keeps the time that it has left."""
        for run in list(self.runs.values()):
            if run.state is RunState.ARMED:
                self._arm(replace(run, expires_at=run.expires_at + by))

    def disarm(self, routes: set[str]) -> None:
        """These routes were changed: what was armed on them is not what would be done."""
        for run in list(self.runs.values()):
            if run.route in routes and run.state is RunState.ARMED:
                self._end(run, RunEvent.CHANGED, "failover-blocked", "the route was changed in the configuration")

    # -- what people ask --------------------------------------------------------------------------------------------

    async def plan(self, command: Command, person: Person) -> Deed:
        """Look, judge, and arm a snapshot of what would be done. Raises RefusedError for what cannot be looked at."""
        known = self._known(command.args.get("route"))
        forced = _forced(command.args.get("force"))
        serving, drift, trouble = await self._ask(known)
        to = self._target(known, command.args.get("to"), serving)
        steps, unplanned = await self._steps(known, to)
        now = self._timeline.now()
        readings = self._readings(known, to, serving, person, drift=drift, unreachable=trouble or unplanned)
        found = prechecks(replace(readings, steps=len(steps), forced=forced))
        reason = blocking(found)
        kind = RunKind.FAILBACK if readings.failback else RunKind.FAILOVER
        run = FailoverRow(
            id=max(self.runs, default=0) + 1,
            command=command.id,
            route=known.model.id,
            integration=known.model.integration,
            kind=kind,
            source=serving,
            target=to,
            state=RunState.BLOCKED if reason else RunState.ARMED,
            armed_by=person.name,
            armed_from=person.origin,
            armed_at=now,
            expires_at=now + ARMED_FOR_NS,
            ended_at=now if reason else None,
            previous=readings.previous if readings.failback else None,
            result=clean(reason),
            forced=forced,
            prechecks=found,
            steps=[StepRow(one) for one in steps],
            clocks=self._clocks(known, serving, now),
        )
        return self._planned(run, person, reason)

    async def run(self, args: Mapping[str, Any], person: Person) -> Deed:
        """Start an armed run when the word is right and nothing has changed. Raises RefusedError."""
        run = self._armed(args.get("run"))
        names = (run.integration, self._title(run))
        if not confirmed(str(args.get("confirm") or ""), names, run.target):
            word = phrase(names[1], run.target)
            return self._refused(run, f"the word was not typed: write {word!r} to start run {run.id}")
        known = self._known(run.route)
        (serving, drift, trouble), (steps, unplanned) = await asyncio.gather(
            self._ask(known), self._steps(known, run.target)
        )
        run = self._armed(run.id)  # somebody else may have been quicker meanwhile
        readings = self._readings(known, run.target, serving, person, drift=drift, unreachable=trouble or unplanned)
        found = prechecks(replace(readings, steps=len(steps), forced=run.forced))
        changed = blocking(found)
        if not changed and (serving != run.source or steps != [row.step for row in run.steps]):
            changed = f"traffic went to {run.source or 'an unknown place'} by other ways when the plan was made"
        if changed:
            ended = replace(run, prechecks=found)
            self._finish(ended, RunEvent.CHANGED, changed)
            return self._refused(self.runs[run.id], f"it is not what you saw any more: {changed}", before=run)
        return self._started(run, person)

    def cancel(self, args: Mapping[str, Any], person: Person) -> Deed:
        """Drop an armed run. Raises RefusedError."""
        run = self._armed(args.get("run"))
        self._finish(run, RunEvent.CANCEL, f"dropped by {person.name}")
        text = f"run {run.id} was dropped: {self._called(run)}"
        return Deed("failover-cancelled", _subject(run), text, partial(self._arm, run), failovers=[self.runs[run.id]])

    # -- how a wish is granted --------------------------------------------------------------------------------------

    def _planned(self, run: FailoverRow, person: Person, reason: str) -> Deed:
        replaced = [
            one
            for one in self.runs.values()
            if one.route == run.route and one.state is RunState.ARMED and one.armed_by == person.name
        ]
        for one in replaced:
            self._finish(one, RunEvent.CANCEL, f"replaced by run {run.id}")
        rows = [self.runs[one.id] for one in replaced] + [run]
        if run.state is RunState.ARMED:
            self._arm(run)
        else:
            self.runs[run.id] = run

        def undo() -> None:
            self._forget(run)
            for one in replaced:
                self._arm(one)

        if reason:
            text = f"run {run.id} is blocked: {reason}"
            return Deed("failover-blocked", _subject(run), text, undo, text, failovers=rows, status=Status.REFUSED)
        forced = "".join(f"; {rule} overridden: {why}" for rule, why in run.forced.items())
        text = f"run {run.id} is armed for {format_duration(ARMED_FOR_NS)}: {self._called(run)}{forced}"
        return Deed("failover-armed", _subject(run), clean(text), undo, f"run {run.id}", failovers=rows)

    def _started(self, run: FailoverRow, person: Person) -> Deed:
        now = self._timeline.now()
        taken = [live for live in self._alerts if live.watch.integration == run.integration and _unheld(live)]
        clocks = replace(run.clocks, started=now)
        if taken and clocks.acknowledged is None:
            clocks = replace(clocks, acknowledged=now)
        begun = replace(run, state=step(run.state, RunEvent.CONFIRM), started_by=person.name, clocks=clocks)
        self._disarm(run)
        self.runs[run.id] = begun
        for live in taken:  # who moves the traffic has the trouble
            self._alerts.acknowledge(live, Ack(person.name, now, person.origin))

        def undo() -> None:
            for live in taken:
                self._alerts.acknowledge(live, None)
            self._arm(run)

        return Deed(
            "failover-started",
            _subject(run),
            f"run {run.id} begins: {self._called(run)}",
            undo,
            f"run {run.id}",
            also=[("ack", f"alert:{live.id}", f"taken with failover run {run.id}") for live in taken],
            failovers=[begun],
            done=partial(self._begin, begun),
        )

    def _refused(self, run: FailoverRow, reason: str, before: FailoverRow | None = None) -> Deed:
        undo = partial(self._arm, before) if before is not None else lambda: None
        return Deed(
            "failover-refused", _subject(run), f"run {run.id}: {reason}", undo, clean(reason),
            failovers=[run] if before is not None else (), status=Status.REFUSED,
        )  # fmt: skip

    # -- what is looked at ------------------------------------------------------------------------------------------

    def _known(self, name: object) -> Known:
        known = self._routes.get(name) if isinstance(name, str) else None
        if known is None:
            raise RefusedError(f"there is no route {clean(str(name), 80)!r}")
        return known

    def _armed(self, number: object) -> FailoverRow:
        run = self.runs.get(number) if isinstance(number, int) else None
        if run is None:
            raise RefusedError(f"there is no run {clean(str(number), 40)}")
        if run.state is not RunState.ARMED:
            told = f": {run.result}" if run.result else ""
            raise RefusedError(f"run {run.id} is {run.state.value.replace('_', ' ')}{told}; plan again")
        if self._timeline.now() >= run.expires_at:
            raise RefusedError(f"run {run.id} has expired; plan again")
        return run

    async def _ask(self, known: Known) -> tuple[str, Sequence[str], str]:
        """Where traffic goes, what drifted, and why that cannot be read."""
        state = await self._routes.look(known)
        return state.serving, state.drift, state.trouble

    async def _steps(self, known: Known, to: str) -> tuple[list[Step], str]:
        """The steps to `to`; none, and why, when they cannot be planned."""
        try:
            return list(await known.director.plan(to)), ""
        except Exception as error:  # noqa: BLE001 - DirectorError as a rule; any other fault is told as well
            return [], clean(str(error) or type(error).__name__)

    def _target(self, known: Known, wanted: object, serving: str) -> str:
        """The target that was named, else the best of those that do not serve, the primary first when it is good."""
        targets = self._routes.targets(known)
        if wanted is not None:
            if wanted not in targets:
                raise RefusedError(f"route {known.model.id} has no target {clean(str(wanted), 80)!r}")
            return str(wanted)
        others = [one for name, one in targets.items() if name != serving]
        return min(others, key=lambda one: (one.outcome.badness, one.id != known.model.primary)).id

    def _readings(
        self, known: Known, to: str, serving: str, person: Person, *, drift: Sequence[str], unreachable: str
    ) -> Readings:
        route = known.model
        others, red = self._routes.others(known)
        mine = [run for run in self.runs.values() if run.route == route.id]
        ended = [run.ended_at for run in mine if run.ended_at and run.clocks.started]
        previous = [run.id for run in mine if run.target == serving and run.clocks.moved]
        return Readings(
            now=self._timeline.now(),
            to=to,
            serving=serving,
            targets=self._routes.targets(known),
            primary=route.primary,
            failback=to == route.primary,
            unreachable=unreachable,
            drift=drift,
            blind=self._blind(),
            others=others,
            others_red=red,
            last_at=max(ended, default=None),
            cool_down=route.cool_down,
            soak=route.soak,
            lately=[run.clocks.started for run in self.runs.values() if run.clocks.started],
            acting=self._acting(mine, person),
            previous=max(previous, default=None),
        )

    def _acting(self, mine: Sequence[FailoverRow], person: Person) -> str:
        for run in mine:
            if run.state.acting:
                return f"run {run.id} of {run.started_by} is {run.state.value.replace('_', ' ')}"
            if run.state is RunState.ARMED and run.armed_by != person.name:
                return f"{run.armed_by} armed run {run.id}: {self._called(run)}"
        return ""

    def _clocks(self, known: Known, serving: str, now: int) -> Clocks:
        """What is known of the trouble so far: none when nothing is wrong, which makes it a planned run."""
        live = [one for one in self._alerts if one.watch.integration == known.model.integration and one.fired_at]
        target = self._routes.targets(known).get(serving)
        starts = [one.since for one in live]
        if target is not None and target.outcome.badness == 4:
            starts.append(target.since)
        return Clocks(
            outage=min(starts, default=None),
            detected=min((one.fired_at for one in live if one.fired_at), default=None),
            acknowledged=min((one.ack.at for one in live if one.ack), default=None),
            armed=now,
            uncertainty=known.every.get(serving, 0) if starts else 0,
        )

    def _title(self, run: FailoverRow) -> str:
        """What people call the integration."""
        known = self._routes.get(run.route)
        return known.title if known is not None else run.integration

    def _called(self, run: FailoverRow) -> str:
        return f"{phrase(self._title(run), run.target)}, from {run.source or 'an unknown place'}"

    # -- the life of a run ------------------------------------------------------------------------------------------

    def _arm(self, run: FailoverRow) -> None:
        self._disarm(run)
        self.runs[run.id] = run
        due = max(self._timeline.monotonic_at(run.expires_at), self._clock.monotonic())
        self._timers[run.id] = self._clock.call_at(due, lambda: self._expire(run.id))

    def _disarm(self, run: FailoverRow) -> None:
        timer = self._timers.pop(run.id, None)
        if timer is not None:
            timer.cancel()

    def _forget(self, run: FailoverRow) -> None:
        self._disarm(run)
        self.runs.pop(run.id, None)

    def _expire(self, number: int) -> None:
        run = self.runs.get(number)
        if run is not None and run.state is RunState.ARMED:
            self._end(run, RunEvent.EXPIRE, "failover-expired", "nobody typed the word in time")

    def _finish(self, run: FailoverRow, event: RunEvent, result: str) -> None:
        self._disarm(run)
        state = step(run.state, event)
        self.runs[run.id] = replace(run, state=state, ended_at=self._timeline.now(), result=clean(result))

    def _end(self, run: FailoverRow, event: RunEvent, kind: str, result: str) -> None:
        """Something that nobody asked for ends an armed run."""
        self._finish(run, event, result)
        self._recorder.buffer.failovers[run.id] = self.runs[run.id]
        self._recorder.say(kind, _subject(run), f"run {run.id}: {result}")

    def _begin(self, run: FailoverRow, *, resuming: str = "") -> None:
        task = asyncio.create_task(self._carry_out(run, resuming), name=f"failover {run.id}")
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run.id, None))

    async def _carry_out(self, run: FailoverRow, resuming: str) -> None:
        known = self._routes.get(run.route)
        if known is None:
            text = f"route {run.route} left the configuration while run {run.id} was {run.state}: look at its director"
            ended = replace(run, state=RunState.PARTIALLY_FAILED, ended_at=self._timeline.now(), result=text)
            await self._journal(ended, "failover-failed", text)
            return
        switch = Switch(
            run,
            known.director,
            clock=self._clock,
            timeline=self._timeline,
            journal=self._journal,
            refusal=partial(self._unfit, known),
            prove=lambda: self._prove(known, run.target),
            moved=partial(self._routes.moved, known),
        )
        try:
            await (switch.resume(resuming) if resuming else switch.forward())
        except StoreError:
            return  # a newer engine, or the end of this one: the journal says where the next one goes on
        self._after(switch.run)
        await self._routes.look(known)

    def _after(self, run: FailoverRow) -> None:
        """A failback that was proven closes the clocks of the run that it takes back."""
        before = self.runs.get(run.previous or 0)
        if before is not None and run.state is RunState.SUCCEEDED:
            clocks = replace(before.clocks, failed_back=run.clocks.verified)
            self.runs[before.id] = self._recorder.buffer.failovers[before.id] = replace(before, clocks=clocks)
            self._recorder.urgent()

    def _unfit(self, known: Known, target: str) -> str:
        """Why traffic may not be sent there now."""
        one = self._routes.targets(known).get(target)
        if one is None:
            return f"there is no target {target}"
        good = one.outcome.value not in {"down", "maintenance"}
        return "" if good else f"{target} is {one.outcome}"

    async def _journal(self, run: FailoverRow, kind: str = "", text: str = "") -> None:
        """On disk when it returns. While the store takes nothing the run stands still; nothing is done unrecorded."""
        now = self._timeline.now()
        line = AuditRow(now, "engine", "", kind, _subject(run), clean(f"run {run.id}: {text}"))
        while True:
            try:
                await self._recorder.submit(audits=[line] if kind else [], failovers=[run])
            except StoreError as error:
                if error.kind == "fenced" or self._stopping:
                    raise
                self.trouble = clean(f"run {run.id} stands still, it cannot be recorded: {error}")
                await self._clock.sleep_until(self._clock.monotonic() + _RETRY_NS)
            else:
                self.trouble = ""
                self.runs[run.id] = run
                return


def _subject(run: FailoverRow) -> str:
    return f"integration:{run.integration}"


def _unheld(live: Live) -> bool:
    return live.state is AlertState.FIRING


def _forced(text: object) -> dict[str, str]:
    """`cool-down=the vendor says so; drift=known`: a reason for each rule that is overridden. Raises RefusedError."""
    forced: dict[str, str] = {}
    for part in str(text or "").split(";"):
        rule, sign, reason = part.partition("=")
        rule, reason = rule.strip(), clean(reason, 200)
        if not rule and not sign:
            continue
        if not reason:
            raise RefusedError(f"why override {clean(rule, 40)!r}? write rule=reason")
        if rule in FOREVER:
            raise RefusedError(f"{rule} cannot be overridden by anybody")
        forced[clean(rule, 40)] = reason
    return forced
