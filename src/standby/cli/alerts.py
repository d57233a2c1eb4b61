"""`standby alerts`: the alerts as a table or as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

from standby.cli.arguments import matchers_of
from standby.cli.output import ago, table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.console.present.escalation import escalation_of, next_of
from standby.domain.matchers import match_all
from standby.domain.muting import MuteKind
from standby.domain.outcome import AlertState
from standby.domain.units import format_instant
from standby.engine.clock import SystemClock
from standby.store.escalations import EscalationRow
from standby.store.reader import Reader
from standby.store.rows import AlertRow

_STATES = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.PENDING, AlertState.RESOLVED)
_ALL = 1_000_000


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--all", action="store_true", help="resolved ones too")
    parser.add_argument("--integration", metavar="ID", help="only of this integration")
    parser.add_argument("--source", metavar="ID", help="only what this source pushed")
    parser.add_argument(
        "--matcher", action="append", default=[], metavar="M", help='only with this label: team="crm"; may be repeated'
    )
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="at most so many (default 200)")


def run(args: argparse.Namespace) -> int:
    """Print the alerts, those that need a person first."""
    with reading(args) as reader:
        rows = _chosen(reader, args)
        changes = reader.changes(0)
    told = {row.id: row for row in changes.escalations}
    estate = estate_of(changes.config, Estate())
    rows = sorted(rows, key=_urgency)
    if args.json:
        print(
            json.dumps(
                [alert_json(row, estate, escalation_of(row, told)) for row in rows], ensure_ascii=False, indent=2
            )
        )
        return 0
    now = SystemClock().now()
    if not rows:
        print("no alerts")
        return 0
    print(table(("id", "state", "severity", "integration", "since", "who", "what"), [_cells(row, now) for row in rows]))
    return 0


def _chosen(reader: Reader, args: argparse.Namespace) -> list[AlertRow]:
    """The newest that the options choose. Raises UsageError."""
    matchers = matchers_of("--matcher", args.matcher)
    most = max(1, args.limit)
    some = bool(matchers) or args.source is not None
    rows = reader.alerts(_ALL if some else most, open_only=not args.all, integration=args.integration)
    if args.source is not None:
        rows = [row for row in rows if row.origin is not None and row.origin.source == args.source]
    return [row for row in rows if match_all(matchers, row.labels)][:most]


def _urgency(row: AlertRow) -> tuple[int, int, int]:
    """What needs a person first: firing, then acknowledged, pending, resolved; the louder, then the newer first."""
    return _STATES.index(row.state), row.severity.loudness, -row.id


def alert_json(row: AlertRow, estate: Estate | None = None, escalation: EscalationRow | None = None) -> dict[str, Any]:
    """One alert as INTERFACES promises it; instants are RFC 3339, absent ones null."""
    return {
        "id": row.id,
        "integration": row.integration,
        "rule": row.rule,
        "severity": row.severity.value,
        "state": row.state.value,
        "since": format_instant(row.since),
        "fired_at": _instant(row.fired_at),
        "resolved_at": _instant(row.resolved_at),
        "acked_by": row.acked_by,
        "acked_at": _instant(row.acked_at),
        "acked_from": row.acked_from,
        "acked_until": _instant(row.acked_until),
        "silenced_by": [one.by for one in row.mutes if one.kind is MuteKind.SILENCE],
        "inhibited_by": [one.by for one in row.mutes if one.kind is MuteKind.INHIBITED],
        "muted": [
            {"kind": one.kind.value, "by": one.by, "until": _instant(one.until), "why": one.why} for one in row.mutes
        ],
        "labels": dict(row.labels),
        "source": row.origin.source if row.origin is not None else None,
        "link": row.origin.link or None if row.origin is not None else None,
        "summary": row.summary,
        "next": _next(row, estate, escalation),
    }


def _next(row: AlertRow, estate: Estate | None, escalation: EscalationRow | None) -> dict[str, str | None] | None:
    """What happens to the alert by itself, and when: a pending one fires unless its condition clears, of a firing one
    somebody else is told."""
    if row.state is AlertState.FIRING and estate is not None and escalation is not None:
        coming = next_of(estate, row, escalation)
        return {"what": coming.text.removesuffix(" in"), "at": _instant(coming.at)}
    if row.state is not AlertState.PENDING:
        return None
    deadline = row.machine.get("deadline")
    return {"what": "fires", "at": _instant(deadline if isinstance(deadline, int) else None)}


def _instant(ns: int | None) -> str | None:
    return None if ns is None else format_instant(ns)


def _cells(row: AlertRow, now: int) -> tuple[str, ...]:
    who = row.acked_by or ""
    return (
        str(row.id),
        row.state.value,
        row.severity.value,
        row.integration,
        ago(now - row.since),
        who,
        row.summary,
    )
