"""A group of alerts: when it is looked at, what is said, what is owed; then any history, with crashes in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.grouping import (
    NONE,
    Batch,
    Group,
    Pace,
    delivered,
    failed,
    fire,
    flush,
    from_json,
    resolve,
    shift,
    to_json,
)

PACE = Pace(group_wait_ns=30, group_interval_ns=300, repeat_interval_ns=1_000)
QUIET_ENDS = Pace(30, 300, 1_000, send_resolved=False)


def told(*alerts: int, at: int = 30, pace: Pace = PACE) -> Group:
    """A group whose first batch, with these alerts, was delivered."""
    group = Group()
    for alert in alerts:
        group = fire(group, alert, at - 30, at - 30, pace)
    group, batch = flush(group, at, pace)
    assert batch == Batch(frozenset(alerts), NONE, at)
    return delivered(group)


def test_the_first_alert_waits_for_company_and_later_ones_for_the_next_look() -> None:
    group = fire(Group(), 1, 100, 100, PACE)
    assert group.flush_at == 130
    assert fire(group, 2, 129, 129, PACE).flush_at == 130
    group = told(1)
    assert group.flush_at == 330
    assert fire(group, 2, 0, 200, PACE).flush_at == 330


def test_an_alert_that_is_older_than_the_wait_is_told_at_once() -> None:
    assert fire(Group(), 1, 69, 100, PACE).flush_at == 100
    assert fire(Group(), 1, 70, 100, PACE).flush_at == 130
    assert fire(fire(Group(), 1, 100, 100, PACE), 2, 0, 110, PACE).flush_at == 110


def test_nothing_new_is_not_told_until_the_repeat_interval_is_over() -> None:
    group, batch = flush(told(1), 1_030, PACE)
    assert batch is None
    assert flush(group, 1_031, PACE)[1] == Batch(frozenset({1}), NONE, 1_031)


def test_a_failed_batch_is_made_anew_at_the_next_look() -> None:
    group, batch = flush(fire(Group(), 1, 0, 0, PACE), 30, PACE)
    assert batch is not None
    assert flush(group, 330, PACE)[1] is None  # on its way
    assert flush(failed(group), 330, PACE)[1] == Batch(frozenset({1}), NONE, 330)


def test_what_ended_before_anybody_heard_of_it_is_never_told() -> None:
    group, batch = flush(resolve(fire(Group(), 1, 0, 0, PACE), 1, 20), 30, PACE)
    assert batch is None
    assert group.over


def test_what_ends_while_its_firing_is_on_its_way_is_owed() -> None:
    group, _ = flush(fire(Group(), 1, 0, 0, PACE), 30, PACE)
    group = delivered(resolve(group, 1, 31))
    assert flush(group, 330, PACE)[1] == Batch(NONE, frozenset({1}), 330)


def test_the_end_of_a_muted_alert_stays_owed() -> None:
    group, batch = flush(resolve(told(1), 1, 100), 330, PACE, frozenset({1}))
    assert batch is None
    group, batch = flush(group, 630, PACE)
    assert batch == Batch(NONE, frozenset({1}), 630)
    group, batch = flush(delivered(group), 930, PACE)
    assert batch is None
    assert group.over


def test_the_end_is_owed_though_others_were_told_meanwhile() -> None:
    group, batch = flush(fire(told(1), 2, 100, 100, PACE), 330, PACE, frozenset({1}))
    assert batch == Batch(frozenset({2}), NONE, 330)
    group, batch = flush(resolve(resolve(delivered(group), 1, 400), 2, 400), 630, PACE, frozenset({1}))
    assert batch == Batch(NONE, frozenset({2}), 630)
    assert flush(delivered(group), 930, PACE)[1] == Batch(NONE, frozenset({1}), 930)


def test_what_was_told_and_is_unmuted_is_not_told_again() -> None:
    group, _ = flush(told(1), 330, PACE, frozenset({1}))
    assert flush(group, 630, PACE)[1] is None


def test_without_send_resolved_no_end_is_owed() -> None:
    group, batch = flush(resolve(told(1, 2, pace=QUIET_ENDS), 1, 100), 330, QUIET_ENDS)
    assert batch is None
    group, batch = flush(resolve(group, 2, 400), 630, QUIET_ENDS)
    assert batch is None
    assert group.over


def test_an_alert_that_comes_back_while_its_end_is_told_stays() -> None:
    group, _ = flush(resolve(told(1), 1, 100), 330, PACE)
    group = delivered(fire(group, 1, 331, 331, PACE))
    assert flush(group, 630, PACE)[1] == Batch(frozenset({1}), NONE, 630)


def test_a_step_of_the_wall_clock_moves_all_its_clocks() -> None:
    group = shift(told(1), -20)
    assert group.flush_at == 310
    assert flush(group, 1_010, PACE)[1] is None
    assert flush(group, 1_011, PACE)[1] is not None


@pytest.mark.parametrize(
    "doc",
    [
        {"alerts": [[1, None]]},
        {"alerts": [["1", None]], "flush_at": 1},
        {"alerts": [[1, 2.5]], "flush_at": 1},
        {"alerts": [[1]], "flush_at": 1},
        {"alerts": 1, "flush_at": 1},
        {"flush_at": True},
        {"entry": {"firing": [1], "at": 1}},
        {"entry": [1], "flush_at": 1},
        {"sending": {"firing": 1, "resolved": [], "at": 1}, "flush_at": 1},
    ],
)
def test_what_is_no_group_of_ours_is_refused(doc: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="group state"):
        from_json(doc)


def test_an_empty_object_is_a_group_that_has_not_begun() -> None:
    assert from_json({}) == Group()


@dataclass
class World:
    """One group and what its reader knows. A crash forgets a batch that was under way, having arrived or not."""

    group: Group = field(default_factory=Group)
    now: int = 0
    firing: set[int] = field(default_factory=set)
    muted: set[int] = field(default_factory=set)
    believed: set[int] = field(default_factory=set)
    ends: list[int] = field(default_factory=list)
    last: int = 0

    def look(self, *, arrives: bool) -> None:
        if self.group.flush_at is None:
            return
        self.now = max(self.now, self.group.flush_at)
        self.group, batch = flush(self.group, self.now, PACE, self.muted)
        self.group = from_json(json.loads(json.dumps(to_json(self.group))))
        if batch is not None and arrives:
            assert not (batch.firing | batch.resolved) & self.muted
            assert batch.firing == self.firing - self.muted
            assert batch.resolved <= self.believed - self.firing
            assert batch.firing - self.believed or batch.resolved or self.now > self.told_at + PACE.repeat_interval_ns
            self.believed = (self.believed | batch.firing) - batch.resolved
            self.ends += batch.resolved
            self.told_at = self.now
        self.group = delivered(self.group) if arrives else failed(self.group)

    told_at: int = -10_000


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["fire", "end", "mute", "unmute"]), st.integers(0, 3)),
        st.tuples(st.sampled_from(["look", "lost"]), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 400)),
    ),
    max_size=40,
)


def play(world: World, events: list[tuple[str, int]]) -> None:
    for event, number in events:
        old = sorted(world.group.alerts)
        if event == "fire":
            world.last += 1
            world.firing.add(world.last)
            world.group = fire(world.group, world.last, world.now, world.now, PACE)
        elif event == "wait":
            world.now += number
        elif event in {"look", "lost"}:
            world.look(arrives=event == "look")
        elif old:
            alert = old[number % len(old)]
            if event == "end":
                world.firing.discard(alert)
                world.group = resolve(world.group, alert, world.now)
            else:
                (world.muted.add if event == "mute" else world.muted.discard)(alert)


@given(EVENTS)
def test_every_firing_that_was_told_is_followed_by_exactly_one_end(events: list[tuple[str, int]]) -> None:
    world = World()
    play(world, events)
    heard = set(world.believed) | set(world.ends)
    world.muted.clear()
    for alert in list(world.firing):
        world.group = resolve(world.group, alert, world.now)
    world.firing.clear()
    for _ in range(3):
        world.look(arrives=True)
    assert world.group.over
    assert not world.believed
    assert sorted(world.ends) == sorted(heard)
