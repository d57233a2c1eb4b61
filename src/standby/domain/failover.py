"""One run of a failover: its states, what must be typed to start it, which way a crashed one goes, how long it took.

The states are those of AWS Region switch and Patroni put together (research 2.2). "Interrupted" is none of them: it is
what an open run is called while no engine is alive, and it ends with the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from standby.domain.route import StepKind
from standby.domain.units import SECOND

ARMED_FOR_NS = 120 * SECOND
"""How long what a person saw may be what is done."""


class RunKind(StrEnum):
    """Which way a run moves traffic."""

    FAILOVER = "failover"
    FAILBACK = "failback"


class RunState(StrEnum):
    """Where a run is."""

    BLOCKED = "blocked"  # a precheck spoke against it
    ARMED = "armed"  # a snapshot that waits for the typed word
    EXECUTING = "executing"
    VERIFYING = "verifying"
    ROLLING_BACK = "rolling_back"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    PARTIALLY_FAILED = "partially_failed"  # some steps are done, and it neither goes on nor back by itself
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def acting(self) -> bool:
        """Whether steps are being taken."""
        return self in _ACTING

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self not in _ACTING and self is not RunState.ARMED


_ACTING = frozenset({RunState.EXECUTING, RunState.VERIFYING, RunState.ROLLING_BACK})


class RunEvent(StrEnum):
    """What moves a run on."""

    CONFIRM = "confirm"  # the word was typed, and nothing had changed
    CANCEL = "cancel"
    EXPIRE = "expire"
    CHANGED = "changed"  # what was armed is not what would be done
    MOVED = "moved"  # every step was taken
    STEP_FAILED = "step_failed"
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    UNDONE = "undone"
    STUCK = "stuck"  # it goes neither on nor back


TRANSITIONS: Mapping[tuple[RunState, RunEvent], RunState] = MappingProxyType(
    {
        (RunState.ARMED, RunEvent.CONFIRM): RunState.EXECUTING,
        (RunState.ARMED, RunEvent.CANCEL): RunState.CANCELLED,
        (RunState.ARMED, RunEvent.EXPIRE): RunState.EXPIRED,
        (RunState.ARMED, RunEvent.CHANGED): RunState.BLOCKED,
        (RunState.EXECUTING, RunEvent.MOVED): RunState.VERIFYING,
        (RunState.EXECUTING, RunEvent.STEP_FAILED): RunState.ROLLING_BACK,
        (RunState.EXECUTING, RunEvent.STUCK): RunState.PARTIALLY_FAILED,
        (RunState.VERIFYING, RunEvent.VERIFIED): RunState.SUCCEEDED,
        (RunState.VERIFYING, RunEvent.NOT_VERIFIED): RunState.ROLLING_BACK,
        (RunState.VERIFYING, RunEvent.STUCK): RunState.PARTIALLY_FAILED,
        (RunState.ROLLING_BACK, RunEvent.UNDONE): RunState.ROLLED_BACK,
        (RunState.ROLLING_BACK, RunEvent.STUCK): RunState.PARTIALLY_FAILED,
    }
)


def step(state: RunState, event: RunEvent) -> RunState:
    """The state after `event`. Raises ValueError for an event that the state does not know."""
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise ValueError(f"a run that is {state} knows no {event}")
    return after


class StepState(StrEnum):
    """How far one step is. Its intent is on disk before anything is done."""

    PLANNED = "planned"
    INTENT = "intent"  # being taken, or taken and not read back yet
    DONE = "done"  # read back
    FAILED = "failed"  # known not to be reached
    UNKNOWN = "unknown"  # it could not be read back
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def touched(self) -> bool:
        """Whether something may have to be undone."""
        return self not in {StepState.PLANNED, StepState.UNDONE}


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of one step: enough to decide which way to go."""

    kind: StepKind
    state: StepState


class Direction(StrEnum):
    """Where a run goes that was interrupted."""

    FORWARD = "forward"
    BACK = "back"
    UNDECIDED = "undecided"  # whether traffic moved has to be read first


def direction(state: RunState, steps: Sequence[Progress], *, moved: bool | None) -> Direction:
    """Which way an interrupted run goes: forward from the pivot on, back before it, and on with a rollback.

    `moved` is what the pivot's subject says now; `None` when it cannot be read. A pivot whose intent is not on disk was
    never begun, whatever the subject says: somebody else was there.
    """
    if state is RunState.ROLLING_BACK:
        return Direction.BACK
    if state is RunState.VERIFYING:
        return Direction.FORWARD
    pivot = next((one for one in steps if one.kind is StepKind.PIVOT), None)
    if pivot is None or not pivot.state.touched:
        return Direction.BACK
    if pivot.state is StepState.DONE:
        return Direction.FORWARD
    if moved is None:
        return Direction.UNDECIDED
    return Direction.FORWARD if moved else Direction.BACK


def phrase(name: str, target: str) -> str:
    """What a person types to start a run: `payments -> borealis`."""
    return f"{name} -> {target}"


def confirmed(typed: str, names: Sequence[str], target: str) -> bool:
    """Whether `typed` is the phrase, by any of the integration's `names`; spaces do not count, everything else does."""
    words = "".join(typed.replace("→", "->").split())
    return any(words == "".join(phrase(name, target).split()) for name in names)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The instants of one recovery, ns since 1970, `None` where it did not happen; `uncertainty` of the start in ns."""

    outage: int | None = None  # t0: the first bad sample of the confirmed bad run
    detected: int | None = None  # t1: the alert fired
    acknowledged: int | None = None  # t2
    armed: int | None = None  # t3: the plan was made
    started: int | None = None  # t4: the word was typed
    moved: int | None = None  # t5: the pivot was read back
    verified: int | None = None  # t6: the first good answer of what was to be verified
    failed_back: int | None = None  # t7
    uncertainty: int = 0

    @property
    def spans(self) -> Mapping[str, int]:
        """How long each part took, ns, where both of its ends are known; in order."""
        ends = (
            ("detection", self.outage, self.detected),
            ("acknowledgement", self.detected, self.acknowledged),
            ("decision", self.acknowledged or self.detected, self.started),
            ("switch", self.started, self.moved),
            ("verification", self.moved, self.verified),
        )
        return {name: max(0, end - start) for name, start, end in ends if start is not None and end is not None}

    @property
    def attained(self) -> int | None:
        """The recovery time as the business sees it: from the start of the outage to the first good answer, ns."""
        if self.outage is None or self.verified is None:
            return None
        return max(0, self.verified - self.outage)


def time_left(rto: int, outage: int, now: int) -> int:
    """What is left of a recovery time objective, ns; below zero when it is missed."""
    return rto - (now - outage)
