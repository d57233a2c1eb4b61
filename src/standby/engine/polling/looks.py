"""Polling as one thing: the plan of slots, the looks, and which results count."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standby.checks.base import Check, Context
from standby.domain.observation import Observation
from standby.engine.clock import EngineClock
from standby.engine.figures import Figures
from standby.engine.inbound.signals import Signals
from standby.engine.judge import Judge
from standby.engine.polling.blind import Guard, Knock
from standby.engine.polling.blindness import Blindness
from standby.engine.polling.lag import LagMeter
from standby.engine.polling.pipeline import Pipeline
from standby.engine.polling.scheduler import Hooks, Run, Scheduler
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline


class Polling:
    """The scheduler with what it calls, and the two that doubt results: our own delay, our own network.

    `before` is called before each look: it notices a stepped clock.
    """

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        *,
        context: Context,
        judge: Judge,
        signals: Signals,
        knock: Knock,
        before: Callable[[], None],
    ) -> None:
        self.figures = Figures()
        self.lag = LagMeter(clock)
        hooks = Hooks(self._look, self._seen, self._missed, self.figures.started_late)
        self.scheduler = Scheduler(clock, timeline, hooks)
        self.blindness = Blindness(timeline, recorder, judge=judge, signals=signals)
        on_blind, on_back = self.blindness.begin, self.blindness.end
        self.guard = Guard(clock, self.lag, on_blind=on_blind, on_back=on_back, knock=knock)
        self._judge = judge
        self._pipeline = Pipeline(
            clock,
            context,
            self.scheduler,
            lag=self.lag,
            guard=self.guard,
            judge=judge,
            signals=signals,
            figures=self.figures,
            before=before,
        )

    @property
    def trouble(self) -> str:
        """One fault of ours that is not over, one line; empty when there is none."""
        return self._pipeline.trouble

    def resume(self) -> None:
        """Begin blind when the last engine ended blind."""
        if self.blindness.resume(guarded=self.guard.on):
            self.guard.begin_blind()

    def watch(self, targets: Sequence[str]) -> None:
        """These reference targets tell from now on whether our own network is there."""
        self.blindness.targets = targets
        self.guard.watch(targets)

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns."""
        self.scheduler.replan()
        self.blindness.shift(by)

    async def stop(self) -> None:
        """End runs and looks; what is held back is dropped: it was never believed."""
        await self.scheduler.stop()
        await self.guard.stop()
        await self._pipeline.stop()
        self.lag.stop()

    async def _look(self, check: Check, slot: int) -> Observation:
        return await self._pipeline.look(check, slot)

    def _seen(self, run: Run, observation: Observation) -> None:
        self._pipeline.seen(run, observation)

    def _missed(self, check_id: str, slots: int) -> None:
        self.figures.missed += slots
        self._judge.missed(check_id, slots)
