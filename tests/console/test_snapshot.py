"""The snapshot keeps up with what is newer, and forgets what is gone."""

from __future__ import annotations

from dataclasses import replace

from standby.console.estate import Estate, estate_of
from standby.console.snapshot import KEPT_RESOLVED, Snapshot, merge, only_heartbeat
from standby.domain.outcome import AlertState, Criticality, Outcome
from standby.store.rows import Changes, ConfigRow

from . import shop

NOTHING = Changes(42, None, None, (), (), (), (), ())


def test_newer_rows_replace_and_the_rest_stays() -> None:
    before = shop.snapshot()
    after = merge(before, replace(NOTHING, check_states=[shop.check("crm", Outcome.DOWN)]), whole=False)
    assert after.seq == 42
    assert after.checks["crm-api"].outcome is Outcome.DOWN
    assert after.checks["payments-api"] is before.checks["payments-api"]
    assert after.engine is before.engine
    assert after.estate is before.estate


def test_a_whole_read_forgets_what_left_the_configuration() -> None:
    smaller = replace(shop.bad_night(), check_states=[shop.check("crm")], alerts=[], integration_states=[])
    after = merge(shop.snapshot(), smaller, whole=True)
    assert list(after.checks) == ["crm-api"]
    assert not after.alerts


def test_log_lines_come_once() -> None:
    again = replace(NOTHING, audits=[shop.audit(4), shop.audit(5)])
    assert [row.no for row in merge(shop.snapshot(), again, whole=False).audits] == [1, 2, 3, 4, 5]


def test_old_resolved_alerts_go_and_open_ones_stay() -> None:
    resolved = [shop.alert(number, state=AlertState.RESOLVED) for number in range(100, 100 + KEPT_RESOLVED + 50)]
    after = merge(shop.snapshot(), replace(NOTHING, alerts=resolved), whole=False)
    assert len([one for one in after.alerts.values() if one.state is AlertState.RESOLVED]) == KEPT_RESOLVED
    assert {1, 2, 4} <= set(after.alerts)


def test_a_pending_alert_that_was_dropped_leaves_the_feed() -> None:
    before = shop.snapshot()
    (pending,) = (one for one in before.alerts.values() if one.state is AlertState.PENDING)
    dropped = replace(pending, state=AlertState.RESOLVED, resolved_at=shop.NOW)
    assert pending.id not in merge(before, replace(NOTHING, alerts=[dropped]), whole=False).alerts


def test_only_the_heartbeat_moved() -> None:
    before = shop.snapshot()
    beat = merge(before, replace(NOTHING, engine=shop.engine(heartbeat_at=shop.NOW)), whole=False)
    assert only_heartbeat(before, beat)
    assert not only_heartbeat(before, merge(before, replace(NOTHING, audits=[shop.audit(9)]), whole=False))


def test_an_odd_configuration_view_gets_plain_defaults() -> None:
    doc = {
        "name": 7,
        "environment": "production",
        "integrations": [{"id": "x", "criticality": "huge", "rto_ns": "5m", "depends_on": "y"}, "junk", {}],
        "checks": [{"id": "c", "integration": "x", "every_ns": -1}],
    }
    estate = estate_of(ConfigRow(0, "d", doc), Estate(name="peeked"))
    assert estate.name == "peeked"
    assert estate.integrations["x"].criticality is Criticality.MEDIUM
    assert estate.integrations["x"].rto_ns is None
    assert estate.checks["c"].every_ns > 0
    assert Snapshot().estate.name == ""
