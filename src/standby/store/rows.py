"""The rows of the store as values: what the engine writes and what screens and scripts read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standby.domain.baseline import Decision
from standby.domain.muting import Mutes
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.outside import Origin
from standby.domain.review import Review
from standby.domain.silence import Silence

if TYPE_CHECKING:
    from standby.store.escalations import EscalationRow, NotificationRow
    from standby.store.failovers import FailoverRow, RouteStateRow


@dataclass(frozen=True, slots=True)
class EngineRow:
    """The engine that holds, or last held, the store."""

    fence: int
    kind: str  # service | companion
    pid: int
    host: str
    user: str
    version: str
    config_digest: str
    started_at: int
    heartbeat_at: int
    state: str = "running"  # starting | running | stopping | stopped
    lag_ms: float = 0.0
    blind_since: int | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """What screens need of the configuration (see `config.view`)."""

    at: int
    digest: str
    doc: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckStateRow:
    """The present of one check."""

    check_id: str
    integration: str
    outcome: Outcome
    raw: Outcome
    attempt: int
    attempts: int
    since: int
    slot: int
    at: int
    latency_ms: float | None
    failure: Failure | None
    message: str
    error_rate: float | None
    unknowns: int
    missed: int
    doc: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IntegrationStateRow:
    """The present of one integration: the worst of its checks."""

    integration: str
    outcome: Outcome
    since: int
    error_rate: float | None
    latency_ms: float | None
    message: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert, from pending to resolved."""

    id: int
    rule: str
    integration: str
    severity: Severity
    state: AlertState
    since: int
    fired_at: int | None
    resolved_at: int | None
    acked_by: str | None
    acked_at: int | None
    acked_from: str | None
    summary: str
    machine: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    mutes: Mutes = ()
    acked_until: int | None = None  # the end of the lease of whoever has it
    escalations: tuple[int, ...] = ()  # who is told about it: ids
    origin: Origin | None = None  # of an alert that somebody else decides about


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the append-only log; `no` and `hash` are given by the writer."""

    at: int
    actor: str
    origin: str
    kind: str
    subject: str
    message: str
    command: str | None = None
    no: int = 0
    hash: bytes = b""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What became of one command."""

    command: str
    at: int
    actor: str
    kind: str
    args: Mapping[str, Any]
    status: str  # done | refused
    reason: str


@dataclass(frozen=True, slots=True)
class PingRow:
    """One signal of a heartbeat."""

    check_id: str
    at: int
    signal: str  # start | success | fail


@dataclass(frozen=True, slots=True)
class GapRow:
    """A hole in history; `to_at` is `None` while it lasts."""

    from_at: int
    to_at: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RollupRow:
    """One check over one minute or hour; times in microseconds, `sketch` as `domain.sketch` writes it."""

    check_id: str
    bucket: int
    count: int
    failures: int
    degraded: int
    unknown: int
    maintenance: int
    latency_count: int
    latency_min_us: int | None
    latency_sum_us: int
    latency_max_us: int | None
    sketch: bytes | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything of one write transaction. `durable` waits for the disk: transitions, intents, commands."""

    durable: bool = False
    observations: Sequence[Observation] = ()
    check_states: Sequence[CheckStateRow] = ()
    integration_states: Sequence[IntegrationStateRow] = ()
    alerts: Sequence[AlertRow] = ()
    audits: Sequence[AuditRow] = ()
    receipts: Sequence[ReceiptRow] = ()
    pings: Sequence[PingRow] = ()
    gaps: Sequence[GapRow] = ()
    failovers: Sequence[FailoverRow] = ()
    route_states: Sequence[RouteStateRow] = ()
    engine: EngineRow | None = None
    config: ConfigRow | None = None
    forget_checks: Sequence[str] = ()  # check ids that left the configuration: their present goes, history stays
    forget_integrations: Sequence[str] = ()
    forget_routes: Sequence[str] = ()
    escalations: Sequence[EscalationRow] = ()
    notifications: Sequence[NotificationRow] = ()
    silences: Sequence[Silence] = ()
    decisions: Sequence[Decision] = ()
    reviews: Sequence[Review] = ()


AlertPlace = tuple[int, int]
"""After which alert to read on: the sequence number of its last change, and its id."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows that are newer than a sequence number, and the newest number."""

    seq: int
    engine: EngineRow | None
    config: ConfigRow | None
    check_states: Sequence[CheckStateRow]
    integration_states: Sequence[IntegrationStateRow]
    alerts: Sequence[AlertRow]
    audits: Sequence[AuditRow]
    gaps: Sequence[GapRow]
    failovers: Sequence[FailoverRow] = ()
    route_states: Sequence[RouteStateRow] = ()
    escalations: Sequence[EscalationRow] = ()
    notifications: Sequence[NotificationRow] = ()
    silences: Sequence[Silence] = ()
    reviews: Sequence[Review] = ()
    more: AlertPlace | None = None  # where the alerts go on that were too many to be read at once


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an engine needs to go on where the last one stopped."""

    seq: int
    engine: EngineRow | None  # the last term's
    config: ConfigRow | None
    check_states: Sequence[CheckStateRow]
    integration_states: Sequence[IntegrationStateRow]
    alerts: Sequence[AlertRow]  # open, and resolved within the last 15 minutes; by id
    last_alert_id: int
    pings: Sequence[PingRow]  # the newest of each signal of each heartbeat
    open_gap: GapRow | None
    failovers: Sequence[FailoverRow] = ()  # the last ones and all that are open; by id
    escalations: Sequence[EscalationRow] = ()  # that are not over
    last_escalation: int = 0
    notifications: Sequence[NotificationRow] = ()  # of those, and every one that is still to be sent
    last_notification: int = 0
    silences: Sequence[Silence] = ()  # that are not over
    last_silence: int = 0
    reviews: Sequence[Review] = ()
    judged: Mapping[str, str] = field(default_factory=dict)  # the newest judgement by its subject
    asked_there: Sequence[AuditRow] = ()  # silences that an Alertmanager was asked for, and what became of them is open


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the audit log's hash chain holds; `broken_at` is the first row that does not fit."""

    ok: bool
    rows: int
    broken_at: int | None
    text: str  # one line
