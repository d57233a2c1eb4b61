"""Rows to write, and the instant that the tests of the store begin at."""

from __future__ import annotations

from standby.domain.muting import Mute, MuteKind
from standby.domain.observation import Failure, Observation, Phases
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import HOUR, SECOND
from standby.store.rows import AlertRow, AuditRow, CheckStateRow, EngineRow, IntegrationStateRow, ReceiptRow

T0 = 1_795_000_000 * SECOND // HOUR * HOUR


def engine(**changed: object) -> EngineRow:
    row = {
        "fence": 0,
        "kind": "service",
        "pid": 4711,
        "host": "web-1",
        "user": "standby",
        "version": "0.1.0",
        "config_digest": "abc",
        "started_at": T0,
        "heartbeat_at": T0,
    }
    return EngineRow(**(row | changed))  # type: ignore[arg-type]


def observed(
    check: str = "payments-api",
    slot: int = T0,
    outcome: Outcome = Outcome.UP,
    latency_ms: float | None = 12.5,
    message: str = "status 200",
) -> Observation:
    failure = Failure.TIMEOUT if outcome is Outcome.DOWN else None
    phases = Phases(resolve=0.5, connect=1.0, tls=3.0, first_byte=7.0, transfer=1.0)
    metrics = {"status": 200.0, "certificate_days": 88.4}
    return Observation(check, slot, slot + SECOND, outcome, message, failure, latency_ms, phases, metrics)


def state(check: str = "payments-api", outcome: Outcome = Outcome.UP, message: str = "status 200") -> CheckStateRow:
    return CheckStateRow(
        check, "payments", outcome, outcome, 0, 3, T0, T0, T0, 12.5, None, message, 0.25, 0, 2, {"memory": [1, "two"]}
    )


def integration(name: str = "payments", outcome: Outcome = Outcome.UP) -> IntegrationStateRow:
    return IntegrationStateRow(name, outcome, T0, 0.25, 12.5, "one of two checks is down")


def alert(number: int = 1, alert_state: AlertState = AlertState.FIRING, **changed: object) -> AlertRow:
    row = {
        "id": number,
        "rule": "down",
        "integration": "payments",
        "severity": Severity.CRITICAL,
        "state": alert_state,
        "since": T0,
        "fired_at": T0 + SECOND,
        "resolved_at": None,
        "acked_by": None,
        "acked_at": None,
        "acked_from": None,
        "summary": "payments is down",
        "machine": {"state": "firing"},
        "labels": {"alertname": "down", "vendor": "acme"},
        "mutes": (Mute(MuteKind.SILENCE, "7", T0 + HOUR, "alice: the bank is at work"),),
        "acked_until": None,
    }
    return AlertRow(**(row | changed))  # type: ignore[arg-type]


def audit(message: str = "alice acknowledged", subject: str = "alert:1", command: str | None = None) -> AuditRow:
    return AuditRow(T0, "alice", "unix:alice pid 4711 on web-1", "ack", subject, message, command)


def receipt(command: str = "c-1", status: str = "done") -> ReceiptRow:
    return ReceiptRow(command, T0, "alice", "ack", {"alert": 1}, status, "")
