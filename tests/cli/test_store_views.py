"""`standby status`, `alerts` and `audit` on a store that an engine has filled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from standby.cli.main import main
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.outside import Origin
from standby.domain.units import MINUTE, SECOND
from standby.engine.clock import SystemClock
from standby.store.rows import AlertRow, AuditRow, Batch, ConfigRow, EngineRow, IntegrationStateRow
from standby.store.writer import Writer

DOC: Mapping[str, Any] = {
    "name": "shop-eu",
    "environment": "production",
    "integrations": [
        {"id": "payments", "name": "Payments", "vendor": "acme", "criticality": "critical"},
        {"id": "weather", "name": "Weather", "vendor": "nws", "criticality": "low"},
    ],
    "checks": [{"id": "api", "integration": "payments"}],
}


def engine_row(now: int, heartbeat_age: int = 0) -> EngineRow:
    at = now - heartbeat_age
    return EngineRow(0, "service", 4711, "web-1", "ops", "0.1.0", "d1", at, at)


def alert_row(now: int, number: int = 12, state: AlertState = AlertState.FIRING, **changes: Any) -> AlertRow:
    fields: dict[str, Any] = {
        "rule": "payments-errors",
        "integration": "payments",
        "severity": Severity.CRITICAL,
        "since": now - 3 * MINUTE,
        "fired_at": now - 2 * MINUTE,
        "resolved_at": None,
        "acked_by": None,
        "acked_at": None,
        "acked_from": None,
        "summary": "error_rate > 0.05: error_rate is 0.4",
        **changes,
    }
    return AlertRow(id=number, state=state, **fields)


async def fill(path: Path, *alerts: AlertRow, heartbeat_age: int = 0) -> None:
    now = SystemClock().now()
    writer = await Writer.open(path, now=now)
    await writer.begin_term(engine_row(now, heartbeat_age))
    await writer.commit(
        Batch(
            durable=True,
            config=ConfigRow(now, "d1", DOC),
            integration_states=[
                IntegrationStateRow(
                    "payments", Outcome.DOWN, now - 3 * MINUTE, 0.4, 912.0, "status == 200: status is 503"
                )
            ],
            alerts=alerts,
            audits=[AuditRow(now, "alice", "unix:alice pid 1 on web-1", "note", "alert:12", "called Acme")],
        )
    )
    await writer.close()


async def test_status_speaks_json_alone_and_exits_1_when_an_alert_fires(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "s" / "standby.db"
    await fill(store, alert_row(SystemClock().now()))
    assert main(["--store", str(store), "status", "--json"]) == 1
    status = json.loads(capsys.readouterr().out)
    assert status["engine"]["alive"] is True
    assert 0 <= status["engine"]["heartbeat_age_s"] < 60
    assert [(row["id"], row["outcome"]) for row in status["integrations"]] == [
        ("payments", "down"),
        ("weather", "unknown"),
    ]
    assert status["integrations"][0]["since"].endswith("Z")
    assert {"id", "rule", "severity", "state", "since", "acked_by", "next"} <= set(status["alerts"][0])
    assert status["incidents"] == []


@pytest.mark.parametrize(
    ("state", "age", "code"),
    [
        (AlertState.FIRING, 0, 1),
        (AlertState.FIRING, MINUTE, 1),
        (AlertState.ACKNOWLEDGED, 0, 0),
        (AlertState.PENDING, 0, 0),
        (AlertState.RESOLVED, 0, 0),
        (AlertState.RESOLVED, MINUTE, 4),
    ],
)
async def test_status_exit_code(tmp_path: Path, state: AlertState, age: int, code: int) -> None:
    store = tmp_path / "s" / "standby.db"
    await fill(store, alert_row(SystemClock().now(), state=state), heartbeat_age=age)
    assert main(["--store", str(store), "status", "--tmux"]) == code


async def test_the_text_says_first_that_the_engine_is_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "s" / "standby.db"
    await fill(store, heartbeat_age=90 * SECOND)
    main(["--store", str(store), "status"])
    assert "ENGINE AWAY since 1m3" in capsys.readouterr().out.splitlines()[0]


async def test_alerts_show_open_ones_unless_all_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "s" / "standby.db"
    now = SystemClock().now()
    await fill(store, alert_row(now, 12), alert_row(now, 11, AlertState.RESOLVED, resolved_at=now))
    assert main(["--store", str(store), "alerts", "--json"]) == 0
    assert [alert["id"] for alert in json.loads(capsys.readouterr().out)] == [12]
    assert main(["--store", str(store), "alerts", "--json", "--all"]) == 0
    assert [alert["id"] for alert in json.loads(capsys.readouterr().out)] == [12, 11]


async def test_the_audit_chain_verifies_and_a_changed_line_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3

    store = tmp_path / "s" / "standby.db"
    await fill(store)
    assert main(["--store", str(store), "audit", "--verify"]) == 0
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE audit SET message = 'called nobody'")
    connection.close()
    assert main(["--store", str(store), "audit", "--verify"]) == 1


@pytest.mark.parametrize("command", [["status"], ["alerts"], ["audit"], ["status", "--json"]])
def test_a_store_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main(["--store", str(tmp_path / "none.db"), *command]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("standby: ")
    assert captured.err.count("\n") == 1


def test_a_store_elsewhere_than_in_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", "postgresql://db/standby", "status"]) == 2
    assert "only a path" in capsys.readouterr().err


async def test_what_needs_a_person_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "s" / "standby.db"
    now = SystemClock().now()
    await fill(
        store,
        alert_row(now, 1, AlertState.FIRING, severity=Severity.WARNING),
        alert_row(now, 2, AlertState.FIRING),
        alert_row(now, 3, AlertState.ACKNOWLEDGED, acked_by="bob", acked_at=now),
        alert_row(now, 4, AlertState.PENDING),
        alert_row(now, 5, AlertState.FIRING),
    )
    main(["--store", str(store), "alerts", "--json"])
    assert [alert["id"] for alert in json.loads(capsys.readouterr().out)] == [5, 2, 1, 3, 4]


async def test_what_a_source_pushed_is_chosen_by_source_and_by_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now, store = SystemClock().now(), tmp_path / "s.db"
    origin = Origin("prom", "ab", "http://prom.test/graph")
    pushed = alert_row(now, 13, integration="prom", labels={"team": "crm", "source": "prom"}, origin=origin)
    await fill(store, alert_row(now, labels={"team": "pay"}), pushed)

    def found(*options: str) -> list[dict[str, Any]]:
        assert main(["--store", str(store), "alerts", "--json", *options]) == 0
        rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return rows

    (one,) = found("--source", "prom")
    assert (one["id"], one["source"], one["link"]) == (13, "prom", "http://prom.test/graph")
    assert one["labels"] == {"team": "crm", "source": "prom"}
    assert found("--matcher", "team=crm") == [one]
    assert [row["id"] for row in found("--matcher", "team=~crm|pay", "--matcher", "team!=crm")] == [12]
    assert main(["--store", str(store), "alerts", "--matcher", "nonsense"]) == 2
