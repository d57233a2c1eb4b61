"""What speaks against moving traffic, rule by rule, and what a person may override."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.outcome import Outcome
from standby.domain.prechecks import (
    FOREVER,
    RATE_MOST,
    Precheck,
    Readings,
    Target,
    Verdict,
    blocking,
    prechecks,
)
from standby.domain.units import MINUTE, SECOND

NOW = 1_000 * MINUTE
ACME = Target("acme", Outcome.DOWN, NOW - SECOND, NOW - 5 * MINUTE, "status is 503", 30 * SECOND)
SPARE = Target("spare", Outcome.UP, NOW - SECOND, NOW - 60 * MINUTE, "status 200", 30 * SECOND)
GOOD = Readings(
    now=NOW, to="spare", serving="acme", primary="acme", targets={"acme": ACME, "spare": SPARE}, steps=4,
    cool_down=10 * MINUTE, others=8, others_red=1,
)  # fmt: skip


def judged(readings: Readings) -> dict[str, Precheck]:
    return {one.rule: one for one in prechecks(readings)}


def test_nothing_speaks_against_a_healthy_standby() -> None:
    assert {one.verdict for one in prechecks(GOOD)} == {Verdict.PASS}
    assert not blocking(prechecks(GOOD))


@pytest.mark.parametrize(
    ("changed", "rule", "verdict", "said"),
    [
        ({"unreachable": "connection refused"}, "reachable", Verdict.FAIL, "connection refused"),
        ({"serving": "spare"}, "elsewhere", Verdict.FAIL, "goes to spare already"),
        ({"serving": ""}, "elsewhere", Verdict.PASS, "no target of ours"),
        ({"blind": True}, "own-network", Verdict.FAIL, "our own network is gone"),
        ({"others_red": 4}, "own-network", Verdict.FAIL, "4 of 8"),
        ({"others": 2, "others_red": 2}, "own-network", Verdict.PASS, "2 of 2"),
        ({"acting": "bob armed run 3"}, "nobody-else", Verdict.FAIL, "bob armed run 3"),
        ({"last_at": NOW - MINUTE}, "cool-down", Verdict.FAIL, "the last run ended 1m ago, 10m must pass"),
        ({"last_at": NOW - 10 * MINUTE}, "cool-down", Verdict.PASS, ""),
        ({"lately": [NOW - MINUTE] * RATE_MOST}, "rate", Verdict.FAIL, "3 runs"),
        ({"lately": [NOW - 11 * MINUTE] * 9}, "rate", Verdict.PASS, "0 runs"),
        ({"drift": ["the map file says be_acme"]}, "drift", Verdict.WARN, "the map file"),
    ],
)
def test_each_rule(changed: dict[str, Any], rule: str, verdict: Verdict, said: str) -> None:
    found = judged(replace(GOOD, **changed))
    assert found[rule].verdict is verdict
    assert said in found[rule].text


@pytest.mark.parametrize(
    ("outcome", "never_zero", "healthy"),
    [
        (Outcome.UP, Verdict.PASS, Verdict.PASS),
        (Outcome.DEGRADED, Verdict.PASS, Verdict.WARN),
        (Outcome.DOWN, Verdict.FAIL, Verdict.FAIL),
        (Outcome.MAINTENANCE, Verdict.FAIL, Verdict.FAIL),
        (Outcome.UNKNOWN, Verdict.PASS, Verdict.UNKNOWN),
    ],
)
def test_the_standby_by_its_outcome(outcome: Outcome, never_zero: Verdict, healthy: Verdict) -> None:
    found = judged(replace(GOOD, targets={"acme": ACME, "spare": replace(SPARE, outcome=outcome)}))
    assert (found["never-zero"].verdict, found["healthy"].verdict) == (never_zero, healthy)


def test_a_degraded_standby_is_no_better_than_a_primary_that_works() -> None:
    working = replace(ACME, outcome=Outcome.UP)
    found = judged(replace(GOOD, targets={"acme": working, "spare": replace(SPARE, outcome=Outcome.DEGRADED)}))
    assert found["healthy"].verdict is Verdict.FAIL


def test_an_old_look_proves_nothing() -> None:
    old = replace(SPARE, at=NOW - 31 * SECOND)
    assert judged(replace(GOOD, targets={"acme": ACME, "spare": old}))["fresh"].verdict is Verdict.FAIL
    never = replace(SPARE, at=0, outcome=Outcome.UNKNOWN)
    assert judged(replace(GOOD, targets={"acme": ACME, "spare": never}))["fresh"].verdict is Verdict.UNKNOWN


def test_failback_waits_until_the_primary_has_been_good_for_long_enough() -> None:
    back = replace(GOOD, to="acme", serving="spare", failback=True, soak=5 * MINUTE, previous=3)
    up = replace(ACME, outcome=Outcome.UP, since=NOW - 5 * MINUTE)
    ready = replace(back, targets={"acme": up, "spare": SPARE})
    assert not blocking(prechecks(ready))
    early = replace(back, targets={"acme": replace(up, since=NOW - MINUTE), "spare": SPARE})
    assert "soaked" in blocking(prechecks(early))
    by_hand = judged(replace(ready, previous=None))["elsewhere"]
    assert (by_hand.verdict, by_hand.text) == (Verdict.WARN, "no run of ours sent traffic to spare")


def test_a_reason_overrides_a_rule_by_its_name_and_no_other() -> None:
    early = replace(GOOD, last_at=NOW - MINUTE, blind=True)
    forced = replace(early, forced={"cool-down": "the vendor says it is over"})
    assert judged(forced)["cool-down"].overridden == "the vendor says it is over"
    assert blocking(prechecks(forced)).startswith("own-network")
    assert not blocking(prechecks(replace(forced, blind=False)))
    assert not judged(replace(GOOD, forced={"cool-down": "x"}))["cool-down"].overridden, "it passes by itself"


targets = st.builds(
    Target, st.just("spare"), st.sampled_from(Outcome), st.sampled_from([0, NOW - 40 * SECOND, NOW]),
    st.just(0), st.just(""), st.just(30 * SECOND),
)  # fmt: skip


@given(targets, st.booleans(), st.sampled_from(["", "bob"]), st.sampled_from(["", "refused"]))
def test_no_reason_moves_traffic_to_nothing(target: Target, blind: bool, acting: str, unreachable: str) -> None:
    rules = {one.rule: "because" for one in prechecks(GOOD)}
    readings = replace(
        GOOD, targets={"acme": ACME, "spare": target}, blind=blind, acting=acting, unreachable=unreachable, forced=rules
    )
    found = prechecks(readings)
    must_not = target.outcome in {Outcome.DOWN, Outcome.MAINTENANCE} or bool(acting) or bool(unreachable)
    assert bool(blocking(found)) is must_not
    assert all(not one.overridden for one in found if one.rule in FOREVER)
