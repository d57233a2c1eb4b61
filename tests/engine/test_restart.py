"""An engine ends, by request or by kill -9, and the next goes on: nothing sent again, nothing forgotten."""

from __future__ import annotations

import pytest

from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import HOUR, MINUTE, SECOND

from .conftest import Make
from .world import ALICE, DOWN, UNKNOWN, UP, CommandKind, World, config, rule

ERRORS = "error_rate > 0.5"
ends = pytest.mark.parametrize("end", ["stop", "die"])


async def away(w: World, end: str, ns: int) -> None:
    await (w.stop() if end == "stop" else w.die())
    await w.pass_time(ns)
    await w.start()


@ends
async def test_a_firing_alert_goes_on_with_its_person_and_its_number(world: Make, end: str) -> None:
    w = await world(config())
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.ask(CommandKind.ACK, ALICE, alert=1, note="mine")
    before = w.open_alerts()[0]
    await away(w, end, MINUTE)
    await w.pass_time(MINUTE)
    [after] = w.alerts()
    assert (after.id, after.since, after.fired_at) == (before.id, before.since, before.fired_at)
    assert (after.state, after.acked_by, after.acked_at) == (AlertState.ACKNOWLEDGED, "alice", before.acked_at)
    assert len(w.audits("fired")) == 1
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))


@ends
async def test_pending_goes_on_and_the_time_away_does_not_count(world: Make, end: str) -> None:
    w = await world(config(rules=rule(ERRORS, for_="3m", window="20m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    began = w.clock.mono
    await w.pass_time(MINUTE)
    await away(w, end, 10 * MINUTE)
    await w.pass_time(MINUTE)
    assert not w.fired("r")
    await w.until(lambda: w.fired("r"))
    assert 12 * MINUTE + 30 * SECOND <= w.clock.mono - began <= 14 * MINUTE
    assert len(w.alerts("r")) == 1


async def test_pending_for_too_long_away_is_dropped(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, for_="3m", window="20m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    await w.pass_time(MINUTE)
    await away(w, "stop", 2 * HOUR)
    await w.pass_time(MINUTE)
    (second,) = w.alerts("r")  # the first never fired: nobody is shown it any more
    assert (second.state, second.id) == (AlertState.PENDING, 2)


async def test_an_alert_that_needs_attempts_still_counts_them(world: Make) -> None:
    w = await world(config(every="20s", attempts=3, more='retry_every = "20s"'))
    await w.pass_time(MINUTE)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.engine._judge.checks["pay"].settled.attempt == 2)  # type: ignore[union-attr]
    await w.pass_time(SECOND)
    await away(w, "die", 5 * SECOND)
    count = len(w.runs)
    await w.until(lambda: w.fired("down"))
    assert len(w.runs) == count + 1


async def test_the_time_away_is_a_hole_and_an_audit_line(world: Make) -> None:
    w = await world(config())
    await w.pass_time(MINUTE)
    await away(w, "die", 10 * MINUTE)
    await w.pass_time(SECOND)
    [hole] = w.changes().gaps
    assert hole.reason == "engine away"
    assert hole.to_at is not None
    assert 10 * MINUTE <= hole.to_at - hole.from_at <= 10 * MINUTE + 2 * SECOND
    assert "no engine for 10m" in w.audits("takeover")[0].message
    assert not w.alerts()


async def test_one_failure_after_a_restart_is_not_everything(world: Make) -> None:
    """The windows are filled from the store again."""
    w = await world(config(rules=rule(ERRORS, window="10m")))
    await w.pass_time(8 * MINUTE)
    await away(w, "stop", 5 * SECOND)
    w.answers["pay"] = DOWN
    count = len(w.runs)
    await w.until(lambda: len(w.runs) == count + 2)
    await w.pass_time(SECOND)
    assert not w.alerts("r")
    rate = w.changes().check_states[0].error_rate
    assert rate is not None
    assert rate < 0.1


async def test_what_is_unknown_stays_counted(world: Make) -> None:
    w = await world(config(every="30s"), "no_data_after = 4")
    await w.pass_time(MINUTE)
    w.answers["pay"] = UNKNOWN
    await w.until(lambda: w.engine._judge.checks["pay"].silent == 3)
    await w.pass_time(SECOND)
    await away(w, "die", 3 * SECOND)
    count = len(w.runs)
    await w.until(lambda: w.live("no-data"))
    assert len(w.runs) == count + 1


async def test_settled_since_is_not_the_restart(world: Make) -> None:
    w = await world(config())
    w.answers["pay"] = DOWN
    await w.until(lambda: w.outcome("pay") is Outcome.DOWN)
    await w.pass_time(SECOND)
    before = w.changes()
    await away(w, "stop", MINUTE)
    await w.pass_time(30 * SECOND)
    after = w.changes()
    assert after.check_states[0].since == before.check_states[0].since
    assert after.integration_states[0].since == before.integration_states[0].since


async def test_numbers_of_alerts_are_never_used_twice(world: Make) -> None:
    w = await world(config())
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    await away(w, "stop", 2 * HOUR)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    assert [alert.id for alert in w.alerts()] == [1, 2]


async def test_an_alert_whose_rule_is_gone_meanwhile_is_resolved_and_says_why(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS)))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    await w.stop()
    w.write(config())
    await w.start()
    await w.pass_time(SECOND)
    [alert] = w.alerts("r")
    assert alert.state is AlertState.RESOLVED
    assert "removed from the configuration" in w.audits("resolved")[0].message


async def test_a_longer_for_meanwhile_sends_it_back_to_pending(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, window="10m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    await w.stop()
    w.write(config(rules=rule(ERRORS, window="10m", for_="5m")))
    await w.start()
    await w.pass_time(30 * SECOND)
    [alert] = w.open_alerts()
    assert (alert.state, alert.fired_at) == (AlertState.PENDING, None)
    await w.until(lambda: w.fired("r"))


async def test_checks_that_left_meanwhile_have_no_present(world: Make) -> None:
    extra = '[[check]]\nid = "old"\nintegration = "payments"\nkind = "stub"\nevery = "10s"\n'
    w = await world(config(rules=extra))
    await w.pass_time(30 * SECOND)
    await w.stop()
    w.write(config())
    await w.start()
    await w.pass_time(SECOND)
    assert [row.check_id for row in w.changes().check_states] == ["pay"]
    assert w.observations("old")


async def test_a_clean_end_is_told_apart_from_a_death(world: Make) -> None:
    w = await world(config())
    await w.pass_time(10 * SECOND)
    assert w.changes().engine.state == "running"  # type: ignore[union-attr]
    await w.stop()
    assert w.changes().engine.state == "stopped"  # type: ignore[union-attr]
    assert w.engine.last_words() == []
    await w.start()
    await w.clock.rest()
    assert len(w.audits("started")) == 2
    assert w.engine.fence == 2
    assert not w.audits("takeover")
