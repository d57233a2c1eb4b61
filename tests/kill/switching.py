"""One store and one route over many deaths: runs that are begun, engines that are killed, and what must be true."""

from __future__ import annotations

import os
import random
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path

from processes import Engines, until
from standby.domain.failover import RunState, StepState
from standby.domain.route import StepKind
from standby.link.protocol import Command, CommandKind, Receipt, Status
from standby.store.failovers import FailoverRow

from .forks import Forks, gone, kill
from .plants import Plant

UNTOUCHED = frozenset({RunState.ARMED, RunState.CANCELLED, RunState.BLOCKED, RunState.EXPIRED})
ENDINGS = frozenset({"failover-done", "failover-rolled-back", "failover-failed"})
_HELD_BACK = "rate=so many runs are the test"


@dataclass
class Switching:
    """`interrupted` counts in which state each run was when its engine died."""

    folder: Path
    plant: Plant
    seed: int
    interrupted: dict[RunState, int] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.engines = Engines(self.folder)
        self.engines.write_config(self.plant.route)
        self.forks = Forks()
        self._last = 0

    def close(self) -> None:
        """Leave nothing running, however a round has ended."""
        if self._last:
            kill(self._last)
        self.forks.close()
        self.engines.close()

    def engine(self) -> int:
        """A new engine's pid; it may not listen yet."""
        order = {"do": "engine", "config": str(self.engines.config), "log": str(self.folder / "log")}
        self._last = self.forks.fork(order)
        return self._last

    def stop(self, pid: int) -> None:
        os.kill(pid, signal.SIGTERM)
        until(lambda: gone(pid), "an end")
        self._last = 0  # the number may be another's soon

    def round(self, engine: int, *, span_s: float, red: bool = False) -> int:
        """A run is begun, its engine killed within `span_s`, its successor perhaps too; who ended it. AssertionError
        for whatever is not as it must be. `red`: the new target does not answer well through the real path.
        """
        run = self.armed()
        self.plant.turn_red(red)
        typing = self.begin(run)
        resumed, left, wanted = False, run, None
        for number in range(2 if self.random.random() < 0.3 else 1):
            # The second is killed wherever its start or its going on has come to.
            threading.Event().wait(self.random.uniform(0.0, 0.6 if number else span_s))
            kill(engine)
            typing.join(10)  # hung up upon, so that nobody types it to the next one
            assert not typing.is_alive(), "the sender hangs on a dead engine"
            left, wanted = self.died(run)
            resumed = resumed or left.state.acting
            engine = self.engine()
        after = self.ended(run)
        if red and left.state.acting and wanted is RunState.SUCCEEDED:
            wanted = RunState.ROLLED_BACK
        assert after.state is wanted or (wanted is None and after.state in UNTOUCHED), (left, after)
        self.check(after, resumed=resumed)
        self.plant.turn_red(False)
        return engine

    # ------------------------------------------------------------ what people do

    def armed(self) -> FailoverRow:
        """A run that waits for the word, to wherever traffic does not go; asked for until the engine is ready."""
        found: list[FailoverRow] = []

        def planned() -> bool:
            command, receipt = self._ask(CommandKind.FAILOVER_PLAN, route="pay", force=_HELD_BACK)
            if receipt.status is Status.DONE:
                found[:] = [self._run(command=command)]
            return bool(found)

        until(planned, "an armed run")
        return found[0]

    def begin(self, run: FailoverRow) -> threading.Thread:
        """Type the word; whoever types may never hear what became of it."""
        word = {"run": run.id, "confirm": f"pay -> {run.target}"}
        typing = threading.Thread(target=self._ask, args=(CommandKind.FAILOVER_RUN,), kwargs=word)
        typing.start()
        return typing

    def _ask(self, kind: CommandKind, **args: object) -> tuple[str, Receipt]:
        self.asked += 1
        command = Command(f"switch-{self.seed}-{self.asked:06d}", kind, args, 1, origin="kill test")
        return command.id, self.engines.ask(command, 5.0)

    # ------------------------------------------------------------ what became of it

    def _run(self, **by: object) -> FailoverRow:
        with self.engines.reading() as reader:
            run = reader.failover(**by)  # type: ignore[arg-type]
        assert run is not None, f"no run {by}"
        return run

    def died(self, run: FailoverRow) -> tuple[FailoverRow, RunState | None]:
        """The run as its engine left it, and how it has to end; None: it is where it was, and nothing was done.

        Nothing was done of which the journal has no intent.
        """
        left = self._run(id=run.id)
        self.interrupted[left.state] = self.interrupted.get(left.state, 0) + 1
        state = self._state(left)
        for row in left.steps:
            moved = row.step.desired != row.step.undo and state[row.step.subject] == row.step.desired
            assert not moved or row.state is not StepState.PLANNED, f"{row.step.name} was done without an intent"
        return left, _must_become(left, state)

    def ended(self, run: FailoverRow) -> FailoverRow:
        """The run once nobody acts on it any more."""
        until(lambda: not self._run(id=run.id).state.acting, "the end of a run")
        return self._run(id=run.id)

    def check(self, run: FailoverRow, *, resumed: bool) -> None:
        """Everything is as its state says, somebody always served, and the log tells the whole story once."""
        state = self._state(run)
        moved = run.state is RunState.SUCCEEDED
        assert moved or run.state is RunState.ROLLED_BACK or run.state in UNTOUCHED, (run.state, run.result)
        for row in run.steps:
            wanted = row.step.desired if moved else row.step.undo
            assert state[row.step.subject] == wanted, f"run {run.id} {run.state}: {row.step.name}: {state}"
        unserved = self.plant.unserved()
        assert not unserved, unserved
        with self.engines.reading() as reader:
            verdict = reader.verify_audit()
            lines = [row for row in reader.audits(10_000) if f"run {run.id}" in row.message or row.kind in ENDINGS]
        assert verdict.ok, verdict.text
        told = [row.kind for row in lines if f"run {run.id}" in row.message]
        assert told.count("failover-armed") == 1, told
        assert told.count("failover-started") == (0 if run.state in UNTOUCHED else 1), (run.state, told)
        assert ("failover-resumed" in told) == resumed, told
        assert run.result or run.state is RunState.ARMED, f"run {run.id} is {run.state} without a word"

    def _state(self, run: FailoverRow) -> dict[str, str]:
        return dict(self.plant.read([row.step.subject for row in run.steps]))


def _must_become(run: FailoverRow, state: dict[str, str]) -> RunState | None:
    """Forward from the pivot on, back before it; a good path is taken for granted."""
    if run.state is RunState.VERIFYING:
        return RunState.SUCCEEDED
    if run.state is RunState.ROLLING_BACK:
        return RunState.ROLLED_BACK
    if run.state is not RunState.EXECUTING:
        return run.state if run.state.ended else None
    pivot = next(row for row in run.steps if row.step.kind is StepKind.PIVOT)
    moved = pivot.state is not StepState.PLANNED and state[pivot.step.subject] == pivot.step.desired
    return RunState.SUCCEEDED if moved else RunState.ROLLED_BACK
