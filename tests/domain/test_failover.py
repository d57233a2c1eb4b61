"""The states of a run, which way a crashed one goes, the typed word, the clocks."""

from __future__ import annotations

import itertools

import pytest

from standby.domain.failover import (
    TRANSITIONS,
    Clocks,
    Direction,
    Progress,
    RunEvent,
    RunState,
    StepState,
    confirmed,
    direction,
    phrase,
    step,
    time_left,
)
from standby.domain.route import StepKind
from standby.domain.units import MINUTE, SECOND


def test_every_state_is_reached_and_none_is_a_trap() -> None:
    reached = {RunState.ARMED, RunState.BLOCKED}
    for _ in RunState:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(RunState)
    ends = {state for state in RunState if state.ended}
    for state in reached - ends:
        on = {after for (before, _), after in TRANSITIONS.items() if before is state}
        assert on, f"{state} has no way out"
    for state in ends:
        assert not [event for event in RunEvent if (state, event) in TRANSITIONS], f"{state} is an end"


@pytest.mark.parametrize(("state", "event"), list(itertools.product(RunState, RunEvent)))
def test_an_event_that_a_state_does_not_know_is_refused(state: RunState, event: RunEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert step(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(ValueError, match="knows no"):
            step(state, event)


def test_what_acts_comes_from_a_confirmation_alone() -> None:
    before = {
        state
        for (state, _), after in TRANSITIONS.items()
        if after is RunState.EXECUTING and state is not RunState.EXECUTING
    }
    assert before == {RunState.ARMED}


PLAN = (StepKind.REVERSIBLE, StepKind.PIVOT, StepKind.REVERSIBLE, StepKind.REVERSIBLE)


@pytest.mark.parametrize(
    ("states", "moved", "way"),
    [
        (("planned", "planned", "planned", "planned"), None, Direction.BACK),
        (("planned", "planned", "planned", "planned"), True, Direction.BACK),
        (("intent", "planned", "planned", "planned"), None, Direction.BACK),
        (("done", "planned", "planned", "planned"), False, Direction.BACK),
        (("done", "intent", "planned", "planned"), False, Direction.BACK),
        (("done", "intent", "planned", "planned"), True, Direction.FORWARD),
        (("done", "intent", "planned", "planned"), None, Direction.UNDECIDED),
        (("done", "unknown", "planned", "planned"), None, Direction.UNDECIDED),
        (("done", "done", "planned", "planned"), None, Direction.FORWARD),
        (("done", "done", "intent", "planned"), False, Direction.FORWARD),
        (("done", "done", "done", "done"), None, Direction.FORWARD),
    ],
)
def test_forward_from_the_pivot_and_back_before_it(states: tuple[str, ...], moved: bool | None, way: Direction) -> None:
    steps = [Progress(kind, StepState(state)) for kind, state in zip(PLAN, states, strict=True)]
    assert direction(RunState.EXECUTING, steps, moved=moved) is way


def test_a_rollback_goes_on_back_and_a_verification_forward() -> None:
    steps = [Progress(kind, StepState.DONE) for kind in PLAN]
    for moved in (True, False, None):
        assert direction(RunState.ROLLING_BACK, steps, moved=moved) is Direction.BACK
        assert direction(RunState.VERIFYING, steps, moved=moved) is Direction.FORWARD


@pytest.mark.parametrize(
    ("typed", "good"),
    [
        ("payments -> borealis", True),
        ("  payments->borealis ", True),
        ("payments → borealis", True),
        ("Card payments -> borealis", True),
        ("payments", False),
        ("yes", False),
        ("", False),
        ("Payments -> borealis", False),
        ("payments -> acme", False),
        ("borealis -> payments", False),
        ("payments - > borealis", True),
    ],
)
def test_the_word_is_typed_whole(typed: str, good: bool) -> None:
    assert confirmed(typed, ["payments", "Card payments"], "borealis") is good
    assert phrase("payments", "borealis") == "payments -> borealis"


def test_the_clocks_say_how_long_each_part_took() -> None:
    clocks = Clocks(
        outage=0, detected=10 * SECOND, acknowledged=40 * SECOND, armed=50 * SECOND, started=60 * SECOND,
        moved=61 * SECOND, verified=63 * SECOND, uncertainty=5 * SECOND,
    )  # fmt: skip
    assert dict(clocks.spans) == {
        "detection": 10 * SECOND,
        "acknowledgement": 30 * SECOND,
        "decision": 20 * SECOND,
        "switch": SECOND,
        "verification": 2 * SECOND,
    }
    assert clocks.attained == 63 * SECOND
    planned = Clocks(armed=0, started=SECOND, moved=2 * SECOND, verified=3 * SECOND)
    assert planned.attained is None, "nothing was down: no recovery time was attained"
    assert list(planned.spans) == ["switch", "verification"]
    assert time_left(5 * MINUTE, 0, 63 * SECOND) == 5 * MINUTE - 63 * SECOND
    assert time_left(MINUTE, 0, 63 * SECOND) == -3 * SECOND
