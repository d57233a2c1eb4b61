"""A web shop's third parties as a snapshot, and as a real store: what the console's tests look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from standby.console.present.moment import Moment
from standby.console.snapshot import Link, Past, Snapshot, Wanted, merge
from standby.domain.availability import Tally
from standby.domain.baseline import Series as BaselineSeries
from standby.domain.failover import Clocks, RunKind, RunState, StepState
from standby.domain.history import WINDOWS, Column, History, Hole, Latency, Mark, Outage, PhaseTimes, edges, step_for
from standby.domain.observation import Failure, Observation, Phases
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.route import Step, StepKind
from standby.domain.units import DAY, HOUR, MILLISECOND, MINUTE, SECOND, parse_instant
from standby.link.protocol import Welcome
from standby.store.baselines import BaselineRow
from standby.store.failovers import FailoverRow, RouteStateRow, StepRow
from standby.store.rows import (
    AlertRow,
    AuditRow,
    Batch,
    Changes,
    CheckStateRow,
    ConfigRow,
    EngineRow,
    IntegrationStateRow,
)
from standby.store.writer import Writer
from stores import put_empty_store

NOW = parse_instant("2026-11-23T03:10:24+00:00")
_INTEGRATIONS = (
    ("payments", "Payments", "Acme Pay", "critical"),
    ("inventory", "Inventory", "Stockroom", "critical"),
    ("shipping", "Shipping", "Parcelway", "high"),
    ("sms", "SMS", "Textwell", "high"),
    ("crm", "CRM", "Rolobase", "medium"),
    ("weather", "Weather feed", "Skycast", "low"),
)
DOWN = "status == 200: status is 503; body.status == 'ok': body.status is missing"


class FakeClock:
    """A clock that a test moves; wall and monotonic apart."""

    def __init__(self, now: int = NOW) -> None:
        self.wall = now
        self.mono = 1_000 * SECOND

    def now(self) -> int:
        """Wall nanoseconds."""
        return self.wall

    def monotonic(self) -> int:
        """Monotonic nanoseconds."""
        return self.mono

    def step(self, ns: int) -> None:
        """Let time pass on both."""
        self.wall += ns
        self.mono += ns


def config(*, simulated: bool = False, integrations: Any = _INTEGRATIONS) -> ConfigRow:
    """The stored view of the shop's configuration: one http check each, payments with a second one."""
    doc: dict[str, Any] = {
        "name": "shop-eu",
        "environment": "production",
        "simulated": simulated,
        "integrations": [
            {
                "id": key, "name": name, "vendor": vendor.lower(), "vendor_name": vendor, "criticality": criticality,
                "owner": "team-checkout", "rto_ns": 5 * MINUTE, "rpo_ns": MINUTE,
                "runbook": "https://wiki.shop.test/runbooks/" + key, "depends_on": [],
                "data": ["card data", "e-mail"] if key == "payments" else [],
            }
            for key, name, vendor, criticality in integrations
        ],
        "checks": [
            {
                "id": f"{key}-api", "integration": key, "kind": "http", "every_ns": 10 * SECOND,
                "timeout_ns": 5 * SECOND, "attempts": 3, "target": f"https://api.{key}.test/health",
            }
            for key, _, _, _ in integrations
        ],
        "rules": [],
    }  # fmt: skip
    return ConfigRow(NOW - HOUR, "digest-1", doc)


def engine(**changed: Any) -> EngineRow:
    """A companion that has just spoken."""
    row = EngineRow(
        fence=3, kind="companion", pid=4711, host="web-1", user="ana", version="0.1.0", config_digest="digest-1",
        started_at=NOW - HOUR, heartbeat_at=NOW - SECOND,
    )  # fmt: skip
    return replace(row, **changed)


def check(key: str, outcome: Outcome = Outcome.UP, **changed: Any) -> CheckStateRow:
    """The state of one integration's check, seen 4 s ago."""
    row = CheckStateRow(
        check_id=f"{key}-api", integration=key, outcome=outcome, raw=outcome, attempt=0, attempts=3,
        since=NOW - 2 * HOUR, slot=NOW - 4 * SECOND, at=NOW - 4 * SECOND, latency_ms=123.4, failure=None,
        message="status 200 OK", error_rate=0.0, unknowns=0, missed=0,
    )  # fmt: skip
    return replace(row, **changed)


def state(key: str, outcome: Outcome = Outcome.UP, **changed: Any) -> IntegrationStateRow:
    """The state of one integration."""
    row = IntegrationStateRow(key, outcome, NOW - 2 * HOUR, 0.0, 123.4, "status 200 OK")
    return replace(row, **changed)


