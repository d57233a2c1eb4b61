"""`standby status`: the present state from the store, for people, scripts and status bars."""

from __future__ import annotations

import argparse
import json
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from standby.cli.alerts import alert_json
from standby.cli.baseline import baseline_json
from standby.cli.output import ago, table
from standby.cli.place import reading
from standby.cli.routes import RouteView, route_json, routes_of
from standby.console.present.glyphs import OUTCOMES
from standby.domain.clock import Clock
from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import DAY, HOUR, SECOND, format_instant
from standby.engine.clock import SystemClock
from standby.store.baselines import BaselineRow
from standby.store.reader import Reader
from standby.store.rows import AlertRow, Changes, EngineRow, IntegrationStateRow, RollupRow

ALIVE_WITHIN = 5 * SECOND  # the engine writes its heartbeat every second
FIRING, ENGINE_AWAY = 1, 4


@dataclass(frozen=True, slots=True)
class Present:
    """What one look at the store found."""

    now: int
    engine: EngineRow | None
    doc: Mapping[str, Any]
    integrations: Sequence[IntegrationStateRow]
    alerts: Sequence[AlertRow]
    availability: Mapping[str, float | None]  # of the last 24 hours, by integration
    routes: Sequence[RouteView] = ()
    usual: Mapping[str, Sequence[BaselineRow]] = field(default_factory=dict)  # what is learned, by integration

    @property
    def engine_age(self) -> int | None:
        """Nanoseconds since the engine's last heartbeat."""
        return None if self.engine is None else max(0, self.now - self.engine.heartbeat_at)

    @property
    def engine_alive(self) -> bool:
        """Whether an engine has spoken lately and has not said goodbye."""
        age = self.engine_age
        return self.engine is not None and self.engine.state != "stopped" and age is not None and age < ALIVE_WITHIN

    @property
    def exit_code(self) -> int:
        """1 when an alert fires, else 4 when no engine is alive, else 0."""
        if any(alert.state is AlertState.FIRING for alert in self.alerts):
            return FIRING
        return 0 if self.engine_alive else ENGINE_AWAY


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--watch", action="store_true", help="print again every time something changed, until Ctrl-C")
    parser.add_argument("--tmux", action="store_true", help="one short line for a status bar")


def run(args: argparse.Namespace) -> int:
    """Print the state; 0 quiet, 1 an alert fires, 4 nothing fires but no engine is alive."""
    clock = SystemClock()
    show = _json if args.json else _tmux if args.tmux else _text
    with reading(args) as reader:
        present = look(reader, clock, learned=args.json)
        shown = show(present)
        print(shown, flush=True)
        if not args.watch:
            return present.exit_code
        seen = reader.data_version()
        pause = threading.Event()
        while not pause.wait(0.25):
            version = reader.data_version()
            if version == seen:
                continue
            seen, before, present = version, shown, look(reader, clock, learned=args.json)
            shown = show(present)
            if shown != before:
                print(shown, flush=True)
    return present.exit_code


def look(reader: Reader, clock: Clock, *, learned: bool = False) -> Present:
    """Read everything once; what is usual only when it is asked for: a status bar looks every few seconds."""
    now = clock.now()
    changes = reader.changes(0)
    doc = changes.config.doc if changes.config else {}
    return Present(
        now=now,
        engine=changes.engine,
        doc=doc,
        integrations=_in_order(changes, doc),
        alerts=[alert for alert in changes.alerts if alert.state is not AlertState.RESOLVED],
        availability=_availability(reader, doc, now),
        routes=routes_of(changes),
        usual=_usual(reader) if learned else {},
    )


def _usual(reader: Reader) -> dict[str, list[BaselineRow]]:
    """What is learned, by integration."""
    found: dict[str, list[BaselineRow]] = defaultdict(list)
    for row in reader.baselines():
        found[row.integration].append(row)
    return found


def _in_order(changes: Changes, doc: Mapping[str, Any]) -> list[IntegrationStateRow]:
    """As the configuration lists them; one that has no state yet is unknown, not absent."""
    by_id = {row.integration: row for row in changes.integration_states}
    ids = [str(entry["id"]) for entry in doc.get("integrations", ())] or sorted(by_id)
    return [by_id.get(name) or IntegrationStateRow(name, Outcome.UNKNOWN, 0, None, None, "no data yet") for name in ids]


