"""The wall clock is set an hour either way: nothing fires, nothing resolves, nothing is lost, runs go on."""

from __future__ import annotations

import pytest

from standby.domain.outcome import AlertState
from standby.domain.units import HOUR, MINUTE, SECOND

from .conftest import Make
from .world import ALICE, DOWN, UP, CommandKind, config, rule, slowly

ERRORS = "error_rate > 0.5"
HEARTBEAT = """
[[check]]
id = "job"
integration = "payments"
kind = "heartbeat"
every = "10s"
token = "env:TOKEN"
period = "10m"
grace = "1m"
"""
either_way = pytest.mark.parametrize("by", [HOUR, -HOUR, 3 * HOUR, -26 * HOUR, 90 * SECOND, -90 * SECOND])


@either_way
async def test_runs_go_on_at_their_pace(world: Make, by: int) -> None:
    w = await world(config(every="10s"))
    await w.pass_time(MINUTE)
    count = len(w.runs)
    w.clock.step(by)
    await w.pass_time(MINUTE)
    assert 5 <= len(w.runs) - count <= 7
    assert w.engine.report()["missed"] == 0
    newest = w.observations("pay", 1)[0] if by > 0 else w.changes().check_states[0]
    assert abs(newest.at - w.clock.now()) < 15 * SECOND
    [told] = w.audits("clock")
    assert ("forward" if by > 0 else "back") in told.message
    assert abs(w.changes().engine.heartbeat_at - w.clock.now()) <= 2 * SECOND  # type: ignore[union-attr]


@either_way
async def test_a_quiet_day_stays_quiet(world: Make, by: int) -> None:
    w = await world(config(rules=rule(ERRORS, window="10m")))
    await w.pass_time(5 * MINUTE)
    w.clock.step(by)
    await w.pass_time(5 * MINUTE)
    assert not w.alerts()


@either_way
async def test_a_pending_alert_waits_as_long_as_ever(world: Make, by: int) -> None:
    w = await world(config(rules=rule(ERRORS, for_="2m", window="5m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    began = w.clock.mono
    await w.pass_time(MINUTE)
    w.clock.step(by)
    await w.pass_time(30 * SECOND)
    assert w.live("r")
    assert not w.fired("r")
    await w.until(lambda: w.fired("r"))
    assert 115 * SECOND <= w.clock.mono - began <= 135 * SECOND
    [alert] = w.open_alerts()
    assert alert.since <= w.clock.now()


@either_way
async def test_a_firing_alert_keeps_firing_and_keeps_its_person(world: Make, by: int) -> None:
    w = await world(config(rules=rule("outcome == 'down'", keep="2m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    assert (await w.ask(CommandKind.ACK, ALICE, alert=1)).status == "done"
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    w.clock.step(by)
    began = w.clock.mono
    await w.pass_time(30 * SECOND)
    [alert] = w.open_alerts()
    assert alert.state is AlertState.ACKNOWLEDGED
    assert alert.acked_at is not None
    assert alert.acked_at <= w.clock.now()
    took = await w.until(lambda: not w.live("r"))
    assert 20 * SECOND <= (w.clock.mono - began) <= 75 * SECOND, took
    assert len(w.alerts()) == 1
    assert len(w.audits("fired")) == len(w.audits("resolved")) == 1


@either_way
async def test_a_job_is_not_late_because_the_clock_was_set(world: Make, by: int) -> None:
    w = await world(config(rules=HEARTBEAT), 'listen = "127.0.0.1:0"')
    await w.engine._ears._take("job", "success")
    await w.pass_time(MINUTE)
    w.clock.step(by)
    await w.pass_time(8 * MINUTE)
    assert w.outcome("job") == "up"
    await w.until(lambda: w.live("down"), 4 * MINUTE)


async def test_a_restart_after_the_clock_went_back_goes_on(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, for_="5m", window="10m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    began = w.clock.mono
    await w.pass_time(2 * MINUTE)
    await w.stop()
    w.clock.step(-HOUR)
    await w.start()
    await w.until(lambda: w.fired("r"))
    assert 4 * MINUTE <= w.clock.mono - began <= 6 * MINUTE
    assert len(w.alerts("r")) == 1


@either_way
async def test_a_run_under_way_while_the_clock_is_set_moves_no_alert(world: Make, by: int) -> None:
    w = await world(config(rules=rule(ERRORS, for_="2m", window="5m")))
    w.answers["pay"] = slowly(DOWN, 3 * SECOND)
    await w.until(lambda: w.live("r"))
    began = w.clock.mono
    count = len(w.runs)
    await w.until(lambda: len(w.runs) > count)
    w.clock.step(by)
    await w.pass_time(60 * SECOND)
    assert not w.fired("r")
    await w.until(lambda: w.fired("r"))
    assert 105 * SECOND <= w.clock.mono - began <= 125 * SECOND
