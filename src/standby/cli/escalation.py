"""`standby escalation`: who was told about each open alert, what became of it, who is next."""

from __future__ import annotations

import argparse
import json
from typing import Any

from standby.cli.output import table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.console.present.escalation import escalation_of, next_of
from standby.console.present.recovery import countdown
from standby.domain.outcome import AlertState
from standby.domain.units import format_instant
from standby.engine.clock import SystemClock
from standby.store.escalations import EscalationRow, NotificationRow
from standby.store.rows import AlertRow

NOBODY = 1
_OPEN = (AlertState.FIRING, AlertState.ACKNOWLEDGED)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("alert", nargs="?", type=int, metavar="ALERT", help="only this one, also when it is resolved")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Print them; 1 when an alert that nobody has is told to nobody any more."""
    now = SystemClock().now()
    with reading(args) as reader:
        changes = reader.changes(0)
        alerts = [alert for alert in changes.alerts if alert.state in _OPEN]
        if args.alert is not None:
            one = reader.alert(args.alert)
            alerts = [one] if one is not None else []
        told = {alert.id: reader.notifications(alert.id)[::-1] for alert in alerts}
    estate = estate_of(changes.config, Estate())
    rows = {row.id: row for row in changes.escalations}
    documents = [_document(alert, estate, escalation_of(alert, rows), told[alert.id]) for alert in alerts]
    if args.json:
        print(json.dumps(documents, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_text(document, now) for document in documents) or "no alert is open")
    lost = any(one["state"] == "firing" and one["next"] is not None and one["next"]["at"] is None for one in documents)
    return NOBODY if lost else 0


def _document(
    alert: AlertRow, estate: Estate, row: EscalationRow | None, told: list[NotificationRow]
) -> dict[str, Any]:
    coming = next_of(estate, alert, row)
    at = None if coming.at is None else format_instant(coming.at)
    return {
        "alert": alert.id,
        "integration": alert.integration,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "summary": alert.summary,
        "policy": row.state.policy if row is not None else None,
        "level": row.state.level + 1 if row is not None else None,
        "stage": row.state.stage.value if row is not None else None,
        "passed": [level + 1 for level in row.passed] if row is not None else [],
        "next": {"what": coming.text, "at": at, "at_ns": coming.at},
        "told": [
            {
                "who": one.target,
                "channel": one.channel,
                "kind": one.kind,
                "level": one.level + 1,
                "state": one.state.value,
                "attempts": one.attempts,
                "at": format_instant(one.done_at or one.created_at),
                "fate": one.fate,
            }
            for one in told
        ],
    }


def _text(document: dict[str, Any], now: int) -> str:
    at = document["next"]["at_ns"]
    left = f" {countdown(max(0, at - now))}" if at is not None else ""
    head = f"#{document['alert']} {document['integration']} {document['state']}: {document['next']['what']}{left}"
    if not document["told"]:
        return head
    rows = [
        (f"  {one['state']}", one["who"], one["channel"], str(one["level"]), one["at"], f"{one['kind']}: {one['fate']}")
        for one in document["told"]
    ]
    return head + "\n" + table(("  told", "who", "how", "level", "when", "what became of it"), rows)
