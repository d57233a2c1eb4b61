from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.units import SECOND
from standby.simulator.faults import FaultError, FaultKind, fault
from standby.simulator.latency import MOST_MS, Pace
from standby.simulator.presence import Presence
from standby.simulator.service import draw
from standby.simulator.world import World

NOW = 100 * SECOND


def test_a_fault_ends_by_itself_at_its_time() -> None:
    world = World(["a", "b"], 1)
    world.switch_on("a", fault("errors"), NOW + 5 * SECOND)
    assert [str(each) for each in world.active("a", NOW + 5 * SECOND - 1)] == ["errors"]
    assert world.words("a", NOW) == ["errors for 5s"]
    assert world.active("b", NOW) == []
    assert world.active("a", NOW + 5 * SECOND) == []


def test_several_faults_are_in_force_in_order_of_precedence() -> None:
    world = World(["a"], 1)
    for kind in ("hostile-text", "errors", "latency", "refuse"):
        world.switch_on("a", fault(kind), None)
    assert [each.kind.value for each in world.active("a", NOW)] == ["refuse", "latency", "errors", "hostile-text"]


def test_a_fault_by_hand_wins_over_the_scenario_and_clearing_it_brings_the_scenario_back() -> None:
    world = World(["payments", "sms"], 1)
    world.rehearse("bad-minute", NOW)
    scripted = world.active("payments", NOW)
    world.switch_on("payments", fault("latency", {"ms": 1}), None)
    assert [each.params["ms"] for each in world.active("payments", NOW)] == [1.0]
    world.clear("payments")
    assert world.active("payments", NOW) == scripted
    world.clear(None)
    assert world.active("payments", NOW) == []
    assert world.progress(NOW) is None


def test_an_unknown_third_party_is_refused_with_those_that_exist() -> None:
    world = World(["a", "b"], 1)
    with pytest.raises(FaultError, match="no third party 'c'; there are: a, b"):
        world.switch_on("c", fault("refuse"), None)
    with pytest.raises(FaultError, match="no third party"):
        world.clear("c")


def test_chance_repeats_under_a_seed_and_differs_between_endpoints() -> None:
    one, same, other = World([], 7).dice("x"), World([], 7).dice("x"), World([], 7).dice("y")
    first = [one.random() for _ in range(20)]
    assert first == [same.random() for _ in range(20)]
    assert first != [other.random() for _ in range(20)]


def test_latency_varies_naturally_with_a_rare_slow_answer() -> None:
    dice = World([], 7).dice("pace")
    drawn = sorted(Pace(60).draw(dice) for _ in range(5000))
    assert 55 < drawn[2500] < 65
    assert 100 <= drawn[-100] <= MOST_MS
    assert drawn[0] > 15
    assert drawn[-1] <= MOST_MS


def test_a_share_of_the_requests_is_hit() -> None:
    dice = World([], 7).dice("faults")
    active = [fault("latency", {"ms": 100, "jitter": 0.5}), fault("errors", {"rate": 0.3})]
    drawn = [draw(active, dice) for _ in range(4000)]
    assert all(50 <= ms <= 150 for ms, _ in drawn)
    assert 0.27 < sum(struck is not None for _, struck in drawn) / 4000 < 0.33
    assert {struck.kind for _, struck in drawn if struck} == {FaultKind.ERRORS}


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 50), st.integers(1, 50))
def test_presence_is_over_only_when_empty_for_long_enough(moves: list[bool], first: int, linger: int) -> None:
    presence, now, here, empty_since = Presence(first, linger), 0, 0, 0
    presence.start(0)
    came = False
    for come in moves:
        now += 7
        if come:
            presence.came()
            here, came = here + 1, True
        elif here:
            presence.left(now)
            here, empty_since = here - 1, now
        expected = here == 0 and now - empty_since >= (linger if came else first)
        assert presence.over(now) is expected
