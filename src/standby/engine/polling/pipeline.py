"""From a slot to a judgement: look, excuse what was our own fault, hold back what our own network may have caused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from standby.checks.base import Check, Context, observe
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration, format_instant
from standby.engine.clock import EngineClock
from standby.engine.figures import Figures
from standby.engine.inbound.signals import Signals
from standby.engine.judge import Judge
from standby.engine.polling.blind import Guard, suspicious
from standby.engine.polling.lag import LagMeter, excuse
from standby.engine.polling.scheduler import Run, Scheduler


class Pipeline:
    """Between scheduler and judge. `before` is called before each look: it notices a stepped clock."""

    def __init__(
        self,
        clock: EngineClock,
        context: Context,
        scheduler: Scheduler,
        *,
        lag: LagMeter,
        guard: Guard,
        judge: Judge,
        signals: Signals,
        figures: Figures,
        before: Callable[[], None],
    ) -> None:
        self._faults: dict[str, str] = {}  # of ours, by check, until it is judged again
        self._clock = clock
        self._context = context
        self._scheduler = scheduler
        self._lag = lag
        self._guard = guard
        self._judge = judge
        self._signals = signals
        self._figures = figures
        self._before = before
        self._held: dict[str, asyncio.Task[None]] = {}

    @property
    def trouble(self) -> str:
        """One fault of ours that is not over, one line; empty when there is none."""
        return clean(next(iter(self._faults.values()), ""))

    async def look(self, check: Check, slot: int) -> Observation:
        """One run of one check."""
        self._before()
        observation = await observe(check, self._context, slot)
        until = self._signals.excused_until(check.model.id)
        if until is None:
            return observation
        text = f"{observation.message} (counted from {format_instant(until)}: no call could reach us before)"
        return replace(observation, message=clean(text))

    def seen(self, run: Run, observation: Observation) -> None:
        """What a run saw."""
        self._figures.observations += 1
        late = self._lag.late_between(run.started, run.ended)
        memory = self._judge.checks.get(run.check_id)
        if memory is None:
            return
        excused = excuse(observation, late, self._scheduler.timeout(run.check_id))
        if excused is not observation:
            self._figures.own_delays += 1
        before = self._held.get(run.check_id)
        suspect = self._guard.on and suspicious(excused) and memory.outcome is not Outcome.DOWN
        if before is None and (not suspect or self._void(run)):
            self._judged(run, excused)
            return
        task = asyncio.create_task(self._hold(run, excused, before), name=f"held {run.check_id}")
        self._held[run.check_id] = task

    async def drain(self) -> None:
        """Wait for what is held back; bounded by the guard's own bounds."""
        if self._held:
            await asyncio.wait(list(self._held.values()))

    async def stop(self) -> None:
        """What is held back is dropped: it was never believed."""
        held = list(self._held.values())
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def _hold(self, run: Run, observation: Observation, before: asyncio.Task[None] | None) -> None:
        """Believe it only once the reference targets have answered; one check's results stay in their order."""
        try:
            if before is not None:
                await asyncio.wait([before])
            if suspicious(observation) and not self._void(run):
                await self._guard.confirm()
            if run.check_id in self._judge.checks:
                self._judged(run, observation)
        finally:
            if self._held.get(run.check_id) is asyncio.current_task():
                del self._held[run.check_id]

    def _void(self, run: Run) -> bool:
        return self._guard.on and (self._guard.blind or run.started < self._guard.back_at)

    def _judged(self, run: Run, observation: Observation) -> None:
        if self._void(run):
            text = clean(f"our own network is gone; it saw: {observation.message or observation.outcome}")
            observation = replace(observation, outcome=Outcome.UNKNOWN, failure=Failure.BLIND, message=text)
        try:
            self._believe(run, self._patient(run, observation))
            self._faults.pop(run.check_id, None)
        except Exception as error:  # noqa: BLE001 - one check's trouble must not end the polling of all others
            self._faults[run.check_id] = (
                f"a fault of ours while judging {run.check_id}: {type(error).__name__}: {error}"
            )

    def _believe(self, run: Run, observation: Observation) -> None:
        settled = self._judge.observe(observation, run.due)
        if settled.soft and observation.outcome.decided:
            self._scheduler.retry(run.check_id, run)

    def _patient(self, run: Run, observation: Observation) -> Observation:
        """Honour what the third party asked for, and say so."""
        memory = self._judge.checks[run.check_id]
        memory.not_before = 0
        if not observation.retry_after_s or observation.retry_after_s <= 0:
            return observation
        until = self._scheduler.hold_off(run.check_id, observation.retry_after_s)
        wait = max(0, until - observation.at) // SECOND * SECOND
        if self._clock.monotonic() + wait <= self._scheduler.next_due(run.check_id):
            return observation
        memory.not_before = until
        text = f"{observation.message}; asked us to wait, next run after {format_duration(wait)}"
        return replace(observation, message=clean(text))
