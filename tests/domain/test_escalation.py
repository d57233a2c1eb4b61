"""Levels, loops, levels with nobody, the end of a policy: by tables and by every sequence of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from standby.domain.escalation import (
    Escalation,
    Level,
    Passed,
    Policy,
    Stage,
    Tell,
    acknowledge,
    begin,
    due,
    end,
    give_back,
    hurry,
    overdue,
    shift,
)
from standby.domain.units import MINUTE, SECOND

TWO = Policy("p", (Level(("anna", "hook"), 5 * MINUTE), Level(("bert",), 10 * MINUTE)), repeat=1, fallback=("boss",))
ALL = frozenset({"anna", "bert", "hook", "boss"})


def test_a_level_is_told_and_its_time_runs() -> None:
    state, effects = begin(TWO, 0, ALL)
    assert effects == [Tell(["anna", "hook"], 0, 0, 0)]
    assert (state.level, state.next_at) == (0, 5 * MINUTE)
    assert due(state, TWO, 5 * MINUTE - 1, ALL) == (state, [])


def test_level_by_level_loop_by_loop_to_the_end_that_everybody_sees() -> None:
    state, effects = begin(TWO, 0, ALL)
    told = list(effects)
    while state.next_at is not None:
        state, effects = due(state, TWO, state.next_at, ALL)
        told += effects
    assert told == [
        Tell(["anna", "hook"], 0, 0, 0),
        Tell(["bert"], 1, 0, 0),
        Tell(["anna", "hook"], 0, 1, 0),
        Tell(["bert"], 1, 1, 0),
        Tell(["boss"], 1, 1, 0, exhausted=True),
    ]
    assert state.stage is Stage.EXHAUSTED
    assert due(state, TWO, 10**20, ALL) == (state, []), "the end is told once"


def test_a_level_with_nobody_is_passed_at_once() -> None:
    state, effects = begin(TWO, 0, frozenset({"bert"}))
    assert effects == [Passed(0, 0), Tell(["bert"], 1, 0, 0)]
    assert state.next_at == 10 * MINUTE


def test_a_policy_with_nobody_at_all_is_exhausted_at_once() -> None:
    state, effects = begin(TWO, 0, frozenset())
    assert state.stage is Stage.EXHAUSTED
    assert effects == [Passed(0, 0), Passed(1, 0), Passed(0, 1), Passed(1, 1)]
    state, effects = begin(Policy("none", ()), 0, ALL)
    assert (state.stage, effects) == (Stage.EXHAUSTED, [])


def test_a_level_that_nobody_could_be_told_at_goes_on_at_once() -> None:
    state, _ = begin(TWO, 0, ALL)
    state, effects = hurry(state, TWO, SECOND, ALL)
    assert effects == [Tell(["bert"], 1, 0, 0)]


def test_an_acknowledgement_stops_it_and_giving_back_tells_the_level_again() -> None:
    state, _ = begin(TWO, 0, ALL)
    state, _ = due(state, TWO, 5 * MINUTE, ALL)
    held = acknowledge(state)
    assert (held.stage, held.next_at) == (Stage.ACKNOWLEDGED, None)
    assert due(held, TWO, 10**20, ALL) == (held, [])
    back, effects = give_back(held, TWO, 60 * MINUTE, ALL)
    assert effects == [Tell(["bert"], 1, 0, 1)]
    assert back.next_at == 70 * MINUTE
    assert give_back(back, TWO, 0, ALL) == (back, [])


def test_what_was_exhausted_and_acknowledged_begins_where_it_stopped() -> None:
    state = acknowledge(Escalation("p", level=1, loop=1, stage=Stage.EXHAUSTED))
    back, effects = give_back(state, TWO, 0, ALL)
    assert (back.stage, effects) == (Stage.ACTIVE, [Tell(["bert"], 1, 1, 1)])


def test_a_level_deleted_under_us() -> None:
    state = Escalation("p", level=4, next_at=0)
    on, effects = due(state, TWO, 0, ALL)
    assert effects == [Tell(["anna", "hook"], 0, 1, 0)]
    assert on.loop == 1


def test_the_auditor_finds_what_was_forgotten() -> None:
    state, _ = begin(TWO, 0, ALL)
    assert overdue(state, 5 * MINUTE + 30 * SECOND, MINUTE) == ""
    assert "deadline has passed" in overdue(state, 7 * MINUTE, MINUTE)
    assert "no escalation" in overdue(None, 0, MINUTE)
    assert "no escalation" in overdue(end(state), 0, MINUTE)
    assert "as if somebody had it" in overdue(acknowledge(state), 0, MINUTE)
    assert overdue(Escalation("p", stage=Stage.EXHAUSTED), 10**20, MINUTE) == ""
    assert "no next deadline" in overdue(Escalation("p"), 0, MINUTE)
    assert shift(state, MINUTE).next_at == 6 * MINUTE


names = st.sampled_from(["anna", "bert", "hook"])
levels = st.builds(Level, st.lists(names, max_size=3).map(tuple), st.integers(SECOND, MINUTE))
policies = st.builds(
    Policy, st.just("p"), st.lists(levels, max_size=3).map(tuple), st.integers(0, 2), st.just(("boss",))
)


@given(policies, st.sets(names), st.lists(st.sampled_from(["due", "hurry", "ack", "back"]), max_size=12))
def test_whatever_happens_an_open_alert_has_a_next_deadline_or_is_exhausted(
    policy: Policy, reachable: set[str], events: list[str]
) -> None:
    now, seen = 0, set()
    state, effects = begin(policy, now, reachable)
    for event in events:
        now = state.next_at or now + SECOND
        for one in effects:
            if isinstance(one, Tell):
                told = (one.episode, one.loop, one.level, one.exhausted)
                assert told not in seen, "nobody is told the same twice"
                seen.add(told)
                assert set(one.targets) <= reachable
        if event == "ack":
            state, effects = acknowledge(state), []
        else:
            state, effects = {"due": due, "hurry": hurry, "back": give_back}[event](state, policy, now, reachable)
        if state.stage is not Stage.ACKNOWLEDGED:
            assert overdue(state, now, 0) == ""
