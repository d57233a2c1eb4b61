"""The life of one alert, as Prometheus defines it: inactive, pending, firing, and back.

`step` is called with the rule's condition each time something was learned (an arrival) and when `next_deadline` has
come (the clock). The condition is `True`, `False`, or `None` when it cannot be told: our own network is gone, nothing
was decided in the window, the vendor's answer says nothing. `None` freezes: the time between the last answer before it
and the first one after it is taken out of every running clock; nothing is reset, nothing fires, nothing resolves.

**What `now` must be**: integer nanoseconds of one steady clock that reads about like the wall clock, that is
`wall at start + monotonic now - monotonic at start`. Then no step of the wall clock reaches this module. Two belts
remain for a caller that cannot: an instant up to `SLACK_NS` before the last one counts as the last one (threads and
slots come a little out of order), one further back is a step of the clock and moves every running clock with it; and
with `Timing.patience_ns` set, a silence longer than that between two steps is a gap, and so is a step forward.

Semantics and their numbers (S1 to S13): Prometheus `rules/alerting.go` and `rules/group.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from standby.domain.units import HOUR, MINUTE

SLACK_NS = 5 * MINUTE
OUTAGE_TOLERANCE_NS = HOUR
GRACE_NS = 10 * MINUTE
TAKEOVER_NS = MINUTE
RESOLVED_RETENTION_NS = 15 * MINUTE
"""How long a resolved alert stays with the open ones, so that one lost message leaves no ghost (S4)."""


class Phase(StrEnum):
    """Where in its life an alert is."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Change(StrEnum):
    """What one step did. A firing alert ends with exactly one `RESOLVED`, a pending one with `FIRED` or `DROPPED`."""

    PENDING = "pending"  # the condition became true; also a firing alert sent back by a longer `for`
    FIRED = "fired"
    DROPPED = "dropped"  # the condition became false before it had fired: nobody was told, nothing is owed
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule's durations in nanoseconds; `patience_ns` is the longest silence between two steps that still counts.

    Set it well above the interval of the steps: an alert whose steps are always further apart would never fire.
    """

    for_ns: int = 0
    keep_firing_for_ns: int = 0
    patience_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of one alert. Instants are integer nanoseconds of the steady clock (see the module).

    Two machines are equal when they differ only in `at`, so `new != old` says whether the new one must be stored.
    """

    phase: Phase = Phase.INACTIVE
    since: int | None = None  # when the condition became true; what people read; never moved
    active_at: int | None = None  # where the `for` clock starts: `since` plus all gaps
    fired_at: int | None = None
    keep_since: int | None = None  # where the `keep_firing_for` clock starts: first false plus later gaps
    frozen_since: int | None = None  # the last answer before the first unknown
    resolved_at: int | None = None  # only while inactive: when the alert before ended
    at: int = field(default=0, compare=False)  # the last step


INACTIVE = Machine()


def step(
    machine: Machine,
    condition: bool | None,  # noqa: FBT001  # the third value is the point
    now: int,
    timing: Timing,
) -> tuple[Machine, Change | None]:
    """The alert after learning `condition` at `now`; what changed, if anything did."""
    if machine.phase is Phase.INACTIVE:
        return _begin(now, timing) if condition else (machine, None)
    before, machine = machine, _follow(machine, now, timing)
    if condition is None:
        # What was moved already, by a step of the clock or a long silence, is not counted as unknown once more.
        last = before.at if machine.active_at == before.active_at else machine.at
        frozen = last if machine.frozen_since is None else machine.frozen_since
        return replace(machine, frozen_since=frozen), None
    machine = _thaw(machine)
    return _hold(machine, timing) if condition else _clear(machine, timing)


def next_deadline(machine: Machine, timing: Timing) -> int | None:
    """When to step again though nothing arrives; may lie in the past. `None` while no clock runs."""
    if machine.frozen_since is not None:
        return None
    if machine.phase is Phase.PENDING and machine.active_at is not None:
        return machine.active_at + timing.for_ns
    if machine.phase is Phase.FIRING and machine.keep_since is not None:
        return machine.keep_since + timing.keep_firing_for_ns
    return None


def restore(
    machine: Machine,
    down_at: int,
    up_at: int,
    timing: Timing,
    *,
    tolerance_ns: int = OUTAGE_TOLERANCE_NS,
    grace_ns: int = GRACE_NS,
) -> tuple[Machine, Change | None]:
    """The alert of an engine that was away from `down_at` (its last sign of life) to `up_at`: a gap (S9).

    The time away counts for no clock, and none runs before the first step. Away longer than `tolerance_ns`: a pending
    alert is dropped, a firing one stays. A pending alert with a `for` of at least `grace_ns` gets at least `grace_ns`
    before it fires, unless the absence was a takeover within `TAKEOVER_NS`, which lost no data.
    """
    if machine.phase is Phase.INACTIVE:
        return machine, None
    down_at = max(down_at, machine.at)
    away = up_at - down_at
    if machine.phase is Phase.PENDING and away > tolerance_ns:
        return Machine(at=up_at), Change.DROPPED
    frozen = down_at if machine.frozen_since is None else machine.frozen_since
    machine = replace(machine, frozen_since=frozen, at=down_at)
    if machine.phase is Phase.PENDING and away > TAKEOVER_NS and timing.for_ns >= grace_ns:
        machine = replace(machine, active_at=max(_clock(machine.active_at), frozen + grace_ns - timing.for_ns))
    return machine, None


