"""One run of a failover, carried out: each step's intent is on disk before it is taken, and read back after.

Before the pivot a failed step takes the run back; from the pivot on it goes forward, because traffic is there. What
cannot be read back is `unknown`, never failed. An engine that dies in the middle leaves a journal that the next one
goes on from (`resume`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from standby.directors.base import Director, DirectorError
from standby.domain.failover import (
    Direction,
    Progress,
    RunEvent,
    RunState,
    StepState,
    direction,
    step,
)
from standby.domain.route import StepKind
from standby.domain.text import clean
from standby.domain.units import MILLISECOND, SECOND
from standby.engine.clock import EngineClock
from standby.engine.timeline import Timeline
from standby.store.failovers import FailoverRow, StepRow

PATIENCE_NS = 10 * SECOND
"""How long a state that cannot be read, or is not there yet, is asked for again."""
_FIRST_PAUSE_NS = 20 * MILLISECOND
_LONGEST_PAUSE_NS = SECOND


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the new target answers: since when (ns since 1970), or `None` and why not."""

    good_at: int | None
    text: str


class Journal(Protocol):
    """Where a run is recorded."""

    async def __call__(self, run: FailoverRow, kind: str = "", text: str = "") -> None:
        """Return once the run, and an audit line when `kind` is given, are on disk. Raises StoreError when it ends."""
        ...


