"""From values to the store's cells. Total: nothing that the engine saw makes a batch impossible to write."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from standby.domain import muting, outside
from standby.domain.observation import Observation
from standby.domain.text import clean
from standby.store.rows import (
    AlertRow,
    AuditRow,
    CheckStateRow,
    ConfigRow,
    EngineRow,
    GapRow,
    IntegrationStateRow,
    PingRow,
    ReceiptRow,
)
from standby.store.values import MESSAGE_LIMIT, NAME_LIMIT, OUTCOME_NUMBER

_LONGEST_US = 2**53
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode  # made once: `json.dumps` makes one a call
Cell = str | int | float | bytes | None


class AuditFields(TypedDict):
    """What an audit row's hash binds."""

    no: int
    at: int
    actor: str
    origin: str
    kind: str
    subject: str
    message: str
    command: str | None


def observation(no: int, row: Observation) -> tuple[Cell, ...]:
    """For `write.upsert_observation`."""
    phases = row.phases
    return (
        no,
        row.slot,
        row.at,
        OUTCOME_NUMBER[row.outcome],
        microseconds(row.latency_ms),
        microseconds(phases.resolve),
        microseconds(phases.connect),
        microseconds(phases.tls),
        microseconds(phases.first_byte),
        microseconds(phases.transfer),
        row.failure,
        clean(row.message, MESSAGE_LIMIT) or None,
        document({key: _short(value) for key, value in row.metrics.items()}) if row.metrics else None,
    )


def microseconds(ms: float | None) -> int | None:
    """Whole microseconds; `None` for what is no time."""
    if ms is None:
        return None
    us = ms * 1000
    if 0 <= us < _LONGEST_US:
        return round(us)
    if not math.isfinite(us):
        return None
    return 0 if us < 0 else _LONGEST_US


def _short(value: float) -> float:
    """`200` for `200.0`: most metrics are whole, and each character is stored millions of times."""
    return int(value) if math.isfinite(value) and value == int(value) else value


def name(text: str) -> str:
    """A short clean line: what names something, and is looked up by it."""
    return clean(text, NAME_LIMIT)


def number(value: float | None) -> float | None:
    """A finite number, or `None`."""
    return value if value is None or math.isfinite(value) else None


def document(doc: Mapping[str, Any]) -> str:
    """JSON in ASCII, so that any text fits; what JSON does not know is written as text."""
    return _encode(dict(doc))


def check_state(row: CheckStateRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_check_state`."""
    return (
        row.check_id,
        seq,
        row.integration,
        row.outcome.value,  # a plain string: the driver looks for an adapter for every other type
        row.raw.value,
        row.attempt,
        row.attempts,
        row.since,
        row.slot,
        row.at,
        number(row.latency_ms),
        row.failure,
        clean(row.message, MESSAGE_LIMIT),
        number(row.error_rate),
        row.unknowns,
        row.missed,
        document(row.doc),
    )


def integration_state(row: IntegrationStateRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_integration_state`."""
    return (
        row.integration,
        seq,
        row.outcome,
        row.since,
        number(row.error_rate),
        number(row.latency_ms),
        clean(row.message, MESSAGE_LIMIT),
    )


def alert(row: AlertRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_alert`."""
    return (
        row.id,
        seq,
        row.rule,
        row.integration,
        row.severity,
        row.state,
        row.since,
        row.fired_at,
        row.resolved_at,
        maybe_clean(row.acked_by),
        row.acked_at,
        maybe_clean(row.acked_from),
        clean(row.summary, MESSAGE_LIMIT),
        document(row.machine),
        document(row.labels),
        _encode(muting.to_json(row.mutes)),
        row.acked_until,
        _encode(list(row.escalations)),
        None if row.origin is None else document(outside.to_json(row.origin)),
    )


def maybe_clean(text: str | None) -> str | None:
    """A clean line, or `None`."""
    return None if text is None else clean(text)


def clean_audit(row: AuditRow) -> AuditRow:
    """As it will be read back: the hash binds the stored text, not what came in."""
    return replace(
        row,
        actor=clean(row.actor),
        origin=clean(row.origin),
        kind=name(row.kind),
        subject=clean(row.subject),
        message=clean(row.message, MESSAGE_LIMIT),
        command=None if row.command is None else name(row.command),
    )


def audit_fields(row: AuditRow) -> AuditFields:
    """What the hash binds besides the hash before (see `domain.audit.chain`)."""
    return {
        "no": row.no,
        "at": row.at,
        "actor": row.actor,
        "origin": row.origin,
        "kind": row.kind,
        "subject": row.subject,
        "message": row.message,
        "command": row.command,
    }


def audit(row: AuditRow, seq: int, link: bytes) -> dict[str, Cell]:
    """For `write.add_audit`."""
    return {**audit_fields(row), "seq": seq, "hash": link}  # type: ignore[dict-item]  # a TypedDict's values are cells


def receipt(row: ReceiptRow) -> tuple[Cell, ...]:
    """For `write.add_receipt`."""
    return (
        name(row.command),
        row.at,
        clean(row.actor),
        name(row.kind),
        document(row.args),
        row.status,
        clean(row.reason, MESSAGE_LIMIT),
    )


def ping(row: PingRow) -> tuple[Cell, ...]:
    """For `write.upsert_ping`."""
    return (row.check_id, row.at, row.signal)


def gap(row: GapRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_gap`."""
    return (row.from_at, seq, row.to_at, clean(row.reason))


def engine(row: EngineRow, seq: int) -> dict[str, Cell]:
    """For `write.upsert_engine`."""
    return {
        "seq": seq,
        "fence": row.fence,
        "kind": row.kind,
        "pid": row.pid,
        "host": clean(row.host),
        "user": clean(row.user),
        "version": row.version,
        "config_digest": row.config_digest,
        "started_at": row.started_at,
        "heartbeat_at": row.heartbeat_at,
        "state": row.state,
        "lag_ms": number(row.lag_ms) or 0.0,
        "blind_since": row.blind_since,
        "trouble": clean(row.trouble, MESSAGE_LIMIT),
    }


def config(row: ConfigRow, seq: int) -> dict[str, Cell]:
    """For `write.upsert_config`."""
    return {"seq": seq, "at": row.at, "digest": row.digest, "doc": document(row.doc)}