def retime(machine: Machine, now: int, timing: Timing) -> tuple[Machine, Change | None]:
    """The alert under a rule whose `for` was changed while it lives; call it once on reload, before the next step.

    A firing alert whose condition has not yet held for the longer `for` goes back to pending (S5). One whose condition
    is already false stays firing until `keep_firing_for` is over: its end would otherwise never be told.
    """
    if machine.phase is not Phase.FIRING or machine.keep_since is not None:
        return machine, None
    machine = _follow(machine, now, timing)
    until = machine.at if machine.frozen_since is None else machine.frozen_since
    if until - _clock(machine.active_at) >= timing.for_ns:
        return machine, None
    return replace(machine, phase=Phase.PENDING, fired_at=None), Change.PENDING


def to_json(machine: Machine) -> dict[str, Any]:
    """A JSON-able object that `from_json` reads back; absent fields are `None`."""
    doc: dict[str, Any] = {"phase": machine.phase.value, "at": machine.at}
    for name in _INSTANTS:
        value = getattr(machine, name)
        if value is not None:
            doc[name] = value
    return doc


def from_json(doc: Mapping[str, Any]) -> Machine:
    """The machine in `doc`; an empty object is an inactive one. Raises ValueError when it is not one of ours."""
    phase = Phase(doc.get("phase", Phase.INACTIVE))
    instants = {name: doc.get(name) for name in _INSTANTS}
    at = doc.get("at", 0)
    for name, value in {**instants, "at": at}.items():
        if type(value) is not int and (value is not None or name == "at"):
            raise ValueError(f"alert state: {name} is {value!r}, not an instant")
    if phase is not Phase.INACTIVE and (instants["since"] is None or instants["active_at"] is None):
        raise ValueError(f"alert state: {phase} without since or active_at")
    if phase is Phase.FIRING and instants["fired_at"] is None:
        raise ValueError("alert state: firing without fired_at")
    return Machine(phase=phase, at=at, **instants)


_INSTANTS = ("since", "active_at", "fired_at", "keep_since", "frozen_since", "resolved_at")


def _begin(now: int, timing: Timing) -> tuple[Machine, Change]:
    if timing.for_ns <= 0:
        return Machine(Phase.FIRING, since=now, active_at=now, fired_at=now, at=now), Change.FIRED
    return Machine(Phase.PENDING, since=now, active_at=now, at=now), Change.PENDING


def _hold(machine: Machine, timing: Timing) -> tuple[Machine, Change | None]:
    if machine.phase is Phase.FIRING:
        return machine if machine.keep_since is None else replace(machine, keep_since=None), None
    if machine.at - _clock(machine.active_at) >= timing.for_ns:
        return replace(machine, phase=Phase.FIRING, fired_at=machine.at), Change.FIRED
    return machine, None


def _clear(machine: Machine, timing: Timing) -> tuple[Machine, Change | None]:
    if machine.phase is Phase.PENDING:
        return Machine(at=machine.at), Change.DROPPED
    keep_since = machine.at if machine.keep_since is None else machine.keep_since
    if machine.at - keep_since >= timing.keep_firing_for_ns:
        return Machine(resolved_at=machine.at, at=machine.at), Change.RESOLVED
    return replace(machine, keep_since=keep_since), None


def _follow(machine: Machine, now: int, timing: Timing) -> Machine:
    """The machine at `now`, its clocks moved by what the clock stepped, or by a silence beyond the patience."""
    passed = now - machine.at
    if passed < -SLACK_NS:
        frozen = machine.frozen_since
        return _moved(replace(machine, frozen_since=None if frozen is None else frozen + passed, at=now), passed)
    if passed <= 0:
        return machine
    if timing.patience_ns is not None and machine.frozen_since is None and passed > timing.patience_ns:
        return _moved(replace(machine, at=now), passed)
    return replace(machine, at=now)


def _thaw(machine: Machine) -> Machine:
    if machine.frozen_since is None:
        return machine
    return _moved(replace(machine, frozen_since=None), machine.at - machine.frozen_since)


def _moved(machine: Machine, by: int) -> Machine:
    keep_since = None if machine.keep_since is None else machine.keep_since + by
    return replace(machine, active_at=_clock(machine.active_at) + by, keep_since=keep_since)


def _clock(start: int | None) -> int:
    """A clock that runs in this phase; `from_json` and `step` see to it that it has a start."""
    if start is None:
        raise ValueError("alert state: a pending or firing alert has no active_at")
    return start
