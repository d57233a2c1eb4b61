"""A changed configuration touches what changed and nothing else."""

from __future__ import annotations

import pytest

from standby.config.problems import ConfigError
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import MINUTE, SECOND

from .conftest import Make
from .world import ALICE, BOB, DOWN, UP, CommandKind, config, rule

ERRORS = "error_rate > 0.5"
SECOND_CHECK = '[[check]]\nid = "extra"\nintegration = "payments"\nkind = "stub"\nevery = "10s"\nattempts = 1\n'


async def test_what_did_not_change_keeps_timers_windows_alerts_and_people(world: Make) -> None:
    w = await world(config(every="1m", more='retry_every = "1m"', rules=rule(ERRORS, for_="5m", window="10m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    began = w.clock.mono
    await w.pass_time(2 * MINUTE + 10 * SECOND)
    due = w.engine._polling.scheduler.next_due("pay")
    w.write(config(every="1m", more='retry_every = "1m"', rules=rule(ERRORS, for_="5m", window="10m") + SECOND_CHECK))
    lines = await w.engine.reload()
    assert lines == ["check extra added"]
    assert w.engine._polling.scheduler.next_due("pay") == due
    w.answers["extra"] = DOWN
    await w.until(lambda: w.fired("r"))
    assert 290 * SECOND <= w.clock.mono - began <= 310 * SECOND
    assert len(w.alerts()) == 1


async def test_an_acknowledged_alert_survives_a_reload_untouched(world: Make) -> None:
    w = await world(config())
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.ask(CommandKind.ACK, ALICE, alert=1)
    w.write(config() + SECOND_CHECK)
    await w.engine.reload()
    await w.pass_time(30 * SECOND)
    [alert] = w.alerts()
    assert (alert.state, alert.acked_by) == (AlertState.ACKNOWLEDGED, "alice")
    assert len(w.audits("fired")) == 1


async def test_nothing_changed_says_nothing(world: Make) -> None:
    w = await world(config())
    await w.pass_time(30 * SECOND)
    assert await w.engine.reload() == []
    await w.clock.rest()
    assert w.audits("reload")[0].message == "configuration read again, nothing changed"


async def test_a_bad_configuration_never_replaces_a_good_one(world: Make) -> None:
    w = await world(config())
    await w.pass_time(30 * SECOND)
    w.write(config().replace('every = "10s"', 'evry = "10s"'))
    with pytest.raises(ConfigError, match="evry"):
        await w.engine.reload()
    count = len(w.runs)
    await w.pass_time(MINUTE)
    assert len(w.runs) - count == 6
    assert w.engine.config.check_by_id["pay"].every == 10 * SECOND


async def test_a_removed_rule_resolves_its_alert_and_says_why(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS)))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    w.write(config())
    assert await w.engine.reload() == ["rule payments/down added", "rule payments/r removed"]
    await w.clock.rest()
    [gone] = w.alerts("r")
    assert gone.state is AlertState.RESOLVED
    assert "its rule was removed" in w.audits("resolved")[0].message
    await w.until(lambda: w.fired("down"), 15 * SECOND)


async def test_a_longer_for_sends_a_firing_alert_back_to_pending(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, window="10m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    await w.ask(CommandKind.ACK, ALICE, alert=1)
    w.write(config(rules=rule(ERRORS, window="10m", for_="3m")))
    await w.engine.reload()
    await w.clock.rest()
    [alert] = w.open_alerts()
    assert (alert.id, alert.state, alert.fired_at, alert.acked_by) == (1, AlertState.PENDING, None, None)
    await w.until(lambda: w.fired("r"))
    assert w.clock.now() - alert.since >= 3 * MINUTE


async def test_another_severity_counts_at_once(world: Make) -> None:
    w = await world(config(criticality="low"))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.write(config(criticality="critical"))
    await w.engine.reload()
    await w.clock.rest()
    [alert] = w.alerts()
    assert (alert.severity, alert.state) == (Severity.CRITICAL, AlertState.FIRING)
    assert len(w.audits("fired")) == 1


async def test_a_removed_check_runs_no_more_and_has_no_present(world: Make) -> None:
    w = await world(config() + SECOND_CHECK)
    await w.pass_time(30 * SECOND)
    w.answers["extra"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.write(config())
    await w.engine.reload()
    count = len([1 for name, _, _ in w.runs if name == "extra"])
    await w.pass_time(MINUTE)
    assert len([1 for name, _, _ in w.runs if name == "extra"]) == count
    assert [row.check_id for row in w.changes().check_states] == ["pay"]
    assert w.changes().integration_states[0].outcome is Outcome.UP
    assert not w.open_alerts(), "what was down is not looked at any more"


async def test_a_removed_integration_takes_everything_along(world: Make) -> None:
    other = (
        '[[integration]]\nid = "stock"\nvendor = "acme"\n'
        '[[check]]\nid = "sto"\nintegration = "stock"\nkind = "stub"\nevery = "10s"\nattempts = 1\n'
    )
    w = await world(config() + other)
    w.answers["sto"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.write(config())
    await w.engine.reload()
    await w.pass_time(20 * SECOND)
    assert not w.open_alerts()
    assert [row.integration for row in w.changes().integration_states] == ["payments"]


async def test_another_interval_is_another_grid(world: Make) -> None:
    w = await world(config(every="1m"))
    await w.pass_time(MINUTE)
    w.write(config(every="5s"))
    assert await w.engine.reload() == [
        "check pay: every 1m -> 5s, retry_every 15s -> 5s, timeout 10s -> 4s",
        "rule payments/down: window 3m -> 1m",
    ]
    count = len(w.runs)
    await w.pass_time(MINUTE)
    assert 11 <= len(w.runs) - count <= 13


async def test_operators_and_the_stored_view_follow(world: Make) -> None:
    w = await world(config())
    w.write(config(), 'operators = ["alice"]')
    assert await w.engine.reload() == ["standby.operators: changed"]
    await w.clock.rest()
    assert w.engine.refusal(BOB)
    row = w.changes().config
    assert row is not None
    assert row.doc["operators"] == ["alice"]
    assert row.digest == w.engine.config.digest


async def test_more_of_a_vendor_at_once(world: Make) -> None:
    w = await world(config() + SECOND_CHECK)
    w.write((config() + SECOND_CHECK).replace('id = "acme"', 'id = "acme"\nconcurrency = 1', 1))
    assert await w.engine.reload() == ["vendor acme: concurrency 8 -> 1"]
    await w.pass_time(MINUTE)
    assert w.most_inside <= 2


async def test_an_alert_without_a_reason_any_more_resolves_when_the_condition_says_so(world: Make) -> None:
    w = await world(config(rules=rule("latency_ms > 10.0")))
    await w.until(lambda: w.fired("r"))
    w.write(config(rules=rule("latency_ms > 1000.0")))
    await w.engine.reload()
    assert not w.live("r")
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    assert len(w.alerts()) == 1
