"""K of N, conditions over several checks, burn rates: on the fake clock, over restarts."""

from __future__ import annotations

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND

from .conftest import Make
from .world import DOWN, UNKNOWN, UP, Answer, World, config, rule

SLOW = Answer(latency_ms=900.0)
SECOND_CHECK = """
[[check]]
id = "login"
integration = "payments"
kind = "stub"
every = "10s"
attempts = 1
"""
OTHER = """
[[integration]]
id = "other"
vendor = "acme"
[[check]]
id = "elsewhere"
integration = "other"
kind = "stub"
"""


async def looks(w: World, answers: str) -> None:
    """One look a letter."""
    for letter in answers:
        w.answers["pay"] = {"s": SLOW, "f": UP, "?": UNKNOWN, "d": DOWN}[letter]
        await w.pass_time(10 * SECOND)


async def test_so_many_of_so_many_looks_fire_and_fewer_end_it(world: Make) -> None:
    w = await world(config(rules=rule("latency_ms > 500", window="10s", more='at_least = "3 of 5"')))
    await looks(w, "fsfsf")
    assert not w.live("r")
    await looks(w, "s")
    assert w.fired("r")
    [alert] = w.open_alerts()
    assert alert.summary == "latency_ms > 500: latency_ms is 900 over 10s, 3 of the last 5 looks"
    await looks(w, "f")
    assert not w.live("r")


async def test_what_tells_nothing_is_no_look_and_a_restart_forgets_no_count(world: Make) -> None:
    w = await world(config(rules=rule("latency_ms > 500", window="10s", more='at_least = "3 of 4"')))
    await looks(w, "fs?s")
    await w.die()
    await w.start()
    assert not w.live("r")
    await looks(w, "s")
    assert w.fired("r")


async def test_a_condition_over_several_checks_follows_each_of_them(world: Make) -> None:
    when = "checks['pay'].outcome == 'down' && checks['login'].latency_ms > 500"
    w = await world(config(rules=SECOND_CHECK + rule(when, more='check = "pay"')))
    w.answers.update(pay=DOWN, login=SLOW)
    await w.pass_time(30 * SECOND)
    [alert] = [one for one in w.open_alerts() if one.rule == "r"]
    assert 'checks.pay.outcome is "down", checks.login.latency_ms is 900' in alert.summary
    w.answers["login"] = UP
    await w.until(lambda: not w.live("r"), 2 * MINUTE)


async def test_a_loop_over_the_checks_sees_those_of_its_integration(world: Make) -> None:
    when = "checks.exists(one, checks[one].outcome == 'down')"
    w = await world(config(rules=SECOND_CHECK + OTHER + rule(when)))
    w.answers["elsewhere"] = DOWN
    await w.pass_time(3 * MINUTE)
    assert not w.live("r")
    w.answers["login"] = DOWN
    await w.pass_time(20 * SECOND)
    assert w.fired("r")


async def test_what_one_check_does_not_say_pages_nobody(world: Make) -> None:
    w = await world(config(rules=SECOND_CHECK + rule("checks['login'].outcome == 'down'")))
    w.answers["login"] = UNKNOWN
    await w.pass_time(3 * MINUTE)
    assert not w.live("r")


BURNING = rule("burn_page", more="objective = 99.0")


async def test_a_fast_burn_pages_once_there_is_data_for_its_long_window(world: Make) -> None:
    w = await world(config(rules=BURNING))
    bad = Answer(Outcome.DOWN, "503", Failure.SERVER)
    for _ in range(5):  # a fifth of the looks: twenty times too fast
        w.answers["pay"] = bad
        await w.pass_time(2 * MINUTE)
        w.answers["pay"] = UP
        await w.pass_time(8 * MINUTE)
    assert not w.live("r")
    w.answers["pay"] = bad
    await w.pass_time(12 * MINUTE)
    w.answers["pay"] = UP
    [alert] = w.alerts("r")
    assert "spends its budget (objective 99 %) " in alert.summary
    assert "times too fast over 1h and " in alert.summary
    await w.pass_time(6 * MINUTE)
    assert not w.live("r")


async def test_counts_of_burn_rates_come_back_from_the_store(world: Make) -> None:
    w = await world(config(rules=BURNING))
    await w.pass_time(HOUR - 10 * MINUTE)
    w.answers["pay"] = DOWN
    await w.pass_time(9 * MINUTE)
    assert not w.live("r")
    await w.stop()
    await w.start()
    await w.pass_time(2 * MINUTE)
    assert w.fired("r")
