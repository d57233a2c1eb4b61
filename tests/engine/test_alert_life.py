"""S1 to S13 through the whole engine: from a stub's answer to the rows that people see."""

from __future__ import annotations

from itertools import pairwise

import pytest

from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import HOUR, MILLISECOND, MINUTE, SECOND

from .conftest import Make
from .world import DOWN, UNKNOWN, UP, Answer, config, rule, slowly

ERRORS = "error_rate > 0.5"


async def test_for_zero_fires_in_the_evaluation_that_sees_it(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS)))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"), 20 * SECOND)
    [alert] = w.open_alerts()
    assert alert.state is AlertState.FIRING
    assert alert.severity is Severity.WARNING
    assert alert.fired_at == alert.since == w.runs[0][1]
    assert alert.summary == "error_rate > 0.5: error_rate is 1 over 1m"
    assert [row.subject for row in w.audits("fired")] == [f"alert:{alert.id}"]


async def test_pending_fires_once_the_condition_held_for_the_whole_time(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, for_="30s")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    await w.pass_time(SECOND)
    [pending] = w.open_alerts()
    assert pending.state is AlertState.PENDING
    assert pending.fired_at is None
    await w.until(lambda: w.fired("r"))
    [alert] = w.open_alerts()
    assert alert.fired_at is not None
    assert alert.fired_at - alert.since >= 30 * SECOND
    assert w.clock.now() - alert.since < 31 * SECOND + 5 * SECOND
    assert alert.id == pending.id


