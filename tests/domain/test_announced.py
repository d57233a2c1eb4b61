"""How far announced work is believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.announced import LONGEST_NS, MOST, Announced, Belief, from_json, renewed, to_json
from standby.domain.outcome import Severity
from standby.domain.units import DAY, HOUR

PLAN = Announced("database work", 2 * HOUR, 4 * HOUR)


def known(plan: Announced = PLAN, seen: int = HOUR) -> Announced:
    [found] = renewed((), [plan], seen)
    return found


@pytest.mark.parametrize(
    ("plan", "seen", "on"),
    [
        (PLAN, HOUR, [2 * HOUR, 4 * HOUR - 1]),
        (PLAN, 2 * HOUR, [2 * HOUR]),
        (PLAN, 2 * HOUR + 1, []),  # it was called work only after it had begun
        (Announced("x", 2 * HOUR, 30 * DAY), HOUR, [2 * HOUR + LONGEST_NS - 1]),
        (Announced("x", 5 * HOUR, 4 * HOUR), HOUR, []),
    ],
)
def test_when_it_keeps_quiet(plan: Announced, seen: int, on: list[int]) -> None:
    one = known(plan, seen)
    assert [now for now in (*on, plan.starts - 1, plan.ends, plan.starts + LONGEST_NS) if one.is_on(now)] == on


def test_a_page_that_names_it_no_more_takes_it_back_and_another_time_is_another_plan() -> None:
    before = (known(),)
    [longer] = renewed(before, [Announced("database work", 2 * HOUR, 5 * HOUR)], 3 * HOUR)
    assert (longer.seen, longer.until) == (HOUR, 5 * HOUR)
    [later] = renewed(before, [Announced("database work", 3 * HOUR, 5 * HOUR)], 3 * HOUR + 1)
    assert not later.believed
    assert renewed(before, [], 3 * HOUR) == ()
    assert renewed(before, [PLAN], 4 * HOUR) == (), "it is over"
    assert len(renewed((), [Announced(str(n), n, DAY) for n in range(99)], 0)) == MOST


@pytest.mark.parametrize(
    ("belief", "mutes"),
    [(Belief.NONE, []), (Belief.WARNINGS, [Severity.WARNING, Severity.INFO]), (Belief.ALL, list(Severity))],
)
def test_which_alerts_it_mutes(belief: Belief, mutes: list[Severity]) -> None:
    assert [severity for severity in Severity if belief.mutes(severity)] == mutes


INSTANTS = st.integers(0, 100 * DAY)


PLANS = st.builds(Announced, st.sampled_from(["a", "database work"]), INSTANTS, INSTANTS, st.booleans(), INSTANTS)


@given(st.lists(PLANS, max_size=5))
def test_it_is_read_back_as_it_was_written(plans: list[Announced]) -> None:
    assert from_json(json.loads(json.dumps(to_json(tuple(plans))))) == tuple(plans)


@pytest.mark.parametrize("doc", [None, {}, "x", [1], [["x", 1, 2]], [["x", 1.5, 2, True, 3]], [[None, 1, 2, True, 3]]])
def test_what_is_no_plan_keeps_nothing_quiet(doc: object) -> None:
    assert from_json(doc) == ()