def _availability(reader: Reader, doc: Mapping[str, Any], now: int) -> dict[str, float | None]:
    """Share of decided observations of the last 24 hours that were not down; None without one."""
    owner = {str(check["id"]): str(check["integration"]) for check in doc.get("checks", ())}
    hour = now - now % HOUR
    # The hour just ended may not be rolled up yet, so it is read by minutes like the present one.
    rows: list[RollupRow] = list(reader.rollups(None, "hour", hour - DAY, hour - HOUR))
    rows += reader.rollups(None, "minute", hour - HOUR, now)
    count: dict[str, int] = defaultdict(int)
    failures: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.check_id in owner:
            count[owner[row.check_id]] += row.count
            failures[owner[row.check_id]] += row.failures
    return {name: (1 - failures[name] / count[name] if count[name] else None) for name in set(owner.values())}


def _json(present: Present) -> str:
    engine = present.engine
    age = present.engine_age
    names = {str(entry["id"]): entry for entry in present.doc.get("integrations", ())}
    return json.dumps(
        {
            "at": format_instant(present.now),
            "name": present.doc.get("name"),
            "environment": present.doc.get("environment"),
            "engine": {
                "alive": present.engine_alive,
                "heartbeat_age_s": None if age is None else round(age / SECOND, 3),
                "kind": engine.kind if engine else None,
                "pid": engine.pid if engine else None,
                "state": engine.state if engine else None,
                "blind_since": format_instant(engine.blind_since) if engine and engine.blind_since else None,
                "trouble": engine.trouble if engine else None,
            },
            "integrations": [
                {
                    "id": row.integration,
                    "name": names.get(row.integration, {}).get("name"),
                    "vendor": names.get(row.integration, {}).get("vendor"),
                    "criticality": names.get(row.integration, {}).get("criticality"),
                    "outcome": row.outcome.value,
                    "since": format_instant(row.since) if row.since else None,
                    "availability": present.availability.get(row.integration),
                    "error_rate": row.error_rate,
                    "latency_ms": row.latency_ms,
                    "message": row.message,
                    "usual": [baseline_json(one) for one in present.usual.get(row.integration, ())],
                }
                for row in present.integrations
            ],
            "alerts": [alert_json(alert) for alert in present.alerts],
            "routes": [route_json(view) for view in present.routes],
            "incidents": [],
        },
        ensure_ascii=False,
        indent=2,
    )


def _tmux(present: Present) -> str:
    """`2 firing  1 ack  payments down`, or `all up`: short enough for a status bar."""
    if not present.engine_alive:
        return "standby: engine away"
    firing = sum(alert.state is AlertState.FIRING for alert in present.alerts)
    acked = sum(alert.state is AlertState.ACKNOWLEDGED for alert in present.alerts)
    bad = [row for row in present.integrations if row.outcome in (Outcome.DOWN, Outcome.DEGRADED)]
    parts = [f"{firing} firing" if firing else "", f"{acked} ack" if acked else ""]
    parts += [f"{row.integration} {row.outcome.value}" for row in bad[:3]]
    return " ".join(part for part in parts if part) or "all up"


def _text(present: Present) -> str:
    lines = [_head(present)]
    rows = [
        (
            f"{OUTCOMES[row.outcome]} {row.outcome.value}",
            row.integration,
            ago(present.now - row.since) if row.since else "",
            "" if row.latency_ms is None else f"{row.latency_ms:.0f} ms",
            "" if row.error_rate is None else f"{row.error_rate:.1%}",
            row.message,
        )
        for row in present.integrations
    ]
    lines.append(table(("outcome", "integration", "since", "latency", "errors", "message"), rows))
    lines += [
        f"#{alert.id} {alert.severity.value} {alert.state.value} {ago(present.now - alert.since)} "
        f"{alert.integration}: {alert.summary}" + (f" (by {alert.acked_by})" if alert.acked_by else "")
        for alert in present.alerts
    ]
    return "\n".join(lines)


def _head(present: Present) -> str:
    name, environment = present.doc.get("name", "standby"), present.doc.get("environment", "")
    if present.engine is None:
        return f"{name} {environment}: no engine has ever run on this store"
    if not present.engine_alive:
        return f"{name} {environment}: ENGINE AWAY since {ago(present.engine_age or 0)}: what follows is that old"
    trouble = f": {present.engine.trouble}" if present.engine.trouble else ""
    return f"{name} {environment}: engine {present.engine.kind} pid {present.engine.pid}{trouble}"
