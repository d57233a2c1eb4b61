"""One message after a quiet time, if anything: whatever happened in it."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from standby.domain import grouping
from standby.domain.grouping import Group, Held, Pace
from standby.domain.owed import WELL, Account, Owed, hush, learn
from standby.domain.units import MINUTE, SECOND

FACTS = st.sampled_from([WELL, "warning", "critical"])
PACE = Pace(0, 5 * MINUTE, 60 * MINUTE)


@given(FACTS, st.lists(st.tuples(FACTS, st.booleans()), max_size=8))
def test_it_is_one_message_if_people_believe_what_is_not_true(before: str, facts: list[tuple[str, bool]]) -> None:
    account, said = hush(Account(before, before), quiet=True)
    for fact, settled in facts:
        account, said = learn(account, fact, settled=settled)
        assert said is Owed.NOTHING
    account, said = hush(account, quiet=False)
    last, settled = facts[-1] if facts else (before, True)
    if last == before or not settled:
        assert said is Owed.NOTHING
    else:
        assert said is (Owed.RECOVERY if last == WELL else Owed.PROBLEM)
    account, said = learn(account, last)
    assert account.believed == last
    assert learn(account, last)[1] is Owed.NOTHING


def told(said: str = "pay/down critical") -> Group:
    """Alert 1 was told at 0."""
    group, batch = grouping.flush(grouping.fire(Group(), 1, 0, 0, PACE, said), 0, PACE)
    assert batch is not None
    return grouping.delivered(group)


def held(until: int = MINUTE, said: str = "pay/down critical") -> Group:
    return grouping.resolve(told(), 1, SECOND, Held(until, said, "it is down", 0))


def test_an_end_that_is_held_is_told_when_its_time_comes() -> None:
    group = held()
    assert group.flush_at == MINUTE
    group, batch = grouping.flush(group, 30 * SECOND, PACE)
    assert batch is None
    group = grouping.from_json(grouping.to_json(group))
    group, batch = grouping.flush(group, MINUTE, PACE)
    assert batch is not None
    assert (batch.firing, batch.resolved) == (frozenset(), {1})
    group = grouping.delivered(group)
    assert not group.held
    assert grouping.flush(group, 10 * MINUTE, PACE) == (Group(), None)


def test_the_same_again_takes_the_place_of_the_end() -> None:
    group = grouping.fire(held(), 2, 2 * SECOND, 2 * SECOND, PACE, "pay/down critical")
    assert not group.held
    group, batch = grouping.flush(group, 10 * MINUTE, PACE)
    assert batch is None, "people believe already that it fires"
    group, batch = grouping.flush(grouping.resolve(group, 2, 11 * MINUTE), 15 * MINUTE, PACE)
    assert batch is not None
    assert batch.resolved == {2}


def test_something_else_does_not() -> None:
    group = grouping.fire(held(), 2, 2 * SECOND, 2 * SECOND, PACE, "pay/down warning")
    assert set(group.held) == {1}
    group, batch = grouping.flush(group, 10 * MINUTE, PACE)
    assert batch is not None
    assert (batch.firing, batch.resolved) == ({2}, {1})


def test_of_what_nobody_was_told_no_end_is_held() -> None:
    group = grouping.resolve(grouping.fire(Group(), 1, 0, 0, PACE), 1, SECOND, Held(MINUTE, "x"))
    assert not group.held
    assert grouping.flush(group, MINUTE, PACE) == (Group(), None)


def test_it_may_be_held_longer_and_follows_no_step_of_the_clock() -> None:
    group = grouping.shift(grouping.hold_on(held(), 1, 3 * MINUTE), 60 * MINUTE)
    assert group.flush_at == 3 * MINUTE
    assert grouping.hold_on(group, 9, MINUTE) is group


class Small:
    """One thing, looked at each minute; its alerts join the group when they may be told, as the engine has it."""

    def __init__(self, quiet: tuple[bool, ...]) -> None:
        self.quiet = (*quiet, False)
        self.group = Group()
        self.alert = self.last = 0  # the one that fires, and the newest
        self.said: list[str] = []

    def over(self, minute: int) -> int:
        """When the quiet time around a minute is over."""
        return self.quiet.index(False, minute) * MINUTE

    def look(self, minute: int, *, fails: bool) -> None:
        now, quiet = minute * MINUTE, self.quiet[minute]
        if fails and not self.alert:
            self.last = self.alert = self.last + 1
        if not fails and self.alert:
            end = Held(self.over(minute), "x") if quiet else None
            self.group = grouping.resolve(self.group, self.alert, now, end)
            self.alert = 0
        if self.alert and not quiet and self.group.alerts.get(self.alert, 0) is not None:
            self.group = grouping.fire(self.group, self.alert, now, now, PACE, "x")
        if self.group.flush_at is not None:
            self.group = replace(self.group, flush_at=now)
        self.group = grouping.from_json(grouping.to_json(self.group))
        self.group, batch = grouping.flush(self.group, now, PACE, {self.alert} if quiet else set())
        if batch is not None:
            assert not quiet, "nothing is said"
            self.said.append("firing" if batch.firing else "resolved")
        self.group = grouping.delivered(self.group)


def test_in_every_small_world_people_hear_each_beginning_and_its_end_once() -> None:
    looks = [*itertools.product((False, True), (False, True))]
    for world in itertools.product(looks, repeat=6):
        small = Small(tuple(quiet for _, quiet in world))
        for minute, (fails, _) in enumerate((*world, (False, False))):
            small.look(minute, fails=fails)
            if not small.quiet[minute]:
                assert (small.said[-1:] == ["firing"]) is fails, "people believe what is true"
        assert small.said == ["firing", "resolved"] * (len(small.said) // 2)
