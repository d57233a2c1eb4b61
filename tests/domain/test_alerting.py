"""The life of an alert: tables, every short history against a second reckoning, and clocks that step."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from standby.domain.alerting import (
    GRACE_NS,
    INACTIVE,
    OUTAGE_TOLERANCE_NS,
    SLACK_NS,
    TAKEOVER_NS,
    Change,
    Machine,
    Phase,
    Timing,
    from_json,
    next_deadline,
    restore,
    retime,
    step,
    to_json,
)
from standby.domain.units import HOUR, MINUTE, SECOND

START = 1_800_000_000 * SECOND
STEP = 10 * SECOND
TIMINGS = (
    Timing(),
    Timing(for_ns=STEP),
    Timing(for_ns=2 * STEP, keep_firing_for_ns=STEP),
    Timing(for_ns=15 * SECOND, keep_firing_for_ns=25 * SECOND),
    Timing(keep_firing_for_ns=2 * STEP),
)
T, F, N, R = "true", "false", "unknown", "restart"
CONDITIONS = {T: True, F: False, N: None}


def play(events: Sequence[str], timing: Timing, at: Sequence[int] | None = None) -> list[tuple[Machine, Change | None]]:
    """The machine after each event, ten seconds apart; a restart is over within the step and goes through JSON."""
    machine, played = INACTIVE, []
    for number, event in enumerate(events):
        now = START + number * STEP if at is None else at[number]
        if event == R:
            machine = from_json(json.loads(json.dumps(to_json(machine))))
            machine, change = restore(machine, machine.at, now, timing)
        else:
            machine, change = step(machine, CONDITIONS[event], now, timing)
        played.append((machine, change))
    return played


def changes(played: Sequence[tuple[Machine, Change | None]]) -> list[Change | None]:
    return [change for _, change in played]


@dataclass
class Reckoning:
    """The same rules by adding up time that counts, instead of moving the starts of clocks."""

    timing: Timing
    phase: Phase = Phase.INACTIVE
    held: int = 0
    kept: int | None = None
    last: int = 0
    gap: bool = False

    def learn(self, event: str, now: int) -> Phase:
        if event in {N, R}:
            self.gap = True
            return self.phase
        passed, self.last, self.gap = 0 if self.gap else now - self.last, now, False
        if self.phase is Phase.INACTIVE:
            self.held, self.kept = 0, None
            if event == T:
                self.phase = Phase.FIRING if self.timing.for_ns == 0 else Phase.PENDING
        elif self.phase is Phase.PENDING:
            self.held += passed
            if event == F:
                self.phase = Phase.INACTIVE
            elif self.held >= self.timing.for_ns:
                self.phase = Phase.FIRING
        elif event == T:
            self.kept = None
        else:
            self.kept = 0 if self.kept is None else self.kept + passed
            if self.kept >= self.timing.keep_firing_for_ns:
                self.phase = Phase.INACTIVE
        return self.phase


def histories() -> Iterator[tuple[str, ...]]:
    for length in range(1, 7):
        yield from itertools.product((T, F, N, R), repeat=length)


@pytest.mark.parametrize("timing", TIMINGS)
def test_every_short_history(timing: Timing) -> None:
    for events in histories():
        reckoning = Reckoning(timing)
        before, open_since = Phase.INACTIVE, None
        for number, (machine, change) in enumerate(play(events, timing)):
            assert machine.phase is reckoning.learn(events[number], START + number * STEP), events
            if events[number] in {N, R}:
                assert change is None, events
                assert machine.phase is before, events
            # the grammar: (PENDING (DROPPED | FIRED RESOLVED) | FIRED RESOLVED)*
            if change in {Change.PENDING, Change.FIRED}:
                assert open_since in ({None} if change is Change.PENDING else {None, Change.PENDING}), events
                open_since = change
            elif change is not None:
                assert open_since is (Change.PENDING if change is Change.DROPPED else Change.FIRED), events
                open_since = None
            expected = {None: Phase.INACTIVE, Change.PENDING: Phase.PENDING, Change.FIRED: Phase.FIRING}[open_since]
            assert machine.phase is expected, events
            before = machine.phase


@pytest.mark.parametrize("timing", TIMINGS)
def test_a_restart_changes_nothing_but_time(timing: Timing) -> None:
    """However long it lasts (within the tolerance), it is one more unknown."""
    for events in histories():
        if R not in events:
            continue
        unknown = changes(play([N if event == R else event for event in events], timing))
        for away in (0, 50 * SECOND):
            at, now = [], START
            for event in events:
                now += STEP + (away if event == R else 0)
                at.append(now)
            assert changes(play(events, timing, at)) == unknown, (events, away)


@given(st.lists(st.tuples(st.sampled_from((T, F, N, R)), st.integers(1, 40)), max_size=40), st.sampled_from(TIMINGS))
def test_long_histories_agree_with_the_reckoning(history: list[tuple[str, int]], timing: Timing) -> None:
    reckoning, now, machine = Reckoning(timing), START, INACTIVE
    for event, seconds in history:
        now += seconds * SECOND
        before = machine
        if event == R:
            machine, change = restore(machine, machine.at, now, timing)
        else:
            machine, change = step(machine, CONDITIONS[event], now, timing)
        assert machine.phase is reckoning.learn(event, now)
        assert (change is None) == (machine.phase is before.phase)
        assert from_json(json.loads(json.dumps(to_json(machine)))) == machine


@given(
    st.lists(st.sampled_from((T, F, N)), min_size=2, max_size=20),
    st.sampled_from(TIMINGS),
    st.integers(1, 19),
    st.sampled_from((-HOUR, -24 * HOUR, HOUR, 400 * 24 * HOUR)),
)
@example([T, N, T, T], TIMINGS[0], 1, HOUR)
@example([T, N, T, T], Timing(10 * SECOND), 1, HOUR)
def test_a_step_of_the_clock_is_a_gap(events: list[str], timing: Timing, place: int, jump: int) -> None:
    """For a caller without a steady clock: the step itself fires and resolves nothing, all goes on from there."""
    place = min(place, len(events) - 1)
    timing = replace(timing, patience_ns=MINUTE)
    at = [START + number * STEP + (jump if number >= place else 0) for number in range(len(events))]
    with_gap = [*events[:place], N, *events[place:]]
    gap_at = [START + number * STEP for number in range(len(events))]
    gap_at = [*gap_at[: place + 1], *gap_at[place:]]
    expected = changes(play(with_gap, timing, gap_at))
    del expected[place]
    assert changes(play(events, timing, at)) == expected


@given(st.lists(st.tuples(st.sampled_from((T, F, N)), st.integers(-5, 20)), max_size=40), st.sampled_from(TIMINGS))
def test_instants_out_of_order_never_make_it_early(history: list[tuple[str, int]], timing: Timing) -> None:
    """Slots and the clock mixed: time counts once, so what fires has been true for that long on the wall."""
    machine, now = INACTIVE, START
    newest = now
    for event, seconds in history:
        now += seconds * SECOND
        newest = max(newest, now)
        machine, change = step(machine, CONDITIONS[event], now, timing)
        if change is Change.FIRED:
            assert machine.since is not None
            assert newest - machine.since >= timing.for_ns


def test_for_zero_fires_in_the_same_evaluation() -> None:
    machine, change = step(INACTIVE, True, START, Timing())
    assert change is Change.FIRED
    assert (machine.since, machine.fired_at) == (START, START)


def test_a_for_below_the_interval_fires_at_the_second_evaluation() -> None:
    assert changes(play([T, T], Timing(for_ns=1))) == [Change.PENDING, Change.FIRED]


def test_a_short_recovery_is_the_same_alert() -> None:
    timing = Timing(keep_firing_for_ns=2 * STEP)
    played = play([T, F, F, T, F, F, F], timing)
    assert changes(played) == [Change.FIRED, None, None, None, None, None, Change.RESOLVED]
    assert played[3][0].keep_since is None
    assert played[-1][0].resolved_at == START + 6 * STEP


def test_a_new_alert_after_a_resolve_starts_anew() -> None:
    machine = play([T, F, T], Timing())[-1][0]
    assert machine.since == START + 2 * STEP
    assert machine.resolved_at is None


def test_blindness_is_taken_out_of_both_clocks() -> None:
    timing = Timing(for_ns=3 * STEP, keep_firing_for_ns=3 * STEP)
    events = [T, T, N, N, N, T, T, T, F, F, N, N, F, F, F]
    played = play(events, timing)
    assert [number for number, change in enumerate(changes(played)) if change] == [0, 7, 14]
    assert played[5][0].since == START  # what people read does not move


def test_deadlines() -> None:
    timing = Timing(for_ns=MINUTE, keep_firing_for_ns=2 * MINUTE)
    assert next_deadline(INACTIVE, timing) is None
    pending, _ = step(INACTIVE, True, START, timing)
    assert next_deadline(pending, timing) == START + MINUTE
    frozen, _ = step(pending, None, START + SECOND, timing)
    assert next_deadline(frozen, timing) is None
    firing, change = step(pending, True, START + MINUTE, timing)
    assert change is Change.FIRED
    assert next_deadline(firing, timing) is None
    ending, _ = step(firing, False, START + 2 * MINUTE, timing)
    assert next_deadline(ending, timing) == START + 4 * MINUTE
    _, change = step(ending, False, START + 4 * MINUTE, timing)
    assert change is Change.RESOLVED


@pytest.mark.parametrize("events", [p for n in range(1, 6) for p in itertools.product((T, F, N), repeat=n)])
def test_stepping_at_the_deadline_is_never_too_late(events: tuple[str, ...]) -> None:
    """With the condition that was last known, the deadline is the first instant at which something changes."""
    timing = Timing(for_ns=25 * SECOND, keep_firing_for_ns=35 * SECOND)
    machine = play(events, timing)[-1][0]
    deadline = next_deadline(machine, timing)
    if deadline is None:
        return
    condition = machine.phase is Phase.PENDING
    assert step(machine, condition, max(deadline, machine.at), timing)[1] in {Change.FIRED, Change.RESOLVED}
    if deadline - 1 > machine.at:
        assert step(machine, condition, deadline - 1, timing)[1] is None


class TestRestart:
    timing = Timing(for_ns=30 * MINUTE, keep_firing_for_ns=10 * MINUTE)

    def pending(self, minutes: int) -> Machine:
        machine, _ = step(INACTIVE, True, START, self.timing)
        return step(machine, True, START + minutes * MINUTE, self.timing)[0]

    def after(self, machine: Machine, away: int) -> Machine:
        restored, change = restore(machine, machine.at, machine.at + away, self.timing)
        assert change is None
        return step(restored, True, machine.at + away, self.timing)[0]

    def test_the_time_away_does_not_count(self) -> None:
        machine = self.after(self.pending(5), 20 * MINUTE)
        assert machine.phase is Phase.PENDING
        assert next_deadline(machine, self.timing) == START + 50 * MINUTE
        assert machine.since == START

    def test_no_clock_runs_before_the_first_answer(self) -> None:
        restored, _ = restore(self.pending(5), START + 5 * MINUTE, START + 6 * MINUTE, self.timing)
        assert next_deadline(restored, self.timing) is None

    def test_what_would_fire_at_once_waits_for_the_grace(self) -> None:
        machine = self.after(self.pending(29), 2 * MINUTE)
        assert next_deadline(machine, self.timing) == START + 31 * MINUTE + GRACE_NS

    def test_a_takeover_within_seconds_waits_for_nothing(self) -> None:
        machine = self.after(self.pending(29), TAKEOVER_NS)
        assert next_deadline(machine, self.timing) == START + 30 * MINUTE + TAKEOVER_NS

    def test_a_short_for_never_waits_for_the_grace(self) -> None:
        timing = Timing(for_ns=GRACE_NS - 1)
        machine, _ = step(INACTIVE, True, START, timing)
        restored, _ = restore(machine, START + 5 * MINUTE, START + 15 * MINUTE, timing)
        machine, _ = step(restored, True, START + 15 * MINUTE, timing)
        assert next_deadline(machine, timing) == START + 10 * MINUTE + GRACE_NS - 1

    @pytest.mark.parametrize(("beyond", "change"), [(0, None), (1, Change.DROPPED)])
    def test_away_too_long_drops_what_is_pending(self, beyond: int, change: Change | None) -> None:
        machine = self.pending(5)
        assert restore(machine, machine.at, machine.at + OUTAGE_TOLERANCE_NS + beyond, self.timing)[1] is change

    def test_away_for_a_week_leaves_it_firing(self) -> None:
        firing, change = step(self.pending(5), True, START + 30 * MINUTE, self.timing)
        assert change is Change.FIRED
        ending, _ = step(firing, False, START + 31 * MINUTE, self.timing)
        week = 7 * 24 * HOUR
        restored, change = restore(ending, ending.at, ending.at + week, self.timing)
        assert (restored.phase, change) == (Phase.FIRING, None)
        machine, change = step(restored, False, ending.at + week, self.timing)
        assert change is None
        assert next_deadline(machine, self.timing) == ending.at + week + 10 * MINUTE

    def test_a_clock_set_back_meanwhile_keeps_what_was_counted(self) -> None:
        machine = self.pending(20)
        restored, _ = restore(machine, machine.at, machine.at - 5 * HOUR, self.timing)
        machine, change = step(restored, True, machine.at - 5 * HOUR, self.timing)
        assert change is None
        assert next_deadline(machine, self.timing) == machine.at + 10 * MINUTE

    def test_an_inactive_one_needs_nothing(self) -> None:
        assert restore(INACTIVE, START, START + HOUR, self.timing) == (INACTIVE, None)


class TestReload:
    def test_a_longer_for_sends_it_back(self) -> None:
        machine = play([T, T], Timing(for_ns=STEP))[-1][0]
        longer = Timing(for_ns=MINUTE)
        machine, change = retime(machine, START + 2 * STEP, longer)
        assert change is Change.PENDING
        assert (machine.phase, machine.fired_at) == (Phase.PENDING, None)
        assert next_deadline(machine, longer) == START + MINUTE
        assert step(machine, True, START + MINUTE, longer)[1] is Change.FIRED

    def test_one_that_held_long_enough_stays(self) -> None:
        machine = play([T, T], Timing(for_ns=STEP))[-1][0]
        assert retime(machine, START + 2 * STEP, Timing(for_ns=2 * STEP)) == (machine, None)

    def test_one_that_is_ending_still_gets_its_resolve(self) -> None:
        timing = Timing(keep_firing_for_ns=MINUTE)
        machine = play([T, F], timing)[-1][0]
        assert retime(machine, START + 2 * STEP, Timing(for_ns=HOUR, keep_firing_for_ns=MINUTE)) == (machine, None)

    def test_the_unknown_time_does_not_count_here_either(self) -> None:
        machine = play([T, T, N], Timing())[-1][0]
        assert retime(machine, START + HOUR, Timing(for_ns=2 * STEP))[1] is Change.PENDING

    def test_a_shorter_for_fires_at_the_next_look(self) -> None:
        machine = play([T, T], Timing(for_ns=MINUTE))[-1][0]
        shorter = Timing(for_ns=STEP)
        assert retime(machine, START + STEP, shorter) == (machine, None)
        assert next_deadline(machine, shorter) == START + STEP
        assert step(machine, True, START + STEP, shorter)[1] is Change.FIRED


def test_small_disorder_stands_still_and_a_step_moves_on() -> None:
    timing = Timing(for_ns=MINUTE)
    machine, _ = step(INACTIVE, True, START, timing)
    machine, _ = step(machine, True, START + 30 * SECOND, timing)
    late, _ = step(machine, True, START + 30 * SECOND - SLACK_NS, timing)
    assert next_deadline(late, timing) == START + MINUTE
    back = START + 30 * SECOND - SLACK_NS - 1
    stepped, _ = step(machine, True, back, timing)
    assert next_deadline(stepped, timing) == back + 30 * SECOND


@pytest.mark.parametrize(("silence", "change"), [(MINUTE, Change.FIRED), (MINUTE + 1, None)])
def test_a_silence_beyond_the_patience_is_a_gap(silence: int, change: Change | None) -> None:
    timing = Timing(for_ns=MINUTE, patience_ns=MINUTE)
    machine, _ = step(INACTIVE, True, START, timing)
    assert step(machine, True, START + silence, timing)[1] is change


def test_an_unknown_time_is_taken_out_once_however_long() -> None:
    timing = Timing(for_ns=2 * STEP, patience_ns=MINUTE)
    machine = play([T, T, N], timing)[-1][0]
    again = START + HOUR
    machine, _ = step(machine, True, again, timing)
    assert next_deadline(machine, timing) == again + STEP


def test_a_sign_of_life_older_than_the_last_step_takes_nothing_back() -> None:
    timing = Timing(for_ns=MINUTE)
    machine = play([T, T, T], timing)[-1][0]
    restored, _ = restore(machine, START, START + HOUR, timing)
    machine, _ = step(restored, True, START + HOUR, timing)
    assert next_deadline(machine, timing) == START + HOUR + MINUTE - 2 * STEP


def test_only_what_must_be_stored_makes_a_difference() -> None:
    timing = Timing(for_ns=MINUTE)
    first, _ = step(INACTIVE, True, START, timing)
    second, _ = step(first, True, START + STEP, timing)
    assert second.at != first.at
    assert second == first
    assert step(second, None, START + 2 * STEP, timing)[0] != second


@pytest.mark.parametrize(
    "doc",
    [
        {"phase": "burning"},
        {"phase": "pending"},
        {"phase": "pending", "since": 1},
        {"phase": "firing", "since": 1, "active_at": 1},
        {"phase": "pending", "since": "1", "active_at": 1},
        {"phase": "pending", "since": 1, "active_at": 1.5},
        {"phase": "pending", "since": 1, "active_at": True},
        {"phase": "inactive", "at": None},
        {"phase": ["pending"]},
    ],
)
def test_a_damaged_state_is_refused(doc: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"alert state|is not a valid Phase"):
        from_json(doc)


def test_an_empty_state_is_inactive() -> None:
    assert from_json({}) == INACTIVE