async def test_a_for_below_the_interval_fires_at_the_second_evaluation(world: Make) -> None:
    w = await world(config(every="20s", rules=rule(ERRORS, for_="5s")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    first = len(w.runs)
    await w.until(lambda: w.fired("r"))
    assert len(w.runs) == first + 1


async def test_false_while_pending_drops_it_without_a_word(world: Make) -> None:
    w = await world(config(rules=rule("outcome == 'down'", for_="1m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("r"))
    await w.pass_time(SECOND)
    assert not w.alerts("r")
    assert not w.audits("fired")
    assert not w.audits("resolved")


async def test_keep_firing_for_holds_and_any_true_begins_it_anew(world: Make) -> None:
    w = await world(config(rules=rule("outcome == 'down'", keep="1m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    w.answers["pay"] = UP
    await w.pass_time(50 * SECOND)
    assert w.fired("r")
    w.answers["pay"] = DOWN
    await w.pass_time(10 * SECOND)
    w.answers["pay"] = UP
    await w.pass_time(50 * SECOND)
    assert w.fired("r")
    await w.until(lambda: not w.live("r"), 20 * SECOND)
    assert len(w.alerts("r")) == 1


async def test_a_trouble_that_comes_back_is_a_new_alert_without_an_acknowledgement(world: Make) -> None:
    w = await world(config())
    for _ in range(2):
        w.answers["pay"] = DOWN
        await w.until(lambda: w.fired("down"))
        w.answers["pay"] = UP
        await w.until(lambda: not w.live("down"))
    await w.pass_time(SECOND)
    first, second = w.alerts("down")
    assert second.id == first.id + 1
    assert second.acked_by is None
    assert len(w.audits("fired")) == len(w.audits("resolved")) == 2


async def test_the_summary_follows_the_values_and_the_identity_does_not(world: Make) -> None:
    w = await world(config(rules=rule("latency_ms > 100.0", window="10s")))
    w.answers["pay"] = Answer(latency_ms=300.0)
    await w.until(lambda: w.fired("r"))
    before = w.engine._alerts.by_id(1)
    assert before is not None
    since, summary = before.since, before.summary
    w.answers["pay"] = Answer(latency_ms=900.0)
    await w.pass_time(21 * SECOND)
    [alert] = w.open_alerts()
    assert alert.since == since
    assert alert.summary != summary
    assert "900" in alert.summary


async def test_unknown_neither_fires_nor_resolves_and_stops_the_clock(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, for_="1m", window="20s")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    await w.pass_time(25 * SECOND)
    w.answers["pay"] = UNKNOWN
    await w.pass_time(5 * MINUTE)
    assert w.live("r")
    assert not w.fired("r")
    w.answers["pay"] = DOWN
    came = w.clock.mono
    await w.until(lambda: w.fired("r"))
    assert w.clock.mono - came > 10 * SECOND


async def test_unknown_does_not_resolve_what_fires(world: Make) -> None:
    w = await world(config())
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.answers["pay"] = UNKNOWN
    await w.pass_time(10 * MINUTE)
    assert w.outcome("pay") is Outcome.UNKNOWN
    assert w.fired("down")


async def test_three_unknowns_in_a_row_are_one_alert_about_data(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    w.answers["pay"] = UNKNOWN
    await w.until(lambda: w.live("no-data"))
    assert [row.failure is not None for row in w.observations("pay", 3)] == [True, True, True]
    await w.pass_time(2 * MINUTE)
    [alert] = w.open_alerts()
    assert alert.rule == "no-data"
    assert alert.severity is Severity.WARNING
    assert "no data from pay" in alert.summary
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("no-data"), 20 * SECOND)


async def test_min_samples_keep_a_rule_silent(world: Make) -> None:
    w = await world(config(rules=rule(ERRORS, more="min_samples = 4")))
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.runs) == 3)
    await w.pass_time(SECOND)
    assert not w.live("r")
    await w.until(lambda: w.fired("r"), 20 * SECOND)


async def test_a_late_answer_is_judged_by_its_slot(world: Make) -> None:
    """Time-outs of 4 s: `for = 30s` counts from slot to slot, not from answer to answer."""
    w = await world(config(rules=rule(ERRORS, for_="30s")))
    w.answers["pay"] = slowly(DOWN, 4 * SECOND)
    await w.until(lambda: w.fired("r"))
    [alert] = list(w.engine._alerts)
    assert alert.fired_at is not None
    assert alert.since in [slot for _, slot, _ in w.runs]
    assert alert.fired_at in [slot for _, slot, _ in w.runs]


async def test_the_clock_fires_when_nothing_arrives_any_more(world: Make) -> None:
    """The checks went silent without an answer: the deadline comes all the same."""
    w = await world(config(every="1m", more='retry_every = "1m"', rules=rule(ERRORS, for_="90s", window="10m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.runs) == 2)
    await w.pass_time(SECOND)
    since = next(iter(w.engine._alerts)).since
    await w.until(lambda: w.fired("r"), 2 * MINUTE)
    assert w.clock.now() - since <= 90 * SECOND + 200 * MILLISECOND


async def test_attempts_settle_before_the_built_in_alert(world: Make) -> None:
    w = await world(config(every="1m", attempts=3, more='retry_every = "10s"'))
    await w.until(lambda: len(w.runs) == 2)
    await w.pass_time(SECOND)
    w.answers["pay"] = DOWN
    count = len(w.runs)
    await w.until(lambda: w.fired("down"), 2 * MINUTE)
    bad = w.runs[count:]
    assert len(bad) == 3
    gaps = [(b[2] - a[2]) // SECOND for a, b in pairwise(bad)]
    assert gaps == [10, 10]
    [alert] = w.open_alerts()
    assert alert.severity is Severity.CRITICAL
    assert alert.summary.startswith("pay is down (their outage): status == 200")
    state = w.changes().check_states[0]
    assert state.outcome is Outcome.DOWN
    assert w.changes().integration_states[0].outcome is Outcome.DOWN


@pytest.mark.parametrize(
    ("criticality", "severity"), [("critical", "critical"), ("medium", "warning"), ("low", "info")]
)
async def test_the_built_in_alert_speaks_as_loud_as_the_integration_matters(
    world: Make, criticality: str, severity: str
) -> None:
    w = await world(config(criticality=criticality))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    assert w.open_alerts()[0].severity == severity


async def test_a_check_that_never_told_anything_does_not_keep_an_alert_open(world: Make) -> None:
    second = '[[check]]\nid = "job"\nintegration = "payments"\nkind = "stub"\nevery = "10s"\n'
    w = await world(config(rules=second), "no_data_after = 1000")
    w.answers.update(pay=DOWN, job=UNKNOWN)
    await w.until(lambda: w.fired("down"))
    w.answers["pay"] = UP
    assert await w.until(lambda: not w.live("down"), 30 * SECOND) > 0


async def test_an_hour_of_quiet_is_quiet(world: Make) -> None:
    w = await world(config(every="1m", rules=rule(ERRORS)))
    await w.pass_time(HOUR)
    assert not w.alerts()
    assert 59 <= len(w.runs) <= 62
    grid = {slot % (60 * SECOND) for _, slot, _ in w.runs[1:]}
    assert len(grid) == 1