def alert(number: int, key: str = "payments", **changed: Any) -> AlertRow:
    """A firing critical alert, 125 s old."""
    row = AlertRow(
        id=number, rule=f"{key}-errors", integration=key, severity=Severity.CRITICAL, state=AlertState.FIRING,
        since=NOW - 125 * SECOND, fired_at=NOW - 95 * SECOND, resolved_at=None, acked_by=None, acked_at=None,
        acked_from=None, summary="error_rate > 0.05: error_rate is 0.43", escalations=(number,),
    )  # fmt: skip
    return replace(row, **changed)


def acked(number: int, key: str = "shipping", **changed: Any) -> AlertRow:
    """An acknowledged warning."""
    return alert(
        number, key, state=AlertState.ACKNOWLEDGED, severity=Severity.WARNING, acked_by="ben", acked_at=NOW - MINUTE,
        acked_from="unix:ben pid 99 on web-1", since=NOW - 20 * MINUTE, summary="latency_ms > 800: latency_ms is 912",
        **changed,
    )  # fmt: skip


def audit(number: int, kind: str = "ack", **changed: Any) -> AuditRow:
    """A line of the log."""
    row = AuditRow(
        at=NOW - (20 - number) * SECOND, actor="ben", origin="unix:ben pid 99 on web-1", kind=kind,
        subject="alert:2", message="I have it, calling Parcelway", command=None, no=number, hash=b"\x01" * 32,
    )  # fmt: skip
    return replace(row, **changed)


