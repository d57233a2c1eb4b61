"""Every small world: six looks, each ok, failed or unknown, in a window or not, with an acknowledgement, a restart or a
lost message after any of them, from the look to what people believe.

Worlds that have come to the same state go on as one; `count` says how many they are.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from standby.domain import alerting, attempts, escalation, grouping
from standby.domain.alerting import INACTIVE, Change, Machine, Phase, Timing
from standby.domain.attempts import Settled
from standby.domain.escalation import Escalation, Level, Policy, Stage
from standby.domain.grouping import Group, Pace
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND

LOOKS = 6
GOOD = Settled(Outcome.UP, 0, Outcome.UP)
RESULTS = (Outcome.UP, Outcome.DOWN, Outcome.UNKNOWN)
EVENTS = ("nothing", "ack", "restart", "lost")
CHOICES = [*itertools.product(RESULTS, (False, True), EVENTS)]
PACE = Pace(30 * SECOND, MINUTE, 5 * MINUTE)
POLICY = Policy("p", [Level(["anna"], 2 * MINUTE), Level(["bert"], 2 * MINUTE)])
REACHABLE = frozenset({"anna", "bert"})


@dataclass(frozen=True)
class World:
    """All that an engine remembers of one check, and what its reader believes to fire."""

    settled: Settled = GOOD
    machine: Machine = INACTIVE
    last: int = 0  # the number of the newest alert
    acked: bool = False
    quiet: bool = False
    group: Group = field(default_factory=Group)
    calls: Escalation | None = None
    believed: frozenset[int] = frozenset()

    @property
    def key(self) -> Hashable:
        """The same for worlds that can only go on alike."""
        group, machine = self.group, self.machine
        told = tuple(group.alerts.items()), group.entry, group.sending, group.flush_at, group.looked
        return self.settled, machine, machine.at, self.last, self.acked, told, self.calls, self.believed

    @property
    def fires(self) -> bool:
        return self.machine.phase is Phase.FIRING


def look(world: World, result: Outcome, now: int, timing: Timing) -> World:
    """One result, and what it does to the alert."""
    settled, _ = attempts.step(world.settled, result, now, 2)
    condition = None if settled.outcome is Outcome.UNKNOWN else settled.outcome is Outcome.DOWN
    machine, change = alerting.step(world.machine, condition, now, timing)
    assert change is None or condition is not None, "what is unknown neither fires nor resolves"
    world = replace(world, settled=settled, machine=machine)
    if change is Change.FIRED:
        number = world.last + 1
        group = grouping.fire(world.group, number, now, now, PACE)
        return replace(world, last=number, acked=False, group=group)
    if change is Change.RESOLVED:
        return replace(world, acked=False, group=grouping.resolve(world.group, world.last, now))
    return world


def call(world: World, now: int) -> World:
    """Who is called next: nobody for an alert that is over, quiet or somebody's."""
    calls = world.calls
    if not world.fires or world.quiet:
        calls = None
    elif calls is None:
        calls = escalation.begin(POLICY, now, REACHABLE)[0]
    if calls is not None and world.acked:
        calls = escalation.acknowledge(calls)
    if calls is not None:
        calls = escalation.due(calls, POLICY, now, REACHABLE)[0]
        if not world.acked:
            assert escalation.overdue(calls, now, 0) == "", "it has a next deadline or is exhausted"
            assert (calls.next_at is not None) is (calls.stage is Stage.ACTIVE)
    return replace(world, calls=calls)


def tell(world: World, until: int, *, arrives: bool) -> World:
    """All looks at the group that are due before the next result."""
    while world.group.flush_at is not None and world.group.flush_at <= until:
        now = world.group.flush_at
        held = {world.last} if world.acked else set()
        muted = set(world.group.alerts) if world.quiet else held
        group, batch = grouping.flush(world.group, now, PACE, muted)
        believed = world.believed
        if batch is not None:
            assert not world.quiet, "nothing is told in a window"
            assert batch.firing <= {world.last}
            assert world.fires or not batch.firing, "what is over is not told as firing"
            assert batch.resolved <= believed, "an end is told once, and only to who heard of the beginning"
            believed = (believed | batch.firing) - batch.resolved if arrives else believed
        world = replace(
            world, group=grouping.delivered(group) if arrives else grouping.failed(group), believed=believed
        )
    return world


def restarted(world: World, now: int, timing: Timing) -> World:
    """What the next engine makes of what this one stored."""
    machine = alerting.from_json(json.loads(json.dumps(alerting.to_json(world.machine))))
    machine, _ = alerting.restore(machine, now, now + SECOND, timing)
    group = grouping.from_json(json.loads(json.dumps(grouping.to_json(world.group))))
    return replace(world, machine=machine, group=group)


def go_on(world: World, choice: tuple[Outcome, bool, str], now: int, timing: Timing) -> World:
    result, quiet, event = choice
    world = call(look(replace(world, quiet=quiet), result, now, timing), now)
    if event == "ack" and world.fires:
        world = call(replace(world, acked=True), now)
    if event == "restart":
        world = restarted(world, now, timing)
    return pruned(tell(world, now + MINUTE, arrives=event != "lost"))


def pruned(world: World) -> World:
    """Without what nothing depends on: since when, and the numbers of alerts that nobody knows any more."""
    settled = replace(world.settled, since=0)
    last = 0 if world.group.over and not world.fires else world.last
    return replace(world, quiet=False, settled=settled, last=last)


def worlds(timing: Timing, looks: int = LOOKS) -> Iterator[tuple[int, dict[Hashable, World], Counter[Hashable]]]:
    """After each look the different worlds, and how many histories led to each."""
    known: dict[Hashable, World] = {"": World()}
    count: Counter[Hashable] = Counter({"": 1})
    for number in range(1, looks + 1):
        after: dict[Hashable, World] = {}
        histories: Counter[Hashable] = Counter()
        for key, world in known.items():
            for choice in CHOICES:
                one = go_on(world, choice, number * MINUTE, timing)
                name = one.key
                after[name] = one
                histories[name] += count[key]
        known, count = after, histories
        yield number, known, count


def finish(world: World, number: int, timing: Timing) -> None:
    """All is well from now on: whoever was told of a beginning is told of its end."""
    for more in range(1, 5):
        world = go_on(world, (Outcome.UP, False, "nothing"), (number + more) * MINUTE, timing)
    assert world.group.over
    assert not world.believed
    assert world.calls is None


@pytest.mark.parametrize(
    "timing", [Timing(), Timing(MINUTE, MINUTE)], ids=["at once", "after a minute, for a minute longer"]
)
def test_every_firing_that_was_told_is_followed_by_one_end(timing: Timing) -> None:
    histories = 0
    for number, known, count in worlds(timing):
        histories = sum(count.values())
        for world in known.values():
            finish(world, number, timing)
    assert histories == len(CHOICES) ** LOOKS  # 191,102,976


def test_nothing_depends_on_a_restart() -> None:
    for number, known, _ in worlds(Timing(), LOOKS - 2):
        for world in known.values():
            now = number * MINUTE
            for choice in CHOICES:
                ours = go_on(restarted(world, now, Timing()), choice, now + MINUTE, Timing())
                theirs = go_on(world, choice, now + MINUTE, Timing())
                assert (ours.believed, ours.group, ours.fires, ours.calls) == (
                    theirs.believed, theirs.group, theirs.fires, theirs.calls,
                )  # fmt: skip
