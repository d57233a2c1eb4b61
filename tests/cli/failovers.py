"""A store with a route, as an engine would have filled it, and runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standby.domain.failover import Clocks, RunKind, RunState, StepState
from standby.domain.outcome import Outcome
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.route import Step, StepKind
from standby.domain.units import MINUTE, SECOND
from standby.store.failovers import FailoverRow, RouteStateRow, StepRow
from standby.store.rows import Batch, CheckStateRow, ConfigRow, EngineRow
from standby.store.writer import Writer

DOC: Mapping[str, Any] = {
    "name": "shop-eu",
    "environment": "production",
    "integrations": [
        {"id": "payments", "name": "Payments", "vendor": "acme", "criticality": "critical", "rto_ns": 5 * MINUTE}
    ],
    "checks": [
        {"id": "acme-api", "integration": "payments"},
        {"id": "spare-api", "integration": "payments"},
    ],
    "routes": [
        {
            "id": "pay",
            "integration": "payments",
            "primary": "acme",
            "director": "haproxy",
            "targets": [{"id": "acme", "check": "acme-api"}, {"id": "spare", "check": "spare-api"}],
        }
    ],
}
STEPS = (
    Step("raise be_spare/gw1", StepKind.REVERSIBLE, "server be_spare/gw1", "ready", "maint"),
    Step("map payments -> be_spare", StepKind.PIVOT, "map payments", "be_spare", "be_acme"),
)


def check(name: str, outcome: Outcome, now: int) -> CheckStateRow:
    return CheckStateRow(
        name, "payments", outcome, outcome, 0, 1, now - MINUTE, now, now, 12.5, None, "status 503", 0.0, 0, 0
    )


def planned(now: int, **changed: Any) -> FailoverRow:
    """An armed run from acme to spare, in the third minute of an outage."""
    fields: dict[str, Any] = {
        "id": 7,
        "command": "cmd-00000007",
        "route": "pay",
        "integration": "payments",
        "kind": RunKind.FAILOVER,
        "source": "acme",
        "target": "spare",
        "state": RunState.ARMED,
        "armed_by": "alice",
        "armed_from": "cli on web-1",
        "armed_at": now,
        "expires_at": now + 120 * SECOND,
        "prechecks": [Precheck("healthy", Verdict.PASS, "spare is up"), Precheck("drift", Verdict.WARN, "the file")],
        "steps": [StepRow(step) for step in STEPS],
        "clocks": Clocks(outage=now - 3 * MINUTE, detected=now - 2 * MINUTE, armed=now, uncertainty=5 * SECOND),
        **changed,
    }
    return FailoverRow(**fields)


def taken(run: FailoverRow, now: int, state: StepState = StepState.DONE) -> list[StepRow]:
    """Its steps, each in this state."""
    return [StepRow(row.step, state, now, row.step.desired) for row in run.steps]


async def opened(path: Path, now: int) -> Writer:
    """A store that an engine just began its term on, with the configuration and where traffic goes."""
    writer = await Writer.open(path, now=now)
    await writer.begin_term(EngineRow(0, "service", 4711, "web-1", "ops", "0.1.0", "d1", now, now))
    await writer.commit(
        Batch(
            durable=True,
            config=ConfigRow(now, "d1", DOC),
            check_states=[check("acme-api", Outcome.DOWN, now), check("spare-api", Outcome.UP, now)],
            route_states=[RouteStateRow("pay", "payments", "acme", now, ["the file says be_spare"], "")],
        )
    )
    return writer