def series(steady: float = 120.0) -> list[tuple[int, float | None]]:
    """An hour of minutes: steady, one without a latency, the last two five times as slow."""
    start = (NOW // MINUTE - 60) * MINUTE
    values: list[float | None] = [steady] * 60
    values[50], values[-2:] = None, [steady * 5, steady * 5]
    return [(start + number * MINUTE, value) for number, value in enumerate(values)]


def bad_night(*, simulated: bool = False) -> Changes:
    """Payments down and unclaimed, shipping slow and Ben's, SMS about to fail, weather never seen."""
    down = {"latency_ms": 2_310.0, "error_rate": 0.43, "message": DOWN, "since": NOW - 125 * SECOND}
    slow = {"latency_ms": 912.0, "error_rate": 0.004, "message": "latency_ms < 800.0: latency_ms is 912.0"}
    return Changes(
        seq=41,
        engine=engine(),
        config=config(simulated=simulated),
        check_states=[
            check("payments", Outcome.DOWN, failure=Failure.EXPECTATION, **down),
            check("inventory"),
            check("shipping", Outcome.DEGRADED, **slow),
            check("sms", raw=Outcome.DOWN, attempt=2, failure=Failure.TIMEOUT, message="no answer within 5s"),
            check("crm", latency_ms=8.4),
        ],
        integration_states=[
            state("payments", Outcome.DOWN, **down),
            state("inventory"),
            state("shipping", Outcome.DEGRADED, since=NOW - 20 * MINUTE, **slow),
            state("sms", since=NOW - 3 * DAY),
            state("crm", latency_ms=8.4),
        ],
        alerts=[
            alert(1),
            acked(2),
            alert(3, "crm", state=AlertState.RESOLVED, resolved_at=NOW - HOUR, since=NOW - 2 * HOUR, acked_by="ben"),
            alert(4, "sms", state=AlertState.PENDING, severity=Severity.INFO, since=NOW - 12 * SECOND, fired_at=None),
        ],
        audits=[
            audit(1, "started", actor="engine", origin="", subject="engine", message="companion started, fence 3"),
            audit(2, "fired", actor="engine", origin="", subject="alert:1", message="payments-errors fired"),
            audit(3),
            audit(4, "note", subject="integration:payments", message="vendor confirms an incident"),
        ],
        gaps=[],
    )


def snapshot(changes: Changes | None = None, **changed: Any) -> Snapshot:
    """The shop's bad night as a snapshot, with a connected engine."""
    linked = Link(connected=True, welcome=Welcome(3, "companion", 4711, "ana", may_act=True), held=True)
    merged = merge(Snapshot(link=linked), changes or bad_night(), whole=True)
    known = {f"{key}-api": series() for key, *_ in _INTEGRATIONS[:4]}
    return replace(replace(merged, series=known, series_at=NOW), **changed)


def moment(shown: Snapshot | None = None, **changed: Any) -> Moment:
    """This instant of the bad night, in UTC."""
    return replace(Moment(shown or snapshot(), NOW, UTC), **changed)


def observation(key: str, back: int, outcome: Outcome = Outcome.UP, message: str = "status 200 OK") -> Observation:
    """One look, `back` intervals ago."""
    at = NOW - 4 * SECOND - back * 10 * SECOND
    return Observation(
        f"{key}-api", slot=at - 50 * MILLISECOND, at=at, outcome=outcome, message=message,
        failure=Failure.EXPECTATION if outcome is Outcome.DOWN else None, latency_ms=123.4,
        phases=Phases(1.2, 10.5, 20.25, 80.0, 3.0), metrics={"certificate.days_left": 61.0},
    )  # fmt: skip


def past(window: str = "24h", columns: int = 73, **changed: Any) -> Past:
    """The history of payments: a calm and a busy half of each day, two hours without an engine, an hour of
    maintenance, an outage that was acknowledged and failed over, and the one that lasts."""
    span = WINDOWS[window]
    step, start = step_for(span, columns), (NOW - span) // HOUR * HOUR
    away, quiet = start + span // 4 // HOUR * HOUR, start + span // 2 // HOUR * HOUR
    broken = start + span * 3 // 4
    holes = [Hole(away, away + span // 12, "engine away")]
    found = [
        _past_column(*edge, away=(away, away + span // 12), quiet=(quiet, quiet + HOUR), broken=broken)
        for edge in edges(start, NOW, step)
    ]
    outages = [Outage(broken, broken + span // 36), Outage(NOW - 125 * SECOND, None)]
    marks = [
        Mark(broken + MINUTE, "fired", "engine", "alert:1", "payments/payments-down: payments-api is down"),
        Mark(broken + 3 * MINUTE, "ack", "ben", "alert:1", "calling Acme Pay"),
        Mark(
            broken + span // 40, "failover-moved", "engine", "integration:payments", "run 4: traffic goes to borealis"
        ),
        Mark(broken + span // 36, "resolved", "engine", "alert:1", "payments/payments-down: payments-api is up"),
        Mark(NOW - 95 * SECOND, "fired", "engine", "alert:2", "payments/payments-errors: error_rate is 0.43"),
    ]
    whole = _sum(found, start)
    usual = {"resolve": 0.6, "connect": 21.0, "tls": 26.0, "first_byte": 61.0, "transfer": 0.3}
    phases = {name: PhaseTimes(8_000, ms, 1.5 * ms, 5 * ms) for name, ms in usual.items()}
    history = History(start, NOW, step, found, whole, outages, marks, holes, phases)
    return replace(Past(Wanted("payments", window, step), history, NOW - 20 * SECOND, usual=learned()), **changed)


def learned(**changed: Any) -> BaselineRow:
    """The latency of payments, which is unusual since two minutes ago."""
    text = (
        "payments latency_ms 720 ms, usual for Mon 04:09: 130 ms ± 90 (20 sd above); a sudden spike; "
        "highest of the last 12 days; since 04:08"
    )
    series, at = BaselineSeries("integration:payments", "latency_ms"), NOW - 84 * SECOND
    row = BaselineRow(series, "payments", at, 720.0, 130.0, 40.0, 220.0, 20.0, 60_000, 43.0, at - MINUTE, "spike", text)
    return replace(row, **changed)


def _past_column(start: int, end: int, *, away: tuple[int, int], quiet: tuple[int, int], broken: int) -> Column:
    expected = (end - start) / (10 * SECOND)
    number = start // (end - start) if end > start else 0
    if away[0] <= start < away[1]:
        return Column(start, end, expected=expected)
    if quiet[0] <= start < quiet[1]:
        return Column(start, end, Tally(maintenance=int(expected)), expected, expected)
    bad = broken <= start < broken + 2 * (end - start)
    failures = int(expected * (0.6 if bad else 0.004 if number % 7 == 0 else 0))
    usual = 90.0 + 45.0 * (start // HOUR % 24 // 8) + 7 * (number * 5 % 4)
    p50 = usual * (4 if bad else 1)
    latency = Latency(int(expected), p50 / 4, p50 * 1.2, p50 * 6, p50, p50 * 1.8, p50 * (2.4 + number * 3 % 5 / 4))
    return Column(start, end, Tally(int(expected), failures), expected, expected, latency)


def _sum(columns: list[Column], start: int) -> Column:
    tally = sum((column.tally for column in columns), Tally())
    latency = Latency(tally.decided, 22.0, 150.0, 4_100.0, 132.0, 240.0, 610.0)
    expected, seen = (sum(getattr(column, name) for column in columns) for name in ("expected", "seen"))
    return Column(start, NOW, tally, expected, seen, latency)


async def fill(path: Path, *, simulated: bool = False, observations: Mapping[str, str] | None = None) -> None:
    """The bad night as a real store, written by the real writer; `observations`: messages by integration."""
    put_empty_store(path)
    writer = await Writer.open(path, now=NOW - HOUR)
    night = bad_night(simulated=simulated)
    try:
        await writer.begin_term(engine())
        seen = [observation("payments", back, Outcome.DOWN if back < 9 else Outcome.UP, DOWN) for back in range(30)]
        seen += [observation(key, 40, message=message) for key, message in (observations or {}).items()]
        await writer.commit(
            Batch(
                durable=True, config=night.config, check_states=night.check_states, observations=seen,
                integration_states=night.integration_states, alerts=night.alerts, audits=night.audits,
            )
        )  # fmt: skip
        await writer.learn(
            [learned(), learned(series=BaselineSeries("check:inventory-api", "latency_ms"), integration="inventory")]
        )
    finally:
        await writer.close()


ROUTE = {
    "id": "card-payments", "integration": "payments", "primary": "acme", "director": "haproxy", "verify": None,
    "targets": [
        {"id": "acme", "place": "be_acme", "check": "payments-api"},
        {"id": "borealis", "place": "be_borealis", "check": "inventory-api"},
    ],
}  # fmt: skip


def run(state: RunState = RunState.ARMED, **changed: Any) -> FailoverRow:
    """A failover of payments, armed 17 s ago by Ana."""
    plan = (
        ("raise be_borealis/gw1", StepKind.REVERSIBLE, "ready", "maint"),
        ("map payments -> be_borealis", StepKind.PIVOT, "be_borealis", "be_acme"),
        ("file payments -> be_borealis", StepKind.REVERSIBLE, "be_borealis", "be_acme"),
    )
    steps = [StepRow(Step(name, kind, name, desired, undo)) for name, kind, desired, undo in plan]
    row = FailoverRow(
        id=7, command="cmd-7", route="card-payments", integration="payments", kind=RunKind.FAILOVER, source="acme",
        target="borealis", state=state, armed_by="ana", armed_from="unix:ana pid 4711 on web-1",
        armed_at=NOW - 17 * SECOND, expires_at=NOW + 103 * SECOND, steps=steps,
        prechecks=[
            Precheck("reachable", Verdict.PASS, "the director answers; 3 steps are planned"),
            Precheck("never-zero", Verdict.PASS, "borealis serves afterwards"),
            Precheck("healthy", Verdict.PASS, "borealis is up: status 200 OK"),
            Precheck("cool-down", Verdict.PASS, "no run on this route before"),
            Precheck("drift", Verdict.WARN, "the map's file says be_borealis"),
        ],
        clocks=Clocks(outage=NOW - 125 * SECOND, detected=NOW - 95 * SECOND, armed=NOW - 17 * SECOND,
                      uncertainty=10 * SECOND),
    )  # fmt: skip
    return replace(row, **changed)


def half_way() -> FailoverRow:
    """The same run when the pivot is being taken."""
    begun = run(RunState.EXECUTING, started_by="ana")
    first, second, third = begun.steps
    steps = [replace(first, state=StepState.DONE, at=NOW - SECOND, note="ready"),
             replace(second, state=StepState.INTENT, at=NOW), third]  # fmt: skip
    return replace(begun, steps=steps, clocks=replace(begun.clocks, started=NOW - 2 * SECOND))


def over() -> FailoverRow:
    """The same run when it has succeeded."""
    began = NOW - 12 * SECOND
    steps = [replace(row, state=StepState.DONE, at=began + SECOND, note=row.step.desired) for row in run().steps]
    clocks = replace(run().clocks, acknowledged=began, started=began, moved=began + 40 * MILLISECOND,
                     verified=began + 300 * MILLISECOND)  # fmt: skip
    return run(
        RunState.SUCCEEDED, started_by="ana", ended_at=NOW - 10 * SECOND, steps=steps, clocks=clocks,
        result="traffic goes to borealis: 3 good answers in a row through payments-path",
    )  # fmt: skip


def routed(*runs: FailoverRow, serving: str = "acme", simulated: bool = False, **changed: Any) -> Snapshot:
    """The bad night of a shop whose payments can go elsewhere."""
    night = bad_night(simulated=simulated)
    doc = {**config(simulated=simulated).doc, "routes": [ROUTE]}
    state = RouteStateRow("card-payments", "payments", serving, NOW - 5 * SECOND)
    return snapshot(replace(night, config=replace(config(), doc=doc), failovers=runs, route_states=[state]), **changed)