class Switch:
    """One run. `refusal` says why traffic may not be moved to a target now, empty when it may; `prove` looks whether
    the target in service answers; `moved` is told where traffic goes once the pivot was read back."""

    def __init__(
        self,
        run: FailoverRow,
        director: Director,
        *,
        clock: EngineClock,
        timeline: Timeline,
        journal: Journal,
        refusal: Callable[[str], str],
        prove: Callable[[], Awaitable[Proof]],
        moved: Callable[[str], None],
    ) -> None:
        self.run = run
        self._director = director
        self._clock = clock
        self._timeline = timeline
        self._journal = journal
        self._refusal = refusal
        self._prove = prove
        self._has_moved = moved

    async def forward(self) -> None:
        """Take every step that is not taken, prove it, and go back where that is right."""
        if self.run.state is RunState.EXECUTING:
            for number, row in enumerate(self.run.steps):
                if row.state is not StepState.DONE and not await self._go_on(number):
                    return
            await self._become(RunEvent.MOVED, "failover-moved", f"traffic goes to {self.run.target}")
        proof = await self._prove()
        if proof.good_at is not None:
            await self._proven(proof)
            return
        stays = self._refusal(self.run.source) if self.run.source else "nobody knows where it came from"
        if stays:
            text = f"traffic goes to {self.run.target}, but {proof.text}; it was not taken back: {stays}"
            await self._end(RunEvent.STUCK, "failover-failed", text)
            return
        await self._become(RunEvent.NOT_VERIFIED, "failover-not-verified", proof.text)
        await self.back(proof.text)

    async def back(self, why: str) -> None:
        """Undo what was done, last step first."""
        left: list[str] = []
        for number in reversed(range(len(self.run.steps))):
            row = self.run.steps[number]
            if row.step.kind is StepKind.IRREVERSIBLE and row.state.touched:
                left.append(f"{row.step.name} cannot be undone")
            elif row.state.touched and not await self._reach(number, undo=True):
                left.append(f"{row.step.name}: {self.run.steps[number].note}")
        if left:
            text = f"{why}; not everything could be undone: {'; '.join(left)}"
            await self._end(RunEvent.STUCK, "failover-failed", text)
        else:
            await self._end(RunEvent.UNDONE, "failover-rolled-back", f"{why}; all is as it was")

    async def resume(self, who: str) -> None:
        """Go on where the last engine stopped: forward from the pivot on, back before it."""
        moved = await self._moved()
        way = direction(self.run.state, [Progress(row.step.kind, row.state) for row in self.run.steps], moved=moved)
        told = f"{who} goes on with run {self.run.id}, which was {self.run.state}"
        if way is Direction.FORWARD:
            await self._journal(self.run, "failover-resumed", f"{told}: forward, traffic had moved")
            await self.forward()
        elif way is Direction.BACK:
            await self._journal(self.run, "failover-resumed", f"{told}: back, traffic had not moved")
            if self.run.state is RunState.EXECUTING:
                await self._become(RunEvent.STEP_FAILED, "", "")
            await self.back("the engine died before traffic had moved")
        else:
            text = f"{told}, but whether traffic moved cannot be read: {self._pivot_note()}"
            await self._end(RunEvent.STUCK, "failover-failed", text)

    async def _go_on(self, number: int) -> bool:
        """Take one step; whether the run goes on forward."""
        row = self.run.steps[number]
        moved = self.run.clocks.moved is not None
        if row.step.kind is StepKind.PIVOT:
            refusal = self._refusal(self.run.target)
            if refusal:
                await self._turn_back(f"{row.step.name} was not done: {refusal}")
                return False
        if await self._reach(number) or moved:
            return True
        row = self.run.steps[number]
        if row.step.kind is StepKind.PIVOT and row.state is StepState.UNKNOWN:
            text = f"it is not known whether traffic moved: {row.note}; look at the director, then plan again"
            await self._end(RunEvent.STUCK, "failover-failed", text)
            return False
        await self._turn_back(f"{row.step.name}: {row.note}")
        return False

    async def _turn_back(self, why: str) -> None:
        await self._become(RunEvent.STEP_FAILED, "failover-step-failed", why)
        await self.back(why)

    async def _proven(self, proof: Proof) -> None:
        clocks = replace(self.run.clocks, verified=proof.good_at)
        self.run = replace(self.run, clocks=clocks)
        left = [f"{row.step.name}: {row.note}" for row in self.run.steps if row.state is not StepState.DONE]
        if left:
            text = f"traffic goes to {self.run.target} and is answered, but {'; '.join(left)}"
            await self._end(RunEvent.STUCK, "failover-failed", text)
        else:
            await self._end(RunEvent.VERIFIED, "failover-done", f"traffic goes to {self.run.target}: {proof.text}")

    async def _reach(self, number: int, *, undo: bool = False) -> bool:
        """Intent on disk, act, read back, result on disk. Whether the state is there."""
        one = self.run.steps[number].step
        desired = one.undo if undo else one.desired
        await self._mark(number, StepState.UNDOING if undo else StepState.INTENT, "")
        trouble, patience = "", PATIENCE_NS
        try:
            await self._director.apply(one.subject, desired)
        except DirectorError as error:
            trouble, patience = str(error), 0 if error.known else PATIENCE_NS
        except Exception as error:  # noqa: BLE001 - a director's fault is told, and what it did is read back
            trouble = f"a fault of ours: {type(error).__name__}: {error}"
        observed, unread = await self._read_back(one.subject, desired, patience)
        if observed == desired:
            await self._mark(number, StepState.UNDONE if undo else StepState.DONE, observed)
            return True
        if observed is None:
            await self._mark(number, StepState.UNKNOWN, "; ".join(filter(None, (trouble, unread))))
            return False
        said = "; ".join(filter(None, (trouble, f"it says {observed}, not {desired}")))
        await self._mark(number, StepState.UNKNOWN if undo else StepState.FAILED, said)
        return False

    async def _read_back(self, subject: str, desired: str, patience: int = PATIENCE_NS) -> tuple[str | None, str]:
        """What the subject says, once it is as desired or patience (ns) is over; `None` and why when unreadable."""
        until = self._clock.monotonic() + patience
        pause = _FIRST_PAUSE_NS
        observed: str | None = None
        while True:
            try:
                observed, trouble = await self._director.read(subject), ""
            except DirectorError as error:
                observed, trouble = None, str(error)
            except Exception as error:  # noqa: BLE001 - see above
                observed, trouble = None, f"a fault of ours: {type(error).__name__}: {error}"
            if observed == desired or self._clock.monotonic() >= until:
                return observed, trouble
            await self._clock.sleep_until(self._clock.monotonic() + pause)
            pause = min(2 * pause, _LONGEST_PAUSE_NS)

    async def _moved(self) -> bool | None:
        """Whether the pivot's subject has its desired state; `None` when it cannot be read, or need not be."""
        for number, row in enumerate(self.run.steps):
            if row.step.kind is StepKind.PIVOT and row.state.touched and row.state is not StepState.DONE:
                if self.run.state is not RunState.EXECUTING:
                    return None
                observed, trouble = await self._read_back(row.step.subject, row.step.desired)
                if observed is None:
                    await self._mark(number, StepState.UNKNOWN, trouble)
                    return None
                if observed == row.step.desired:
                    await self._mark(number, StepState.DONE, observed)
                return observed == row.step.desired
        return None

    def _pivot_note(self) -> str:
        return next((row.note for row in self.run.steps if row.step.kind is StepKind.PIVOT), "")

    async def _mark(self, number: int, state: StepState, note: str) -> None:
        now = self._timeline.now()
        steps = list(self.run.steps)
        steps[number] = StepRow(steps[number].step, state, now, clean(note))
        clocks = self.run.clocks
        if state is StepState.DONE and steps[number].step.kind is StepKind.PIVOT and clocks.moved is None:
            clocks = replace(clocks, moved=now)
        self.run = replace(self.run, steps=steps, clocks=clocks)
        serving = {StepState.DONE: self.run.target, StepState.UNDONE: self.run.source}.get(state)
        if serving and steps[number].step.kind is StepKind.PIVOT:
            self._has_moved(serving)
        await self._journal(self.run)

    async def _become(self, event: RunEvent, kind: str, text: str) -> None:
        self.run = replace(self.run, state=step(self.run.state, event))
        await self._journal(self.run, kind, text)

    async def _end(self, event: RunEvent, kind: str, text: str) -> None:
        result = clean(text)
        self.run = replace(self.run, state=step(self.run.state, event), ended_at=self._timeline.now(), result=result)
        await self._journal(self.run, kind, result)
