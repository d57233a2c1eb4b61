"""What rules may ask for: absence, age, whose word it is; and what none of them may do when nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from standby.domain.observation import Failure
from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import MINUTE, SECOND

from .conftest import Make
from .world import DOWN, UNKNOWN, UP, Answer, World, config, rule

DRIFTED = Answer(Outcome.DEGRADED, "the form of the answer changed", Failure.CONTRACT)
SECOND_CHECK = """
[[check]]
id = "page"
integration = "payments"
kind = "hearsay"
every = "10s"
attempts = 1
"""


async def world_with(world: Make, when: str, *, check: str = "", **more: str) -> World:
    return await world(config(rules=check + rule(when, **more)))  # type: ignore[arg-type]


async def test_silence_fires_though_nothing_decided_comes_and_ends_with_the_first_that_does(world: Make) -> None:
    w = await world_with(world, "silence_s > 60")
    await w.pass_time(MINUTE)
    w.answers["pay"] = UNKNOWN
    await w.pass_time(50 * SECOND)
    assert not w.live("r")
    await w.pass_time(30 * SECOND)
    [alert] = [one for one in w.open_alerts() if one.rule == "r"]
    assert (alert.state, alert.summary[:32]) == (AlertState.FIRING, "silence_s > 60: silence_s is 80 ")
    w.answers["pay"] = DOWN
    await w.pass_time(10 * SECOND)
    assert not w.live("r")


async def test_a_rule_about_age_is_judged_by_the_clock_between_two_rare_looks(world: Make) -> None:
    w = await world(config(every="20m", rules=rule("freshness_s > 600", window="20m")))
    await w.pass_time(9 * MINUTE)
    assert not w.live("r")
    await w.pass_time(2 * MINUTE)
    assert w.fired("r")
    await w.pass_time(10 * MINUTE)
    assert not w.live("r")


async def test_our_own_absence_is_no_silence_of_theirs_but_makes_their_data_old(world: Make) -> None:
    rules = rule("silence_s > 60") + rule("freshness_s > 60").replace('"r"', '"old"')
    w = await world(config(rules=rules))
    w.answers["pay"] = UNKNOWN
    await w.pass_time(20 * SECOND)
    await w.die()
    await w.pass_time(30 * MINUTE)
    await w.start()
    await w.pass_time(15 * SECOND)
    assert not w.live("r")
    assert w.fired("old")
    await w.pass_time(MINUTE)
    assert w.fired("r")


async def test_our_own_blindness_is_no_silence_of_theirs(world: Make) -> None:
    w = await world(config(rules=rule("silence_s > 60")), 'reference_targets = ["tcp://192.0.2.1:53"]')
    await w.pass_time(20 * SECOND)
    w.network, w.answers["pay"] = False, replace(DOWN, failure=Failure.REFUSED)
    await w.pass_time(5 * MINUTE)
    assert w.fired("blind")
    assert not w.live("r")
    w.network, w.answers["pay"] = True, UNKNOWN
    await w.until(lambda: not w.live("blind"))
    await w.pass_time(30 * SECOND)
    assert not w.live("r")


@pytest.mark.parametrize(
    ("when", "pay", "page", "fires"),
    [
        ("failures >= 3", DOWN, UP, True),
        ("failures >= 30", DOWN, UP, False),
        ("failure == 'contract'", DRIFTED, UP, True),
        ("failure == 'contract'", UP, UP, False),
        ("failure == ''", UP, UP, True),
        ("measured == 'down' && stated == 'up'", DOWN, UP, True),
        ("measured == 'down' && stated == 'up'", DOWN, DOWN, False),
        ("stated == 'down'", UP, DOWN, True),
        ("since_s > 30", UP, UP, True),
        ("since_s > 3000", UP, UP, False),
    ],
)
async def test_a_name_means(world: Make, when: str, pay: Answer, page: Answer, fires: bool) -> None:
    w = await world_with(world, when, check=SECOND_CHECK)
    w.answers.update(pay=pay, page=page)
    await w.pass_time(MINUTE)
    assert w.live("r") is fires


@pytest.mark.parametrize("when", ["certificate_days < 14", "domain_days < 30", "contract_breaks > 0", "failure != ''"])
async def test_what_nothing_tells_about_neither_pages_nor_ends(world: Make, when: str) -> None:
    w = await world_with(world, when)
    w.answers["pay"] = UNKNOWN
    await w.pass_time(2 * MINUTE)
    assert not w.live("r")
